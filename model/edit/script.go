package edit

import (
	"slices"
	"time"

	"github.com/starling-load/starling/model"
)

// A script is the acts of a recorded session, as steps of the user with what loads
// beside them. Where the acts name no steps, each is one.
type script struct {
	acts []model.Act
	legs []leg
}

// A leg is a step of a session: the acts from first on, up to next.
type leg struct {
	step        string // "" where acts name no steps
	page        string // the endpoint that the user asked for
	first, next int
}

// newScript finds the steps of acts. pages are the endpoints of steps.
func newScript(acts []model.Act, pages map[string]string) *script {
	s := &script{acts: acts}
	named := slices.ContainsFunc(acts, func(a model.Act) bool { return a.Step != "" })
	for k := range acts {
		a := &acts[k]
		if named && a.Step == "" && k > 0 {
			continue
		}
		if n := len(s.legs); n > 0 {
			s.legs[n-1].next = k
		}
		l := leg{step: a.Step, page: a.Endpoint, first: k, next: len(acts)}
		if page := pages[a.Step]; page != "" {
			l.page = page
		}
		s.legs = append(s.legs, l)
	}
	return s
}

// waits returns the acts that are over when the step is: those that the next step waited
// for, or those that no other of the step waited for.
func (s *script) waits(l leg) []int {
	if l.next < len(s.acts) && len(s.acts[l.next].After) > 0 {
		return s.acts[l.next].After
	}
	var last []int
	for k := l.first; k < l.next; k++ {
		if !slices.ContainsFunc(s.acts[k+1:l.next], func(a model.Act) bool { return slices.Contains(a.After, k) }) {
			last = append(last, k)
		}
	}
	return last
}

// shift makes a step begin after another pause, with what began beside it.
func (s *script) shift(l leg, pause time.Duration) {
	head := s.acts[l.first]
	for k := l.first; k < l.next; k++ {
		if a := &s.acts[k]; slices.Equal(a.After, head.After) {
			a.Delay = min(max(0, a.Delay-head.Delay)+pause, model.MaxThink)
		}
	}
}

// insert puts acts, one after another, before act at. The first of them waits for after.
// What waited for just the same as act at waits for the last of them instead.
func (s *script) insert(at int, after []int, chain []model.Act) {
	var old []int
	if at < len(s.acts) {
		old = s.acts[at].After
	}
	n := len(chain)
	out := slices.Grow(slices.Clone(s.acts[:at]), n+len(s.acts)-at)
	for k, a := range chain {
		a.After = after
		if k > 0 {
			a.After = []int{at + k - 1}
		}
		out = append(out, a)
	}
	for _, a := range s.acts[at:] {
		if slices.Equal(a.After, old) {
			a.After = []int{at + n - 1}
		} else {
			a.After = moved(a.After, at, n)
		}
		a.Takes = slices.Clone(a.Takes)
		for i := range a.Takes {
			if a.Takes[i].Act >= at {
				a.Takes[i].Act += n
			}
		}
		a.Echoes = slices.Clone(a.Echoes)
		for i := range a.Echoes {
			if a.Echoes[i].Act >= at {
				a.Echoes[i].Act += n
			}
		}
		out = append(out, a)
	}
	s.acts = out
}

// moved returns indices of acts after n were put before act at.
func moved(list []int, at, n int) []int {
	list = slices.Clone(list)
	for i := range list {
		if list[i] >= at {
			list[i] += n
		}
	}
	return list
}

// without returns the acts that are not gone. What waited for one that is gone waits for
// what that waited for, and as long. What took a value from it takes the latest.
func (s *script) without(gone []bool) []model.Act {
	now := make([]int, len(s.acts))
	waits := make([][]int, len(s.acts)) // of acts that are gone: new indices
	lag := make([]time.Duration, len(s.acts))
	var out []model.Act
	for k, a := range s.acts {
		changed, more := false, time.Duration(0)
		var after []int
		for _, w := range a.After {
			if gone[w] {
				changed = true
				after, more = append(after, waits[w]...), max(more, lag[w])
			} else {
				after = append(after, now[w])
			}
		}
		if changed {
			slices.Sort(after)
			after = direct(out, slices.Compact(after))
		}
		a.Delay = min(a.Delay+more, model.MaxThink)
		if gone[k] {
			waits[k], lag[k] = after, a.Delay
			continue
		}
		now[k] = len(out)
		a.After, a.Takes = after, slices.Clone(a.Takes)
		for i, t := range a.Takes {
			switch {
			case t.Act < 0:
			case gone[t.Act]:
				a.Takes[i] = model.Take{Act: model.Latest}
			default:
				a.Takes[i].Act = now[t.Act]
			}
		}
		a.Echoes = slices.DeleteFunc(slices.Clone(a.Echoes), func(e model.Echo) bool { return gone[e.Act] })
		for i := range a.Echoes {
			a.Echoes[i].Act = now[a.Echoes[i].Act]
		}
		out = append(out, a)
	}
	return out
}

// direct returns the acts of after that no other of them waited for.
func direct(acts []model.Act, after []int) []int {
	if len(after) < 2 {
		return after
	}
	least, implied := after[0], map[int]bool{}
	open := slices.Clone(after)
	for len(open) > 0 {
		k := open[len(open)-1]
		open = open[:len(open)-1]
		for _, w := range acts[k].After {
			if w >= least && !implied[w] {
				implied[w] = true
				open = append(open, w)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(after), func(k int) bool { return implied[k] })
}
