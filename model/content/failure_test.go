package content

import (
	"slices"
	"strings"
	"testing"
)

// Answers that come with status 200 and tell of an error, and answers that look
// like them and do not.
func TestErrorsInTheBodyAreFeatures(t *testing.T) {
	const soap = "text/xml; charset=utf-8"
	for _, tt := range []struct{ name, media, body, want string }{
		{"a GraphQL error", "application/json", `{"errors":[{"message":"no"}],"data":null}`, "error:$.errors"},
		{"no GraphQL error", "application/graphql-response+json", `{"errors":[],"data":{}}`, ""},
		{"a GraphQL error of a batch", "application/json", `[{"data":1},{"errors":[{"message":"no"}]},{"errors":[1]}]`, "error:$[].errors"},
		{"a JSON-RPC error", "application/json", `{"jsonrpc":"2.0","id":1,"error":{"code":-32000}}`, "error:$.error"},
		{"a JSON-RPC result", "application/json", `{"jsonrpc":"2.0","id":1,"result":{"error":{"a":1}},"error":null}`, ""},
		{"an error as text", "", `{"error":"expired"}`, "error:$.error"},
		{"an error that is none", "application/json", `{"error":"","errors":{ }}`, ""},
		{"a code that is none", "application/json", `{"error":0}`, ""},
		{"a flag", "application/json", `{"error":true}`, "error:$.error"},
		{"a flag that is down", "application/json", `{"error":false,"ok":true,"success":true}`, ""},
		{"not ok", "application/json", `{"ok":false}`, "error:$.ok"},
		{"no success", "application/json", `{"success":false,"data":[]}`, "error:$.success"},
		{"JSend", "application/json", `{"status":"fail"}`, "error:$.status"},
		{"a status of something", "application/json", `{"status":"failing over"}`, ""},
		{"a member below", "application/json", `{"job":{"error":"x"}}`, ""},
		{"a fault of SOAP 1.1", soap, `<?xml version="1.0"?><soap:Envelope xmlns:soap="u"><soap:Header/><soap:Body><soap:Fault><faultcode>x</faultcode></soap:Fault></soap:Body></soap:Envelope>`, "error:Fault"},
		{"a fault of SOAP 1.2", "application/soap+xml", `<e:Envelope><e:Body><e:Fault/></e:Body></e:Envelope>`, "error:Fault"},
		{"an answer about faults", soap, `<Envelope><Body><r><Fault>none</Fault></r></Body></Envelope>`, ""},
		{"a fault of XML-RPC", "text/xml", `<methodResponse><fault><value/></fault></methodResponse>`, "error:Fault"},
		{"a broken document", "text/xml", `<Envelope><Body></x><Fault`, ""},
		{"a login form", "text/html", `<form method=post action=/in><input name=u><input type=password name=p></form>`, LoginFeature},
		{"a script's login form", "text/html", `<input name=u><input type=password name=p>`, LoginFeature},
		{"a form for a new password", "text/html", `<form><input type=password name=p><input type=password name=again></form>`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			features := doc(tt.media, tt.body).Shape().Features
			var got []string
			for _, f := range features {
				if strings.HasPrefix(f, "error:") || f == LoginFeature {
					got = append(got, f)
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("%s: features %q, want %q", tt.body, s, tt.want)
			}
			if !slices.IsSorted(features) {
				t.Errorf("%s: the features are not sorted: %q", tt.body, features)
			}
		})
	}
}

// A document with more members than a shape takes still tells of its error.
func TestAnErrorIsNotLostAmongManyMembers(t *testing.T) {
	var b strings.Builder
	for i := range 3 * MaxFeatures {
		b.WriteString(`"m` + strings.Repeat("x", i%7) + hashless(i) + `":1,`)
	}
	features := doc("application/json", "{"+b.String()+`"error":"x"}`).Shape().Features
	if len(features) != MaxFeatures || !slices.Contains(features, "error:$.error") {
		t.Errorf("%d features, the error among them: %v", len(features), slices.Contains(features, "error:$.error"))
	}
}

// hashless writes a number in letters.
func hashless(n int) string {
	s := ""
	for ; n > 0; n /= 26 {
		s += string(rune('a' + n%26))
	}
	return s
}
