package modelled

import (
	"net/http"
	"slices"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/retry"
)

// tolerance is how many times as many requests as were recorded a poll makes before it
// gives up.
const tolerance = 3

// A poll is a loop of a session: acts that send one request until its answer is the
// awaited one.
type poll struct {
	acts    []int     // in order
	awaited outcome   // of the last act
	waiting []outcome // of the others, each once
}

// pollsOf returns, by act, the poll that it belongs to.
func (s *source) pollsOf(of *model.Session) map[int]*poll {
	var polls map[int]*poll
	numbered := make(map[int]*poll)
	for k := range of.Acts {
		a := &of.Acts[k]
		if a.Poll == 0 {
			continue
		}
		p := numbered[a.Poll]
		if p == nil {
			p = &poll{}
			numbered[a.Poll] = p
		} else if !slices.Contains(p.waiting, p.awaited) {
			p.waiting = append(p.waiting, p.awaited)
		}
		p.acts = append(p.acts, k)
		p.awaited = s.outcomeOf(a)
		if polls == nil {
			polls = make(map[int]*poll)
		}
		polls[k] = p
	}
	return polls
}

// patience returns how often users repeat a request that the target puts off: as often
// as recorded ones did, with the tolerance of polls, and once where none did.
func patience(sessions []model.Session) int {
	most := 0
	for i := range sessions {
		inRow := make(map[int]int) // by poll
		for k := range sessions[i].Acts {
			if a := &sessions[i].Acts[k]; a.Poll > 0 && (a.Status == 429 || a.Status == 503) {
				inRow[a.Poll]++
				most = max(most, inRow[a.Poll])
			}
		}
	}
	return max(1, tolerance*most)
}

// A loop is a poll that a session is in.
type loop struct {
	made    int                   // requests sent
	over    bool                  // the awaited answer has come
	atLeast map[int]time.Duration // by recorded act: how long the target asks to wait before it
	values  map[place][]string    // what the awaited answer holds, for the recorded acts after it
}

// A roleOf returns what an act stands for: a recorded act of a session.
type roleOf func(a *replay.Act) (of *track, index int)

// A try is one request of an act, and what became of it.
type try struct {
	expects outcome
	poll    *poll     // nil: none
	last    bool      // of the recorded acts of the poll
	more    bool      // the request may be repeated
	putOffs int       // how often the target has put the act off
	reacted *reaction // the request is one that clients sent after another answer
	reacts  func(*flow.Response, *content.Doc) *reaction

	answered bool
	reached  bool          // the awaited answer came
	waits    bool          // the answer is one of those that come before it
	putOff   time.Duration // the target asks to wait so long; < 0: it does not
	reaction *reaction     // what clients sent after such an answer; nil: nothing
	refused  bool          // the target asks who the user is
	wanted   []wanted      // what the answer must show
	unshown  *wanted       // of that: what it does not
	shown    []*wanted     // of that: what it does
}

// check judges the answer and notes what became of the try.
func (t *try) check(resp *flow.Response, doc *content.Doc) (name, detail string) {
	t.answered, t.putOff = true, -1
	if wait, ok := retry.After(resp); ok {
		t.putOff = wait
	}
	name, detail = t.expects.check(resp, doc)
	t.refused = name != "" && resp.Status == http.StatusUnauthorized
	if t.poll == nil {
		if t.unshown, t.shown = nil, nil; name == "" {
			if t.unshown, t.shown = look(t.wanted, resp, doc); t.unshown != nil {
				return model.FailEcho, "lacks " + t.unshown.place + " of " + t.unshown.of.endpoint
			}
		}
		if name != "" && t.reacted == nil {
			if t.reaction = t.reacts(resp, doc); t.reaction != nil && resp.Status < 400 {
				return "", "" // the answer to what clients sent then counts
			}
		}
		return name, detail
	}
	if awaited, _ := t.poll.awaited.check(resp, doc); awaited == "" {
		t.reached = true
		return "", ""
	}
	if !t.last || t.more {
		t.waits = slices.ContainsFunc(t.poll.waiting, func(w outcome) bool {
			waiting, _ := w.check(resp, doc)
			return waiting == ""
		})
	}
	if t.waits && resp.Status < 400 {
		return "", ""
	}
	return name, detail
}

// try begins a try of an act that is about to be sent.
func (t *taker) try(a *replay.Act, role roleOf, idOf idOf) {
	of, index := role(a)
	x := &try{expects: t.source.outcomeOf(&of.acts[index]), putOff: -1, wanted: t.wanted(a, &of.acts[index], idOf)}
	if before := t.tries[a.ID]; before != nil {
		x.putOffs, x.reacted = before.putOffs, before.reaction
	}
	if p := of.polls[index]; p != nil {
		l := t.loops[p]
		if l == nil || index == p.acts[0] {
			l = &loop{}
			t.loops[p] = l
		}
		l.made++
		x.poll, x.last, x.more = p, index == p.acts[len(p.acts)-1], l.made < tolerance*len(p.acts)
	}
	x.reacts = func(resp *flow.Response, doc *content.Doc) *reaction {
		return t.source.reactionTo(&of.acts[index], resp, doc)
	}
	if of.refused[index] { // it counts as a write where the target accepts it
		a.Write = t.source.variantOf(&of.acts[index]).writes
	}
	t.tries[a.ID] = x
	a.Judge = x.check
}

// again returns the act of over once more if its user repeats it: the target put it
// off, or the last act of a poll has not had the awaited answer yet.
func (t *taker) again(over *replay.Answer, role roleOf) (a replay.Act, ok bool) {
	if over == nil || t.tries[over.Act.ID] == nil {
		return a, false
	}
	if r := t.renewing[over.Act.ID]; r != nil && r.at < len(r.of.acts) {
		return t.renewed(r, over, role)
	}
	x := t.tries[over.Act.ID]
	of, index := role(over.Act)
	wait := retry.AtSpeed(x.putOff, t.source.plan.Speed)
	if of.between[index] != nil || of.refused[index] && !x.reached && x.answered {
		over.Again = true // the act that is sent again counts
	}
	switch {
	case !x.answered:
	case x.poll != nil && x.reached:
		t.end(x.poll, of, index, over)
	case x.refused && t.renewing[over.Act.ID] == nil && len(t.source.renewals) > 0:
		return t.renew(over, of, index), true
	case x.poll != nil && x.last && x.waits && x.more:
		return t.once(over, of, index, max(of.acts[index].Delay, wait)), true
	case x.poll != nil && x.waits && !x.last && wait > 0:
		t.postpone(x.poll, index, wait)
	case x.reaction != nil:
		return t.once(over, of, index, x.reaction.act.Delay), true
	case x.poll == nil && !over.OK && x.putOff >= 0 && x.putOffs < t.source.patience:
		x.putOffs++
		return t.once(over, of, index, wait), true
	}
	if w := x.unshown; w != nil {
		w.of.missed = append(w.of.missed, w.place)
	}
	for _, w := range x.shown {
		w.of.shown = append(w.of.shown, w.place)
	}
	delete(t.tries, over.Act.ID)
	delete(t.renewing, over.Act.ID)
	return a, false
}

// once makes the act of over once more, after a delay.
func (t *taker) once(over *replay.Answer, of *track, index int, delay time.Duration) replay.Act {
	over.Again = true
	t.learn(t.source.index[of.acts[index].Endpoint], over)
	a := t.source.actOf(&of.acts[index])
	a.ID, a.Delay = over.Act.ID, delay
	return a
}

// end ends a poll: its answer is also that of the acts that are left over.
func (t *taker) end(p *poll, of *track, index int, over *replay.Answer) {
	l := t.loops[p]
	l.over, l.values = true, make(map[place][]string)
	for _, k := range p.acts[slices.Index(p.acts, index)+1:] {
		for _, want := range of.wants[k] {
			l.values[place{k, want.binding, want.source}] = want.selector.Values(over.Doc)
		}
	}
}

// postpone notes that the act of a poll after one is due no sooner than after wait.
func (t *taker) postpone(p *poll, index int, wait time.Duration) {
	l := t.loops[p]
	if l.atLeast == nil {
		l.atLeast = make(map[int]time.Duration)
	}
	l.atLeast[p.acts[slices.Index(p.acts, index)+1]] = wait
}

// spare turns acts of polls that are over into ones that send nothing, and delays those
// that the target put off.
func (t *taker) spare(acts []replay.Act, role roleOf) []replay.Act {
	for i := range acts {
		a := &acts[i]
		of, index := role(a)
		p := of.polls[index]
		if p == nil {
			p = of.between[index]
		}
		l := t.loops[p]
		if p == nil || l == nil || index == p.acts[0] {
			continue
		}
		if l.over && a.Kind == replay.Request {
			a.Kind, a.Spare, a.Delay = replay.Pause, !of.renewable(p), 0
			for _, want := range of.wants[index] {
				t.taken[place{a.ID, want.binding, want.source}] = l.values[place{index, want.binding, want.source}]
			}
		}
		a.Delay = max(a.Delay, l.atLeast[index])
	}
	return acts
}
