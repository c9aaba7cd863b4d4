package compare

import (
	"fmt"
	"slices"
)

// Compare judges the candidate against the baseline. baseline[i] and candidate[i] are
// a pair: they were measured next to each other, under the same schedule. It leaves
// out blocks beyond the shorter list, and pairs with a void block. The blocks are only
// read.
func Compare(baseline, candidate []*Block, o Options) *Report {
	o = o.withDefaults()
	r := &Report{
		Sliced: o.Sliced, Changes: []string{}, Notes: []string{}, Global: []Latency{}, Endpoints: []Endpoint{},
	}
	p := r.pair(baseline, candidate)
	for _, name := range p.endpoints() {
		r.Endpoints = append(r.Endpoints, Endpoint{
			Name: name, Baseline: side(p.baseline, name), Candidate: side(p.candidate, name),
			Latency: []Latency{}, Errors: []Error{}, Content: []Content{},
		})
	}
	r.latencies(p, o)
	r.contents(p, o)
	r.errors(p, o)
	r.conclude()
	return r
}

// pair selects the pairs that count and notes what is left out.
func (r *Report) pair(baseline, candidate []*Block) pairs {
	var p pairs
	n := min(len(baseline), len(candidate))
	if len(baseline) != len(candidate) {
		r.note("%d blocks of the baseline and %d of the candidate: only the first %d pairs are compared", len(baseline), len(candidate), n)
	}
	for i := range n {
		a, b := baseline[i], candidate[i]
		switch {
		case a.Void != "":
			r.note("pair %d is left out: baseline: %s", i+1, a.Void)
		case b.Void != "":
			r.note("pair %d is left out: candidate: %s", i+1, b.Void)
		default:
			p.baseline, p.candidate = append(p.baseline, a), append(p.candidate, b)
		}
	}
	r.Pairs = len(p.baseline)
	if r.Pairs < fewestPairs {
		r.note("response times are not judged: that needs %d pairs or more, and there are %d", fewestPairs, r.Pairs)
	}
	if r.Sliced {
		r.note("each side is one run cut into slices: differences between one run and the next of the same release are not covered; several alternating runs of each side would be")
	}
	return p
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// conclude sets the verdicts of the endpoints and of the whole, and lists the changes.
func (r *Report) conclude() {
	var regressions, improvements, content []string
	tell := func(v Verdict, text string) {
		switch v {
		case Regression:
			regressions = append(regressions, text)
		case Improvement:
			improvements = append(improvements, text)
		}
	}
	verdicts := make([]Verdict, 0, len(r.Endpoints))
	for _, g := range r.Global {
		tell(g.Verdict, g.globalText())
		if g.Verdict == Regression || g.Verdict == Improvement {
			verdicts = append(verdicts, g.Verdict)
		}
	}
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		e.Verdict = e.worst()
		verdicts = append(verdicts, e.Verdict)
		for _, c := range e.Content {
			if c.Breaking {
				regressions = append(regressions, e.Name+": "+c.text())
			} else {
				content = append(content, e.Name+": "+c.text())
			}
		}
		for _, x := range e.Errors {
			tell(x.Verdict, e.Name+": "+x.text())
		}
		for _, v := range []Verdict{Regression, Improvement} {
			if text := e.latencyText(v); text != "" {
				tell(v, e.Name+": "+text)
			}
		}
		if (e.Baseline.Requests == 0) != (e.Candidate.Requests == 0) {
			where := "baseline"
			if e.Baseline.Requests == 0 {
				where = "candidate"
			}
			r.note("%s was requested on the %s only", e.Name, where)
		}
	}
	r.Changes = slices.Concat(regressions, improvements, content)
	if r.Changes == nil {
		r.Changes = []string{}
	}
	r.Verdict = worst(verdicts)
}

// worst is the verdict of an endpoint.
func (e *Endpoint) worst() Verdict {
	var verdicts []Verdict
	for _, l := range e.Latency {
		verdicts = append(verdicts, l.Verdict)
	}
	for _, x := range e.Errors {
		verdicts = append(verdicts, x.Verdict)
	}
	for _, c := range e.Content {
		if c.Breaking {
			verdicts = append(verdicts, Regression)
		}
	}
	if len(e.Latency) == 0 {
		verdicts = append(verdicts, Inconclusive)
	}
	return worst(verdicts)
}

// worst returns regression if there is one, else improvement, else inconclusive,
// else equivalent. For an empty list it returns inconclusive.
func worst(list []Verdict) Verdict {
	for _, v := range []Verdict{Regression, Improvement, Inconclusive, Equivalent} {
		if slices.Contains(list, v) {
			return v
		}
	}
	return Inconclusive
}
