// Package content reads what an HTTP message carries: the shape of an answer,
// the values that a later request could carry, and the values that a request
// does carry.
//
// The central type is Doc, one response whose body is decoded and parsed at
// most once, when something is asked of it:
//
//	s, err := content.ParseSelector("json:items[].id")
//	fmt.Println(s.Values(d))          // every id, in document order
//	fmt.Println(d.Shape().Features)   // what the answer has, and of which type
//
// Learning asks for all Leaves of a Doc and all Spans of a request; replay asks
// for single Selectors and the Shape. JSON, HTML forms, hidden fields, meta
// elements, links, scripts, XML, protobuf, headers, cookies and redirects are
// understood, and values within values through chains of encodings. Anything else is
// text.
//
// The package keeps no state, does not follow links, runs no script and never
// builds a document tree. Bodies may come from anybody: they are read within limits,
// and a broken body yields fewer values, never a panic.
//
// It is one package because leaves, shape and the values of selectors come from the
// same pass over the content.
package content
