package diff

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/starling-load/starling/model"
)

// A Report is what differs between two models. Its JSON keys are stable; lists are
// empty where nothing differs.
type Report struct {
	Sessions   Counts     `json:"sessions"` // recorded
	Types      []Change   `json:"types"`    // weight, a share of the sessions
	Endpoints  []Change   `json:"endpoints"`
	Thinks     []Think    `json:"think_times"`
	Bindings   []Binding  `json:"bindings"`
	Unresolved []Unsolved `json:"unresolved"`
	Edits      []Edit     `json:"edits"` // what people changed, see CompareEdits
}

// An Edit is a change by a person that only one of the models has.
type Edit struct {
	Kind Kind   `json:"kind"` // New or Gone
	Text string `json:"text"`
}

// Counts are a number of the old model and of the new.
type Counts struct {
	Was int `json:"was"`
	Now int `json:"now"`
}

// A Kind says how something differs.
type Kind string

// The kinds of differences.
const (
	New     Kind = "new"
	Gone    Kind = "gone"
	Changed Kind = "changed"
)

// A Change is a figure that differs: the weight of a type of users, or the requests of
// a session to an endpoint. What is new was 0, what is gone is 0 now.
type Change struct {
	Kind Kind    `json:"kind"`
	Name string  `json:"name"`
	Was  float64 `json:"was"`
	Now  float64 `json:"now"`

	// Renamed is the name that the type had in the old model, "" for the same.
	Renamed string `json:"renamed,omitempty"`
}

// A Think is an endpoint before which users pause longer, or less long: the medians in
// ns.
type Think struct {
	Endpoint string        `json:"endpoint"`
	Was      time.Duration `json:"was_ns"`
	Now      time.Duration `json:"now_ns"`
}

// A Binding is one that is new, gone, or has other sources.
type Binding struct {
	Kind Kind     `json:"kind"`
	Name string   `json:"name"`
	Was  []string `json:"was,omitempty"` // "ENDPOINT SELECTOR"
	Now  []string `json:"now,omitempty"`
}

// An Unsolved is a varying value that nothing explains any more, or that something
// explains now.
type Unsolved struct {
	Kind     Kind   `json:"kind"`
	Endpoint string `json:"endpoint"`
	Place    string `json:"place"`
}

// The least differences that are named.
const (
	deviations  = 3.0  // standard errors: chance exceeds them in 1 of 370 comparisons
	leastPoints = 0.01 // of weights
	leastShare  = 0.10 // of requests a session, and of think times
)

// Compare returns what differs in now from was.
func Compare(was, now *model.Model) *Report {
	a, b := profileOf(was), profileOf(now)
	return &Report{
		Sessions: Counts{a.sessions, b.sessions},
		Types:    compareTypes(a, b), Endpoints: compareEndpoints(a, b), Thinks: compareThinks(a, b),
		Bindings: compareBindings(was, now), Unresolved: compareUnresolved(was, now), Edits: []Edit{},
	}
}

// CompareEdits adds what people changed in one of the models alone: each change is a text.
func (r *Report) CompareEdits(was, now []string) {
	for _, text := range now {
		if !slices.Contains(was, text) {
			r.Edits = append(r.Edits, Edit{New, text})
		}
	}
	for _, text := range was {
		if !slices.Contains(now, text) {
			r.Edits = append(r.Edits, Edit{Gone, text})
		}
	}
}

// Same reports whether users do nothing differently. Edits do not count.
func (r *Report) Same() bool {
	return len(r.Types)+len(r.Endpoints)+len(r.Thinks)+len(r.Bindings)+len(r.Unresolved) == 0
}

// differ reports whether two means differ by more than chance: each with its variance
// and the number of sessions that it is the mean of.
func differ(was, now, varWas, varNow float64, nWas, nNow int) bool {
	if nWas == 0 || nNow == 0 {
		return was != now
	}
	return math.Abs(was-now) > deviations*math.Sqrt(varWas/float64(nWas)+varNow/float64(nNow))
}

// byName orders changes: what is new first, then what is gone, the largest first.
func byName(list []Change) []Change {
	order := []Kind{New, Gone, Changed}
	slices.SortFunc(list, func(a, b Change) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)),
			cmp.Compare(math.Abs(b.Now-b.Was), math.Abs(a.Now-a.Was)), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// kindOf is the kind of a change of a figure.
func kindOf(was, now float64) Kind {
	switch {
	case was == 0:
		return New
	case now == 0:
		return Gone
	}
	return Changed
}
