package modelled

import (
	"fmt"
	"math"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
)

// mixOf is a model of recorded sessions: of each type so many, with a weight.
func mixOf(counts []int, weights []float64) *model.Model {
	m := &model.Model{Version: model.Version, Endpoints: []model.Endpoint{{Name: "GET /", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/"}}}}}}
	for k, n := range counts {
		name := fmt.Sprint("type", k)
		m.Behaviors = append(m.Behaviors, model.Behavior{Name: name, Weight: weights[k], Start: []model.Edge{{To: "GET /", Odds: 1}},
			Steps: []model.Step{{ID: "GET /", Page: &model.Page{Endpoint: "GET /"}, Next: []model.Edge{{To: model.End, Odds: 1}}}}})
		for range n {
			m.Sessions = append(m.Sessions, model.Session{User: "u", Behavior: name, Acts: []model.Act{{Endpoint: "GET /", Step: "GET /"}}})
		}
	}
	return m
}

// With the mix of the recording each session has had its turn before any has another.
func TestEachRecordedSessionHasItsTurn(t *testing.T) {
	m := mixOf([]int{13, 6, 1}, []float64{0.65, 0.3, 0.05})
	s := modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Users: 7, Sessions: 1000, Seed: 5}).(*source)
	orders := map[string]bool{}
	for round := range 1500 {
		seen, order := map[int]bool{}, ""
		for i := range 20 {
			k, before := s.recorded(uint64(20*round + i))
			if seen[k] || before != uint64(round) {
				t.Fatalf("round %d: session %d comes as number %d, again %v", round, k, before, seen[k])
			}
			seen[k] = true
			order += m.Sessions[k].Behavior[4:]
		}
		orders[order] = true
	}
	if len(orders) < 100 {
		t.Errorf("the types come in %d orders, want many", len(orders))
	}
}

// A weight that a person pinned counts for recorded sessions too, at every moment, and
// each of them is still played.
func TestRecordedSessionsArePlayedAsOftenAsTheWeightsSay(t *testing.T) {
	for _, tt := range []struct {
		counts  []int
		weights []float64
	}{
		{[]int{28, 12}, []float64{0.7, 0.3}},
		{[]int{28, 12}, []float64{0.2, 0.8}},
		{[]int{5, 3, 2}, []float64{0, 0.5, 0.5}},
		{[]int{5, 3, 2}, []float64{0.5, 0.5, 0}},
		{[]int{300, 1}, []float64{0.9, 0.1}},
		{[]int{700, 250, 50}, []float64{0.7, 0.25, 0.05}},
		{[]int{700, 250, 50}, []float64{0.333, 0.333, 0.334}},
	} {
		m := mixOf(tt.counts, tt.weights)
		s := modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Rate: 1, Seed: 3}).(*source)
		n := len(m.Sessions)
		used, seen := map[int]int{}, map[[2]int]bool{}
		played := map[string]float64{}
		for i := range 20 * n {
			k, before := s.recorded(uint64(i))
			if seen[[2]int{k, int(before)}] {
				t.Fatalf("%v: session %d is played twice as number %d", tt, k, before)
			}
			seen[[2]int{k, int(before)}] = true
			used[k]++
			played[m.Sessions[k].Behavior]++
			for x, b := range m.Behaviors {
				if d := math.Abs(played[b.Name] - b.Weight*float64(i+1)); d > 2 {
					t.Fatalf("%v: after %d sessions %v of type %d, want %v", tt, i+1, played[b.Name], x, b.Weight*float64(i+1))
				}
			}
		}
		for k := range m.Sessions {
			weight := m.Behaviors[typeOf(m, k)].Weight
			if (weight > 0) != (used[k] > 0) {
				t.Errorf("%v: session %d of weight %v is played %d times", tt, k, weight, used[k])
			}
		}
	}
}

func typeOf(m *model.Model, session int) int {
	for i := range m.Behaviors {
		if m.Behaviors[i].Name == m.Sessions[session].Behavior {
			return i
		}
	}
	return -1
}

func TestWhatIsExpectedFollowsTheWeights(t *testing.T) {
	if editedMix(mixOf([]int{2, 1}, []float64{0.6667, 0.3333}), 1) != nil {
		t.Error("rounded weights are taken for changed ones")
	}
	m := mixOf([]int{10, 10}, []float64{0.9, 0.1})
	m.Sessions[15].Acts = append(m.Sessions[15].Acts, m.Sessions[15].Acts[0])
	for i := range 10 {
		m.Sessions[i].Acts = append(m.Sessions[i].Acts, model.Act{Endpoint: "GET /", After: []int{0}, Step: "GET /"})
	}
	r := Recorded(m, replay.Plan{Target: "http://127.0.0.1:1", Rate: 1})
	if got := float64(r.Steps) / float64(r.Sessions); math.Abs(got-1.91) > 0.02 {
		t.Errorf("%.3f steps a session are expected, want 1.91", got)
	}
	if r.Sessions != 20 {
		t.Errorf("%d sessions, want 20", r.Sessions)
	}
}
