package modelled

import (
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/replay"
)

// An entrance lets a user in that was in already in the recording: it plays the entry of
// a session, one act after the other, before anything else of it.
//
// What the answers issue takes the place of the credentials that the session had from before
// the recording. Cookies are up to the jar.
type entrance struct {
	*taker
	of   *track
	made int
}

// FirstEntry is the ID of the first act of an entry. All other acts have lower ones.
const FirstEntry = 1 << 30

// compileEntry makes the entry of a session ready to play, nil if it has none.
func (s *source) compileEntry(of *model.Session) *track {
	if len(of.Entry) == 0 {
		return nil
	}
	alone := model.Session{Acts: of.Entry}
	return &track{acts: of.Entry, wants: s.wants(&alone)}
}

// next returns the act of the entry that is ready now that over is over. done reports
// that the entry is over.
func (e *entrance) next(over *replay.Answer) (acts []replay.Act, done bool) {
	if over != nil {
		again, ok := e.again(over, e.role)
		if !ok {
			k := over.Act.ID - FirstEntry
			e.heard(over, &e.of.acts[k], e.of.wants[k])
			if e.made == len(e.of.acts) {
				e.credentials()
				return nil, true
			}
			again = e.source.actOf(&e.of.acts[e.made])
			again.ID = FirstEntry + e.made
			e.made++
		}
		again.Entry = true
		return []replay.Act{again}, false
	}
	first := e.source.actOf(&e.of.acts[0])
	first.ID, first.Entry, e.made = FirstEntry, true, 1
	return []replay.Act{first}, false
}

// role returns what an act of the entry stands for.
func (e *entrance) role(a *replay.Act) (of *track, index int) { return e.of, a.ID - FirstEntry }

// credentials keeps what the entry was given.
func (e *entrance) credentials() {
	e.entered = make(map[int]string)
	for i := range e.issued {
		ground := e.source.bindings[i].RestsOn
		if values := e.issued[i].values; len(values) > 0 && slices.Contains([]model.Ground{model.OnSessions, model.OnLook, model.OnForm}, ground) {
			e.entered[i] = pick(values, e.source.bindings[i].Pick, dist.Keyed(e.source.plan.Seed, e.number, entryStream))
		}
	}
}

// fill writes the request of an act of the entry into a.
func (e *entrance) fill(a *replay.Act) {
	idOf := func(_ *replay.Act, recorded int) (id int, ok bool) { return FirstEntry + recorded, true }
	e.try(a, e.role, idOf)
	e.fillRecorded(a, e.role, idOf, dist.Keyed(e.source.plan.Seed, e.number, entryStream|uint64(a.ID)))
}

// WithoutEntries returns m as it was recorded: without the acts that let users in who were
// in already. Who answers as the recorded target did needs none.
func WithoutEntries(m *model.Model) *model.Model {
	out := *m
	out.Sessions = slices.Clone(m.Sessions)
	for i := range out.Sessions {
		out.Sessions[i].Entry = nil
	}
	return &out
}
