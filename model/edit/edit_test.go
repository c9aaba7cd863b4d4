package edit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/edit"
	"github.com/starling-load/starling/model/problem"
)

// shop is a model of two types of users. A reader opens home, whose style loads beside
// it, and two items; a buyer opens home and sends a form that home issued a token for.
func shop() *model.Model {
	m := &model.Model{Version: model.Version}
	for _, name := range []string{"GET /", "GET /a.css", "GET /item", "POST /buy", "GET /offers"} {
		method, target, _ := strings.Cut(name, " ")
		m.Endpoints = append(m.Endpoints, model.Endpoint{Name: name, Check: model.Check{Status: []int{2}},
			Variants: []model.Variant{{Request: model.Request{Method: method, Target: target, Headers: []model.Header{{Name: "Accept", Value: "*/*"}}}}}})
	}
	buy := &m.Endpoints[3]
	buy.Outcomes = []model.Outcome{{Name: "303", Check: model.Check{Status: []int{3}, Require: []string{"title:Done"}}}}
	buy.Variants[0] = model.Variant{Request: model.Request{Method: "POST", Target: "/buy", Headers: []model.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
		Body: "token=${token}&user=${user}&price=$$5"},
		Values: []model.Value{{Name: "token", Kind: model.Bound, Ref: "token"}, {Name: "user", Kind: model.Row}}, Rows: [][]string{{"ann"}, {"bob"}}}
	m.Bindings = []model.Binding{{Name: "token", Sources: []model.Select{{Endpoint: "GET /", Selector: "form:token"}}}}
	m.Data = []model.Source{{Name: "accounts", Columns: []string{"user"}, Rows: [][]string{{"eve"}}}}
	step := func(id string, next ...model.Edge) model.Step {
		return model.Step{ID: id, Page: &model.Page{Endpoint: id}, Next: next}
	}
	think := model.Think{Fixed: 4 * time.Second}
	m.Behaviors = []model.Behavior{
		{Name: "reader", Weight: 0.5, Sessions: 1, Start: []model.Edge{{To: "GET /", Odds: 1}}, Steps: []model.Step{
			step("GET /", model.Edge{To: "GET /item", Odds: 1, Think: think}),
			step("GET /item", model.Edge{To: "GET /item", Odds: 0.5, Think: think}, model.Edge{To: model.End, Odds: 0.5})}},
		{Name: "buyer", Weight: 0.5, Sessions: 1, Start: []model.Edge{{To: "GET /", Odds: 1}}, Steps: []model.Step{
			step("GET /", model.Edge{To: "POST /buy", Odds: 1, Think: think}), step("POST /buy", model.Edge{To: model.End, Odds: 1})}},
	}
	m.Behaviors[0].Steps[0].Page.Loads = []model.Load{{Endpoint: "GET /a.css", Share: 1}}
	m.Sessions = []model.Session{
		{User: "u1", Behavior: "reader", Acts: []model.Act{
			{Endpoint: "GET /", Step: "GET /", Status: 200},
			{Endpoint: "GET /a.css", After: []int{0}, Delay: time.Second, Status: 200},
			{Endpoint: "GET /item", Step: "GET /item", After: []int{1}, Delay: 4 * time.Second, Status: 200},
			{Endpoint: "GET /item", Step: "GET /item", After: []int{2}, Delay: 4 * time.Second, Status: 200}}},
		{User: "u2", Behavior: "buyer", Acts: []model.Act{
			{Endpoint: "GET /", Step: "GET /", Status: 200},
			{Endpoint: "POST /buy", Step: "POST /buy", After: []int{0}, Delay: 4 * time.Second, Row: 2, Status: 303, Outcome: "303", Takes: []model.Take{{Act: 0}}}}},
	}
	return m
}

// script writes the acts of a session as "delay endpoint<waits for".
func script(s *model.Session) string {
	var out []string
	for _, a := range s.Acts {
		waits := ""
		for _, w := range a.After {
			waits += fmt.Sprint("<", w)
		}
		out = append(out, fmt.Sprint(a.Delay.Seconds(), " ", a.Endpoint, waits))
	}
	return strings.Join(out, ", ")
}

// graph writes the steps of a behavior.
func graph(b *model.Behavior) string {
	edges := func(list []model.Edge) string {
		var out []string
		for _, e := range list {
			out = append(out, strings.TrimSuffix(fmt.Sprintf("%s %.2g %s", e.To, e.Odds, e.Think.String()), " -"))
		}
		return strings.Join(out, ", ")
	}
	out := []string{"start → " + edges(b.Start)}
	for _, s := range b.Steps {
		out = append(out, s.ID+" → "+edges(s.Next))
	}
	return strings.Join(out, "; ")
}

func TestEditsChangeRecordedSessionsAndBehaviors(t *testing.T) {
	item, home := []string{"GET /item"}, []string{"GET /"}
	for _, tt := range []struct {
		name                           string
		edit                           edit.Edit
		reader, buyer, reading, buying string // "": as before
	}{
		{"a pace", edit.Pace{Factor: 0.5},
			"0 GET /, 1 GET /a.css<0, 2 GET /item<1, 2 GET /item<2", "0 GET /, 2 POST /buy<0",
			"start → GET / 1; GET / → GET /item 1 2s; GET /item → GET /item 0.5 2s, end 0.5", "start → GET / 1; GET / → POST /buy 1 2s; POST /buy → end 1"},
		{"a pace of one type", edit.Pace{Factor: 2, Types: []string{"buyer"}}, "", "0 GET /, 8 POST /buy<0", "", "start → GET / 1; GET / → POST /buy 1 8s; POST /buy → end 1"},
		{"a pinned think time", edit.Pace{Endpoints: item, Pin: time.Second},
			"0 GET /, 1 GET /a.css<0, 1 GET /item<1, 1 GET /item<2", "",
			"start → GET / 1; GET / → GET /item 1 1s; GET /item → GET /item 0.5 1s, end 0.5", ""},
		{"a load is skipped", edit.Skip{Endpoints: []string{"GET /a.css"}}, "0 GET /, 5 GET /item<0, 4 GET /item<1", "", "", ""},
		{"a page is skipped", edit.Skip{Endpoints: home, Types: []string{"reader"}}, "5 GET /item, 4 GET /item<0", "",
			"start → GET /item 1; GET /item → GET /item 0.5 4s, end 0.5", ""},
		{"a page that comes again is skipped", edit.Skip{Endpoints: item}, "0 GET /, 1 GET /a.css<0", "", "start → GET / 1; GET / → end 1 4s", ""},
		{"a page is repeated", edit.Repeat{Endpoints: home, Types: []string{"reader"}, Times: 3, Think: time.Second},
			"0 GET /, 1 GET /a.css<0, 1 GET /<1, 1 GET /<2, 4 GET /item<3, 4 GET /item<4", "",
			"start → GET / 1; GET / → GET / (again, 1) 1 1s; GET /item → GET /item 0.5 4s, end 0.5; GET / (again, 1) → GET / (again, 2) 1 1s; GET / (again, 2) → GET /item 1 4s", ""},
		{"a load is repeated", edit.Repeat{Endpoints: []string{"GET /a.css"}, Times: 2}, "0 GET /, 1 GET /a.css<0, 0 GET /a.css<1, 4 GET /item<2, 4 GET /item<3", "", "", ""},
		{"a step after a page", edit.Step{Endpoint: "GET /offers", After: "GET /", Share: 1, Think: 2 * time.Second, Types: []string{"reader"}},
			"0 GET /, 1 GET /a.css<0, 2 GET /offers<1, 4 GET /item<2, 4 GET /item<3", "",
			"start → GET / 1; GET / → GET /offers 1 2s; GET /item → GET /item 0.5 4s, end 0.5; GET /offers → GET /item 1 4s", ""},
		{"a step after some of the pages", edit.Step{ID: "look", Endpoint: "GET /offers", After: "GET /item", Share: 0.5},
			"0 GET /, 1 GET /a.css<0, 4 GET /item<1, 4 GET /item<2, 0 GET /offers<3", "",
			"start → GET / 1; GET / → GET /item 1 4s; GET /item → GET /item 0.25 4s, end 0.25, look 0.5; look → GET /item 0.5 4s, end 0.5", ""},
		{"a step before a page", edit.Step{Endpoint: "GET /offers", Before: "POST /buy", Share: 1, Think: time.Second}, "", "0 GET /, 4 GET /offers<0, 1 POST /buy<1",
			"", "start → GET / 1; GET / → GET /offers 1 4s; POST /buy → end 1; GET /offers → POST /buy 1 1s"},
		{"a step at the start", edit.Step{Endpoint: "GET /offers", First: true, Share: 1, Think: time.Second, Types: []string{"buyer"}}, "", "0 GET /offers, 1 GET /<0, 4 POST /buy<1",
			"", "start → GET /offers 1; GET / → POST /buy 1 4s; POST /buy → end 1; GET /offers → GET / 1 1s"},
		{"a step at the end", edit.Step{Endpoint: "GET /offers", Last: true, Share: 1, Think: time.Second, Types: []string{"buyer"}}, "", "0 GET /, 4 POST /buy<0, 1 GET /offers<1",
			"", "start → GET / 1; GET / → POST /buy 1 4s; POST /buy → GET /offers 1 1s; GET /offers → end 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, before := shop(), shop()
			if err := edit.Apply(m, []edit.Edit{tt.edit}); err != nil {
				t.Fatal(err)
			}
			for i, want := range []string{tt.reader, tt.buyer} {
				if want == "" {
					want = script(&before.Sessions[i])
				}
				if got := script(&m.Sessions[i]); got != want {
					t.Errorf("session %d\n got %s\nwant %s", i+1, got, want)
				}
			}
			for i, want := range []string{tt.reading, tt.buying} {
				if want == "" {
					want = graph(&before.Behaviors[i])
				}
				if got := graph(&m.Behaviors[i]); got != want {
					t.Errorf("behavior %s\n got %s\nwant %s", m.Behaviors[i].Name, got, want)
				}
			}
		})
	}
}

// What a later request takes from a page it takes from the last copy of it, and the
// latest answer where the page is skipped.
func TestTakesFollowThePage(t *testing.T) {
	m := shop()
	if err := edit.Apply(m, []edit.Edit{edit.Repeat{Endpoints: []string{"GET /"}, Times: 2}}); err != nil {
		t.Fatal(err)
	}
	if got := m.Sessions[1].Acts[2].Takes[0].Act; got != 1 {
		t.Errorf("takes from act %d, want 1", got)
	}
	m = shop()
	if err := edit.Apply(m, []edit.Edit{edit.Skip{Endpoints: []string{"GET /"}}}); err != nil {
		t.Fatal(err)
	}
	if got := m.Sessions[1].Acts[0].Takes[0].Act; got != model.Latest {
		t.Errorf("takes from act %d, want the latest", got)
	}
}

func TestEditsChangeRequestsAndChecks(t *testing.T) {
	m := shop()
	m.Browsers = []model.Browser{{Name: "b", Weight: 1, Headers: []model.Header{{Name: "User-Agent", Value: "x"}}}}
	buy := []string{"POST /buy"}
	err := edit.Apply(m, []edit.Edit{
		edit.Headers{Set: []model.Header{{Name: "X-Test", Value: "1"}, {Name: "user-agent", Value: "mine"}}, Drop: []string{"accept"}},
		edit.Values{Endpoints: buy, Set: []edit.Value{{Value: model.Value{Name: "user", Kind: model.Data, Ref: "accounts.user"}},
			{Value: model.Value{Name: "price", Kind: model.Data, Ref: "accounts.user"}, Text: "$5"}}},
		edit.Check{Endpoints: buy, Want: model.Check{Status: []int{201}, Require: []string{"title:Thanks"}}, Drop: []string{"title:Done"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	v := &m.Endpoints[3].Variants[0]
	if got, want := v.Request.Body, "token=${token}&user=${user}&price=${price}"; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if v.Values[1].Ref != "accounts.user" || v.Rows != nil || m.Sessions[1].Acts[1].Row != 0 {
		t.Errorf("values %v, rows %v, the act has row %d", v.Values, v.Rows, m.Sessions[1].Acts[1].Row)
	}
	if got := fmt.Sprint(m.Endpoints[0].Variants[0].Request.Headers, m.Browsers[0].Headers); got != "[{X-Test 1} {user-agent mine}] [{user-agent mine}]" {
		t.Errorf("headers %s", got)
	}
	for _, c := range []model.Check{m.Endpoints[3].Check, m.Endpoints[3].Outcomes[0].Check} {
		if !slices.Equal(c.Status, []int{201}) || !slices.Equal(c.Require, []string{"title:Thanks"}) {
			t.Errorf("check %+v", c)
		}
	}
	if got := m.Sessions[1].Acts[1].Status; got != 0 {
		t.Errorf("the act still expects status %d", got)
	}
}

// A value with contents of its own and one that is bound have columns and places in the
// acts, which change with the kind of the value.
func TestValuesKeepActsInStep(t *testing.T) {
	own := func() *model.Model {
		m := shop()
		v := &m.Endpoints[3].Variants[0]
		v.Values[0].Own, v.Rows = true, [][]string{{"t1", "ann"}, {"t2", "bob"}}
		m.Sessions[1].Acts[1].Takes[0] = model.Take{Act: model.Own}
		return m
	}
	m := own()
	if err := edit.Apply(m, []edit.Edit{edit.Refuse{Binding: "token"}}); err != nil {
		t.Fatal(err)
	}
	v := &m.Endpoints[3].Variants[0]
	if v.Values[0].Kind != model.Row || v.Rows[1][0] != "t2" || len(m.Sessions[1].Acts[1].Takes) != 0 || !m.Bindings[0].Refused {
		t.Errorf("refused: %v %v %v", v.Values, v.Rows, m.Sessions[1].Acts[1].Takes)
	}
	m = own()
	fresh := edit.Value{Value: model.Value{Name: "user", Kind: model.Bound, Ref: "token"}}
	if err := edit.Apply(m, []edit.Edit{edit.Values{Endpoints: []string{"POST /buy"}, Set: []edit.Value{fresh}}}); err != nil {
		t.Fatal(err)
	}
	v = &m.Endpoints[3].Variants[0]
	if got := fmt.Sprint(v.Rows, m.Sessions[1].Acts[1].Takes); got != "[[t1] [t2]] [{-1 0 0 0} {-2 0 0 0}]" {
		t.Errorf("bound: %s", got)
	}
}

func TestTypesAreMergedAsOftenAsSessionsWentTheirWays(t *testing.T) {
	m := shop()
	if err := edit.Apply(m, []edit.Edit{edit.Types{Of: []string{"reader", "buyer"}, Into: "visitor"}}); err != nil {
		t.Fatal(err)
	}
	want := "start → GET / 1; GET / → GET /item 0.5 4s, POST /buy 0.5 4s; GET /item → GET /item 0.5 4s, end 0.5; POST /buy → end 1"
	if got := graph(&m.Behaviors[0]); got != want || len(m.Behaviors) != 1 || m.Behaviors[0].Weight != 1 || m.Sessions[1].Behavior != "visitor" {
		t.Errorf("got %s\nwant %s (weight %v)", got, want, m.Behaviors[0].Weight)
	}
	m = shop()
	if err := edit.Apply(m, []edit.Edit{edit.Types{Of: []string{"reader"}, Into: "visitor"}}); err != nil || m.Behaviors[0].Name != "visitor" || m.Sessions[0].Behavior != "visitor" {
		t.Errorf("renamed: %v, %s", err, m.Behaviors[0].Name)
	}
}

func TestEditsThatDoNotFitAreToldWithTheirNumber(t *testing.T) {
	for _, tt := range []struct {
		edit edit.Edit
		want string
	}{
		{edit.Skip{Endpoints: []string{"GET /itme"}}, `there is no endpoint "GET /itme"; did you mean "GET /item"?`},
		{edit.Pace{Factor: 2, Types: []string{"byer"}}, `there is no type "byer"; did you mean "buyer"?`},
		{edit.Skip{Endpoints: []string{"GET /", "GET /item", "POST /buy"}}, "nothing is left of"},
		{edit.Repeat{Endpoints: []string{"GET /"}, Times: 1}, "times is 1, not from 2 to 1000"},
		{edit.Step{Endpoint: "GET /offers", After: "GET /a.css", Share: 1}, "no user makes a step with the page GET /a.css"},
		{edit.Step{Endpoint: "GET /item", After: "GET /", Share: 1}, "has a step \"GET /item\" already"},
		{edit.Values{Endpoints: []string{"POST /buy"}, Set: []edit.Value{{Value: model.Value{Name: "usr", Kind: model.Row}}}}, `the requests have no hole "usr"; did you mean "user"?`},
		{edit.Values{Endpoints: []string{"POST /buy"}, Set: []edit.Value{{Value: model.Value{Name: "user", Kind: model.Data, Ref: "accounts.name"}}}}, "makes a model that is not valid: "},
		{edit.Values{Endpoints: []string{"POST /buy"}, Set: []edit.Value{{Value: model.Value{Name: "token", Kind: model.Row}}}}, "the model does not hold what was recorded"},
		{edit.Refuse{Binding: "token"}, "learn again over it"},
		{edit.Refuse{Binding: "tokn"}, `there is no binding "tokn"; did you mean "token"?`},
		{edit.Types{Of: []string{"reader"}, Into: "buyer"}, `there is a type "buyer" already`},
	} {
		m := shop()
		problems := problem.All(edit.Apply(m, []edit.Edit{edit.Pace{Factor: 1}, tt.edit}))
		if len(problems) == 0 || !strings.Contains(problems[0].Text, tt.want) || !slices.Equal(problems[0].Place, []string{"edits", "2"}) {
			t.Errorf("%+v: got %v, want %s", tt.edit, problems, tt.want)
		}
	}
}
