package modelled

import (
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
}

func newRepeat(v visitor, of *model.Session) *repeat {
	r := &repeat{visitor: v, acts: of.Acts}
	r.Pull = r.act
	return r
}

// Next implements Session.
func (r *repeat) Next(over *replay.Answer) []replay.Act {
	if over != nil {
		r.learn(r.source.index[r.acts[over.Act.ID].Endpoint], over)
	}
	return r.Table.Next(over)
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
