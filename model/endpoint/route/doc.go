// Package route tells the words of paths that are routes from those that are values.
//
//	b := route.NewBuilder(nil, nil)
//	for _, path := range paths {
//		b.Add(route.Request{Method: "GET", Path: path}, answer)
//	}
//	for _, s := range b.Trie().Match("/people/ada/orders/7") {
//		fmt.Println(s.Name)
//	}
//
// The paths form a trie. Identifiers are recognised by their form (content.Kind),
// values of data files by equality. The words at one position are values of a
// parameter if what follows them and how they are answered is the same for all, so
// that they can be exchanged, and if there are many, or many that were seen once. A
// word with paths or answers of its own stays a route. All evidence is a sum of
// logarithms of odds, in nats. The unseen is estimated as Good and Turing do. Part
// of a segment may vary: {} stands for it inside the text, as in app.{}.js.
//
// The work is linear in the requests. 60,000 different ones are looked at.
package route
