package redact

import (
	"bytes"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestSessionInThePathEndsBeforeTheQuery(t *testing.T) {
	const id = "8F3A1B2C9D4E5F60718293A4B5C60617"
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &flow.Flow{
		Request: flow.Request{Method: "GET", Target: "/x;jsessionid=" + id + "?page=2", Authority: "shop.test"},
		Response: &flow.Response{Status: 302, Headers: flow.Headers{
			{Name: "Location", Value: "http://shop.test/y;jsessionid=" + id + "?page=3"}, {Name: "Content-Type", Value: "text/html"},
		}, Body: flow.NewBody([]byte(`<a href="/x;jsessionid=` + id + `?page=4">a</a> <a href="/z;jsessionid=` + id + `#top">b</a> go("/q;jsessionid=` + id + `?page=5")`))},
	}
	r.Flow(f)
	target := f.Request.Target
	pseudonym := strings.TrimSuffix(strings.TrimPrefix(target, "/x;jsessionid="), "?page=2")
	if len(pseudonym) != len(id) || pseudonym == id {
		t.Fatalf("target %s", target)
	}
	if got, want := f.Response.Headers.Value("Location"), "http://shop.test/y;jsessionid="+pseudonym+"?page=3"; got != want {
		t.Errorf("Location %s, want %s", got, want)
	}
	for _, want := range []string{"/x;jsessionid=" + pseudonym + "?page=4", "/z;jsessionid=" + pseudonym + "#top", "/q;jsessionid=" + pseudonym + "?page=5"} {
		if !bytes.Contains(f.Response.Body.Data, []byte(want)) {
			t.Errorf("no %s in %s", want, f.Response.Body.Data)
		}
	}
}

func TestSessionCookieIsFollowedHoweverItLooks(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	send := func(cookie, target string) *flow.Flow {
		f := &flow.Flow{Request: flow.Request{
			Method: "GET", Target: target, Authority: "shop.test", Headers: flow.Headers{{Name: "Cookie", Value: cookie}, {Name: "X-Foo", Value: "is qwertyuiop123456"}},
		}}
		r.Flow(f)
		return f
	}
	f := send("sid=qwertyuiop123456; category=garden2024", "/list?of=qwertyuiop123456&category=garden2024")
	if strings.Contains(f.Request.Target, "qwertyuiop") || strings.Contains(f.Request.Headers.Value("X-Foo"), "qwertyuiop") {
		t.Errorf("the session is in %s and %v", f.Request.Target, f.Request.Headers)
	}
	if !strings.HasSuffix(f.Request.Target, "&category=garden2024") {
		t.Errorf("the category became %s", f.Request.Target)
	}
}
