// Package endpoint finds out which requests are of one kind: method and path
// template, and where one address carries several operations, the query or body
// keys and the few decisive values that tell them apart.
//
//	t := endpoint.Learn(flows, endpoint.Options{Data: map[string]string{"ada": "user"}})
//	for _, f := range flows {
//		fmt.Println(t.Name(f)) // "GET /orders/{id}", "GET /page?do=edit", "POST /page [do[save]]"
//	}
//
// Package route tells routes from values in paths, package operation finds the
// operations of protocols that have one address for all.
// The value of a key tells requests apart only if the shape of the answer depends
// on it. A search term therefore never does.
package endpoint
