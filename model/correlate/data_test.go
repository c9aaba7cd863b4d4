package correlate

import (
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
)

// Half of the requests of an endpoint are about the user, as the name within a value
// says; the others are about what everybody shares.
func TestWhatSomeRequestsHoldOfTheUser(t *testing.T) {
	staff := []model.Source{{Name: "staff", Columns: []string{"user", "password"},
		Rows: [][]string{{"adam", "pw-1-adam"}, {"beate", "pw-2-beate"}, {"clara", "pw-3-clara"}, {"dieter", "pw-4-dieter"}}}}
	r := record(4, staff, func(p *tape, i int) {
		who := staff[0].Rows[i]
		p.do("POST /login"+asForm+"u="+who[0]+"&p="+who[1], "200")
		for _, key := range []string{"shared/menu", "shared/hours", "own/" + who[0] + "/draft-" + secretOf(i)[:2]} {
			p.do("POST /get"+asJSON+`{"key":"`+key+`"}`, "200")
		}
	})
	var bodies []string
	for _, v := range r.Endpoints["POST /get"].Variants {
		bodies = append(bodies, v.Request.Body)
	}
	got := strings.Join(bodies, " ")
	if !strings.Contains(got, `{"key":"own/${user}/`) || len(bodies) != 2 {
		t.Errorf("bodies %s, want one with own/${user}/ and one without", got)
	}
}
