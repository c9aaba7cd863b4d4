package modelled

import (
	"net/http"
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
)

// A track is a recorded session made ready to play.
type track struct {
	behavior string
	acts     []model.Act
	entry    *track           // what comes before, see model.Session; nil: nothing
	wants    map[int][]issue  // by act: the places of its answer that later acts take from
	echoed   map[int][]string // by act: the places of its request that later answers show
	polls    map[int]*poll    // by act that belongs to one
	refused  map[int]bool     // acts that the target answered 401 and that a program sent again
	between  map[int]*poll    // by act that the program sent in between to get new credentials
	legs     []leg            // none: the session names no steps
}

// A leg is a step of a recorded session: the acts from first on, up to next.
type leg struct {
	step        string
	first, next int
	waits       []int // the acts of the step that the next step waited for
}

// compileTrack makes a recorded session ready to play.
func (s *source) compileTrack(of *model.Session) track {
	t := track{behavior: of.Behavior, acts: of.Acts, wants: s.wants(of), echoed: echoed(of.Acts), polls: s.pollsOf(of), entry: s.compileEntry(of)}
	t.findRenewals()
	for k := range of.Acts {
		if step := of.Acts[k].Step; step != "" {
			if len(t.legs) > 0 {
				t.legs[len(t.legs)-1].next = k
			}
			t.legs = append(t.legs, leg{step: step, first: k, next: len(of.Acts)})
		}
	}
	if len(t.legs) > 0 && t.legs[0].first > 0 {
		t.legs = nil // written by hand: nobody knows where the session begins
	}
	for i := range t.legs {
		l := &t.legs[i]
		var waited map[int]bool
		if i+1 < len(t.legs) {
			waited = t.waited(t.legs[i+1].first, l.first)
		}
		for k := l.first; k < l.next; k++ {
			if waited == nil || waited[k] {
				l.waits = append(l.waits, k)
			}
		}
	}
	return t
}

// waited returns the acts from first on that act k had to wait for, itself included.
func (t *track) waited(k, first int) map[int]bool {
	found := map[int]bool{k: true}
	for open := []int{k}; len(open) > 0; {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		for _, w := range t.acts[at].After {
			if w >= first && !found[w] {
				found[w] = true
				open = append(open, w)
			}
		}
	}
	return found
}

// wants returns, by act, the places of its answer that later acts take values from.
func (s *source) wants(of *model.Session) map[int][]issue {
	wants := make(map[int][]issue)
	for k := range of.Acts {
		a := &of.Acts[k]
		if len(a.Takes) == 0 {
			continue
		}
		v := s.variantOf(a)
		for i, at := range v.takers {
			take := &a.Takes[i]
			if take.Act < 0 {
				continue
			}
			issues := s.endpoints[s.index[of.Acts[take.Act].Endpoint]].issues
			from := slices.IndexFunc(issues, func(x issue) bool { return x.binding == v.values[at].index && x.source == take.Source })
			if from < 0 {
				continue
			}
			had := slices.IndexFunc(wants[take.Act], func(x issue) bool {
				return x.binding == issues[from].binding && x.source == take.Source
			})
			if had < 0 {
				had = len(wants[take.Act])
				wants[take.Act] = append(wants[take.Act], issues[from])
			}
			if of, it := &wants[take.Act][had], (elementAt{take.Element, take.Match}); take.Element > 0 && !slices.Contains(of.elements, it) {
				of.elements = append(of.elements, it)
			}
		}
	}
	return wants
}

// variantOf returns the variant that an act sends. A valid model has it.
func (s *source) variantOf(a *model.Act) *variant {
	e := &s.endpoints[s.index[a.Endpoint]]
	for i := range e.variants {
		if e.variants[i].name == a.Variant {
			return &e.variants[i]
		}
	}
	return &e.variants[0]
}

// actOf makes an act of a recorded one. If its origin is not mapped, it makes a Pause
// that sends nothing.
func (s *source) actOf(from *model.Act) replay.Act {
	e := &s.endpoints[s.index[from.Endpoint]]
	if e.origin < 0 {
		return replay.Act{Kind: replay.Pause, Endpoint: e.name}
	}
	a := replay.Act{Endpoint: e.name, Origin: e.origin, Conn: from.Conn, Judge: s.outcomeOf(from).check, Observe: true}
	a.Write = s.variantOf(from).writes && from.Status < http.StatusBadRequest
	return a
}
