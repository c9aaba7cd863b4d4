package modelled

import (
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
)

// A renewal is what programs sent when the target did not accept their credentials any
// more (401), such as a request for a new token, before they sent the same request again.
// A user of a replay does the same at any request that is answered so.
type renewal struct{ acts []*model.Act }

// A renewing is a renewal under way.
type renewing struct {
	of  *renewal
	at  int            // the next act; len(of.acts): the refused request is sent again
	old map[int]string // values of the refused request, by binding
}

// renewalsIn finds the acts that the target answered 401 and that a program then sent
// again (by the act that is sent again, with the acts in between, which got the new
// credentials). Those are no part of what the user does: they depend on when credentials
// end.
func renewalsIn(acts []model.Act) (refused map[int]bool, between map[int]int) {
	last := map[int]int{} // act of a poll, by number
	for k := range acts {
		a := &acts[k]
		if a.Poll == 0 {
			continue
		}
		first, had := last[a.Poll]
		if last[a.Poll] = k; !had || acts[first].Status != http.StatusUnauthorized {
			continue
		}
		for b := first + 1; b < k; b++ {
			if acts[b].Poll == 0 && slices.Contains(acts[b].After, b-1) && acts[b].Delay <= atOnce {
				if between == nil {
					refused, between = map[int]bool{}, map[int]int{}
				}
				refused[first], between[b] = true, k
			}
		}
	}
	return refused, between
}

// findRenewals finds the renewals of a track.
func (t *track) findRenewals() {
	refused, between := renewalsIn(t.acts)
	t.refused = refused
	for b, k := range between {
		if t.between == nil {
			t.between = map[int]*poll{}
		}
		t.between[b] = t.polls[k]
	}
}

// renewable reports whether a poll is one whose acts are sent once more only if the target
// does not accept the credentials.
func (t *track) renewable(p *poll) bool { return t.refused[p.acts[0]] }

// compileRenewals collects the renewals of the recorded sessions, each sequence of
// endpoints once, in the order of the sessions.
func (s *source) compileRenewals() {
	var seen [][]string
	for i := range s.tracks {
		t := &s.tracks[i]
		for k := range t.acts {
			if p := t.between[k]; p == nil || t.between[k-1] == p {
				continue
			}
			var r renewal
			var names []string
			for b := k; b < len(t.acts) && t.between[b] == t.between[k]; b++ {
				r.acts = append(r.acts, &t.acts[b])
				names = append(names, t.acts[b].Endpoint)
			}
			if !slices.ContainsFunc(seen, func(other []string) bool { return slices.Equal(other, names) }) {
				seen, s.renewals = append(seen, names), append(s.renewals, r)
			}
		}
	}
}

// renewalFor returns the renewal whose answers issue what an act sends, or else the first.
func (s *source) renewalFor(a *model.Act) *renewal {
	v := s.variantOf(a)
	for i := range s.renewals {
		for _, act := range s.renewals[i].acts {
			for _, issue := range s.endpoints[s.index[act.Endpoint]].issues {
				if slices.ContainsFunc(v.values, func(x value) bool { return x.kind == model.Bound && x.index == issue.binding }) {
					return &s.renewals[i]
				}
			}
		}
	}
	return &s.renewals[0]
}

// renew begins a renewal in place of sending an act that was refused.
func (t *taker) renew(over *replay.Answer, of *track, index int) replay.Act {
	from := &of.acts[index]
	r := &renewing{of: t.source.renewalFor(from), old: map[int]string{}}
	for _, x := range t.source.variantOf(from).values {
		if x.kind == model.Bound && len(t.issued[x.index].values) > 0 {
			r.old[x.index] = t.issued[x.index].values[0]
		}
	}
	t.renewing[over.Act.ID] = r
	over.Again = true
	a := t.source.actOf(r.of.acts[0])
	a.ID = over.Act.ID
	return a
}

// fillRenewing writes the next request of a renewal into a.
func (t *taker) fillRenewing(a *replay.Act, r *renewing, random *rand.Rand) {
	from := r.of.acts[r.at]
	a.Judge = t.source.outcomeOf(from).check
	v := t.source.variantOf(from)
	values, missing := t.contents(a, from, nil, elsewhere, random)
	if a.Skip = missing; missing == "" {
		t.fill(a, v, values, true)
	}
}

// renewed goes on with a renewal when an answer has come: with its next request, or with
// the one that was refused. If the target refuses the renewal too, the act is over.
func (t *taker) renewed(r *renewing, over *replay.Answer, role roleOf) (a replay.Act, ok bool) {
	if !over.OK {
		delete(t.tries, over.Act.ID)
		delete(t.renewing, over.Act.ID)
		return a, false
	}
	over.Again = true
	t.learn(t.source.index[r.of.acts[r.at].Endpoint], over)
	if r.at++; r.at < len(r.of.acts) {
		a = t.source.actOf(r.of.acts[r.at])
	} else {
		for binding, old := range r.old {
			if now := t.issued[binding].values; len(now) > 0 && now[0] != old {
				t.replaced[old] = now[0]
			}
		}
		of, index := role(over.Act)
		a = t.source.actOf(&of.acts[index])
	}
	a.ID = over.Act.ID
	return a, true
}

// maxReplaced is how often a value that took the place of another may itself be replaced.
const maxReplaced = 100

// inPlaceOf returns the value that took the place of another.
func (t *taker) inPlaceOf(value string) string {
	for range maxReplaced {
		now, ok := t.replaced[value]
		if !ok {
			break
		}
		value = now
	}
	return value
}
