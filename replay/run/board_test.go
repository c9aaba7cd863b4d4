package run

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// threeReplayers are options of a run on three replayers in this process.
func threeReplayers() Options {
	return Options{Replayers: 3, Launch: func(ctx context.Context, url, name string) error {
		return Join(ctx, JoinOptions{URL: url, Name: name})
	}}
}

// pin is a user of the box who puts two cards there, and looks at the newest ones after each.
func pin(g *guest, i int) {
	g.do("GET", "/", "", "")
	for k := range 2 {
		g.do("POST", "/cards", "application/json", fmt.Sprintf(`{"title":"Plan %c%c for spring","note":"n"}`, 'A'+i, 'A'+k))
		g.do("GET", "/cards", "", "")
	}
}

// named is a model of pins whose texts are those of the rows of a data file.
func named(t *testing.T, m *model.Model) {
	t.Helper()
	people := model.Source{Name: "people", Columns: []string{"plan"}}
	for i := range 400 {
		people.Rows = append(people.Rows, []string{fmt.Sprintf("Plan %d for autumn", 1000+i)})
	}
	m.Data = append(m.Data, people)
	at := slices.IndexFunc(m.Endpoints, func(e model.Endpoint) bool { return e.Name == "POST /cards" })
	v := &m.Endpoints[at].Variants[0]
	if len(v.Values) != 1 || v.Values[0].Kind != model.Row {
		t.Fatalf("the values are %+v, want one that was recorded", v.Values)
	}
	v.Values[0].Kind, v.Values[0].Ref, v.Rows = model.Data, "people.plan", nil
	for i := range m.Sessions {
		for k := range m.Sessions[i].Acts {
			if a := &m.Sessions[i].Acts[k]; a.Endpoint == "POST /cards" {
				a.Row = 0
			}
		}
	}
}

// A replayer does not know what users of the others write into a list of the newest. The
// books of the box say what was done. Where texts are live, nothing is said of the list.
func TestReplayersDoNotBlameAListThatTheyShare(t *testing.T) {
	for _, live := range []bool{false, true} {
		m := learned(t, newCards("", 4), 10, pin)
		if echoesOf(m) == 0 {
			t.Fatal("nothing that was written is seen again")
		}
		if live {
			named(t, m)
		}
		for _, tt := range []struct {
			deceit string
			blamed bool
		}{
			{"", false},
			{"stores nothing", !live},
			{"lists nothing new", !live},
		} {
			t.Run(fmt.Sprintf("live: %t, %s", live, tt.deceit), func(t *testing.T) {
				b := newCards(tt.deceit, 4)
				s := httptest.NewServer(b)
				defer s.Close()
				f := playModel(t, m, s.URL, replay.Plan{Scale: 30, Speed: 20}, threeReplayers()).Faithful
				if stored := len(b.cards) - 3; tt.deceit == "" && stored != 600 {
					t.Errorf("%d cards are stored, want 600", stored)
				}
				if blamed := f.Verdict != faithful.Faithful; blamed != tt.blamed {
					t.Errorf("got %s %q, %+v writes", f.Verdict, f.Reasons, f.Writes)
				}
			})
		}
	}
}
