package redact

import (
	"reflect"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// TestOrdinaryValuesStay walks values that look a little like secrets and are not.
func TestOrdinaryValuesStay(t *testing.T) {
	for name, f := range map[string]*flow.Flow{
		"protocols of a WebSocket":     get("/", "Sec-WebSocket-Protocol: graphql-transport-ws, graphql-ws, v12.stomp, base64.binary.k8s.io"),
		"pages about a confirmation":   get("/order/confirm/summary-of-your-order", "Accept: */*"),
		"a number behind verify":       get("/verify/1234567"),
		"a hashed asset":               get("/assets/app.3f2a9c81b7d4e6f0.js"),
		"an id and a slug":             get("/products/81723/solid-oak-garden-bench-180cm"),
		"a UUID in a path":             get("/orders/2f1c6b1e-58a4-4c0e-9d67-0c6f2b9a7d11"),
		"an entity tag":                get("/", `If-None-Match: W/"5e9f-17d3a2b4c80"`),
		"a version and a user agent":   get("/", "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0"),
		"a traceparent":                get("/", "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
		"pairs of an ordinary kind":    answer(get("/"), jsonType, `{"filters":[{"name":"color","value":"darkolivegreen3"},{"name":"size","value":"42"}]}`),
		"a pair of a token's type":     answer(get("/"), jsonType, `[{"name":"token_type","value":"bearer"},{"key":"session","value":"morning"}]`),
		"a value without a name":       answer(get("/"), jsonType, `{"value":"Kq81kVw0PpLm42xY","unit":"none"}`),
		"prices, dates and quantities": answer(get("/"), jsonType, `{"price":129.99,"at":"2026-05-04T10:00:00Z","stock":17,"ean":"4006381333931"}`),
		"rules of a style sheet":       answer(get("/a.css"), "text/css", `.token{color:#a1b2c3}.password-hint:after{content:"secret"}`),
		"a name that ends like tokens": get("/share?tiktok=gardenfriends&stok=17"),
		"a page that speaks of them":   answer(get("/"), htmlType, `<label for="p">Password</label><p>Your token expires in 20 minutes.</p>`),
	} {
		was := *f
		newRedactor(t, testKey, "").Flow(f)
		if !reflect.DeepEqual(*f, was) {
			t.Errorf("%s changed: %+v to %+v, %v", name, was, *f, f.Response)
		}
	}
}
