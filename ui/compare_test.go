package ui

import (
	"slices"
	"testing"
	"time"

	"github.com/starling-load/starling/replay/compare"
)

// writeReleases writes two runs: the candidate is slower at one endpoint and
// lacks one field of another.
func writeReleases(t *testing.T, dir string) {
	t.Helper()
	writeRun(t, dir, "release-1.run.zst", day, newLoad(1), 40, false)
	worse := newLoad(2)
	worse.slower = map[string]float64{"GET /product/{id}": 1.3}
	worse.without = "$.items[].stock:number"
	worse.assets = []string{"GET /orders/{id}", "GET /search"}
	writeRun(t, dir, "release-2.run.zst", day.Add(time.Hour), worse, 40, false)
}

func TestTwoRunsAreCompared(t *testing.T) {
	dir := t.TempDir()
	writeReleases(t, dir)
	h := newHandler(t, Options{Dir: dir})
	got := decode[comparison](t, call(h, "GET", "/api/compare?base=release-1.run.zst&cand=release-2.run.zst"))

	t.Run("what changed is named", func(t *testing.T) {
		if got.Report.Verdict != compare.Regression || got.Base.Name != "release-1.run.zst" || got.Cand.Name != "release-2.run.zst" {
			t.Errorf("got %s of %s against %s", got.Report.Verdict, got.Cand.Name, got.Base.Name)
		}
		var worse []string
		for _, e := range got.Report.Endpoints {
			if e.Verdict == compare.Regression {
				worse = append(worse, e.Name)
			}
		}
		if want := []string{"GET /api/items", "GET /product/{id}"}; !slices.Equal(worse, want) {
			t.Errorf("got regressions of %v, want %v", worse, want)
		}
	})
	t.Run("the other way round it is better", func(t *testing.T) {
		back := decode[comparison](t, call(h, "GET", "/api/compare?base=release-2.run.zst&cand=release-1.run.zst"))
		if back.Report.Verdict != compare.Improvement {
			t.Errorf("got %s with %v", back.Report.Verdict, back.Report.Changes)
		}
	})
	t.Run("curves read both runs at the same percentages", func(t *testing.T) { checkCurves(t, got.Curves) })
}

func checkCurves(t *testing.T, curves []curve) {
	t.Helper()
	if len(curves) != len(endpoints)+1 || curves[0].Endpoint != "" || curves[1].Endpoint != "GET /product/{id}" {
		t.Fatalf("got %d curves, want all endpoints and each", len(curves))
	}
	for _, c := range curves {
		if len(c.Percent) < 10 || len(c.Base) != len(c.Percent) || len(c.Cand) != len(c.Percent) {
			t.Errorf("%s: got %d percentages, %d and %d times", c.Endpoint, len(c.Percent), len(c.Base), len(c.Cand))
		}
		if !slices.IsSorted(c.Percent) || !slices.IsSorted(c.Base) || !slices.IsSorted(c.Cand) {
			t.Errorf("%s: a curve falls: %v %v %v", c.Endpoint, c.Percent, c.Base, c.Cand)
		}
	}
	product := curves[1]
	i := slices.IndexFunc(product.Percent, func(p float64) bool { return p >= 50 })
	if ratio := float64(product.Cand[i]) / float64(product.Base[i]); ratio < 1.2 || ratio > 1.4 {
		t.Errorf("the median of the slower endpoint is %.2f times the old one, want about 1.3", ratio)
	}
}

func TestPercentagesEndWhereValuesDo(t *testing.T) {
	for _, tt := range []struct {
		n    uint64
		want float64
	}{{1, 0}, {2, 50}, {10, 90}, {1000, 99.9}, {1e9, 99.99}} {
		list := percentages(tt.n)
		if last := list[len(list)-1]; last > tt.want+1e-9 || last < tt.want*0.99 {
			t.Errorf("%d values: the last percentage is %g, want %g", tt.n, last, tt.want)
		}
	}
}
