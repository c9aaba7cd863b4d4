package compare

import (
	"fmt"
	"math"
	"slices"

	"github.com/starling-load/starling/replay/stats"
)

// The least change in the share of errors that matters.
const (
	errorPoints = 0.001 // difference of the shares of all exchanges, and
	errorRatio  = 1.5   // ratio of the shares
	errorCount  = 3     // errors, of a class that the baseline never had

	// errorMargin is the difference up to which two shares are equivalent. There
	// must be enough exchanges to be sure of it.
	errorMargin = 0.01
)

// errors fills the Errors of all endpoints.
func (r *Report) errors(p pairs, o Options) {
	type test struct {
		endpoint int
		a, b     []tally
		Error
	}
	var tests []test
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		a, b := classes(p.baseline, e.Name), classes(p.candidate, e.Name)
		for _, class := range union(a, b) {
			if e.explained(class) {
				continue
			}
			ta, tb := class.tallies(a, p.baseline, e.Name), class.tallies(b, p.candidate, e.Name)
			sa, sb := sum(ta), sum(tb)
			if sa.n == 0 || sb.n == 0 {
				continue
			}
			tests = append(tests, test{i, ta, tb, Error{
				Class: string(class), Baseline: sa.x, Candidate: sb.x, BaseOf: sa.n, CandOf: sb.n,
				P: shareTest(ta, tb), New: sa.x == 0,
			}})
		}
	}
	ps := make([]float64, len(tests))
	for i, t := range tests {
		ps[i] = t.P
	}
	for i, found := range discoveries(ps, o.FalseRate) {
		t := &tests[i]
		t.Verdict = t.judge(found, t.a, t.b)
		e := &r.Endpoints[t.endpoint]
		e.Errors = append(e.Errors, t.Error)
	}
}

// judge decides one class of errors.
func (x *Error) judge(found bool, a, b []tally) Verdict {
	pa, pb := x.shares()
	worse := exceeds(pa, pb, x.Baseline, x.Candidate, b)
	better := exceeds(pb, pa, x.Candidate, x.Baseline, a)
	switch {
	case found && worse:
		return Regression
	case found && better:
		return Improvement
	case worse || better || math.Abs(pb-pa)+x.doubt() > errorMargin:
		return Inconclusive
	}
	return Equivalent
}

// doubt is half the width of the 95 % interval of the difference of the shares. It is
// the normal approximation, after one of each outcome is added to either side.
func (x *Error) doubt() float64 {
	variance := func(x, n uint64) float64 {
		p := (float64(x) + 1) / (float64(n) + 2)
		return p * (1 - p) / (float64(n) + 2)
	}
	return 1.96 * math.Sqrt(variance(x.Baseline, x.BaseOf)+variance(x.Candidate, x.CandOf))
}

// exceeds reports whether share q is so much larger than share p that it
// matters. x errors make the share p; y errors, in the blocks of b, make q.
func exceeds(p, q float64, x, y uint64, b []tally) bool {
	if x == 0 {
		return y >= errorCount && in(b) >= min(2, len(b))
	}
	return q-p >= errorPoints && q >= errorRatio*p
}

func (x *Error) shares() (baseline, candidate float64) {
	return float64(x.Baseline) / float64(x.BaseOf), float64(x.Candidate) / float64(x.CandOf)
}

// A class is a kind of bad end of an exchange.
type class string

// skipped is the class of acts that were not made.
const skipped class = stats.ErrorSkipped

// explained reports whether a change of the content already says why the check failed.
// Then the class is not reported as well.
func (e *Endpoint) explained(c class) bool {
	switch c {
	case "shape", "content", "error block", "grpc status":
		return len(e.Content) > 0
	}
	return false
}

// classes counts by block how the exchanges of an endpoint ended badly.
func classes(blocks []*Block, endpoint string) []map[class]uint64 {
	list := make([]map[class]uint64, len(blocks))
	for i, b := range blocks {
		m := map[class]uint64{}
		for code, n := range b.cell(endpoint).Status {
			if code >= 400 {
				m[statusClass(code)] += n
			}
		}
		for _, g := range b.Errors {
			if g.Endpoint != endpoint || g.Name == stats.ErrorStopped {
				continue
			}
			switch {
			case g.Name != "status":
				m[class(g.Name)] += g.Count
			case g.Status < 400:
				m[statusClass(g.Status)] += g.Count
			}
		}
		list[i] = m
	}
	return list
}

func statusClass(code int) class { return class(fmt.Sprintf("status %dxx", code/100)) }

// union returns the classes seen on either side, sorted.
func union(sides ...[]map[class]uint64) []class {
	seen := map[class]bool{}
	var list []class
	for _, blocks := range sides {
		for _, m := range blocks {
			for c, n := range m {
				if n > 0 && !seen[c] {
					seen[c] = true
					list = append(list, c)
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// tallies counts the class among the exchanges of each block.
func (c class) tallies(counts []map[class]uint64, blocks []*Block, endpoint string) []tally {
	list := make([]tally, len(blocks))
	for i, b := range blocks {
		cell := b.cell(endpoint)
		n := cell.Requests()
		if c == skipped {
			n += cell.Skipped
		}
		list[i] = tally{min(counts[i][c], n), n}
	}
	return list
}
