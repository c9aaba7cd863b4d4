package redact

import (
	"net/url"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestPageSaysWhichFieldIsThePassword(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	form := func(authority string) string {
		f := &flow.Flow{Request: flow.Request{
			Method: "POST", Target: "/doku.php?p=7", Authority: authority,
			Headers: flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
			Body:    flow.NewBody([]byte("u=ann&p=correct+horse")),
		}}
		r.Flow(f)
		if f.Request.Target != "/doku.php?p=7" {
			t.Errorf("%s: the page number became %s", authority, f.Request.Target)
		}
		sent, err := url.ParseQuery(string(f.Request.Body.Data))
		if err != nil || sent.Get("u") != "ann" {
			t.Errorf("%s: %s, %v", authority, f.Request.Body.Data, err)
		}
		return sent.Get("p")
	}
	if got := form("wiki.test"); got != "correct horse" {
		t.Errorf("nothing says that p is a password: %q", got)
	}
	r.Flow(&flow.Flow{
		Request: flow.Request{Method: "GET", Target: "/doku.php?do=login", Authority: "wiki.test"},
		Response: &flow.Response{
			Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}},
			Body: flow.NewBody([]byte(`<form><input type="text" name="u"/><input type="password" name="p" class="edit"/></form>`)),
		},
	})
	if got := form("shop.test"); got != "correct horse" {
		t.Errorf("another site has no password p: %q", got)
	}
	if got, want := form("wiki.test"), r.Value("password", "correct horse"); got != want || got == "correct horse" {
		t.Errorf("p is %q, want %q", got, want)
	}
}
