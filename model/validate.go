package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/starling-load/starling/model/problem"
)

// Version is the version of the model folder that this package reads and writes.
const Version = 1

// shareTolerance is how far shares that people write may sum from 1: three
// times 0.333 is fine.
const shareTolerance = 0.0011

// maxName is the greatest length in bytes of a name.
const maxName = 500

// Validate returns everything that is wrong with m, joined; each is a *[Problem].
// A valid model can be walked and written. Validate does not ask whether a
// replay would succeed.
func (m *Model) Validate() error {
	v := newValidator(m)
	if m.Version != Version {
		v.at("version").addf("is %d: this program knows version %d", m.Version, Version)
	}
	v.recorded()
	v.mix()
	for i := range m.Behaviors {
		v.behavior(&m.Behaviors[i])
	}
	for i := range m.Endpoints {
		v.endpoint(&m.Endpoints[i])
	}
	for i := range m.Bindings {
		v.binding(&m.Bindings[i])
	}
	for i := range m.Data {
		v.source(&m.Data[i])
	}
	return v.found.Err()
}

// A validator looks at one model and collects what is wrong.
type validator struct {
	m         *Model
	found     problem.List
	endpoints map[string]bool
	bindings  map[string]bool
	sources   map[string]*Source
}

func newValidator(m *Model) *validator {
	v := &validator{m: m, endpoints: map[string]bool{}, bindings: map[string]bool{}, sources: map[string]*Source{}}
	for i := range m.Endpoints {
		v.endpoints[m.Endpoints[i].Name] = true
	}
	for i := range m.Bindings {
		v.bindings[m.Bindings[i].Name] = true
	}
	for i := range m.Data {
		v.sources[m.Data[i].Name] = &m.Data[i]
	}
	v.names("behaviors", len(m.Behaviors), func(i int) string { return m.Behaviors[i].Name })
	v.names("endpoints", len(m.Endpoints), func(i int) string { return m.Endpoints[i].Name })
	v.names("bindings", len(m.Bindings), func(i int) string { return m.Bindings[i].Name })
	v.names("data", len(m.Data), func(i int) string { return m.Data[i].Name })
	return v
}

// A place is where a validator looks.
type place struct {
	v    *validator
	path []string
}

func (v *validator) at(path ...string) place { return place{v, path} }

func (p place) at(path ...string) place { return place{p.v, slices.Concat(p.path, path)} }

func (p place) addf(format string, args ...any) { p.v.found.Addf(p.path, format, args...) }

// names checks that n names can be names and that none is there twice.
func (v *validator) names(what string, n int, name func(int) string) {
	seen := make(map[string]bool, n)
	for i := range n {
		s := name(i)
		if why := badName(s); why != "" {
			v.at(what).addf("%s cannot be a name: %s", problem.Quote(s), why)
		} else if seen[s] {
			v.at(what, s).addf("is there twice")
		}
		seen[s] = true
	}
}

// badName says why s cannot be a name, or "".
func badName(s string) string {
	switch {
	case s == "":
		return "it is empty"
	case len(s) > maxName:
		return fmt.Sprintf("it is longer than %d bytes", maxName)
	case !utf8.ValidString(s):
		return "it is not UTF-8"
	case strings.TrimSpace(s) != s:
		return "it begins or ends with a space"
	case strings.ContainsFunc(s, func(c rune) bool {
		return c < ' ' || c == 0x7f || c == '\u2028' || c == '\u2029' || c == '\u0085' || c == '\ufeff'
	}):
		return "it contains a control character"
	}
	return ""
}

// known adds a problem when no endpoint has that name.
func (p place) known(endpoint string) {
	if !p.v.endpoints[endpoint] {
		p.addf("there is no endpoint %s%s", problem.Quote(endpoint), problem.Suggest(endpoint, p.v.endpointNames()))
	}
}

func (v *validator) endpointNames() []string {
	var names []string
	for i := range v.m.Endpoints {
		names = append(names, v.m.Endpoints[i].Name)
	}
	return names
}

func (v *validator) recorded() {
	p, r := v.at("recorded"), &v.m.Recorded
	for _, c := range []struct {
		key string
		n   int
	}{{"flows", r.Flows}, {"sessions", r.Sessions}, {"users", r.Users}} {
		if c.n < 0 {
			p.at(c.key).addf("is negative")
		}
	}
	if r.Duration < 0 {
		p.at("duration").addf("is negative")
	}
	if len(r.Starts) > 0 && (r.Starts[0] < 0 || !slices.IsSorted(r.Starts)) {
		p.at("starts").addf("must be in ascending order from 0 on")
	}
	if y := r.Start.UTC().Year(); y < 0 || y > 9999 {
		p.at("start").addf("is in the year %d", y)
	}
}

func (v *validator) mix() {
	p := v.at("mix")
	if len(v.m.Behaviors) == 0 {
		v.at("behaviors").addf("there is none: write at least one")
		return
	}
	shares := make([]float64, len(v.m.Behaviors))
	for i := range v.m.Behaviors {
		b := &v.m.Behaviors[i]
		shares[i] = b.Weight
		if why := badShare(b.Weight); why != "" {
			p.at(b.Name).addf("weight %v %s", b.Weight, why)
			return
		}
	}
	p.sum("weights", shares)
}

// badShare says why x is no share, or "".
func badShare(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "is not a number"
	case x < 0:
		return "is negative"
	}
	return ""
}

// sum adds a problem when shares do not sum to 1.
func (p place) sum(what string, shares []float64) {
	total := 0.0
	for _, x := range shares {
		total += x
	}
	if math.Abs(total-1) > shareTolerance {
		p.addf("the %s sum to %.4g, not to 1", what, total)
	}
}

func (v *validator) behavior(b *Behavior) {
	p := v.at("behaviors", b.Name)
	if b.Sessions < 0 {
		p.at("sessions").addf("is negative")
	}
	steps := make(map[string]*Step, len(b.Steps))
	for i := range b.Steps {
		s := &b.Steps[i]
		at := p.at("steps", s.At)
		if steps[s.At] != nil {
			at.addf("is there twice")
		}
		steps[s.At] = s
		at.known(s.At)
	}
	v.edges(p.at("start"), b.Start, steps, true)
	for i := range b.Steps {
		v.edges(p.at("steps", b.Steps[i].At), b.Steps[i].Next, steps, false)
	}
	reached := reachable(b, steps)
	for i := range b.Steps {
		if at := b.Steps[i].At; !reached[at] {
			p.at("steps", at).addf("no way leads to this step: delete it, or add it to start or to another step")
		}
	}
}

func (v *validator) edges(p place, edges []Edge, steps map[string]*Step, start bool) {
	if len(edges) == 0 {
		if start {
			p.addf("is empty: name the first step")
		} else {
			p.addf("no way leads on: add \"end: 1\" to end the session here")
		}
		return
	}
	seen := make(map[string]bool, len(edges))
	shares := make([]float64, len(edges))
	bad := false
	for i := range edges {
		e := &edges[i]
		at := p.at(e.To)
		shares[i] = e.Odds
		if why := badShare(e.Odds); why != "" {
			at.addf("odds %v %s", e.Odds, why)
			bad = true
		}
		if seen[e.To] {
			at.addf("is there twice: add up the odds")
		}
		seen[e.To] = true
		switch {
		case start && e.To == End:
			at.addf("a session cannot end before it begins")
		case e.To == End:
		case !v.endpoints[e.To]:
			at.known(e.To)
		case steps[e.To] == nil:
			at.addf("this behavior has no step %s: add it to steps, with \"end: 1\" if the session ends there", problem.Quote(e.To))
		}
		if start && (e.Think.Fixed != 0 || len(e.Think.Quantiles) > 0) {
			at.addf("the first step has no think time: nothing was answered before it")
		}
		at.think(&e.Think)
	}
	if !bad {
		p.sum("odds", shares)
	}
}

func (p place) think(t *Think) {
	at := p.at("think")
	switch {
	case t.Fixed != 0 && len(t.Quantiles) > 0:
		at.addf("is fixed and has quantiles: keep one")
	case t.Fixed < 0:
		at.addf("%v is negative", t.Fixed)
	case len(t.Quantiles) == 1:
		at.addf("has one quantile: two or more are needed, or a fixed time")
	case len(t.Quantiles) > 0 && (t.Quantiles[0] < 0 || !slices.IsSorted(t.Quantiles)):
		at.addf("the quantiles must be in ascending order from 0 on")
	case t.Fixed > maxThink || len(t.Quantiles) > 0 && t.Quantiles[len(t.Quantiles)-1] > maxThink:
		at.addf("is longer than %v", maxThink)
	}
}

// maxThink is the longest pause within a session.
const maxThink = 7 * 24 * time.Hour

// reachable returns the steps that some walk can visit, as far as odds tell.
func reachable(b *Behavior, steps map[string]*Step) map[string]bool {
	reached := make(map[string]bool, len(steps))
	var todo []Edge
	todo = append(todo, b.Start...)
	for len(todo) > 0 {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		s := steps[e.To]
		if s == nil || reached[e.To] || !(e.Odds > 0) {
			continue
		}
		reached[e.To] = true
		todo = append(todo, s.Next...)
	}
	return reached
}
