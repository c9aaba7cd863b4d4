package fidelity

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/starling-load/starling/fixtures/planted"
	"github.com/starling-load/starling/model/dist"
)

// A plant is a world whose users follow published tables.
type plant struct {
	chains  []*planted.Chain
	weights []float64
}

// open opens a file of published tables, which is no part of this repository.
func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open("../../../shared/data/truth/" + name)
	if os.IsNotExist(err) {
		t.Skipf("SKIPPED: no %s", name)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// auction is RUBiS: users who buy and sell.
func auction(t *testing.T) plant {
	t.Helper()
	c, err := planted.RUBiS(open(t, "rubis/default_transitions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return plant{[]*planted.Chain{c}, []float64{1}}
}

// dealers is SPECjEnterprise2010: three types of dealers.
func dealers(t *testing.T) plant {
	t.Helper()
	p := plant{weights: []float64{0.5005, 0.2521, 0.2474}}
	names := map[string]int{}
	for i := range p.weights {
		c, err := planted.SPECj(open(t, fmt.Sprintf("specj/behaviormodel%d.csv", i)), names)
		if err != nil {
			t.Fatal(err)
		}
		p.chains = append(p.chains, c)
	}
	return p
}

// paths draws sessions.
func (p plant) paths(seed uint64, sessions int) (paths [][]int, kinds []int) {
	for i := range sessions {
		r := dist.Keyed(seed, 11, uint64(i))
		kind := planted.Draw(r, p.weights)
		paths, kinds = append(paths, p.chains[kind].Session(r)), append(kinds, kind)
	}
	return paths, kinds
}

// traffic draws sessions that begin and think at random.
func (p plant) traffic(seed uint64, sessions int) *Traffic {
	paths, kinds := p.paths(seed, sessions)
	t := &Traffic{}
	for i, path := range paths {
		r := dist.Keyed(seed, 12, uint64(i))
		at, s := r.Float64()*3600, &Session{User: fmt.Sprint("u", i), Type: fmt.Sprint("type", kinds[i])}
		for _, page := range path {
			took := 0.02 + 0.03*r.ExpFloat64()
			s.Requests = append(s.Requests, Request{Endpoint: fmt.Sprint("GET /page", page), Value: uint64(page), Start: secs(at), End: secs(at + took),
				Status: 200, Sent: 40, Received: 900 + int64(200*r.Float64())})
			at += took + 3*math.Exp(r.NormFloat64()/2)
		}
		t.Add(s)
	}
	return t
}

// firstOrder is the chain that has the same transitions and remembers nothing.
func (p plant) firstOrder(sessions int) plant {
	out := plant{weights: p.weights}
	for kind := range p.chains {
		pages := len(p.chains[kind].Rows)
		c := &planted.Chain{Start: make([]float64, pages+1), Rows: make([][]float64, pages)}
		for i := range c.Rows {
			c.Rows[i] = make([]float64, pages+1)
			c.Rows[i][pages] = 1e-9
		}
		paths, _ := plant{[]*planted.Chain{p.chains[kind]}, []float64{1}}.paths(77, sessions)
		for _, path := range paths {
			c.Start[path[0]]++
			for i, page := range path {
				next := pages
				if i+1 < len(path) {
					next = path[i+1]
				}
				c.Rows[page][next]++
			}
		}
		out.chains = append(out.chains, c)
	}
	return out
}

// perturbed is p with a part of the odds of each row moved to the page after the right one.
func (p plant) perturbed(part float64) plant {
	out := plant{weights: p.weights}
	for _, c := range p.chains {
		x := &planted.Chain{Start: c.Start, Back: c.Back, Rows: make([][]float64, len(c.Rows))}
		pages := len(c.Rows)
		for i, row := range c.Rows {
			x.Rows[i] = make([]float64, pages+1)
			x.Rows[i][pages] = row[pages]
			for k, odds := range row[:pages] {
				x.Rows[i][k] += (1 - part) * odds
				x.Rows[i][(k+1)%pages] += part * odds
			}
		}
		out.chains = append(out.chains, x)
	}
	return out
}

func TestPublishedTablesAreTheirOwnTruth(t *testing.T) {
	const sessions = 1500
	for _, tt := range []struct {
		name  string
		plant func(*testing.T) plant
	}{{"an auction that remembers the page before", auction}, {"dealers of three types", dealers}} {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.plant(t)
			pairs, low := uint64(4), uint64(0)
			if n, err := strconv.ParseUint(os.Getenv("STARLING_LONG"), 10, 16); err == nil {
				pairs = max(pairs, n)
			}
			for i := range pairs {
				r := compared(t, p.traffic(2*i+1, sessions), p.traffic(2*i+2, sessions), Options{Seed: i, Halvings: 20})
				if r.Fidelity < 95 {
					low++
					t.Logf("pair %d: %.1f %v", i, r.Fidelity, r.Worst)
				}
			}
			if low > pairs/20 {
				t.Errorf("%d of %d pairs that were drawn from the same tables have a fidelity below 95, want 5 %% at most", low, pairs)
			}
			t.Logf("%d of %d pairs are below 95", low, pairs)
			before := 100.0
			parts := []float64{0.05, 0.2}
			if pairs > 4 {
				parts = []float64{0.05, 0.1, 0.2, 0.4}
			}
			for _, part := range parts {
				r := compared(t, p.traffic(1, sessions), p.perturbed(part).traffic(2, sessions), Options{Halvings: 20})
				m := r.Metric(Transitions)
				if t.Logf("%g of the odds moved: %.1f %v", part, r.Fidelity, r.Worst); r.Fidelity >= before || !m.Differs {
					t.Errorf("%g of the odds moved: fidelity %.1f after %.1f; transitions %+v", part, r.Fidelity, before, m)
				}
				before = r.Fidelity
			}
		})
	}
}

func TestAChainThatForgetsDiffersInWhatItForgets(t *testing.T) {
	const sessions = 4000
	p := auction(t)
	r := compared(t, p.traffic(1, sessions), p.firstOrder(20_000).traffic(2, sessions), Options{Halvings: 20})
	if r.Fidelity >= 95 || !r.Metric(Memory).Differs || r.Metric(Mix).Differs || r.Metric(Transitions).Differs {
		t.Errorf("fidelity %.1f\n%s", r.Fidelity, text(t, r))
	}
	t.Logf("%.1f %v", r.Fidelity, r.Worst)
}
