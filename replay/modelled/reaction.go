package modelled

import (
	"slices"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A reaction is what clients did when an answer was not the usual one: they sent the
// request again in another shape, such as the text of a query whose hash the target did
// not know. A user of a replay who gets such an answer does the same, although the
// recorded user did not get it.
type reaction struct {
	trigger outcome    // of the answer that clients reacted to
	act     *model.Act // the request that they sent then
}

// atOnce is the longest pause after which a program, not a user, goes on.
const atOnce = time.Second

// A shape of requests is a variant of an endpoint.
type shape struct{ endpoint, variant string }

// compileReactions finds what clients sent right after an answer, in place of what they
// had sent, where other requests of the same shape were answered as that was. The two
// requests are a poll: if the target gives the usual answer at once, it is not sent.
func (s *source) compileReactions() {
	usual := map[shape]map[string]bool{} // outcomes of requests to which nobody reacted
	pairs := map[shape][]pair{}
	for i := range s.tracks {
		acts := s.tracks[i].acts
		for k := range acts {
			a := &acts[k]
			f := shape{a.Endpoint, a.Variant}
			if k+1 < len(acts) && isReaction(&acts[k+1], a, k) {
				pairs[f] = append(pairs[f], pair{&s.tracks[i], k})
				continue
			}
			if usual[f] == nil {
				usual[f] = map[string]bool{}
			}
			usual[f][a.Outcome] = true
		}
	}
	s.reactions = map[shape][]reaction{}
	for f, list := range pairs {
		for _, p := range list {
			first, then := &p.of.acts[p.first], &p.of.acts[p.first+1]
			if !usual[f][then.Outcome] {
				continue
			}
			trigger := s.outcomeOf(first)
			loop := &poll{acts: []int{p.first, p.first + 1}, awaited: s.outcomeOf(then), waiting: []outcome{trigger}}
			if p.of.polls == nil {
				p.of.polls = map[int]*poll{}
			}
			p.of.polls[p.first], p.of.polls[p.first+1] = loop, loop
			if !slices.ContainsFunc(s.reactions[f], func(r reaction) bool { return r.trigger == trigger }) {
				s.reactions[f] = append(s.reactions[f], reaction{trigger, then})
			}
		}
	}
}

// A pair is an act of a session and the one after it, which is a reaction.
type pair struct {
	of    *track
	first int
}

// isReaction reports whether b was sent in place of a, which is act k.
func isReaction(b, a *model.Act, k int) bool {
	return b.Endpoint == a.Endpoint && b.Variant != a.Variant && b.Outcome != a.Outcome && b.Poll == 0 && a.Poll == 0 &&
		len(b.After) == 1 && b.After[0] == k && b.Delay <= atOnce
}

// reactionTo returns what clients did after such an answer to a request of the shape of a.
func (s *source) reactionTo(a *model.Act, resp *flow.Response, doc *content.Doc) *reaction {
	list := s.reactions[shape{a.Endpoint, a.Variant}]
	for i := range list {
		if name, _ := list[i].trigger.check(resp, doc); name == "" {
			return &list[i]
		}
	}
	return nil
}
