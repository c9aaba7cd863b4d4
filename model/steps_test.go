package model

import (
	"slices"
	"strings"
	"testing"
)

// sends is an endpoint that carries the values of bindings, in one variant for
// each list of them.
func sends(name string, variants ...[]string) Endpoint {
	e := get(name)
	e.Variants = nil
	for i, bindings := range variants {
		v := Variant{Name: string(rune('a' + i)), Request: Request{Method: "GET", Target: "/" + name}}
		for _, b := range bindings {
			v.Values = append(v.Values, Value{Name: b, Kind: Bound, Ref: b})
			v.Request.Target += "/${" + b + "}"
		}
		e.Variants = append(e.Variants, v)
	}
	return e
}

func issues(name, endpoint string) Binding {
	return Binding{Name: name, Sources: []Select{{endpoint, "json:" + name}}}
}

// next is a step that leads to others with equal odds.
func next(s Step, to ...string) Step {
	for _, id := range to {
		s.Next = append(s.Next, Edge{To: id, Odds: 1 / float64(len(to))})
	}
	return s
}

// walks returns the walks through steps, as texts.
func walks(t *testing.T, endpoints []Endpoint, bindings []Binding, steps ...Step) map[string]bool {
	t.Helper()
	m := &Model{Version: Version, Endpoints: endpoints, Bindings: bindings,
		Behaviors: []Behavior{{Name: "x", Weight: 1, Start: []Edge{{To: steps[0].ID, Odds: 1}}, Steps: steps}}}
	g := mustGraph(t, m)
	seen := map[string]bool{}
	for i := range uint64(200) {
		ids, _ := play(g, m, 1, i)
		seen[strings.Join(ids, " ")] = true
	}
	return seen
}

func TestAStepIsOpenWhenOneVariantCanBeSent(t *testing.T) {
	endpoints := []Endpoint{get("A"), sends("B", []string{"q"}, []string{"p"}), sends("C", []string{"p", "q"}, []string{"q"})}
	bindings := []Binding{issues("p", "A"), issues("q", "none")}
	endpoints = append(endpoints, get("none"))
	seen := walks(t, endpoints, bindings, next(at("A"), "B", "C", "none"), next(at("B"), End), next(at("C"), End), next(at("none"), "C"))
	for walk, want := range map[string]bool{"A B": true, "A C": false, "A none C": true} {
		if seen[walk] != want {
			t.Errorf("walk %s: seen is %v, want %v: %v", walk, seen[walk], want, seen)
		}
	}
}

func TestStepsOfOneEndpointIssueTheSame(t *testing.T) {
	page := func(id string) Step { return Step{ID: id, Page: &Page{Endpoint: "A"}} }
	endpoints := []Endpoint{get("A"), sends("B", []string{"p"}), get("C")}
	seen := walks(t, endpoints, []Binding{issues("p", "A")}, next(at("C"), "first", "second", "B"), next(page("first"), "B"), next(page("second"), "B"), next(at("B"), End))
	if len(seen) != 2 || !seen["C first B"] || !seen["C second B"] {
		t.Errorf("walks %v, want B after each of the steps that request A, and not before", seen)
	}
}

func TestWhatAStepIssuesAndNeeds(t *testing.T) {
	b := []Binding{issues("p", "A")}
	endpoints := []Endpoint{get("A"), sends("B", []string{"p"}), get("C")}
	load := func(share float64) *Page { return &Page{Endpoint: "C", Loads: []Load{{Endpoint: "A", Share: share}}} }
	for _, tt := range []struct {
		name string
		step Step
		want bool // B can follow
	}{
		{"a page that always loads the source", Step{ID: "x", Page: load(1)}, true},
		{"a page that sometimes does", Step{ID: "x", Page: load(0.9)}, false},
		{"a member of a group", Step{ID: "x", Group: []Page{{Endpoint: "C"}, {Endpoint: "A"}}}, true},
		{"a strand", Step{ID: "x", Open: &Strand{Name: "s", Endpoint: "A"}}, true},
		{"a pause", Step{ID: "x", Pause: &Think{Fixed: 1}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := walks(t, endpoints, b, next(tt.step, "B", End), next(at("B"), End))
			if seen["x B"] != tt.want {
				t.Errorf("walks %v, B follows: want %v", seen, tt.want)
			}
		})
	}
	for _, tt := range []struct {
		name string
		step Step
		want bool // can be made without p
	}{
		{"a page that loads what needs the value", Step{ID: "x", Page: &Page{Endpoint: "C", Loads: []Load{{Endpoint: "B", Share: 1}}}}, true},
		{"a group with it", Step{ID: "x", Group: []Page{{Endpoint: "C"}, {Endpoint: "B"}}}, false},
		{"a strand of it", Step{ID: "x", Open: &Strand{Name: "s", Endpoint: "B"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := walks(t, endpoints, b, next(at("C"), "x", End), next(tt.step, End))
			if seen["C x"] != tt.want {
				t.Errorf("walks %v, x is made: want %v", seen, tt.want)
			}
		})
	}
}

func TestRoundingKeepsTheStepsOfTheCaller(t *testing.T) {
	third := 1. / 3
	m := &Model{Version: Version, Endpoints: []Endpoint{get("A")}, Behaviors: []Behavior{{Name: "x", Weight: 1, Start: []Edge{{To: "A", Odds: 1}},
		Steps: []Step{next(Step{ID: "A", Page: &Page{Endpoint: "A", Loads: []Load{{Endpoint: "A", Share: third}}}}, "g"),
			next(Step{ID: "g", Group: []Page{{Endpoint: "A", Loads: []Load{{Endpoint: "A", Share: 1e-9}}}}}, End)}}}}
	r := m.Rounded()
	if got := m.Behaviors[0].Steps[0].Page.Loads[0].Share; got != third {
		t.Errorf("the share of the caller's model became %v", got)
	}
	got := []float64{r.Behaviors[0].Steps[0].Page.Loads[0].Share, r.Behaviors[0].Steps[1].Group[0].Loads[0].Share}
	if want := []float64{0.3333, 0.0001}; !slices.Equal(got, want) {
		t.Errorf("rounded shares %v, want %v: what is rare stays possible", got, want)
	}
}
