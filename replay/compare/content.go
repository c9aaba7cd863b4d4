package compare

import (
	"math"
	"slices"
	"strings"

	"github.com/starling-load/starling/replay/stats"
)

const (
	contentCount  = 3    // answers with a feature that the other side never showed
	contentPoints = 0.20 // change of a share that is neither 0 before nor after
	contentDoubt  = 0.002
)

// contents fills the Content of all endpoints.
func (r *Report) contents(p pairs, o Options) {
	type test struct {
		endpoint int
		feature  string
		a, b     []tally
	}
	var tests []test
	var ps []float64
	for i := range r.Endpoints {
		name := r.Endpoints[i].Name
		for _, f := range features(p, name) {
			t := test{i, f, featureTallies(p.baseline, name, f), featureTallies(p.candidate, name, f)}
			tests = append(tests, t)
			ps = append(ps, shareTest(t.a, t.b))
		}
	}
	for i, found := range discoveries(ps, o.FalseRate) {
		t := tests[i]
		if !found {
			continue
		}
		if c, ok := change(t.feature, t.a, t.b); ok {
			c.P = ps[i]
			e := &r.Endpoints[t.endpoint]
			e.Content = append(e.Content, c)
		}
	}
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		e.Content = outermost(retyped(e.Content))
		if failed := shapeFailures(p, e.Name); len(e.Content) > 0 && failed > 0 {
			e.Content[0].Failed = failed
		}
	}
}

// change takes a feature whose share differs significantly, and says how it changed.
// It returns false when the difference does not matter.
func change(feature string, a, b []tally) (Content, bool) {
	sa, sb := sum(a), sum(b)
	c := Content{Feature: feature, Baseline: sa.x, Candidate: sb.x, BaseOf: sa.n, CandOf: sb.n}
	switch {
	case sa.x == 0 && sb.x >= contentCount && in(b) >= min(2, len(b)):
		c.Kind = Appeared
		c.Breaking = strings.HasPrefix(feature, "error:")
	case sb.x == 0 && sa.x >= contentCount && in(a) >= min(2, len(a)):
		c.Kind = Disappeared
		c.Breaking = !strings.HasPrefix(feature, "error:") && !strings.HasPrefix(feature, "title:")
	case sa.x > 0 && sb.x > 0:
		// A few blocks do not show how much a share varies between blocks. So the
		// pairs must agree as well.
		d := describe(shareDifferences(a, b))
		if math.Abs(d.mean) < contentPoints || d.n < fewestPairs || d.p() > contentDoubt {
			return c, false
		}
		c.Kind = Shifted
	default:
		return c, false
	}
	return c, true
}

// shareDifferences returns candidate minus baseline of each pair that has both.
func shareDifferences(a, b []tally) []float64 {
	var d []float64
	for i := range a {
		if a[i].n > 0 && b[i].n > 0 {
			d = append(d, float64(b[i].x)/float64(b[i].n)-float64(a[i].x)/float64(a[i].n))
		}
	}
	return d
}

// field splits a JSON feature "$.items[].id:string" into path and type.
func field(feature string) (path, kind string, ok bool) {
	if !strings.HasPrefix(feature, "$") {
		return feature, "", false
	}
	at := strings.LastIndexByte(feature, ':')
	if at < 0 {
		return feature, "", false
	}
	return feature[:at], feature[at+1:], true
}

// retyped finds paths at which one type is gone and another is new, and makes one
// change of both. It writes JSON features as paths.
func retyped(list []Content) []Content {
	var out []Content
	for _, c := range list {
		path, kind, ok := field(c.Feature)
		if !ok {
			out = append(out, c)
			continue
		}
		c.Feature = path
		switch c.Kind {
		case Disappeared:
			c.Was = kind
		case Appeared:
			c.Now = kind
		default:
			c.Was, c.Now = kind, kind
		}
		at := slices.IndexFunc(out, func(o Content) bool {
			return o.Feature == path && (o.Was == "" && c.Now == "" || o.Now == "" && c.Was == "")
		})
		if at < 0 {
			out = append(out, c)
			continue
		}
		o := &out[at]
		if c.Kind == Disappeared {
			o.Was, o.Baseline, o.BaseOf = c.Was, c.Baseline, c.BaseOf
		} else {
			o.Now, o.Candidate, o.CandOf = c.Now, c.Candidate, c.CandOf
		}
		o.Kind, o.Breaking, o.P = Retyped, true, min(o.P, c.P)
	}
	return out
}

// outermost drops the changes within a path that has changed itself: when an object is
// gone, its fields are gone with it.
func outermost(list []Content) []Content {
	within := func(c, o Content) bool {
		return strings.HasPrefix(o.Feature, "$") && len(c.Feature) > len(o.Feature) &&
			strings.HasPrefix(c.Feature, o.Feature) && strings.ContainsRune(".[", rune(c.Feature[len(o.Feature)]))
	}
	out := []Content{}
	for _, c := range list {
		if !slices.ContainsFunc(list, func(o Content) bool { return within(c, o) }) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Content) int {
		if a.Breaking != b.Breaking {
			if a.Breaking {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Feature, b.Feature)
	})
	return out
}

// features returns what was seen in answers of an endpoint, sorted.
func features(p pairs, endpoint string) []string {
	seen := map[string]bool{}
	var list []string
	for _, b := range slices.Concat(p.baseline, p.candidate) {
		for f := range b.cell(endpoint).Fields {
			if !seen[f] && f != stats.Other {
				seen[f] = true
				list = append(list, f)
			}
		}
	}
	slices.Sort(list)
	return list
}

func featureTallies(blocks []*Block, endpoint, feature string) []tally {
	list := make([]tally, len(blocks))
	for i, b := range blocks {
		c := b.cell(endpoint)
		list[i] = tally{min(c.Fields[feature], c.Shaped), c.Shaped}
	}
	return list
}

// shapeFailures is how many more answers failed their check because of their body in
// the candidate than in the baseline.
func shapeFailures(p pairs, endpoint string) uint64 {
	count := func(blocks []*Block) (n uint64) {
		for _, m := range classes(blocks, endpoint) {
			n += m["shape"] + m["content"] + m["error block"] + m["grpc status"]
		}
		return n
	}
	a, b := count(p.baseline), count(p.candidate)
	return b - min(a, b)
}
