package redact

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// testKey is any key.
var testKey = bytes.Repeat([]byte{7}, KeySize)

// newRedactor makes a Redactor with a key and rules.
func newRedactor(t testing.TB, key []byte, rules string) *Redactor {
	t.Helper()
	o := Options{Key: key}
	if rules != "" {
		var err error
		if o.Rules, err = ReadRules(strings.NewReader(rules)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// get makes a flow.
func get(target string, headers ...string) *flow.Flow {
	f := &flow.Flow{Scheme: "https", Protocol: "HTTP/1.1", Start: time.Unix(1, 0),
		Request: flow.Request{Method: "GET", Target: target, Authority: "shop.test"}, Response: &flow.Response{Status: 200}}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: name, Value: value})
	}
	return f
}

// answer gives f a body in its response.
func answer(f *flow.Flow, media, body string) *flow.Flow {
	f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "Content-Type", Value: media}, flow.Header{Name: "Content-Length", Value: fmt.Sprint(len(body))})
	f.Response.Body = flow.NewBody([]byte(body))
	return f
}

// post gives f a body in its request.
func post(f *flow.Flow, media, body string) *flow.Flow {
	f.Request.Method = "POST"
	f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Content-Type", Value: media}, flow.Header{Name: "Content-Length", Value: fmt.Sprint(len(body))})
	f.Request.Body = flow.NewBody([]byte(body))
	return f
}

// text prints a flow.
func text(t testing.TB, f *flow.Flow) string {
	t.Helper()
	var out strings.Builder
	if err := flow.Print(&out, f); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const aJWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEtbG92ZWxhY2UiLCJpYXQiOjE3MTYyMzkwMjIsImV4cCI6MTcxNjI0MjYyMn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"

func TestAFlowOfEverything(t *testing.T) {
	r := newRedactor(t, testKey, "")
	f := get("/a/Zx81kQpL0vR7wT2n/b?token=Zx81kQpL0vR7wT2n&q=ada%40example.com&next=%2Fx%3Ftoken%3DZx81kQpL0vR7wT2n", "Authorization: Bearer "+aJWT, "Cookie: sid=0c77d1e2f3a4b5c69d81; theme=light",
		"Authorization: Basic YWRhOmh1bnRlcjItdmVyeQ==", "User-Agent: Mozilla/5.0", "X-Thing: id=0c77d1e2f3a4b5c69d81", "Referer: https://u:hunter2@h.test/x#access_token=abc123def456")
	answer(f, "application/json", `{"password":"hunter2-very","n":{"card":"4111 1111 1111 1111","mail":"Ada@Example.COM","pin":1234,"esc":"ada\u0040example.com","url":"https:\/\/a\/?token=abc\u0041b12345"},"b64":"eyJwYXNzd29yZCI6Imh1bnRlcjItdmVyeSJ9","html":"<input type=hidden name=csrf value='q9Xx&#97;a'>"}`)
	t.Log(text(t, f))
	new(Scanner).Scan(f, func(x Finding) { t.Logf("clear %+v", x) })
	r.Flow(f)
	t.Log(text(t, f))
	new(Scanner).Scan(f, func(x Finding) { t.Errorf("redacted: %+v", x) })
}
