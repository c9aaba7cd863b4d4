package edit

import (
	"slices"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/problem"
)

// Types makes types of users one, or gives one another name.
type Types struct {
	Of   []string // at least one
	Into string
}

func (x Types) apply(e *editor) {
	of := e.types(x.Of)
	for i := range e.m.Behaviors {
		if name := e.m.Behaviors[i].Name; name == x.Into && !of[name] {
			e.addf("there is a type %s already: name it too, or choose another name", problem.Quote(name))
		}
	}
	if e.failed() {
		return
	}
	visits := map[string]map[string]int{}
	for i := range e.m.Sessions {
		s := &e.m.Sessions[i]
		if visits[s.Behavior] == nil {
			visits[s.Behavior] = map[string]int{}
		}
		for _, a := range s.Acts {
			visits[s.Behavior][a.Step]++
		}
		if of[s.Behavior] {
			s.Behavior = x.Into
		}
	}
	var kept []model.Behavior
	into := -1
	for _, b := range e.m.Behaviors {
		switch seen := visits[b.Name]; {
		case !of[b.Name]:
			kept = append(kept, b)
		case into < 0:
			into = len(kept)
			visits[x.Into] = seen
			b.Name = x.Into
			kept = append(kept, b)
		default:
			merge(&kept[into], b, visits[x.Into], seen)
			if visits[x.Into] == nil {
				visits[x.Into] = map[string]int{}
			}
			for step, n := range seen {
				visits[x.Into][step] += n
			}
		}
	}
	e.m.Behaviors = kept
}

// merge adds a behavior to another. Its edges count as often as sessions went along them,
// a and b tell the visits to each step.
func merge(to *model.Behavior, from model.Behavior, a, b map[string]int) {
	share := 0.5
	if to.Weight+from.Weight > 0 {
		share = to.Weight / (to.Weight + from.Weight)
	}
	to.Start = mixed(to.Start, from.Start, share)
	for _, s := range from.Steps {
		at := slices.IndexFunc(to.Steps, func(x model.Step) bool { return x.ID == s.ID })
		if at < 0 {
			to.Steps = append(to.Steps, s)
			continue
		}
		part := share
		if n := a[s.ID] + b[s.ID]; n > 0 {
			part = float64(a[s.ID]) / float64(n)
		}
		to.Steps[at].Next = mixed(to.Steps[at].Next, s.Next, part)
	}
	if from.Apart == "" {
		to.Apart = ""
	}
	to.Weight += from.Weight
	to.Sessions += from.Sessions
}

// mixed returns the edges of two lists, those of the first with this share.
func mixed(a, b []model.Edge, share float64) []model.Edge {
	var out []model.Edge
	for _, x := range a {
		x.Odds *= share
		out = append(out, x)
	}
	for _, x := range b {
		x.Odds *= 1 - share
		at := slices.IndexFunc(out, func(y model.Edge) bool { return y.To == x.To })
		if at < 0 {
			out = append(out, x)
			continue
		}
		y := &out[at]
		if y.Odds+x.Odds > 0 {
			y.Think = between(y.Think, x.Think, y.Odds/(y.Odds+x.Odds))
		}
		y.Odds += x.Odds
	}
	return out
}

// draws is how many times of two think times make a mixture of them.
const draws = 1024

// between returns the mixture of two think times, the first with this share.
func between(a, b model.Think, share float64) model.Think {
	if len(a.Quantiles)+len(b.Quantiles) == 0 && a.Fixed == b.Fixed {
		return a
	}
	n := int(share*draws + 0.5)
	t := slices.Concat(even(a, n), even(b, draws-n))
	return model.Think{Quantiles: dist.Quantiles(t, max(2, len(a.Quantiles), len(b.Quantiles)))}
}

// even returns n times of t at equal steps of probability.
func even(t model.Think, n int) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = t.Draw((float64(i) + 0.5) / float64(n))
	}
	return out
}
