package modelled

import (
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
	acts []model.Act
	made int

	// A browser asks for the parts of a page while the page still comes, so that an
	// act may be ready before the answer that issues a value of it is over.
	held     []replay.Act
	underWay map[int]int // acts that are ready and not over, by endpoint
}

func newRepeat(v visitor, of *model.Session) *repeat {
	r := &repeat{visitor: v, acts: of.Acts, underWay: make(map[int]int)}
	r.Pull = r.act
	return r
}

// Next implements Session.
func (r *repeat) Next(over *replay.Answer) []replay.Act {
	acts := r.held
	r.held = nil
	for i := range acts {
		acts[i].Delay = 0
	}
	if over != nil {
		at := r.endpoint(over.Act)
		r.underWay[at]--
		r.learn(at, over)
	}
	acts = append(acts, r.Table.Next(over)...)
	for i := range acts {
		r.underWay[r.endpoint(&acts[i])]++
	}
	var ready []replay.Act
	for i := range acts {
		if r.awaits(&acts[i]) {
			r.underWay[r.endpoint(&acts[i])]--
			r.held = append(r.held, acts[i])
		} else {
			ready = append(ready, acts[i])
		}
	}
	return ready
}

// endpoint is the index of the endpoint of a.
func (r *repeat) endpoint(a *replay.Act) int { return r.source.index[r.acts[a.ID].Endpoint] }

// awaits reports whether a lacks a value that another act under way may issue.
func (r *repeat) awaits(a *replay.Act) bool {
	own := r.endpoint(a)
	for _, v := range r.source.endpoints[own].variants {
		for _, value := range v.values {
			if v.name != r.acts[a.ID].Variant || value.kind != model.Bound || len(r.issued[value.index].values) > 0 {
				continue
			}
			for at, n := range r.underWay {
				if at != own && n > 0 && slices.ContainsFunc(r.source.endpoints[at].issues, func(i issue) bool { return i.binding == value.index }) {
					return true
				}
			}
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
	e := &r.source.endpoints[r.source.index[from.Endpoint]]
	random := dist.Keyed(r.source.plan.Seed, r.number, 2*uint64(a.ID)+1)
	for i := range e.variants {
		v := &e.variants[i]
		if v.name != from.Variant {
			continue
		}
		var row []string
		switch {
		case from.Row > 0:
			row = v.rows[from.Row-1]
		case len(v.rows) > 0:
			row = v.rows[random.IntN(len(v.rows))]
		}
		r.fill(a, v, row, random)
		return
	}
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
	if from.Status != 0 {
		w.Judge = outcome{from.Status, e.judge}.check
	}
	return w, true
}
