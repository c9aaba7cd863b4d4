package modelled

import (
	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/replay"
)

// A repeat is a recorded session of a model, played with live values. Each act comes
// when the acts that it waited for are over, and takes its recorded row.
type repeat struct {
	replay.Table
	taker
	of    *track
	enter *entrance // nil: the user is in
	made  int

	// A browser asks for the parts of a page while the page still comes, so that an
	// act may be ready before the answer that issues a value of it is over.
	held []replay.Act
}

func newRepeat(v visitor, of *track) *repeat {
	r := &repeat{taker: newTaker(v), of: of}
	r.Pull = r.act
	if of.entry != nil {
		r.enter = &entrance{taker: &r.taker, of: of.entry}
	}
	return r
}

// Next implements Session.
func (r *repeat) Next(over *replay.Answer) []replay.Act {
	if r.enter != nil {
		acts, in := r.enter.next(over)
		if !in {
			return acts
		}
		r.enter, over = nil, nil
	}
	acts := r.release(&r.held)
	if again, ok := r.again(over, r.role); ok {
		acts = append(acts, again)
	} else {
		if over != nil {
			r.heard(over, &r.of.acts[over.Act.ID], r.of.wants[over.Act.ID])
		}
		acts = append(acts, r.spare(r.Table.Next(over), r.role)...)
	}
	return r.hold(&r.held, acts, func(a *replay.Act) *model.Act { return &r.of.acts[a.ID] }, same)
}

// role returns what an act stands for: its ID is the index of a recorded act.
func (r *repeat) role(a *replay.Act) (of *track, index int) { return r.of, a.ID }

// Stands returns which recorded act an act stands for: indices of a session of the model,
// and of an act of it.
// Both are -1 for an act of an entry.
func (r *repeat) Stands(a *replay.Act) (session, act int) {
	if a.Entry {
		return -1, -1
	}
	return r.track, a.ID
}

// same is the ID of an act of a repeat: its index in the recorded session.
func same(_ *replay.Act, recorded int) (id int, ok bool) { return recorded, true }

// Fill implements Session. The values of act k draw from stream 2k+1 of the
// session.
func (r *repeat) Fill(a *replay.Act) {
	if a.Entry && a.Kind != replay.Pause {
		r.enter.fill(a)
	} else if a.Kind != replay.Pause {
		r.try(a, r.role, same)
		r.fillRecorded(a, r.role, same, dist.Keyed(r.source.plan.Seed, r.number, 2*uint64(a.ID)+1))
	}
}

// act makes an act of the next recorded one.
func (r *repeat) act() (replay.Waiting, bool) {
	if r.made == len(r.of.acts) {
		return replay.Waiting{}, false
	}
	from := &r.of.acts[r.made]
	w := replay.Waiting{After: from.After, Act: r.source.actOf(from)}
	w.ID, w.Delay = r.made, from.Delay
	r.made++
	return w, true
}
