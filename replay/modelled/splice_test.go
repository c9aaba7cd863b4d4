package modelled

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// journeys is a model of recorded sessions of one behavior. Each is a list of steps, the
// requests of a name with an exclamation mark are POSTs. The odds are those of the
// sessions.
func journeys(sessions ...string) *model.Model {
	m := &model.Model{Version: model.Version, Origins: []model.Origin{{Name: "main", URL: "https://shop.test"}}}
	b := model.Behavior{Name: "user", Weight: 1, Start: []model.Edge{{To: strings.Fields(sessions[0])[0], Odds: 1}}}
	counts := map[string]map[string]float64{}
	visits := map[string]float64{}
	var order []string
	for _, s := range sessions {
		recorded := model.Session{User: "u", Behavior: b.Name}
		steps := strings.Fields(s)
		for i, step := range steps {
			if counts[step] == nil {
				counts[step] = map[string]float64{}
				order = append(order, step)
			}
			to := model.End
			if i+1 < len(steps) {
				to = steps[i+1]
			}
			counts[step][to]++
			visits[step]++
			a := model.Act{Endpoint: step, Step: step}
			if i > 0 {
				a.After = []int{i - 1}
			}
			recorded.Acts = append(recorded.Acts, a)
		}
		m.Sessions = append(m.Sessions, recorded)
	}
	for _, step := range order {
		method := "GET"
		if strings.HasSuffix(step, "!") {
			method = "POST"
		}
		m.Endpoints = append(m.Endpoints, model.Endpoint{Name: step, Variants: []model.Variant{{Request: model.Request{Method: method, Target: "/" + strings.Trim(step, "!")}}}})
		s := model.Step{ID: step, Page: &model.Page{Endpoint: step}}
		for _, to := range append(slices.Clone(order), model.End) {
			if n := counts[step][to]; n > 0 {
				s.Next = append(s.Next, model.Edge{To: to, Odds: n / visits[step]})
			}
		}
		b.Steps = append(b.Steps, s)
	}
	m.Behaviors = []model.Behavior{b}
	return m
}

// walks returns the steps of n walks, each as one text.
func walks(t *testing.T, m *model.Model, n int) []string {
	t.Helper()
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: n, Paths: replay.WalkPaths, Seed: 7}
	src := modelledOn(t, m, p)
	var out []string
	for i := range n {
		var steps []string
		for _, a := range replaytest.Script(t, src, uint64(i), uint64(i)) {
			steps = append(steps, a.Endpoint)
		}
		out = append(out, strings.Join(steps, " "))
	}
	return out
}

func TestWalksDoWhatSessionsDidAsOftenAsTheyDid(t *testing.T) {
	recorded := []string{
		"home login! list item list logout!", "home login! list logout!", "home list item home", "home list item list item home", "home",
		"home list item list item list news", "news list item list item list home",
	}
	const n = 4000
	list := walks(t, journeys(recorded...), n)
	count := func(of []string, step string) float64 {
		total := 0
		for _, s := range of {
			total += strings.Count(" "+s+" ", " "+step+" ")
		}
		return float64(total) / float64(len(of))
	}
	for _, step := range []string{"home", "login!", "list", "item", "logout!"} {
		if got, want := count(list, step), count(recorded, step); math.Abs(got-want) > 0.1*want {
			t.Errorf("%s %.3f times a walk, recorded %.3f times a session", step, got, want)
		}
	}
	seen := map[string]bool{}
	for _, s := range list {
		seen[s] = true
		if strings.Contains(s, "logout!") != strings.Contains(s, "login!") {
			t.Fatalf("a walk logs out without a login, or the other way round: %s", s)
		}
	}
	if len(seen) <= len(recorded) {
		t.Errorf("%d different walks of %d sessions: none is a splice", len(seen), len(recorded))
	}
}

func TestWalksDoOnlyWhatTheUserHasPreparedFor(t *testing.T) {
	for _, s := range walks(t, journeys(
		"home add! home checkout! home", "home news home add! home checkout! home news home add! home checkout! home",
		"home add! home news home checkout! home", "home news home",
	), 3000) {
		full := false
		for step := range strings.FieldsSeq(s) {
			switch step {
			case "add!":
				full = true
			case "checkout!":
				if !full {
					t.Fatalf("an empty cart is checked out: %s", s)
				}
				full = false
			}
		}
	}
}

// A browser that has a picture already does not ask for the style that names it. That a
// picture cannot be asked for says nothing about where its user goes. A page whose values
// nobody issued can be gone to only as a session did that had its own.
func TestMissingValuesDoNotLeadWalks(t *testing.T) {
	for _, tt := range []struct {
		part string // the endpoint that needs a value of the style
		own  bool   // whether there is a session with a value of its own
		want float64
	}{
		{"picture", false, 0.5},
		{"item", false, 0},
		{"item", true, 0.5},
	} {
		sessions := []string{"in style a b c item", "in home a b c"}
		if tt.own {
			sessions = append(sessions, "in d c item")
		}
		m := journeys(sessions...)
		picture := model.Endpoint{Name: "picture", Asset: true, Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/picture"}}}}
		m.Endpoints = append(m.Endpoints, picture)
		m.Bindings = []model.Binding{{Name: "link", Sources: []model.Select{{Endpoint: "style", Selector: "json:link"}}}}
		for i := range m.Endpoints {
			if v := &m.Endpoints[i].Variants[0]; m.Endpoints[i].Name == tt.part {
				v.Request.Target = "/${link}"
				v.Values = []model.Value{{Name: "link", Kind: model.Bound, Ref: "link", Own: true}}
				v.Rows = [][]string{{"own"}}
			}
		}
		first := &m.Sessions[0]
		first.Acts = append(first.Acts, model.Act{Endpoint: "picture", After: []int{4}})
		for i, a := range first.Acts {
			if a.Endpoint == tt.part {
				first.Acts[i].Takes = []model.Take{{Act: 1}}
			}
		}
		if tt.own {
			last := &m.Sessions[2].Acts[3]
			last.Row, last.Takes = 1, []model.Take{{Act: model.Own}}
		}
		all, there := 0, 0
		for _, s := range walks(t, m, 3000) {
			if strings.HasPrefix(s, "in home") {
				all++
				if strings.Contains(s, "item") {
					there++
				}
			}
		}
		if share := float64(there) / float64(all); math.Abs(share-tt.want) > 0.04 {
			t.Errorf("%s needs a value of the style: %.3f of %d walks from home go to the item, want %.1f", tt.part, share, all, tt.want)
		}
	}
}

func TestWalksFollowEditedOdds(t *testing.T) {
	m := journeys("home list bye", "home news bye", "home news bye", "home news bye")
	steps := m.Behaviors[0].Steps
	home := &steps[slices.IndexFunc(steps, func(s model.Step) bool { return s.ID == "home" })]
	home.Next[0].Odds, home.Next[1].Odds = 0.75, 0.25 // list and news, recorded the other way round
	lists := 0
	for _, s := range walks(t, m, 2000) {
		lists += strings.Count(s, "list")
	}
	if share := float64(lists) / 2000; math.Abs(share-0.75) > 0.04 {
		t.Errorf("%.3f of the walks go to the list, want the edited 0.75", share)
	}
	home.Next = []model.Edge{{To: "list", Odds: 0.5}, {To: "news", Odds: 0.25}, {To: "bye", Odds: 0.25}}
	m.Behaviors[0].Steps[slices.IndexFunc(steps, func(s model.Step) bool { return s.ID == "list" })].Next = []model.Edge{{To: "home", Odds: 1}}
	again := 0
	for _, s := range walks(t, m, 2000) {
		if strings.HasPrefix(s, "home list home") {
			again++
		}
	}
	if again == 0 {
		t.Error("no walk takes the edge that was written by hand")
	}
}

// A request that waits for news stays under way while the user goes on.
func TestAStepIsOverWhenTheNextOneDidNotWaitForTheRest(t *testing.T) {
	m := journeys("home news", "home news")
	m.Endpoints = append(m.Endpoints, model.Endpoint{Name: "poll", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/poll"}}}})
	for i := range m.Sessions {
		m.Sessions[i].Acts = []model.Act{
			{Endpoint: "home", Step: "home"},
			{Endpoint: "poll", After: []int{0}, Delay: time.Second},
			{Endpoint: "news", Step: "news", After: []int{0}, Delay: 3 * time.Second},
		}
	}
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Paths: replay.WalkPaths}
	s := modelledOn(t, m, p).Session(0, 0)
	home := s.Next(nil)
	s.Fill(&home[0])
	var names []string
	for _, a := range s.Next(answered(&home[0], time.Second)) {
		names = append(names, fmt.Sprint(a.Endpoint, " ", a.Delay))
	}
	if got := strings.Join(names, ", "); !strings.Contains(got, "poll 1s") || !strings.Contains(got, "news") {
		t.Errorf("after the home page %s is ready, want the poll and the news beside it", got)
	}
}

// A walk that leaves a session takes values that this session took from an act which the
// walk did not make from the latest answer that issued one.
func TestAWalkTakesValuesOfActsThatItMade(t *testing.T) {
	m := tracker()
	b := model.Behavior{Name: "user", Weight: 1, Start: []model.Edge{{To: "list", Odds: 1}}}
	for _, name := range []string{"list", "create", "change"} {
		b.Steps = append(b.Steps, model.Step{ID: name, Page: &model.Page{Endpoint: name}, Next: []model.Edge{{To: "list", Odds: 0.3}, {To: "create", Odds: 0.2}, {To: "change", Odds: 0.3}, {To: model.End, Odds: 0.2}}})
	}
	m.Behaviors = []model.Behavior{b}
	m.Sessions[0].Behavior = "user"
	for i := range m.Sessions[0].Acts {
		m.Sessions[0].Acts[i].Step = m.Sessions[0].Acts[i].Endpoint
	}
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Paths: replay.WalkPaths, Seed: 3}
	src := modelledOn(t, m, p)
	for i := range uint64(200) {
		s := src.Session(i, i)
		acts := s.Next(nil)
		created := false
		for n := 0; len(acts) > 0 && n < 500; n++ {
			a := acts[0]
			s.Fill(&a)
			over := answered(&a, time.Second)
			body := `[{"id":"a"},{"id":"b"}]`
			if a.Endpoint == "create" {
				created, body = true, `{"id":"own","title":"mine"}`
			}
			if a.Endpoint == "change" && a.Skip == "" && strings.HasSuffix(a.Request.Target, "/own") && !created {
				t.Fatalf("walk %d changes a record that it did not make", i)
			}
			over = withBody(over, body)
			acts = append(acts[1:], s.Next(over)...)
		}
	}
}

// A walk that cannot go on, or that has made as many steps as it may, has not come to an
// end: it says where it was.
func TestAWalkThatDoesNotComeToAnEndSaysWhere(t *testing.T) {
	for _, tt := range []struct {
		name  string
		edit  func(b *model.Behavior)
		steps int
		stuck string
	}{
		{"it comes to an end", func(*model.Behavior) {}, 3, ""},
		{"it goes in a circle", func(b *model.Behavior) { b.Steps[2].Next = []model.Edge{{To: "home", Odds: 1}} }, model.MaxSteps, ""},
		{"no session made the next step", func(b *model.Behavior) {
			b.Steps[1].Next = []model.Edge{{To: "offers", Odds: 1}}
			b.Start = []model.Edge{{To: "home", Odds: 0.5}, {To: "item", Odds: 0.5}}
			b.Steps = append(b.Steps, model.Step{ID: "offers", Page: &model.Page{Endpoint: "item"}, Next: []model.Edge{{To: model.End, Odds: 1}}})
		}, 2, "list"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := journeys("home list item")
			tt.edit(&m.Behaviors[0])
			p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Paths: replay.WalkPaths, Seed: 7}
			session := modelledOn(t, m, p).Session(0, 0)
			var last replay.Act
			steps := 0
			for acts := session.Next(nil); len(acts) > 0 && steps <= model.MaxSteps; acts = session.Next(&replay.Answer{Act: &last}) {
				last = acts[0]
				session.Fill(&last)
				steps++
			}
			if steps != tt.steps {
				t.Errorf("%d steps, want %d", steps, tt.steps)
			}
			stuck := session.(interface{ Stuck() string }).Stuck()
			if tt.steps == model.MaxSteps {
				tt.stuck = last.Endpoint
			}
			if stuck != tt.stuck {
				t.Errorf("cut behind %q, want %q", stuck, tt.stuck)
			}
		})
	}
}

// A page that led to others of its kind, and whose link the live target does not show, is not
// asked for again and again: the walk does something else.
func TestAWalkDoesNotTryWhatItHadToSkip(t *testing.T) {
	m := journeys("home list item item item item save! news")
	variant := func(name string) *model.Variant {
		return &m.Endpoints[slices.IndexFunc(m.Endpoints, func(e model.Endpoint) bool { return e.Name == name })].Variants[0]
	}
	variant("item").Request.Target, variant("item").Values = "/${link}", []model.Value{{Name: "link", Kind: model.Bound, Ref: "link"}}
	variant("save!").Request.Target, variant("save!").Values = "/save?t=${token}", []model.Value{{Name: "token", Kind: model.Bound, Ref: "token"}}
	m.Bindings = []model.Binding{
		{Name: "link", Sources: []model.Select{{Endpoint: "home", Selector: "json:first"}, {Endpoint: "list", Selector: "json:link"}}, Evidence: model.Evidence{RestsOn: model.OnForm}},
		{Name: "token", Sources: []model.Select{{Endpoint: "item", Selector: "json:token"}}},
	}
	acts := m.Sessions[0].Acts
	for i := range acts {
		switch acts[i].Endpoint {
		case "item":
			acts[i].Takes = []model.Take{{Act: 1, Source: 1}}
		case "save!":
			acts[i].Takes = []model.Take{{Act: 5}}
		}
	}
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Paths: replay.WalkPaths, Seed: 7}
	src := modelledOn(t, m, p)
	for n := range uint64(20) {
		session := src.Session(n, n)
		var made []string
		tries := 0
		for acts := session.Next(nil); len(acts) > 0 && tries < 100; tries++ {
			a := acts[0]
			session.Fill(&a)
			if a.Skip == "" {
				made = append(made, a.Endpoint)
			}
			acts = append(acts[1:], session.Next(withBody(answered(&a, time.Second), `{"first":"x"}`))...)
		}
		if got := strings.Join(made, " "); tries > 10 || got != "home list news" {
			t.Fatalf("walk %d made %q in %d tries, want what needs no link and no token", n, got, tries)
		}
	}
}

// A walk that comes to a form again, and goes on as a session did from another state of the
// form, sends the form that it was shown last.
func TestAWalkSendsTheFormThatItWasShownLast(t *testing.T) {
	m := journeys("view edit save! view edit look! save! view edit save! view", "view edit look! save! view", "view edit save! view edit save! view")
	for i := range m.Endpoints {
		if v := &m.Endpoints[i].Variants[0]; strings.HasSuffix(m.Endpoints[i].Name, "!") {
			v.Request.Target += "?rev=${rev}"
			v.Values = []model.Value{{Name: "rev", Kind: model.Bound, Ref: "rev"}}
		}
	}
	m.Bindings = []model.Binding{{Name: "rev", Sources: []model.Select{{Endpoint: "edit", Selector: "json:rev"}}, Evidence: model.Evidence{RestsOn: model.OnForm}}}
	for _, s := range m.Sessions {
		shown := 0
		for i := range s.Acts {
			if s.Acts[i].Endpoint == "edit" {
				shown = i
			} else if strings.HasSuffix(s.Acts[i].Endpoint, "!") {
				s.Acts[i].Takes = []model.Take{{Act: shown}}
			}
		}
	}
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Paths: replay.WalkPaths, Seed: 7}
	src := modelledOn(t, m, p)
	for n := range uint64(100) {
		session := src.Session(n, n)
		rev := 0
		for acts := session.Next(nil); len(acts) > 0; {
			a := acts[0]
			session.Fill(&a)
			if a.Endpoint == "edit" {
				rev++
			}
			if _, sent, is := strings.Cut(a.Request.Target, "?rev="); is && sent != fmt.Sprint(rev) {
				t.Fatalf("walk %d sends state %s of the form in %s, and was shown %d", n, sent, a.Endpoint, rev)
			}
			acts = append(acts[1:], session.Next(withBody(answered(&a, time.Second), fmt.Sprintf(`{"rev":%d}`, rev)))...)
		}
	}
}

// BenchmarkWalk chooses the steps of walks along recorded sessions.
func BenchmarkWalk(b *testing.B) {
	for _, n := range []int{500, 5000, 50000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var sessions []string
			for i := range n {
				sessions = append(sessions, strings.Repeat("home list item ", 1+i%3)+"add! home")
			}
			m := journeys(sessions...)
			src, err := New(m, replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Paths: replay.WalkPaths, Seed: 7})
			if err != nil {
				b.Fatal(err)
			}
			steps := 0
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				s := src.Session(uint64(i), uint64(i))
				acts := s.Next(nil)
				for len(acts) > 0 {
					a := acts[0]
					acts = append(acts[1:], s.Next(answered(&a, 0))...)
					steps++
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(steps), "µs/step")
		})
	}
}
