package model

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/starling-load/starling/model/problem"
)

// Version is the version of the models of this package.
const Version = 2

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
	v.origins()
	v.browsers()
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
	v.unresolved()
	v.sessions()
	return v.found.Err()
}

// A validator looks at one model and collects what is wrong.
type validator struct {
	m         *Model
	found     problem.List
	endpoints map[string]*Endpoint
	variants  map[[2]string]*Variant // by endpoint and name
	bindings  map[string]*Binding
	sources   map[string]*Source
}

func newValidator(m *Model) *validator {
	v := &validator{m: m, endpoints: map[string]*Endpoint{}, variants: m.Variants(), bindings: map[string]*Binding{}, sources: map[string]*Source{}}
	for i := range m.Endpoints {
		v.endpoints[m.Endpoints[i].Name] = &m.Endpoints[i]
	}
	for i := range m.Bindings {
		v.bindings[m.Bindings[i].Name] = &m.Bindings[i]
	}
	for i := range m.Data {
		v.sources[m.Data[i].Name] = &m.Data[i]
	}
	v.names(v.at("origins"), len(m.Origins), func(i int) string { return m.Origins[i].Name })
	v.names(v.at("browsers"), len(m.Browsers), func(i int) string { return m.Browsers[i].Name })
	v.names(v.at("behaviors"), len(m.Behaviors), func(i int) string { return m.Behaviors[i].Name })
	v.names(v.at("endpoints"), len(m.Endpoints), func(i int) string { return m.Endpoints[i].Name })
	v.names(v.at("bindings"), len(m.Bindings), func(i int) string { return m.Bindings[i].Name })
	v.names(v.at("data"), len(m.Data), func(i int) string { return m.Data[i].Name })
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

// names checks the n names below p: each can be a name, and no two are equal.
func (v *validator) names(p place, n int, name func(int) string) {
	seen := make(map[string]bool, n)
	for i := range n {
		s := name(i)
		if why := badName(s); why != "" {
			p.addf("%s cannot be a name: %s", problem.Quote(s), why)
		} else if seen[s] {
			p.at(s).addf("is there twice")
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

// endpoint adds a problem when no endpoint has that name.
func (p place) endpoint(name string) {
	if p.v.endpoints[name] == nil {
		p.unknown("endpoint", name, len(p.v.m.Endpoints), func(i int) string { return p.v.m.Endpoints[i].Name })
	}
}

// unknown adds a problem when no candidate has that name, and suggests the nearest.
func (p place) unknown(what, name string, n int, candidate func(int) string) {
	names := make([]string, n)
	for i := range names {
		names[i] = candidate(i)
	}
	p.addf("there is no %s %s%s", what, problem.Quote(name), problem.Suggest(name, names))
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
	for i, l := range r.LeftOut {
		if l.Flows < 1 || l.Writes < 0 || l.Writes > l.Flows {
			p.at("left_out").addf("item %d has %d flows, %d of them writes", i+1, l.Flows, l.Writes)
		}
		if strings.TrimSpace(l.What) == "" {
			p.at("left_out").addf("item %d does not say what it is", i+1)
		}
	}
	if r.Duration < 0 {
		p.at("duration").addf("is negative")
	}
	if len(r.Starts) > 0 && (r.Starts[0] < 0 || !slices.IsSorted(r.Starts)) {
		p.at("starts").addf("must be in ascending order from 0 on")
	} else if len(r.Starts) > 0 && len(v.m.Sessions) > 0 {
		p.at("starts").addf("the recorded sessions have their starts: delete this")
	}
	if y := r.Start.UTC().Year(); y < 0 || y > 9999 {
		p.at("start").addf("is in the year %d", y)
	}
}

func (v *validator) origins() {
	for _, o := range v.m.Origins {
		u, err := url.Parse(o.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			v.at("origins", o.Name).addf("%s is not scheme://host[:port], such as https://shop.test", problem.Quote(o.URL))
		}
	}
}

func (v *validator) browsers() {
	p := v.at("browsers")
	weights := make([]float64, len(v.m.Browsers))
	for i := range v.m.Browsers {
		b := &v.m.Browsers[i]
		weights[i] = b.Weight
		at := p.at(b.Name, "headers")
		for _, h := range b.Headers {
			at.at(h.Name).header(&h, false)
		}
	}
	if len(weights) > 0 {
		p.weights(weights, func(i int) string { return v.m.Browsers[i].Name })
	}
}

func (v *validator) mix() {
	if len(v.m.Behaviors) == 0 {
		v.at("behaviors").addf("there is none: write at least one")
		return
	}
	weights := make([]float64, len(v.m.Behaviors))
	for i := range weights {
		weights[i] = v.m.Behaviors[i].Weight
	}
	v.at("mix").weights(weights, func(i int) string { return v.m.Behaviors[i].Name })
}

// weights checks shares of named things.
func (p place) weights(shares []float64, name func(int) string) {
	for i, x := range shares {
		if why := badShare(x); why != "" {
			p.at(name(i)).addf("weight %v %s", x, why)
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
