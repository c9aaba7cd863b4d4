package correlate_test

import (
	"fmt"

	"github.com/starling-load/starling/model/correlate"
	"github.com/starling-load/starling/record/flow"
)

// In two sessions the cart is posted with the token of the form before it.
func Example() {
	session := func(token string) []correlate.Exchange {
		form := `<form method="post" action="/cart"><input type="hidden" name="csrf" value="` + token + `"></form>`
		return []correlate.Exchange{
			{Endpoint: "GET /", Path: "/", Flow: &flow.Flow{
				Request: flow.Request{Method: "GET", Target: "/"},
				Response: &flow.Response{
					Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}, Body: flow.NewBody([]byte(form)),
				},
			}},
			{Endpoint: "POST /cart", Path: "/cart", Flow: &flow.Flow{
				Request: flow.Request{
					Method: "POST", Target: "/cart", Body: flow.NewBody([]byte("csrf=" + token)),
					Headers: flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
				},
				Response: &flow.Response{Status: 302},
			}},
		}
	}
	sessions := [][]correlate.Exchange{session("9f86d081884c7d65"), session("60303ae22b998861")}

	r := correlate.Learn(sessions, correlate.Options{})
	fmt.Println(r.Endpoints["POST /cart"].Variants[0].Request.Body)
	fmt.Println(r.Bindings[0].Name, r.Bindings[0].Sources)
	// Output:
	// csrf=${csrf}
	// csrf [{GET / form:csrf@/cart}]
}
