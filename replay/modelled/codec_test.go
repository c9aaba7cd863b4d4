package modelled

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/url"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// TestValuesAreWrittenThroughTheirCodecs sends one value in several codings at once,
// and reads them back with other means than those that wrote them.
func TestValuesAreWrittenThroughTheirCodecs(t *testing.T) {
	const id = `a/"b" é`
	m := newspaper()
	m.Endpoints = append(m.Endpoints, model.Endpoint{Name: "up", Variants: []model.Variant{{
		Request: model.Request{Method: "POST", Target: "/up/${path}?q=${id}", Body: "${body}",
			Headers: []model.Header{{Name: "Content-Encoding", Value: "gzip"}, {Name: "Content-Type", Value: "application/json"}, {Name: "X-State", Value: "${state}"}}},
		Values: []model.Value{
			{Name: "raw", Kind: model.Row, Codec: "raw"},
			{Name: "id", Kind: model.Row},
			{Name: "path", Kind: model.Row, Codec: "percent-lower[/]"},
			{Name: "inner", Kind: model.Row, Codec: "json"},
			{Name: "state", Kind: model.Template, Ref: `{"id":"${inner}","price":"$$5"}`, Codec: "base64url-bare"},
			{Name: "body", Kind: model.Template, Ref: `[${raw},"${state}"]`, Codec: "gzip"},
		},
		Rows: [][]string{{"17.0", id, id, id}},
	}}})
	m.Sessions = []model.Session{{Acts: []model.Act{{Endpoint: "up", Row: 1}}}}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	acts := replaytest.Script(t, modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1}), 0, 0)
	q := &acts[0].Request
	if want := "/up/a/%22b%22%20%c3%a9?q=" + url.QueryEscape(id); q.Target != want {
		t.Errorf("target %s, want %s", q.Target, want)
	}
	state := base64.RawURLEncoding.EncodeToString([]byte(`{"id":"a/\"b\" é","price":"$5"}`))
	if got := q.Headers.Value("X-State"); got != state {
		t.Errorf("state %s, want %s", got, state)
	}
	z, err := gzip.NewReader(bytes.NewReader(q.Body.Data))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if want := `[17.0,"` + state + `"]`; err != nil || string(body) != want {
		t.Errorf("body %s, %v, want %s", body, err, want)
	}
}
