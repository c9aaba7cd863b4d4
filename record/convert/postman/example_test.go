package postman_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/postman"
	"github.com/starling-load/starling/record/flow"
)

// A value of the environment comes before that of the collection.
func ExampleFormat() {
	const collection = `{
		"info": {"name": "shop", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
		"variable": [{"key": "host", "value": "shop.test"}],
		"item": [{"name": "cart", "request": {"method": "GET", "url": "https://{{host}}/cart"}}]
	}`
	const environment = `{"values": [{"key": "host", "value": "staging.shop.test", "enabled": true}]}`
	in := convert.Format{Name: "postman", In: postman.Format{Environment: []byte(environment)}}
	for rec, err := range convert.Import(context.Background(), in, strings.NewReader(collection), convert.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if f, ok := rec.(*flow.Flow); ok {
			fmt.Println(f.Request.Method, f.URL())
		}
	}
	// Output: GET https://staging.shop.test/cart
}
