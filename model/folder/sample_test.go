package folder

import (
	"strings"
	"time"

	"github.com/starling-load/starling/model"
)

// firstSample is a small model that uses everything of version 1.
func firstSample() *model.Model {
	pause := []time.Duration{100 * time.Millisecond, 800 * time.Millisecond, 2345678901, 4 * time.Second, 90 * time.Second}
	return &model.Model{
		Version: 2,
		Recorded: model.Recorded{Flows: 812, Sessions: 40, Users: 12,
			Start: time.Date(2026, 3, 1, 9, 30, 0, 250_000_000, time.UTC), Duration: 5*time.Minute + 12500*time.Millisecond,
			Starts: []time.Duration{0, 1500 * time.Millisecond, time.Minute}},
		Origins: []model.Origin{{Name: "main", URL: "http://shop.test:8080"}},
		Behaviors: []model.Behavior{
			{Name: "browser", Weight: 0.7, Sessions: 28,
				Start: []model.Edge{{To: "GET /", Odds: 1}},
				Steps: []model.Step{
					{ID: "GET /", Page: &model.Page{Endpoint: "GET /"}, Next: []model.Edge{{To: "GET /products/{id}", Odds: 0.75, Think: model.Think{Quantiles: pause}}, {To: model.End, Odds: 0.25}}},
					{ID: "GET /products/{id}", Page: &model.Page{Endpoint: "GET /products/{id}"}, Next: []model.Edge{{To: "GET /products/{id}", Odds: 0.6, Think: model.Think{Quantiles: pause}}, {To: model.End, Odds: 0.4, Think: model.Think{Fixed: 1500 * time.Millisecond}}}},
				}},
			{Name: "buyer", Weight: 0.3, Sessions: 12,
				Start: []model.Edge{{To: "POST /login", Odds: 0.9}, {To: "GET /", Odds: 0.1}},
				Steps: []model.Step{
					{ID: "GET /", Page: &model.Page{Endpoint: "GET /"}, Next: []model.Edge{{To: "POST /login", Odds: 1, Think: model.Think{Fixed: 2 * time.Second}}}},
					{ID: "POST /login", Page: &model.Page{Endpoint: "POST /login"}, Next: []model.Edge{{To: "GET /cart", Odds: 1}}},
					{ID: "GET /cart", Page: &model.Page{Endpoint: "GET /cart"}, Next: []model.Edge{{To: "POST /checkout", Odds: 0.8, Think: model.Think{Fixed: 2 * time.Minute}}, {To: model.End, Odds: 0.2}}},
					{ID: "POST /checkout", Page: &model.Page{Endpoint: "POST /checkout"}, Next: []model.Edge{{To: "GET /cart", Odds: 0.3333}, {To: model.End, Odds: 0.6667}}},
				}},
		},
		Endpoints: []model.Endpoint{
			{Name: "GET /", Variants: []model.Variant{{Recorded: 300, Request: model.Request{Method: "GET", Target: "/", Headers: []model.Header{{Name: "Accept", Value: "text/html"}, {Name: "Accept", Value: "*/*"}}}}},
				Check: model.Check{Status: []int{2}, Content: []string{"text/html"}, Require: []string{"title:Shop"}}},
			{Name: "GET /products/{id}", Variants: []model.Variant{{Recorded: 400, Request: model.Request{Method: "GET", Target: "/products/${id}?ref=${ref}", Headers: []model.Header{{Name: "Referer", Value: "${referer}"}}},
				Values: []model.Value{{Name: "id", Kind: model.Row}, {Name: "ref", Kind: model.Row}},
				Rows:   [][]string{{"1", "a,\"b\""}, {"2", "x\r\ny"}}}},
				Check: model.Check{Status: []int{2, 3}, Content: []string{"application/json"}, Require: []string{"$.id:number"}, Known: []string{"$.id:number", "$.note:null", "$.note:string"}}},
			{Name: "POST /login", Variants: []model.Variant{{Recorded: 40, Request: model.Request{Method: "POST", Target: "/login", Headers: []model.Header{{Name: "Content-Type", Value: "application/json"}},
				Body: "{\n  \"user\": \"${user}\",\n  \"nonce\": \"${nonce}\",\n  \"price\": \"$$5\"\n}\n"},
				Values: []model.Value{{Name: "user", Kind: model.Data, Ref: "accounts.user"}, {Name: "nonce", Kind: model.Fresh, Ref: "7f3a9c"}}}},
				Check: model.Check{Status: []int{3}, Redirect: []string{"/account/{}"}}},
			{Name: "GET /cart", Variants: []model.Variant{{Recorded: 30, Request: model.Request{Method: "GET", Target: "/cart?t=${t}", Events: 3},
				Values: []model.Value{{Name: "t", Kind: model.Now, Ref: "ms"}}}},
				Needs: []model.Need{{Endpoint: "POST /login", Sessions: 12}}},
			{Name: "POST /checkout", Variants: []model.Variant{{Recorded: 10, Request: model.Request{Method: "POST", Target: "/checkout",
				Body: strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n${csrf}\r\n", 3) + "--b--\r\n"},
				Values: []model.Value{{Name: "csrf", Kind: model.Bound, Ref: "csrf"}}}},
				Needs: []model.Need{{Endpoint: "GET /cart", Since: "POST /checkout", Sessions: 9}, {Since: "GET /products/{id}", Sessions: 4}}},
		},
		Bindings: []model.Binding{{Name: "csrf", Pick: "last", Evidence: model.Evidence{Uses: 10, Match: 1, Shuffled: 0.0125},
			Sources: []model.Select{{Endpoint: "GET /cart", Selector: "form:csrf"}, {Endpoint: "POST /login", Selector: "header:X-Csrf"}}}},
		Data:  []model.Source{{Name: "accounts", Columns: []string{"user", "password"}, Rows: [][]string{{"ann", "p,1"}, {"bob", ""}}}},
		Notes: []string{"3 flows without an answer were left out", "value \"trace\" of GET / looks random: not bound"},
	}
}

// sample is a small model that uses everything.
func sample() *model.Model {
	m := firstSample()
	pause := m.Behaviors[0].Steps[0].Next[0].Think
	m.Origins = append(m.Origins, model.Origin{Name: "cdn", URL: "https://cdn.test"})
	m.Browsers = []model.Browser{
		{Name: "desktop", Weight: 0.75, Headers: []model.Header{{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64)"}, {Name: "Accept-Language", Value: "de, en;q=0.8"}}},
		{Name: "phone", Weight: 0.25, Headers: []model.Header{{Name: "User-Agent", Value: "Mozilla/5.0 (Android 15)"}, {Name: "Sec-CH-UA-Mobile", Value: "?1"}}},
	}
	m.Bindings[0].Compared, m.Bindings[0].RestsOn = 150, model.OnSessions
	m.Behaviors[1].Weight = 0.2
	page := model.Page{Endpoint: "GET /", AtOnce: 4, Loads: []model.Load{
		{Endpoint: "GET /app.css", Share: 1}, {Endpoint: "GET /app.css", Share: 0.25},
		{Endpoint: "GET /products/{id}", Share: 1, Delay: model.Think{Fixed: 30 * time.Millisecond}}, {Endpoint: "GET /products/{id}", Share: 0.5, Delay: pause}}}
	next := func(to string) []model.Edge { return []model.Edge{{To: to, Odds: 1}} }
	m.Behaviors = append(m.Behaviors, model.Behavior{Name: "reader", Weight: 0.1, Start: next("home"), Steps: []model.Step{
		{ID: "home", Page: &page, Next: next("news")},
		{ID: "news", Open: &model.Strand{Name: "news", Endpoint: "GET /cart"}, Next: next("stock")},
		{ID: "stock", Open: &model.Strand{Name: "prices", Endpoint: "GET /products/{id}", Every: model.Think{Fixed: 5 * time.Second}}, Next: next("read")},
		{ID: "read", Pause: &model.Think{Fixed: time.Minute}, Next: next("wait")},
		{ID: "wait", Pause: &pause, Next: next("both")},
		{ID: "both", Group: []model.Page{{Endpoint: "GET /"}, page}, Next: next("quiet")},
		{ID: "quiet", Close: "prices", Next: next("again")},
		{ID: "again", Page: &model.Page{Endpoint: "POST /notes"}, Next: []model.Edge{{To: "home", Odds: 0.5}, {To: model.End, Odds: 0.5}}},
	}})
	m.Endpoints = append(m.Endpoints,
		model.Endpoint{Name: "GET /app.css", Origin: "cdn", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/app.css"}}}},
		model.Endpoint{Name: "POST /notes", Check: model.Check{Status: []int{2}}, Variants: []model.Variant{
			{Name: "text", Recorded: 3, Request: model.Request{Method: "POST", Target: "/notes", Protocol: model.HTTP2, Body: "text=${text}"},
				Values: []model.Value{{Name: "text", Kind: model.Row}}, Rows: [][]string{{"a"}, {"b"}, {"c"}}},
			{Name: "text and sum", Recorded: 1, Request: model.Request{Method: "POST", Target: "/notes", Protocol: model.HTTP1, Body: "text=${text}",
				Headers: []model.Header{{Name: "TE-Sum", Value: "yes"}}, Trailers: []model.Header{{Name: "Sum", Value: "${sum}"}}},
				Values: []model.Value{{Name: "text", Kind: model.Row}, {Name: "sum", Kind: model.Row}}, Rows: [][]string{{"a", "17"}}},
			{Name: "state", Recorded: 1, Request: model.Request{Method: "POST", Target: "/notes?to=${to}", Body: "state=${state}"},
				Values: []model.Value{{Name: "to", Kind: model.Row, Codec: "percent-lower[-./:_~]"}, {Name: "id", Kind: model.Bound, Ref: "csrf", Codec: "json"},
					{Name: "state", Kind: model.Template, Ref: `{"id":"${id}"}`, Codec: "base64|plus"}},
				Rows: [][]string{{"a/b"}}},
			{Name: "reply", Recorded: 2, Request: model.Request{Method: "POST", Target: "/notes", Body: "csrf=${csrf}&to=${to}&user=${user}"},
				Values: []model.Value{{Name: "csrf", Kind: model.Bound, Ref: "csrf"}, {Name: "to", Kind: model.Bound, Ref: "csrf", Own: true}, {Name: "user", Kind: model.Data, Ref: "accounts.user", Own: true}},
				Rows:   [][]string{{"", "eve"}, {"7", ""}}},
		}})
	m.Endpoints[len(m.Endpoints)-1].Outcomes = []model.Outcome{
		{Name: "201", Recorded: 2, Check: model.Check{Status: []int{2}, Content: []string{"application/json"}, Require: []string{"$.tags[]", "$.tags[]:string", "$.tags:array"},
			Facts: []model.Fact{{Selector: "json:state", Value: "done"}}}},
		{Name: "422", Recorded: 1, Check: model.Check{Status: []int{422}, Links: 12}},
	}
	m.Recorded.Starts = nil
	m.Recorded.From = "5f2c9a"
	m.Recorded.LeftOut = []model.LeftOut{{What: "upgraded connections (WebSocket)", Flows: 7, Whole: true}, {What: "incomplete: reset", Flows: 3, Writes: 2}}
	m.Data = append(m.Data, model.Source{Name: "staff", Columns: []string{"name", "role"}, Kinds: []string{"role"}, Rows: [][]string{{"eve & co", "admin"}, {"fay", ""}}})
	m.Sessions = []model.Session{
		{User: "u1", Behavior: "reader", Browser: "phone", Account: []model.Field{{Ref: "accounts.user", Value: "ann"}, {Ref: "staff.name", Value: "eve & co"}, {Ref: "staff.role", Value: "admin"}}, Acts: []model.Act{
			{Endpoint: "GET /", Conn: 1, Status: 200, Step: "home"},
			{Endpoint: "GET /app.css", After: []int{0}, Delay: 12345678, Conn: 1, Status: 304},
			{Endpoint: "GET /products/{id}", After: []int{0}, Delay: 20 * time.Millisecond, Conn: 2, Row: 2, Status: 200},
			{Endpoint: "GET /cart", After: []int{0}, Strand: "news", Delay: time.Second},
			{Endpoint: "POST /notes", Variant: "reply", After: []int{3}, Row: 1, Outcome: "422", Poll: 1, Takes: []model.Take{{Act: 3}, {Act: 3, Match: 2}, {Act: model.Own}}},
			{Endpoint: "POST /notes", Variant: "reply", After: []int{4}, Row: 2, Outcome: "201", Poll: 1, Takes: []model.Take{{Act: model.Latest}, {Act: model.Own}, {Act: model.Latest}},
				Echoes: []model.Echo{{Act: 0, Place: "body:$.items[0].a b", Room: 3}, {Act: 4, Place: "body:text"}}},
			{Endpoint: "POST /notes", Variant: "text and sum", After: []int{1, 2}, Delay: time.Minute, Row: 1, Status: 201},
		}},
		{User: "u2", Start: 1500 * time.Millisecond, Acts: []model.Act{{Endpoint: "GET /"}, {Endpoint: "GET /"}}},
	}
	m.Unresolved = []model.Unresolved{
		{Endpoint: "POST /notes", Place: "header X-Signature", Example: "9f86… (64 hexadecimal digits)", Reason: "changes with each request, and no answer held it before", Edit: "compute it from the values of the request", Requests: 4},
		{Endpoint: "GET /", Place: "query sig", Reason: "the key is not known", Identifies: true},
	}
	m.Endpoints[3].Variants[0].Request.Headers = []model.Header{{Name: "X-Signature", Value: "v1=${signature}"}, {Name: "Cookie", Value: "theme=dark"}}
	m.Endpoints[3].Variants[0].Values = append(m.Endpoints[3].Variants[0].Values,
		model.Value{Name: "signature", Kind: model.Computed, Ref: `hex(hmac_sha256(key, t + "\n" + request.target))`}, model.Value{Name: "key", Kind: model.Data, Ref: "accounts.password"})
	m.Overrides = "overrides: # what we know better\n  endpoints:\n    GET /app.css:\n      check: {status: [2xx, 3xx]} # caches\n"
	m.Endpoints[5].Check = model.Check{Status: []int{2, 3}}
	return m
}
