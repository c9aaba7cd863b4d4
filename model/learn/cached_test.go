package learn_test

import (
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flow"
)

// A list that came from the browser's cache shows the records that the user picks from.
func TestAnAnswerFromTheCacheShowsWhatItShowedBefore(t *testing.T) {
	records := `{"items":[{"id":"` + secretOf("a") + `"},{"id":"` + secretOf("b") + `"}]}`
	for _, tt := range []struct{ name, first, tag string }{
		{"the same session got it before", "GET /list", ""},
		{"another session got it with the same tag", "GET /other", "\nETag: \"7\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := mustLearn(t, visits(8, func(p *tape, i int) {
				own := strings.ReplaceAll(records, secretOf("a"), secretOf("own", i*len(tt.first)))
				if tt.tag != "" {
					own = records
				}
				switch {
				case tt.tag == "" || i%2 == 0:
					p.do(0, "GET /list", "200"+tt.tag+asJSON+own)
				default:
					p.do(0, "GET /other", "200"+asJSON+"{}")
				}
				p.do(1, "GET /list\nIf-None-Match: \"7\"", "304"+tt.tag)
				id := secretOf("b")
				if tt.tag == "" {
					id = secretOf("own", i*len(tt.first))
				}
				p.do(1, "GET /show?record="+id, "200"+asJSON+"{}")
			}))
			for i, s := range m.Sessions {
				last := s.Acts[len(s.Acts)-1]
				if len(last.Takes) == 0 || last.Takes[0].Act < 0 {
					t.Fatalf("session %d: the record is not taken from the list: %+v, bindings %+v", i, last, m.Bindings)
				}
			}
		})
	}
}

func TestUnaryCallsOfGRPCAreLearned(t *testing.T) {
	sessions := visits(2, func(p *tape, _ int) {
		f := p.do(0, "POST /kv.KV/Put\nContent-Type: application/grpc\n\n\x00\x00\x00\x00\x01a", "200\nContent-Type: application/grpc\n\n\x00\x00\x00\x00\x00")
		f.Protocol = "HTTP/2.0"
		f.Messages = []flow.Message{{Kind: flow.MessageGRPC, FromClient: true}, {Kind: flow.MessageGRPC}}
	})
	m, report := mustLearn(t, sessions)
	if report.Used != 2 || len(m.Endpoints) != 1 || m.Endpoints[0].Variants[0].Request.Protocol != model.HTTP2 {
		t.Errorf("%d of 2 calls are learned, lost %v: %+v", report.Used, report.Lost, m.Endpoints)
	}
}
