package model

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/model/dist"
)

// play returns the steps that session i of seed makes, and the think times after
// each.
func play(g *Graph, m *Model, seed, i uint64) (ids []string, thinks []time.Duration) {
	s := g.Start(dist.Keyed(seed, i, 0))
	for s.Step() != Ended {
		ids = append(ids, m.Behaviors[s.Behavior()].Steps[s.Step()].ID)
		var think time.Duration
		s, think = g.Next(s, dist.Keyed(seed, i, uint64(s.Steps())))
		thinks = append(thinks, think)
	}
	return ids, thinks
}

// get is a plain endpoint.
func get(name string) Endpoint {
	return Endpoint{Name: name, Variants: []Variant{{Request: Request{Method: "GET", Target: "/" + name}}}}
}

// at is a step that requests the endpoint of its name.
func at(name string, next ...Edge) Step {
	return Step{ID: name, Page: &Page{Endpoint: name}, Next: next}
}

// complete is a behavior that goes from everywhere to everywhere.
func complete(names ...string) Behavior {
	b := Behavior{Name: "any", Weight: 1}
	share := 1 / float64(len(names)+1)
	for _, name := range names {
		b.Start = append(b.Start, Edge{To: name, Odds: 1 / float64(len(names))})
		s := at(name, Edge{To: End, Odds: share})
		for _, to := range names {
			s.Next = append(s.Next, Edge{To: to, Odds: share})
		}
		b.Steps = append(b.Steps, s)
	}
	return b
}

func mustGraph(t interface {
	Helper()
	Fatal(...any)
}, m *Model) *Graph {
	t.Helper()
	g, err := NewGraph(m)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Models over six endpoints have random needs and bindings. No walk may break a need
// or send a value before it was issued. The test looks at the whole history at each
// step.
func TestWalksObeyNeedsAndBindings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"A", "B", "C", "D", "E", "F"}
		m := &Model{Version: Version, Behaviors: []Behavior{complete(names...)}}
		// Many bindings push the numbers of conditions beyond one word.
		bindings, sources, first := 3, names, 1
		if rapid.Bool().Draw(t, "many") {
			bindings, sources, first = 150, names[:2], 2
		}
		for n := range bindings {
			m.Bindings = append(m.Bindings, Binding{Name: fmt.Sprint("b", n), Sources: []Select{{rapid.SampledFrom(sources).Draw(t, "source"), "json:id"}}})
		}
		for i, name := range names {
			e := get(name)
			if i >= first {
				for n := range m.Bindings {
					if rapid.IntRange(0, 2).Draw(t, "bound") == 0 {
						v := fmt.Sprint("v", n)
						e.Variants[0].Values = append(e.Variants[0].Values, Value{Name: v, Kind: Bound, Ref: m.Bindings[n].Name})
						e.Variants[0].Request.Target += "/${" + v + "}"
					}
				}
			}
			for range rapid.IntRange(0, 2).Draw(t, "needs") {
				n := Need{Endpoint: rapid.SampledFrom(append(names, "")).Draw(t, "visited"), Since: rapid.SampledFrom(append(names, "")).Draw(t, "since")}
				if n.Endpoint != n.Since && i > 0 {
					e.Needs = append(e.Needs, n)
				}
			}
			m.Endpoints = append(m.Endpoints, e)
		}
		g := mustGraph(t, m)
		seed := rapid.Uint64().Draw(t, "seed")
		for i := range uint64(5) {
			visited, _ := play(g, m, seed, i)
			for k := range visited {
				if why := broken(m, visited[:k], visited[k]); why != "" {
					t.Fatalf("walk %v: step %d %s", visited, k, why)
				}
			}
		}
	})
}

// broken says what forbids a visit to the endpoint after that past, or "".
func broken(m *Model, past []string, name string) string {
	e := &m.Endpoints[slices.IndexFunc(m.Endpoints, func(e Endpoint) bool { return e.Name == name })]
	for _, v := range e.Variants[0].Values {
		b := m.Bindings[slices.IndexFunc(m.Bindings, func(b Binding) bool { return b.Name == v.Ref })]
		if !slices.ContainsFunc(b.Sources, func(s Select) bool { return slices.Contains(past, s.Endpoint) }) {
			return "carries " + v.Ref + " before it was issued"
		}
	}
	for _, n := range e.Needs {
		since := past
		visited := n.Since == "" // whether Since was
		for i := len(past) - 1; i >= 0 && n.Since != ""; i-- {
			if past[i] == n.Since {
				since, visited = past[i+1:], true
				break
			}
		}
		switch {
		case n.Endpoint == "" && visited:
			return "comes after " + n.Since
		case n.Endpoint != "" && !slices.Contains(since, n.Endpoint):
			return fmt.Sprintf("without %s since %q", n.Endpoint, n.Since)
		}
	}
	return ""
}

func TestWalksFollowNeeds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		needs map[string][]Need
		want  map[string]bool // successions that must or must not occur
	}{
		{"without needs everything follows everything", nil,
			map[string]bool{"A": true, "B": true, "AB": true, "BA": true, "BB": true}},
		{"B needs A", map[string][]Need{"B": {{Endpoint: "A"}}},
			map[string]bool{"A": true, "B": false, "AB": true, "ABB": true, "ABA": true}},
		{"B needs a new A each time", map[string][]Need{"B": {{Endpoint: "A", Since: "B"}}},
			map[string]bool{"B": false, "AB": true, "ABB": false, "ABAB": true}},
		{"no B after C", map[string][]Need{"B": {{Since: "C"}}},
			map[string]bool{"B": true, "AB": true, "CB": false, "CAB": false, "BCA": true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &Model{Version: Version, Endpoints: []Endpoint{get("A"), get("B"), get("C")}, Behaviors: []Behavior{complete("A", "B", "C")}}
			for i := range m.Endpoints {
				m.Endpoints[i].Needs = tt.needs[m.Endpoints[i].Name]
			}
			g := mustGraph(t, m)
			seen := map[string]bool{}
			for i := range uint64(3000) {
				names, _ := play(g, m, 1, i)
				beginning := ""
				for _, n := range names {
					beginning += n
					seen[beginning] = true
				}
			}
			for way, want := range tt.want {
				if seen[way] != want {
					t.Errorf("sessions beginning with %s: seen is %v, want %v", way, seen[way], want)
				}
			}
		})
	}
}

func TestFrequenciesConvergeToOdds(t *testing.T) {
	const n = 40_000
	m := &Model{Version: Version, Endpoints: []Endpoint{get("A"), get("B"), get("C")}}
	m.Behaviors = []Behavior{
		{Name: "x", Weight: 0.8, Start: []Edge{{To: "A", Odds: 0.25}, {To: "B", Odds: 0.75}}, Steps: []Step{
			at("A", Edge{To: "B", Odds: 0.4}, Edge{To: End, Odds: 0.6}),
			at("B", Edge{To: "A", Odds: 0.1}, Edge{To: "B", Odds: 0.2}, Edge{To: End, Odds: 0.7}),
		}},
		{Name: "y", Weight: 0.2, Start: []Edge{{To: "C", Odds: 1}}, Steps: []Step{at("C", Edge{To: End, Odds: 1})}},
	}
	g := mustGraph(t, m)
	count := map[string]float64{}
	for i := range uint64(n) {
		names, _ := play(g, m, 5, i)
		count["start "+names[0]]++
		for k, name := range append(names[1:], End) {
			count["at "+names[k]]++
			count[names[k]+" "+name]++
		}
	}
	for _, tt := range []struct {
		of, among string
		odds      float64
	}{
		{"start C", "", 0.2}, {"start A", "", 0.2}, {"start B", "", 0.6},
		{"A B", "at A", 0.4}, {"A end", "at A", 0.6}, {"B A", "at B", 0.1}, {"B B", "at B", 0.2}, {"B end", "at B", 0.7},
	} {
		among := count[tt.among]
		if tt.among == "" {
			among = n
		}
		got := count[tt.of] / among
		if math.Abs(got-tt.odds) > 5*math.Sqrt(tt.odds*(1-tt.odds)/among) {
			t.Errorf("share of %q is %.4f, want %.4f", tt.of, got, tt.odds)
		}
	}
}

func TestASessionDependsOnItsKeyOnly(t *testing.T) {
	m := &Model{Version: Version, Endpoints: []Endpoint{get("A"), get("B")}, Behaviors: []Behavior{complete("A", "B")}}
	for i := range m.Behaviors[0].Steps {
		m.Behaviors[0].Steps[i].Next[1].Think = Think{Quantiles: []time.Duration{0, time.Second, time.Minute}}
	}
	g := mustGraph(t, m)
	differ := false
	for i := range uint64(50) {
		a, pauses := play(g, m, 1, i)
		play(g, m, 1, i+1000)
		b, again := play(g, m, 1, i)
		if !slices.Equal(a, b) || !slices.Equal(pauses, again) {
			t.Fatalf("session %d: %v %v and %v %v", i, a, pauses, b, again)
		}
		other, _ := play(g, m, 2, i)
		differ = differ || !slices.Equal(a, other)
	}
	if !differ {
		t.Error("another seed gives the same sessions")
	}
}

func TestThinkTimes(t *testing.T) {
	for _, tt := range []struct {
		name      string
		think     Think
		low, high time.Duration
	}{
		{"none", Think{}, 0, 0},
		{"fixed", Think{Fixed: time.Second}, time.Second, time.Second},
		{"drawn", Think{Quantiles: []time.Duration{5, 9}}, 5, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &Model{Version: Version, Endpoints: []Endpoint{get("A"), get("B")}, Behaviors: []Behavior{{Name: "x", Weight: 1,
				Start: []Edge{{To: "A", Odds: 1}}, Steps: []Step{at("A", Edge{To: "B", Odds: 1, Think: tt.think}), at("B", Edge{To: End, Odds: 1})}}}}
			g := mustGraph(t, m)
			seen := map[time.Duration]bool{}
			for i := range uint64(100) {
				_, thinks := play(g, m, 1, i)
				if thinks[0] < tt.low || thinks[0] > tt.high {
					t.Fatalf("think time %v, want %v to %v", thinks[0], tt.low, tt.high)
				}
				seen[thinks[0]] = true
			}
			if tt.high > tt.low && len(seen) < 3 {
				t.Errorf("100 think times are of %d kinds", len(seen))
			}
		})
	}
}

func TestEndlessLoopsEnd(t *testing.T) {
	m := &Model{Version: Version, Endpoints: []Endpoint{get("A")}, Behaviors: []Behavior{{Name: "x", Weight: 1,
		Start: []Edge{{To: "A", Odds: 1}}, Steps: []Step{at("A", Edge{To: "A", Odds: 1})}}}}
	names, _ := play(mustGraph(t, m), m, 1, 1)
	if len(names) != MaxSteps {
		t.Errorf("a loop ends after %d steps, want %d", len(names), MaxSteps)
	}
}

func TestASessionEndsWhereNothingIsPossible(t *testing.T) {
	a, b := get("A"), get("B")
	b.Needs = []Need{{Since: "A"}}
	m := &Model{Version: Version, Endpoints: []Endpoint{a, b}, Behaviors: []Behavior{{Name: "x", Weight: 1,
		Start: []Edge{{To: "A", Odds: 1}}, Steps: []Step{at("A", Edge{To: "B", Odds: 1}), at("B", Edge{To: End, Odds: 1})}}}}
	if names, _ := play(mustGraph(t, m), m, 1, 1); !slices.Equal(names, []string{"A"}) {
		t.Errorf("walk is %v, want [A]", names)
	}
	m.Endpoints[0].Needs = []Need{{Endpoint: "B"}}
	g := mustGraph(t, m)
	s := g.Start(dist.Keyed(1, 1, 0))
	if s.Step() != Ended {
		t.Errorf("a session begins at %d, though nothing can come first", s.Step())
	}
	if next, think := g.Next(s, dist.Keyed(1, 1, 1)); next != s || think != 0 {
		t.Errorf("a session that is over goes on to %+v after %v", next, think)
	}
}

func BenchmarkNext(b *testing.B) {
	m := &Model{Version: Version, Endpoints: []Endpoint{get("A"), get("B"), get("C")}, Behaviors: []Behavior{complete("A", "B", "C")}}
	g := mustGraph(b, m)
	r := dist.Keyed(1, 1, 1)
	s := g.Start(r)
	b.ReportAllocs()
	for b.Loop() {
		if s, _ = g.Next(s, r); s.Step() == Ended {
			s = g.Start(r)
		}
	}
}

// Where an edge is closed, the others keep their proportions.
func TestOddsOfOpenWaysAreScaled(t *testing.T) {
	const n = 20_000
	closed := get("C")
	closed.Needs = []Need{{Endpoint: "B"}}
	m := &Model{Version: Version, Endpoints: []Endpoint{get("A"), get("B"), closed}, Behaviors: []Behavior{{Name: "x", Weight: 1,
		Start: []Edge{{To: "A", Odds: 1}}, Steps: []Step{
			at("A", Edge{To: "B", Odds: 0.1}, Edge{To: "C", Odds: 0.6}, Edge{To: End, Odds: 0.3}),
			at("B", Edge{To: End, Odds: 1}), at("C", Edge{To: End, Odds: 1})}}}}
	g := mustGraph(t, m)
	toB := 0.0
	for i := range uint64(n) {
		if names, _ := play(g, m, 3, i); len(names) == 2 && names[1] == "B" {
			toB++
		}
	}
	if got := toB / n; math.Abs(got-0.25) > 5*math.Sqrt(0.25*0.75/n) {
		t.Errorf("%.4f go to B, want 0.25", got)
	}
}
