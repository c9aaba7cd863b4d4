package modelled

import (
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
)

// recorded returns the recorded session that session i plays. With a scale it is the
// one whose start the arrival belongs to. Otherwise all are played in turn, in a new
// order each round: so the mix is that of the recording at every moment.
func (s *source) recorded(i uint64) int {
	n := uint64(len(s.sessions))
	if s.plan.Scale > 0 {
		return int(load.Original(i, s.plan.Scale) % n)
	}
	return int(dist.Shuffled(s.plan.Seed, i/n, i%n, n))
}

// A repeat is a recorded session of a model, played with live values. Each act comes
// when the acts that it waited for are over, and takes its recorded row.
type repeat struct {
	replay.Table
	visitor
	acts  []model.Act
	wants map[int][]issue // by act: the places of its answer that later acts take from
	taken map[place][]string
	ended map[int]bool // of the acts in wants, those that are over
	made  int

	// A browser asks for the parts of a page while the page still comes, so that an
	// act may be ready before the answer that issues a value of it is over.
	held     []replay.Act
	underWay map[int]bool // acts that are ready and not over
}

// A place is a source of a binding in the answer of an act.
type place struct{ act, binding, source int }

func newRepeat(v visitor, of *model.Session) *repeat {
	r := &repeat{visitor: v, acts: of.Acts, wants: v.source.wants(of), taken: make(map[place][]string), ended: make(map[int]bool), underWay: make(map[int]bool)}
	r.Pull = r.act
	return r
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
			if from >= 0 && !slices.ContainsFunc(wants[take.Act], func(x issue) bool {
				return x.binding == issues[from].binding && x.source == take.Source
			}) {
				wants[take.Act] = append(wants[take.Act], issues[from])
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

// Next implements Session.
func (r *repeat) Next(over *replay.Answer) []replay.Act {
	acts := r.held
	r.held = nil
	for i := range acts {
		acts[i].Delay = 0
	}
	if over != nil {
		delete(r.underWay, over.Act.ID)
		r.learn(r.endpoint(over.Act), over)
		r.take(over)
	}
	acts = append(acts, r.Table.Next(over)...)
	for i := range acts {
		r.underWay[acts[i].ID] = true
	}
	var ready []replay.Act
	for i := range acts {
		if r.awaits(&acts[i]) {
			r.held = append(r.held, acts[i])
		} else {
			ready = append(ready, acts[i])
		}
	}
	for i := range r.held {
		delete(r.underWay, r.held[i].ID)
	}
	return ready
}

// take keeps what later acts take from an answer.
func (r *repeat) take(over *replay.Answer) {
	if len(r.wants[over.Act.ID]) == 0 {
		return
	}
	r.ended[over.Act.ID] = true
	if over.Response == nil {
		return
	}
	for _, want := range r.wants[over.Act.ID] {
		r.taken[place{over.Act.ID, want.binding, want.source}] = want.selector.Values(over.Doc)
	}
}

// endpoint is the index of the endpoint of a.
func (r *repeat) endpoint(a *replay.Act) int { return r.source.index[r.acts[a.ID].Endpoint] }

// awaits reports whether a lacks a value that another act may still issue: the act
// that it takes from or, where it takes the latest one, any under way that issues it.
func (r *repeat) awaits(a *replay.Act) bool {
	from := &r.acts[a.ID]
	v := r.source.variantOf(from)
	for i, at := range v.takers {
		take := model.Take{Act: model.Latest}
		if len(from.Takes) > 0 {
			take = from.Takes[i]
		}
		value := &v.values[at]
		switch {
		case take.Act >= 0 && !r.ended[take.Act]:
			return true
		case take.Act != model.Latest || value.kind != model.Bound || len(r.issued[value.index].values) > 0:
		case r.issuing(value.index, a):
			return true
		}
	}
	return false
}

// issuing reports whether an act under way may issue a value of a binding for a.
func (r *repeat) issuing(binding int, a *replay.Act) bool {
	own := r.endpoint(a)
	for id := range r.underWay {
		at := r.source.index[r.acts[id].Endpoint]
		if at != own && slices.ContainsFunc(r.source.endpoints[at].issues, func(i issue) bool { return i.binding == binding }) {
			return true
		}
	}
	return false
}

// Fill implements Session. The values of act k draw from stream 2k+1 of the
// session.
func (r *repeat) Fill(a *replay.Act) {
	if a.Kind == replay.Pause {
		return
	}
	from := &r.acts[a.ID]
	v := r.source.variantOf(from)
	random := dist.Keyed(r.source.plan.Seed, r.number, 2*uint64(a.ID)+1)
	var row []string
	switch {
	case from.Row > 0:
		row = v.rows[from.Row-1]
	case len(v.rows) > 0:
		row = v.rows[random.IntN(len(v.rows))]
	}
	if len(from.Takes) == 0 {
		values, missing := r.values(v, row, random)
		if a.Skip = missing; missing == "" {
			r.fill(a, v, values)
		}
		return
	}
	values := make([]string, len(v.values))
	next := 0 // taker
	for i := range v.values {
		take := model.Take{Act: model.Latest}
		if next < len(v.takers) && v.takers[next] == i {
			take = from.Takes[next]
			next++
		}
		var ok bool
		if values[i], ok = r.content(&v.values[i], take, row, random); !ok {
			a.Skip = r.source.bindings[v.values[i].index].Name
			return
		}
	}
	r.fill(a, v, values)
}

// content returns the content of a value: the recorded one, the one of the answer that
// the act took it from, or, if that holds none, the one that was issued last.
func (r *repeat) content(of *value, take model.Take, row []string, random *rand.Rand) (s string, ok bool) {
	if take.Act == model.Own {
		return r.own(of, row), true
	}
	if take.Act >= 0 {
		if from := r.taken[place{take.Act, of.index, take.Source}]; len(from) > 0 {
			return from[take.Match%len(from)], true
		}
	}
	if of.kind == model.Bound && len(r.issued[of.index].values) == 0 {
		return "", false
	}
	return r.value(of, row, random), true
}

// act makes an act of the next recorded one. If its origin is not mapped, it makes a
// Pause that sends nothing.
func (r *repeat) act() (replay.Waiting, bool) {
	if r.made == len(r.acts) {
		return replay.Waiting{}, false
	}
	from := &r.acts[r.made]
	e := &r.source.endpoints[r.source.index[from.Endpoint]]
	w := replay.Waiting{After: from.After, Act: replay.Act{ID: r.made, Delay: from.Delay, Conn: from.Conn}}
	r.made++
	if e.origin < 0 {
		w.Endpoint, w.Kind = e.name, replay.Pause
		return w, true
	}
	w.Endpoint, w.Origin, w.Judge, w.Observe = e.name, e.origin, e.judge.Judge, true
	w.Write = r.source.variantOf(from).writes && from.Status < http.StatusBadRequest
	if from.Status != 0 {
		w.Judge = outcome{from.Status, e.judge}.check
	}
	return w, true
}
