package route_test

import (
	"fmt"

	"github.com/starling-load/starling/model/endpoint/route"
)

func Example() {
	var paths []string
	for _, name := range []string{"ada", "bob", "cleo", "dan", "eve", "finn", "gil", "hana", "ivo", "jill"} {
		paths = append(paths, "/people/"+name, "/people/"+name+"/orders/1", "/people/"+name+"/basket")
	}
	answer := func() route.Answer { return route.Answer{Print: "json"} }

	b := route.NewBuilder(nil, nil)
	for _, path := range paths {
		b.Add(route.Request{Method: "GET", Path: path}, answer)
	}
	for _, s := range b.Trie().Match("/people/ada/orders/7") {
		fmt.Println(s.Name)
	}
	// Output:
	//
	// people
	// {id}
	// orders
	// {id}
}
