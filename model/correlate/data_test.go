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

// The application writes the name of its user in another case than the login.
func TestTheNameOfTheUserInAnotherCase(t *testing.T) {
	staff := []model.Source{{Name: "staff", Columns: []string{"user", "password", "team"},
		Rows: [][]string{{"kim07", "pw-1-kim", "north"}, {"lea08", "pw-2-lea", "north"}, {"mia09", "pw-3-mia", "south"}, {"noa10", "pw-4-noa", "south"}}}}
	r := record(4, staff, func(p *tape, i int) {
		who := staff[0].Rows[i]
		name := strings.ToUpper(who[0][:1]) + who[0][1:]
		p.do("POST /login"+asForm+"u="+who[0]+"&p="+who[1], "200")
		p.do("GET /page?title=Talk%3A"+name, "200")
		p.do("POST /save"+asJSON+`{"owner":"`+name+`","code":"`+strings.ToUpper(who[0])+`","team":"`+strings.ToUpper(who[2])+`"}`, "200")
		if p.do("POST /watch"+asForm+"who="+name, "200"); i < 2 {
			p.do("POST /watch"+asForm+"who="+"Friend"+secretOf(i)[:3], "200")
		}
	})
	save := r.Endpoints["POST /save"].Variants[0]
	want(t, "page", r.Endpoints["GET /page"].Variants[0].Request.Target, "/page?title=Talk%3A${user}")
	want(t, "body", save.Request.Body, `{"owner":"${user}","code":"${user_2}","team":"${team}"}`)
	watched := map[string]string{}
	for _, v := range r.Endpoints["POST /watch"].Variants {
		for _, x := range v.Values {
			watched[v.Request.Body] += x.Name + " " + string(x.Kind) + " " + x.Codec
		}
	}
	want(t, "watched by name", watched["who=${user}"], "user data capital|plus")
	want(t, "others watched", watched["who=${who}"], "who row ")
	for i, codec := range []string{"capital|json", "upper|json", ""} {
		if v := save.Values[i]; v.Codec != codec || (v.Kind == model.Data) != (i < 2) {
			t.Errorf("value %d is %+v, want codec %q", i, v, codec)
		}
	}
}

// What another row has in the very case is that row's, and words are not names.
func TestAnotherCaseOfTheNameThatTellsNobody(t *testing.T) {
	staff := []model.Source{{Name: "staff", Columns: []string{"user", "password"},
		Rows: [][]string{{"mark", "pw-1-mark"}, {"Rose", "pw-2-rose"}, {"rose", "pw-3-rose"}}}}
	r := record(3, staff, func(p *tape, i int) {
		p.do("POST /login"+asForm+"u="+staff[0].Rows[i][0]+"&p="+staff[0].Rows[i][1], "200")
		if i == 0 {
			p.do("POST /act"+asForm+"do=Mark", "200")
		} else {
			p.do("POST /gift"+asForm+"of=Rose", "200")
		}
	})
	want(t, "action", r.Endpoints["POST /act"].Variants[0].Request.Body, "do=Mark")
	want(t, "gift", r.Endpoints["POST /gift"].Variants[0].Request.Body, "of=Rose")
}

// The addresses in a listing hold the name of the user whose they are.
func TestAddressesBelowTheNameOfTheUser(t *testing.T) {
	staff := []model.Source{{Name: "staff", Columns: []string{"user", "password", "team"},
		Rows: [][]string{{"adam", "pw-1-adam", "crew"}, {"beate", "pw-2-beate", "crew"}, {"clara", "pw-3-clara", "crew"}, {"dieter", "pw-4-dieter", "crew"}}}}
	r := record(4, staff, func(p *tape, i int) {
		who, folder, file := staff[0].Rows[i][0], secretOf("folder", i)[:12], secretOf("file", i)[:12]
		p.do("POST /login"+asForm+"u="+who+"&p="+staff[0].Rows[i][1], "200")
		p.do("SEARCH /all", "207\nContent-Type: text/xml\n\n<list><entry><href>/crew/"+who+"/"+folder+"/</href></entry><entry><href>/crew/"+who+"/"+folder+"/"+file+".txt</href></entry></list>")
		p.do("POST /open"+asJSON+`{"folder":"`+folder+`","file":"`+file+`"}`, "200")
	})
	want(t, "folder", from(r, "crew_id"), "SEARCH /all xml:list/entry/href|link:/crew/{}/{}/#1")
	want(t, "file", from(r, "crew_id_2"), "SEARCH /all xml:list/entry/href|link:/crew/{}/{}/{}.txt#2")
	want(t, "values", values(r, "POST /open"), "crew_id=bound crew_id, crew_id_2=bound crew_id_2")
}
