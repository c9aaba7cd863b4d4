package redact

import (
	"net/url"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestKnownValuesAreFoundBehindTheirPseudonyms(t *testing.T) {
	key := make([]byte, KeySize)
	recorder, err := New(Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	body := url.Values{"user": {"ann"}, "password": {"pä ss&word=1"}, "mail": {"ann@shop.test"}}
	f := &flow.Flow{Request: flow.Request{
		Method: "POST", Target: "/login", Body: flow.NewBody([]byte(body.Encode())),
		Headers: flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
	}}
	recorder.Flow(f)
	recorded, err := url.ParseQuery(string(f.Request.Body.Data))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := New(Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for field, v := range body {
		if got := reader.Value(field, v[0]); got != recorded.Get(field) {
			t.Errorf("%s %q: %q, recorded as %q", field, v[0], got, recorded.Get(field))
		}
		if secret := field != "user"; (recorded.Get(field) != v[0]) != secret || secret && stranger.Value(field, v[0]) == recorded.Get(field) {
			t.Errorf("%s %q is recorded as %q", field, v[0], recorded.Get(field))
		}
	}
}
