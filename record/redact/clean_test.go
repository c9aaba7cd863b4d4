package redact

import (
	"bytes"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func sent(target, media string, body []byte) *flow.Flow {
	return &flow.Flow{
		Request:  flow.Request{Method: "GET", Target: target, Authority: "shop.test"},
		Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: media}}, Body: flow.NewBody(body)},
	}
}

func TestSecretNamedBehindItsBodyIsReplacedInTheSameFlow(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("Zq81kVw0PpLm42xY")
	page := append(bytes.Repeat([]byte("nothing to see here, "), 20), secret...)
	f := sent("/", "text/plain", page)
	// The name of the secret stands behind the body, in a trailer.
	f.Response.Trailers = flow.Headers{{Name: "X-Auth-Token", Value: string(secret)}}
	r.Flow(f)
	if bytes.Contains(f.Response.Body.Data, secret) {
		t.Error("the secret is still in the body")
	}
}

func TestBodyThatIsKnownToBeCleanIsNotWalkedAgain(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	script := bytes.Repeat([]byte("function f(x) { return x + 1 }\n"), 3000)
	r.Flow(sent("/a.js", "text/javascript", script))
	f := sent("/a.js", "text/javascript", bytes.Clone(script))
	if c, ok := r.walk.cleanBody(f.Response.Body, f.Response.Headers); !ok || !r.walk.bodies.has(&c) {
		t.Fatal("the script is not remembered")
	}
	// A body with the same hash and other content is another body.
	forged := sent("/a.js", "text/javascript", append(bytes.Clone(script), "ann@example.org"...))
	c, _ := r.walk.cleanBody(f.Response.Body, f.Response.Headers)
	d, _ := r.walk.cleanBody(forged.Response.Body, forged.Response.Headers)
	if d.sum = c.sum; r.walk.bodies.has(&d) {
		t.Error("an address hides behind the hash of another body")
	}
	// A body that was learned and not written is walked again.
	r, err = New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.Learn(sent("/a.js", "text/javascript", script))
	if c, _ := r.walk.cleanBody(f.Response.Body, f.Response.Headers); r.walk.bodies.has(&c) {
		t.Error("a body that was only learned from counts as written")
	}
}

func TestCleanBodiesTakeBoundedMemory(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		body := bytes.Repeat([]byte{'a' + byte(i%26), ' '}, maxCleanBody/2-i)
		r.Flow(sent("/", "text/plain", body))
		if r.walk.bodies.bytes > maxCleanBytes {
			t.Fatalf("%d bytes are held", r.walk.bodies.bytes)
		}
	}
}
