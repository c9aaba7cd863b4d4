package modelled

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
)

func TestAddressesMoveWithTheirOrigins(t *testing.T) {
	m := newMove([]replay.Origin{
		{Recorded: "https://desk.test", Live: "http://127.0.0.1:8080"},
		{Recorded: "https://id.test:8443", Live: "http://127.0.0.1:9090", Host: "id.stage"},
	})
	got := m.variant(&model.Variant{
		Request: model.Request{
			Target:  "/end?back=https%3A%2F%2Fdesk.test%2Fdone&from=https%3a%2f%2fid.test%3a8443&note=see%20https%3A%2F%2Fdesk.test",
			Headers: []model.Header{{Name: "Destination", Value: "https://desk.test/files/${id}"}, {Name: "X-Near", Value: "https://desk.test.evil/"}},
			Body:    `{"hook":"https:\/\/desk.test\/hook","issuer":"https://id.test:8443","text":"at https://desk.test/","page":"<a href=\\"https://desk.test/\\">","port":"https://desk.test:81/","user":"https://desk.test@x"}`,
		},
		Rows: [][]string{{"https://desk.test/a?b=https://desk.test", "we met at https://desk.test", "https://desk.testing"}},
	})
	want := &model.Variant{
		Request: model.Request{
			Target:  "/end?back=http%3A%2F%2F127.0.0.1%3A8080%2Fdone&from=http%3A%2F%2Fid.stage&note=see%20https%3A%2F%2Fdesk.test",
			Headers: []model.Header{{Name: "Destination", Value: "http://127.0.0.1:8080/files/${id}"}, {Name: "X-Near", Value: "https://desk.test.evil/"}},
			Body:    `{"hook":"http:\/\/127.0.0.1:8080\/hook","issuer":"http://id.stage","text":"at https://desk.test/","page":"<a href=\\"https://desk.test/\\">","port":"https://desk.test:81/","user":"https://desk.test@x"}`,
		},
		Rows: [][]string{{"http://127.0.0.1:8080/a?b=https://desk.test", "we met at https://desk.test", "https://desk.testing"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the request (-want +got)\n%s", diff)
	}
	if m := newMove([]replay.Origin{{Recorded: "http://a.test", Live: "http://a.test"}, {Live: "http://b.test"}}); m != nil {
		t.Errorf("%v moves, although all is where it was", m)
	}
}
