package redact

import (
	"bytes"
	"reflect"
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
	if c, ok := r.walk.cleanBody(f.Response.Body, f.Response.Headers); !ok || r.walk.bodies.find(&c) == nil {
		t.Fatal("the script is not remembered")
	}
	// A body with the same hash and other content is another body.
	forged := sent("/a.js", "text/javascript", append(bytes.Clone(script), "ann@example.org"...))
	c, _ := r.walk.cleanBody(f.Response.Body, f.Response.Headers)
	d, _ := r.walk.cleanBody(forged.Response.Body, forged.Response.Headers)
	if d.sum = c.sum; r.walk.bodies.find(&d) != nil {
		t.Error("an address hides behind the hash of another body")
	}
	// A body that was learned and not written is walked again.
	r, err = New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.Learn(sent("/a.js", "text/javascript", script))
	if c, _ := r.walk.cleanBody(f.Response.Body, f.Response.Headers); r.walk.bodies.find(&c) != nil {
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

func TestALongBodyIsWalkedOnceAndBecomesTheSameAgain(t *testing.T) {
	for name, size := range map[string]int{"kept whole": maxCleanBody / 2, "known by its digest": 2 * maxCleanBody} {
		for _, coding := range []string{"", "gzip"} {
			script := bytes.Repeat([]byte("function f(x) { return x + 1 }\n"), size/31)
			script = append(script, "/* by ann@example.org */"...)
			data := script
			if coding != "" {
				data = gzipped(string(script))
			}
			r := newRedactor(t, testKey, "")
			request := func() *flow.Flow {
				f := sent("/a.js", "text/javascript", bytes.Clone(data))
				f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "Content-Encoding", Value: coding}, flow.Header{Name: "Content-Length", Value: "1"}, flow.Header{Name: "Digest", Value: "sha-256=4REjxQ4yrqUVicfSKYNO/cF9zNj5ANbzgDZt3/h3Qxo="})
				return f
			}
			first, second := request(), request()
			r.Flow(first)
			c, ok := r.walk.cleanBody(second.Response.Body, second.Response.Headers)
			if known := r.walk.bodies.find(&c); !ok || len(data) >= minResult && known == nil {
				t.Errorf("%s, %q: the body is not remembered", name, coding)
			}
			r.Flow(second)
			if bytes.Contains(first.Response.Body.Data, []byte("ann@")) || !reflect.DeepEqual(first.Response, second.Response) {
				t.Errorf("%s, %q: the second body of %d bytes is another than the first of %d, or the lines are: %v, %v", name, coding,
					second.Response.Body.Size, first.Response.Body.Size, second.Response.Headers, first.Response.Headers)
			}
		}
	}
}
