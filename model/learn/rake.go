package learn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
)

// Raking corrects the odds for the guards. Guards close steps, so that a walk with
// the recorded odds ends too early and visits the guarded steps too seldom. Each
// round walks the behavior, compares how often a session makes each transition with
// the recording, and corrects the odds:
//
//	odds(a,b) ← odds(a,b) · (recorded(a,b) / walked(a,b))^½, scaled to sum to 1
//
// (iterative proportional fitting). The odds of the round whose walks come nearest to
// the recording are kept.
const (
	rakeRounds = 40
	rakeWalks  = 1000
	rakeSteps  = 1000 // the most steps of one walk
	rakeDrift  = 0.03 // share of the transitions that may differ; with more, the odds are raked
	minOdds    = 0.002
)

// A transition is a step and the step or end that follows it; from "" is the start.
type transition struct{ from, to string }

// rake corrects the odds of all behaviors. The guards of m must be complete.
// recorded holds, by behavior, how often a session makes each transition.
func rake(m *model.Model, recorded []map[transition]float64) error {
	for i := range m.Behaviors {
		b := &m.Behaviors[i]
		nearest, best := math.Inf(1), oddsOf(b)
		for round := range rakeRounds {
			walked, err := walk(m, i)
			if err != nil {
				return fmt.Errorf("behavior %s: %w", b.Name, err)
			}
			d := drift(recorded[i], walked)
			if d < nearest-1e-9 {
				nearest, best = d, oddsOf(b)
			}
			if round == 0 && d <= rakeDrift {
				break
			}
			correct(b, recorded[i], walked)
		}
		setOdds(b, best)
	}
	return nil
}

// walk returns how often a session of one behavior makes each transition, on average.
func walk(m *model.Model, behavior int) (map[transition]float64, error) {
	one := *m
	one.Behaviors = []model.Behavior{m.Behaviors[behavior]}
	one.Behaviors[0].Weight, one.Sessions = 1, nil
	g, err := model.NewGraph(&one)
	if err != nil {
		return nil, err
	}
	taken := map[[2]int]int{}
	var source dist.Source
	r := rand.New(&source)
	for n := range uint64(rakeWalks) {
		source.Reset(1, n, 0) // the same draws in every round: only the odds differ
		last := -1
		s := g.Start(r)
		for range rakeSteps {
			taken[[2]int{last, s.Step()}]++
			if last = s.Step(); last < 0 {
				break
			}
			s, _ = g.Next(s, r)
		}
	}
	out := make(map[transition]float64, len(taken))
	steps := m.Behaviors[behavior].Steps
	for k, n := range taken {
		w := transition{to: model.End}
		if k[0] >= 0 {
			w.from = steps[k[0]].ID
		}
		if k[1] >= 0 {
			w.to = steps[k[1]].ID
		}
		out[w] = float64(n) / rakeWalks
	}
	return out, nil
}

// drift returns the share of transitions that differ.
func drift(recorded, walked map[transition]float64) float64 {
	differ, total := 0.0, 0.0
	for w, x := range recorded {
		differ += math.Abs(x - walked[w])
		total += x
	}
	for w, x := range walked {
		if _, had := recorded[w]; !had {
			differ += x
		}
	}
	return differ / total
}

// correct moves the odds half as far as the ratios say.
func correct(b *model.Behavior, recorded, walked map[transition]float64) {
	move := func(from string, edges []model.Edge) {
		sum := 0.0
		for i := range edges {
			w := transition{from, edges[i].To}
			ratio := math.Sqrt((recorded[w] + 1e-3) / (walked[w] + 1e-3))
			if w.to == model.End { // never raised: a walk also ends where guards leave no step open
				ratio = min(1, ratio)
			}
			edges[i].Odds *= min(4, max(0.25, ratio))
			sum += edges[i].Odds
		}
		scale(edges, sum)
	}
	move("", b.Start)
	for i := range b.Steps {
		move(b.Steps[i].ID, b.Steps[i].Next)
	}
}

// scale makes odds sum to 1, none of them less than minOdds.
func scale(edges []model.Edge, sum float64) {
	total := 0.0
	for i := range edges {
		edges[i].Odds = max(edges[i].Odds/sum, minOdds)
		total += edges[i].Odds
	}
	for i := range edges {
		edges[i].Odds /= total
	}
}

// oddsOf returns all odds of b in a fixed order, for setOdds.
func oddsOf(b *model.Behavior) []float64 {
	var out []float64
	for _, e := range b.Start {
		out = append(out, e.Odds)
	}
	for _, s := range b.Steps {
		for _, e := range s.Next {
			out = append(out, e.Odds)
		}
	}
	return out
}

func setOdds(b *model.Behavior, odds []float64) {
	for i := range b.Start {
		b.Start[i].Odds, odds = odds[0], odds[1:]
	}
	for i := range b.Steps {
		next := b.Steps[i].Next
		for k := range next {
			next[k].Odds, odds = odds[0], odds[1:]
		}
	}
}
