package folder

import (
	"strings"
	"time"

	"github.com/starling-load/starling/model"
)

// sample is a small model that uses everything.
func sample() *model.Model {
	pause := []time.Duration{100 * time.Millisecond, 800 * time.Millisecond, 2345678901, 4 * time.Second, 90 * time.Second}
	return &model.Model{
		Version: 1,
		Recorded: model.Recorded{Origin: "http://shop.test:8080", Flows: 812, Sessions: 40, Users: 12,
			Start: time.Date(2026, 3, 1, 9, 30, 0, 250_000_000, time.UTC), Duration: 5*time.Minute + 12500*time.Millisecond,
			Starts: []time.Duration{0, 1500 * time.Millisecond, time.Minute}},
		Behaviors: []model.Behavior{
			{Name: "browser", Weight: 0.7, Sessions: 28,
				Start: []model.Edge{{To: "GET /", Odds: 1}},
				Steps: []model.Step{
					{At: "GET /", Next: []model.Edge{{To: "GET /products/{id}", Odds: 0.75, Think: model.Think{Quantiles: pause}}, {To: model.End, Odds: 0.25}}},
					{At: "GET /products/{id}", Next: []model.Edge{{To: "GET /products/{id}", Odds: 0.6, Think: model.Think{Quantiles: pause}}, {To: model.End, Odds: 0.4, Think: model.Think{Fixed: 1500 * time.Millisecond}}}},
				}},
			{Name: "buyer", Weight: 0.3, Sessions: 12,
				Start: []model.Edge{{To: "POST /login", Odds: 0.9}, {To: "GET /", Odds: 0.1}},
				Steps: []model.Step{
					{At: "GET /", Next: []model.Edge{{To: "POST /login", Odds: 1, Think: model.Think{Fixed: 2 * time.Second}}}},
					{At: "POST /login", Next: []model.Edge{{To: "GET /cart", Odds: 1}}},
					{At: "GET /cart", Next: []model.Edge{{To: "POST /checkout", Odds: 0.8, Think: model.Think{Fixed: 2 * time.Minute}}, {To: model.End, Odds: 0.2}}},
					{At: "POST /checkout", Next: []model.Edge{{To: "GET /cart", Odds: 0.3333}, {To: model.End, Odds: 0.6667}}},
				}},
		},
		Endpoints: []model.Endpoint{
			{Name: "GET /", Recorded: 300, Request: model.Request{Method: "GET", Target: "/", Headers: []model.Header{{Name: "Accept", Value: "text/html"}, {Name: "Accept", Value: "*/*"}}},
				Check: model.Check{Status: []int{2}, Content: []string{"text/html"}, Require: []string{"title:Shop"}}},
			{Name: "GET /products/{id}", Recorded: 400, Request: model.Request{Method: "GET", Target: "/products/${id}?ref=${ref}", Headers: []model.Header{{Name: "Referer", Value: "${referer}"}}},
				Values: []model.Value{{Name: "id", Kind: model.Row, Ref: ""}, {Name: "ref", Kind: model.Row, Ref: ""}},
				Rows:   [][]string{{"1", "a,\"b\""}, {"2", "x\r\ny"}},
				Check:  model.Check{Status: []int{2, 3}, Content: []string{"application/json"}, Require: []string{"$.id:number"}, Known: []string{"$.id:number", "$.note:null", "$.note:string"}}},
			{Name: "POST /login", Recorded: 40, Request: model.Request{Method: "POST", Target: "/login", Headers: []model.Header{{Name: "Content-Type", Value: "application/json"}},
				Body: "{\n  \"user\": \"${user}\",\n  \"nonce\": \"${nonce}\",\n  \"price\": \"$$5\"\n}\n"},
				Values: []model.Value{{Name: "user", Kind: model.Data, Ref: "accounts.user"}, {Name: "nonce", Kind: model.Fresh, Ref: "7f3a9c"}},
				Check:  model.Check{Status: []int{3}, Redirect: []string{"/account/{}"}}},
			{Name: "GET /cart", Recorded: 30, Request: model.Request{Method: "GET", Target: "/cart?t=${t}", Events: 3},
				Values: []model.Value{{Name: "t", Kind: model.Now, Ref: "ms"}},
				Needs:  []model.Need{{Endpoint: "POST /login", Sessions: 12}}},
			{Name: "POST /checkout", Recorded: 10, Request: model.Request{Method: "POST", Target: "/checkout",
				Body: strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n${csrf}\r\n", 3) + "--b--\r\n"},
				Values: []model.Value{{Name: "csrf", Kind: model.Bound, Ref: "csrf"}},
				Needs:  []model.Need{{Endpoint: "GET /cart", Since: "POST /checkout", Sessions: 9}, {Since: "GET /products/{id}", Sessions: 4}}},
		},
		Bindings: []model.Binding{{Name: "csrf", Pick: "last", Evidence: model.Evidence{Uses: 10, Match: 1, Shuffled: 0.0125},
			Sources: []model.Select{{Endpoint: "GET /cart", Selector: "form:csrf"}, {Endpoint: "POST /login", Selector: "header:X-Csrf"}}}},
		Data:  []model.Source{{Name: "accounts", Columns: []string{"user", "password"}, Rows: [][]string{{"ann", "p,1"}, {"bob", ""}}}},
		Notes: []string{"3 flows without an answer were left out", "value \"trace\" of GET / looks random: not bound"},
	}
}
