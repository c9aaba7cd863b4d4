package ui

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"github.com/starling-load/starling/replay/compare"
	"github.com/starling-load/starling/replay/stats"
)

const (
	slicesOfRun = 10 // pairs that two runs are cut into
	maxCurves   = 50 // endpoints whose distribution is sent, the busiest
)

// comparison is two runs judged, on the wire.
type comparison struct {
	Base   runRow          `json:"base"`
	Cand   runRow          `json:"cand"`
	Report *compare.Report `json:"report"`
	Curves []curve         `json:"curves"`
}

// curve is the response time of both runs by percentage.
type curve struct {
	Endpoint string    `json:"endpoint"` // "": all together
	Percent  []float64 `json:"percent"`
	Base     []int64   `json:"base_us"`
	Cand     []int64   `json:"cand_us"`
}

func (s *server) compareRuns(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	base, baseRow, err := s.runs.side(q.Get("base"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	cand, candRow, err := s.runs.side(q.Get("cand"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	n := min(slicesOfRun, len(base.Spans), len(cand.Spans))
	s.reply(w, r, comparison{
		Base: baseRow, Cand: candRow,
		Report: compare.Compare(compare.Slices(base, n), compare.Slices(cand, n), compare.Options{Sliced: true}),
		Curves: newCurves(base, cand),
	})
}

// side returns one of two runs to compare.
func (d *runs) side(name string) (*stats.Run, runRow, error) {
	run, err := d.read(name)
	if err != nil {
		return nil, runRow{}, err
	}
	row, err := d.row(name)
	return run, row, err
}

// newCurves returns the distributions of all endpoints together and of those
// that both runs have, the busiest first.
func newCurves(base, cand *stats.Run) []curve {
	a, b := responses(base), responses(cand)
	names := slices.DeleteFunc(slices.Collect(maps.Keys(a)), func(name string) bool { return b[name] == nil })
	slices.SortFunc(names, func(x, y string) int {
		return cmp.Or(cmp.Compare(a[y].Count(), a[x].Count()), cmp.Compare(x, y))
	})
	curves := make([]curve, 0, min(len(names), maxCurves))
	for _, name := range names[:min(len(names), maxCurves)] {
		curves = append(curves, newCurve(name, a[name], b[name]))
	}
	return curves
}

// responses merges the response times of a run by endpoint. Those of all endpoints are
// under "".
func responses(run *stats.Run) map[string]*stats.Histogram {
	m := map[string]*stats.Histogram{}
	for _, iv := range run.Spans {
		for name, c := range iv.Endpoints {
			if c.Response.Count() == 0 {
				continue
			}
			for _, key := range []string{"", name} {
				if m[key] == nil {
					m[key] = stats.NewHistogram()
				}
				m[key].Merge(c.Response)
			}
		}
	}
	return m
}

func newCurve(name string, a, b *stats.Histogram) curve {
	c := curve{Endpoint: name, Percent: percentages(min(a.Count(), b.Count()))}
	for _, p := range c.Percent {
		c.Base = append(c.Base, a.Quantile(p/100).Microseconds())
		c.Cand = append(c.Cand, b.Quantile(p/100).Microseconds())
	}
	return c
}

// percentages returns the percentages at which a curve is read. 18 of them lie evenly up
// to 90 %, 18 up to 99 %, and so on, as far as n values can tell.
func percentages(n uint64) []float64 {
	list := []float64{0}
	for rest := 100.0; ; rest /= 10 {
		for i := 1; i <= 18; i++ {
			p := 100 - rest*(1-float64(i)/20)
			if (100-p)/100*float64(n) < 1 || p > 99.99 {
				return list
			}
			list = append(list, p)
		}
	}
}
