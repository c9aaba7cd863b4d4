package learn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model/session"
)

// The recording begins in the midst of some sessions and ends in the midst of others.
func TestCutSessionsStartAndEndNoBehavior(t *testing.T) {
	for _, c := range []struct {
		name         string
		cut          func(i int) session.Cut
		note         string
		starts, ends map[string]float64
	}{
		{"none is cut", func(int) session.Cut { return 0 }, "", map[string]float64{"GET /": 0.5, "GET /items": 0.5}, map[string]float64{"GET /items": 0.5, "GET /help": 1}},
		{"some are", func(i int) session.Cut { return []session.Cut{0, session.CutStart | session.CutEnd}[i%2] },
			"6 of 12 sessions perhaps began before the recording",
			map[string]float64{"GET /": 1}, map[string]float64{"GET /items": 0, "GET /help": 1}},
		{"all are, so that the cuts are all that is known", func(int) session.Cut { return session.CutStart | session.CutEnd },
			"12 of 12 sessions perhaps began before the recording",
			map[string]float64{"GET /": 0.5, "GET /items": 0.5}, map[string]float64{"GET /items": 0.5, "GET /help": 1}},
	} {
		sessions := visits(12, func(p *tape, i int) {
			if i%2 == 0 {
				p.do(time.Second, "GET /", "200"+asJSON+`{"page":"home"}`)
			}
			p.do(time.Second, "GET /items", "200"+asJSON+`{"page":"items"}`)
			if i%2 == 0 {
				p.do(time.Second, "GET /help", "200"+asJSON+`{"page":"help"}`)
			}
		})
		for i := range sessions {
			sessions[i].Cut = c.cut(i)
		}
		m, _ := mustLearn(t, sessions)
		starts, ends := map[string]float64{}, map[string]float64{}
		for _, b := range m.Behaviors {
			share := float64(b.Sessions) / 12
			for _, e := range b.Start {
				starts[e.To] += e.Odds * share
			}
			for _, s := range b.Steps {
				for _, e := range s.Next {
					if e.To == "end" {
						ends[s.ID] = e.Odds
					}
				}
			}
		}
		if notes := strings.Join(m.Notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && strings.Contains(notes, "began before") {
			t.Errorf("%s: notes %q, want %q", c.name, notes, c.note)
		}
		if len(m.Behaviors) != 1 {
			t.Fatalf("%s: %d types, want one", c.name, len(m.Behaviors))
		}
		if ends["GET /items"] == 0 {
			ends["GET /items"] = 0
		}
		if diff := cmp.Diff([]map[string]float64{c.starts, c.ends}, []map[string]float64{starts, ends}); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

// A page that only cut sessions show, as their first, is one that users come to.
func TestWhereOnlyCutSessionsBeginUsersBeginToo(t *testing.T) {
	sessions := visits(8, func(p *tape, i int) {
		if i == 5 {
			p.do(time.Second, "GET /letter", "200"+asJSON+`{"page":"letter"}`)
		}
		p.do(time.Second, "GET /items", "200"+asJSON+`{"page":"items"}`)
		p.do(time.Second, "GET /help", "200"+asJSON+`{"page":"help"}`)
	})
	sessions[5].Cut = session.CutStart
	m, _ := mustLearn(t, sessions)
	starts := map[string]float64{}
	for _, e := range m.Behaviors[0].Start {
		starts[e.To] = e.Odds
	}
	if d := cmp.Diff(map[string]float64{"GET /items": 0.875, "GET /letter": 0.125}, starts); d != "" {
		t.Errorf("first pages (-want +got): %s", d)
	}
}
