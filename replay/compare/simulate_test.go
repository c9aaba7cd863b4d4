package compare

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/starling-load/starling/replay/stats"
)

// A world makes blocks like those of a real target: log-normal latencies with a
// tail, a drift that a pair shares, noise of each block that its endpoints share,
// and noise of each endpoint in each block.
type world struct {
	r         *rand.Rand
	endpoints int
	requests  int // per endpoint and block
	slow      map[int]float64
	run       float64 // noise of a block that all endpoints share; 0: 2 %
	spread    float64 // of the latencies of an endpoint; 0: 0.45
	fields    func(candidate bool, endpoint int, c *stats.Cell, r *rand.Rand)
	errors    func(candidate bool, endpoint int) float64
}

func (w *world) blocks(pairs int) (baseline, candidate []*Block) {
	run := cmp.Or(w.run, 0.02)
	for range pairs {
		drift := 0.06 * w.r.NormFloat64()
		baseline = append(baseline, w.block(false, drift+run*w.r.NormFloat64()))
		candidate = append(candidate, w.block(true, drift+run*w.r.NormFloat64()))
	}
	return baseline, candidate
}

func endpointName(e int) string { return fmt.Sprintf("GET /e%02d", e) }

func (w *world) block(candidate bool, shift float64) *Block {
	b := &Block{Endpoints: map[string]*stats.Cell{}}
	for e := range w.endpoints {
		median := math.Log(float64(5+3*e)) + shift + 0.01*w.r.NormFloat64()
		if candidate && w.slow[e] > 0 {
			median += math.Log1p(w.slow[e])
		}
		c := &stats.Cell{Response: stats.NewHistogram(), Status: map[int]uint64{}}
		failing := 0.0
		if w.errors != nil {
			failing = w.errors(candidate, e)
		}
		for range w.requests {
			ms := math.Exp(median + cmp.Or(w.spread, 0.45)*w.r.NormFloat64())
			if w.r.Float64() < 0.03 {
				ms += math.Exp(median) * 5 * w.r.ExpFloat64()
			}
			c.Started++
			c.Response.Record(time.Duration(ms * float64(time.Millisecond)))
			if w.r.Float64() < failing {
				c.Failed++
				c.Status[500]++
				continue
			}
			c.OK++
			c.Status[200]++
			c.Shaped++
		}
		if w.fields != nil {
			w.fields(candidate, e, c, w.r)
		}
		b.Endpoints[endpointName(e)] = c
	}
	return b
}

// noisyFields gives every endpoint fields that are always there, some that come
// and go by chance, and one whose share differs from block to block.
func noisyFields(_ bool, _ int, c *stats.Cell, r *rand.Rand) {
	c.Fields = map[string]uint64{"$.id:string": c.Shaped, "$.stock:number": c.Shaped}
	for i, p := range []float64{0.5, 0.1, 0.01, 0.002} {
		c.Fields[fmt.Sprintf("$.maybe%d:string", i)] = binomial(r, c.Shaped, p)
	}
	wobble := min(max(0.3+0.2*r.NormFloat64(), 0), 1)
	c.Fields["$.mood:string"] = binomial(r, c.Shaped, wobble)
}

func binomial(r *rand.Rand, n uint64, p float64) uint64 {
	k := uint64(0)
	for range n {
		if r.Float64() < p {
			k++
		}
	}
	return k
}

// rounds returns how many comparisons a test makes: a quarter of all where the race detector
// makes each of them slow.
func rounds(all int) int {
	if underRace {
		return all / 4
	}
	return all
}

func TestTheSameReleaseTwiceIsHardlyEverCalledChanged(t *testing.T) {
	t.Parallel()
	reports := rounds(200)
	flagged := 0
	for i := range reports {
		w := &world{r: rand.New(rand.NewPCG(1, uint64(i))), endpoints: 20, requests: 60, fields: noisyFields,
			errors: func(bool, int) float64 { return 0.01 }}
		a, b := w.blocks(10)
		if r := Compare(a, b, Options{}); len(r.Changes) > 0 {
			flagged++
			t.Logf("report %d: %q", i, r.Changes)
		}
	}
	t.Logf("%d of %d reports of equal sides flag something", flagged, reports)
	if limit := reports * 2 / 100; flagged > limit {
		t.Errorf("%d of %d reports of equal sides flag something, at most %d may", flagged, reports, limit)
	}
}

func TestOneSlowEndpointIsFoundAndNamedAlone(t *testing.T) {
	t.Parallel()
	reports := rounds(100)
	found, others := 0, 0
	for i := range reports {
		w := &world{r: rand.New(rand.NewPCG(2, uint64(i))), endpoints: 20, requests: 80, slow: map[int]float64{4: 0.3}, fields: noisyFields}
		a, b := w.blocks(6)
		r := Compare(a, b, Options{})
		for e, x := range r.Endpoints {
			switch {
			case e == 4 && x.Verdict == Regression && r.Verdict == Regression:
				found++
			case e != 4 && (x.Verdict == Regression || x.Verdict == Improvement):
				others++
				t.Logf("report %d also flags %s: %q", i, x.Name, r.Changes)
			}
		}
	}
	t.Logf("the slow endpoint is found in %d of %d reports, %d others are flagged", found, reports, others)
	if found < reports*95/100 {
		t.Errorf("the slow endpoint is found in %d of %d reports", found, reports)
	}
	if others > reports*5/100 {
		t.Errorf("%d unchanged endpoints are flagged in %d reports", others, reports)
	}
}

func TestAShiftOfAllEndpointsIsFoundAsOne(t *testing.T) {
	t.Parallel()
	reports := rounds(40)
	found := 0
	all := map[int]float64{}
	for e := range 20 {
		all[e] = 0.15
	}
	for i := range reports {
		w := &world{r: rand.New(rand.NewPCG(3, uint64(i))), endpoints: 20, requests: 60, slow: all}
		a, b := w.blocks(10)
		r := Compare(a, b, Options{})
		if r.Verdict == Regression && len(r.Global) > 0 && r.Global[0].Verdict == Regression {
			found++
		}
	}
	if found < reports*9/10 {
		t.Errorf("a shift of all by 15 %% is found in %d of %d reports", found, reports)
	}
}

func TestNoiseThatAllEndpointsShareHidesNoSlowOne(t *testing.T) {
	t.Parallel()
	reports := rounds(40)
	exact := 0
	for i := range reports {
		w := &world{r: rand.New(rand.NewPCG(13, uint64(i))), endpoints: 12, requests: 60, run: 0.10, spread: 0.1, slow: map[int]float64{4: 0.25}}
		a, b := w.blocks(6)
		if r := Compare(a, b, Options{}); r.Line() == "regression: GET /e04" {
			exact++
		}
	}
	if exact < reports*9/10 {
		t.Errorf("the slow endpoint alone is named in %d of %d reports", exact, reports)
	}
}

func TestFewEndpointsAreComparedWithoutASharedShift(t *testing.T) {
	t.Parallel()
	reports := rounds(60)
	found, wrong := 0, 0
	for i := range reports {
		w := &world{r: rand.New(rand.NewPCG(4, uint64(i))), endpoints: 3, requests: 80, slow: map[int]float64{1: 0.3}}
		a, b := w.blocks(8)
		r := Compare(a, b, Options{})
		if len(r.Global) != 0 {
			t.Fatal("three endpoints have a shared shift")
		}
		if r.Endpoints[1].Verdict == Regression {
			found++
		}
		if r.Endpoints[0].Verdict == Regression || r.Endpoints[2].Verdict == Regression {
			wrong++
		}
	}
	if found < reports*9/10 || wrong > 3 {
		t.Errorf("found %d of %d, wrong %d", found, reports, wrong)
	}
}

func TestTheIntervalCoversTheTruth(t *testing.T) {
	t.Parallel()
	covered, all := 0, 0
	for i := range 60 {
		w := &world{r: rand.New(rand.NewPCG(5, uint64(i))), endpoints: 12, requests: 60}
		a, b := w.blocks(10)
		for _, e := range Compare(a, b, Options{}).Endpoints {
			l := e.Latency[0]
			all++
			if l.Low <= 0 && 0 <= l.High {
				covered++
			}
		}
	}
	if share := float64(covered) / float64(all); share < 0.92 || share > 0.985 {
		t.Errorf("the 95 %% interval covers the truth in %.1f %% of %d cells", 100*share, all)
	}
}

// A short comparison as people make it first: blocks of a few seconds, some
// endpoints hardly visited, a target whose latency is mostly a fixed amount of
// work, and a machine that now and then is busy elsewhere.
func TestAShortComparisonNamesJustWhatChanged(t *testing.T) {
	t.Parallel()
	reports := rounds(100)
	exact, missed, extra := 0, 0, 0
	for i := range reports {
		r := rand.New(rand.NewPCG(12, uint64(i)))
		short := func(candidate bool) *Block {
			b := &Block{Endpoints: map[string]*stats.Cell{}}
			busy := 0.02 * r.NormFloat64()
			for e := range 15 {
				n := 3 + r.IntN(5) + 4*e
				base := math.Log(float64(4+4*(e%7))) + busy + 0.01*r.NormFloat64()
				if candidate && e == 6 {
					base += math.Log(1.3)
				}
				c := &stats.Cell{Response: stats.NewHistogram(), Fields: map[string]uint64{}}
				for range n {
					ms := math.Exp(base+0.12*r.NormFloat64()) + 0.3*r.ExpFloat64()
					if r.Float64() < 0.05 {
						ms += 10 * r.ExpFloat64()
					}
					c.Response.Record(time.Duration(ms * float64(time.Millisecond)))
				}
				c.Started, c.OK, c.Shaped = uint64(n), uint64(n), uint64(n)
				noisyFields(candidate, e, c, r)
				if candidate && e == 9 {
					delete(c.Fields, "$.stock:number")
					c.Fields["$.stock:string"] = c.Shaped
				}
				b.Endpoints[endpointName(e)] = c
			}
			return b
		}
		var baseline, candidate []*Block
		for range 6 {
			baseline, candidate = append(baseline, short(false)), append(candidate, short(true))
		}
		rep := Compare(baseline, candidate, Options{})
		line := rep.Line()
		switch {
		case line == "regression: GET /e06, GET /e09" && len(rep.Changes) == 2:
			exact++
		case rep.Endpoints[6].Verdict != Regression || rep.Endpoints[9].Verdict != Regression:
			missed++
			t.Logf("report %d: %s: %q", i, line, rep.Changes)
		default:
			extra++
			t.Logf("report %d: %s: %q", i, line, rep.Changes)
		}
	}
	t.Logf("%d of %d reports name just the two, %d miss one, %d name more", exact, reports, missed, extra)
	if exact < reports*95/100 {
		t.Errorf("%d of %d reports name just the two, %d miss one, %d name more", exact, reports, missed, extra)
	}
}
