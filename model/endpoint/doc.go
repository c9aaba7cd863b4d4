// Package endpoint finds out which requests are of one kind: method and path
// template, and where one address carries several operations, the query or body
// keys and the few decisive values that tell them apart.
//
//	t := endpoint.Learn(flows, endpoint.Options{Data: map[string]string{"ada": "user"}})
//	for _, f := range flows {
//		fmt.Println(t.Name(f)) // "GET /orders/{id}", "GET /page?do=edit", "POST /page [do[save]]"
//	}
//
// The paths form a trie. Identifiers are recognised by their form (content.Kind),
// values of data files by equality. The words at one position are values of a
// parameter if what follows them and how they are answered is the same for all, so
// that they can be exchanged, and if there are many, or many that were seen once. A
// word with paths or answers of its own stays a route. Part of a segment may vary:
// {} stands for it inside the text, as in /static/app.{}.js.
//
// The value of a key tells requests apart only if the shape of the answer depends
// on it. A search term therefore never does.
package endpoint
