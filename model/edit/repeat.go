package edit

import (
	"fmt"
	"slices"
	"time"

	"github.com/starling-load/starling/model"
)

// MaxTimes is how often a request can be made in place of once.
const MaxTimes = 1000

// A Repeat makes requests several times, one after another, where the recorded users made
// them once. What loads beside a page is loaded once. Where the acts of a poll are
// repeated, only the last is.
type Repeat struct {
	Endpoints []string // at least one
	Types     []string // none: of all
	Times     int      // 2 to MaxTimes
	Think     time.Duration
}

func (x Repeat) apply(e *editor) {
	at, of := e.endpoints(x.Endpoints), e.types(x.Types)
	if x.Times < 2 || x.Times > MaxTimes {
		e.addf("times is %d, not from 2 to %d", x.Times, MaxTimes)
	}
	if e.failed() {
		return
	}
	e.sessions(of, func(s *script) []model.Act {
		for _, l := range slices.Backward(s.legs) {
			for k := l.next - 1; k >= l.first; k-- {
				a := s.acts[k]
				if !at[a.Endpoint] || a.Poll > 0 && slices.ContainsFunc(s.acts[k+1:], func(b model.Act) bool { return b.Poll == a.Poll }) {
					continue
				}
				if a.Endpoint == l.page {
					x.page(s, l, k)
				} else {
					s.insert(k+1, []int{k}, x.copies(a, ""))
				}
			}
		}
		return s.acts
	})
	e.behaviors(of, func(b *model.Behavior) { x.behavior(b, at) })
}

// page repeats the page of a step, act k, once the step is over. What later steps take
// from it they take from its last copy.
func (x Repeat) page(s *script, l leg, k int) {
	chain := x.copies(s.acts[k], l.step)
	s.insert(l.next, s.waits(l), chain)
	for i := l.next + len(chain); i < len(s.acts); i++ {
		for t := range s.acts[i].Takes {
			if take := &s.acts[i].Takes[t]; take.Act == k {
				take.Act = l.next + len(chain) - 1
			}
		}
	}
}

// copies returns an act as often as it is repeated. step is the one that it begins.
func (x Repeat) copies(a model.Act, step string) []model.Act {
	chain := make([]model.Act, x.Times-1)
	for i := range chain {
		chain[i] = a
		chain[i].Takes = slices.Clone(a.Takes)
		chain[i].Delay, chain[i].Poll, chain[i].Step = x.Think, 0, ""
		if step != "" {
			chain[i].Step = again(step, i)
		}
	}
	return chain
}

// again names copy i of a step.
func again(step string, i int) string { return fmt.Sprintf("%s (again, %d)", step, i+1) }

// behavior repeats pages by steps of their own, and loads beside the first.
func (x Repeat) behavior(b *model.Behavior, at set) {
	for i := range b.Steps {
		s := &b.Steps[i]
		if s.Page == nil {
			continue
		}
		var loads []model.Load
		for _, l := range s.Page.Loads {
			for n := 0; n == 0 || n < x.Times && at[l.Endpoint]; n++ {
				loads = append(loads, l)
			}
		}
		s.Page.Loads = loads
		if !at[s.Page.Endpoint] {
			continue
		}
		next := s.Next
		id := s.ID
		for n := range x.Times - 1 {
			to := again(id, n)
			s.Next = []model.Edge{{To: to, Odds: 1, Think: model.Think{Fixed: x.Think}}}
			b.Steps = append(b.Steps, model.Step{ID: to, Page: &model.Page{Endpoint: s.Page.Endpoint}})
			s = &b.Steps[len(b.Steps)-1]
		}
		s.Next = next
	}
}
