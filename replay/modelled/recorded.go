package modelled

import (
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// Recorded says what the recorded sessions of m do, as far as p sends it anywhere. It
// returns nil for a model without recorded sessions. Requests to origins that p does
// not map do not count, except that writes among them are named as left out.
func Recorded(m *model.Model, p replay.Plan) *faithful.Recorded {
	if len(m.Sessions) == 0 {
		return nil
	}
	kinds := make(map[string]kind, len(m.Endpoints))
	for i := range m.Endpoints {
		kinds[m.Endpoints[i].Name] = kindOf(m, &m.Endpoints[i], p.Origins(m.MainOrigin()))
	}
	var b faithful.Builder
	var elsewhere unmapped
	mix, apart, users := editedMix(m, p.Seed), sessionsApart(m), 0
	w := weigh(p, mix != nil, slices.Contains(apart, true))
	for i := range m.Sessions {
		if apart[i] && p.Scale == 0 {
			continue // it is not played
		}
		s, times := steps(m.Sessions[i].Acts, kinds, &elsewhere), w.users
		switch {
		case apart[i]:
			times = w.apart
		case mix != nil:
			times = 0
			fallthrough
		default:
			users++
		}
		if times > 0 {
			b.Sessions(times, s)
			b.Enter(times, entryOf(&m.Sessions[i], kinds))
		}
		if m.Sessions[i].Begun {
			b.Begin()
		}
	}
	for i := range mixRounds * users {
		if mix == nil {
			break
		}
		track, _ := mix.session(uint64(i))
		b.Sessions(w.mixed, steps(m.Sessions[track].Acts, kinds, &unmapped{}))
		b.Enter(w.mixed, entryOf(&m.Sessions[track], kinds))
	}
	for _, l := range m.Recorded.LeftOut {
		b.LeaveOut(faithful.LeftOut(l))
	}
	if elsewhere.writes > 0 {
		b.LeaveOut(faithful.LeftOut{
			What:  fmt.Sprintf("requests to origins that are not mapped, %d of them writes", elsewhere.writes),
			Flows: elsewhere.flows, Writes: elsewhere.writes,
		})
	}
	recorded := b.Recorded()
	if recorded != nil {
		oneRound(recorded, w.all)
	}
	return recorded
}

// entryOf lists the endpoints of the acts that let the user of a session in.
func entryOf(s *model.Session, kinds map[string]kind) (endpoints []string) {
	for i := range s.Entry {
		if name := s.Entry[i].Endpoint; kinds[name].mapped {
			endpoints = append(endpoints, name)
		}
	}
	return endpoints
}

// mixRounds is the number of rounds of a changed mix that stand for all.
const mixRounds = 8

// weights say how often sessions are played, where those of users come more or less often
// than those of robots and pollers, which come once at any scale.
type weights struct {
	users, apart int     // of a recorded session
	mixed        int     // of a session of a changed mix, in each of mixRounds
	all          float64 // what the users' are in the recording
}

func weigh(p replay.Plan, mixed, apart bool) weights {
	scale := 1.0
	if apart && p.Scale > 0 {
		scale = p.Scale
	}
	if !mixed && scale == 1 {
		return weights{users: 1, apart: 1, all: 1}
	}
	const unit = 4 * mixRounds
	return weights{
		users: max(1, int(math.Round(unit*scale))), apart: unit,
		mixed: max(1, int(math.Round(unit*scale/mixRounds))), all: unit * scale,
	}
}

// oneRound makes the figures of so many times the users' sessions those of one.
func oneRound(r *faithful.Recorded, times float64) {
	if times == 1 {
		return
	}
	part := func(n int) int { return int(math.Round(float64(n) / times)) }
	r.Sessions, r.Steps, r.Writes, r.Bare, r.Alone = part(r.Sessions), part(r.Steps), part(r.Writes), part(r.Bare), part(r.Alone)
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		e.Steps, e.Writes, e.Entries = max(1, part(e.Steps)), part(e.Writes), part(e.Entries)
	}
}

// unmapped counts the requests that are sent nowhere.
type unmapped struct{ flows, writes int }

// A kind is what an endpoint's requests are.
type kind struct {
	mapped bool
	blank  map[string]bool // by outcome, "" for any: nothing but the status is looked at
	writes map[string]bool // by variant
}

func kindOf(m *model.Model, e *model.Endpoint, origins []replay.Origin) kind {
	k := kind{mapped: true, writes: make(map[string]bool, len(e.Variants)), blank: blankOf(e)}
	for _, o := range m.Origins {
		if o.Name == e.Origin && e.Origin != "" {
			k.mapped = replay.FindOrigin(origins, o.URL) >= 0
		}
	}
	for i := range e.Variants {
		k.writes[e.Variants[i].Name] = writes(&e.Variants[i].Request)
	}
	return k
}

// writes reports whether a request changes something at the target.
func writes(q *model.Request) bool {
	r := flow.Request{Method: q.Method, Target: q.Target, Body: flow.Body{Data: []byte(q.Body)}}
	for _, h := range q.Headers {
		r.Headers = append(r.Headers, flow.Header{Name: h.Name, Value: h.Value})
	}
	return content.Writes(&r)
}

// write reports whether an act is a write: a request that changes something, and
// that was not refused in the recording.
func (k kind) write(a *model.Act) bool {
	return k.writes[a.Variant] && a.Status < http.StatusBadRequest
}

// steps lists the requests of a session with what was under way when each was sent:
// the earlier ones that it did not wait for. What an act waited for is what it names,
// and all that the one of these waited for that waited for the most.
func steps(acts []model.Act, kinds map[string]kind, elsewhere *unmapped) []faithful.Step {
	before := make([]int, len(acts)) // how many acts were over when each began
	list := make([]faithful.Step, 0, len(acts))
	sent := 0 // earlier acts that are requests to a mapped origin
	refused, between := renewalsIn(acts)
	for i := range acts {
		a := &acts[i]
		for _, k := range a.After {
			before[i] = max(before[i], before[k])
		}
		before[i] += len(a.After)
		k := kinds[a.Endpoint]
		_, renews := between[i]
		switch {
		case !k.mapped && k.write(a):
			elsewhere.writes++
			fallthrough
		case !k.mapped:
			elsewhere.flows++
			continue
		case refused[i] || renews:
			list = append(list, faithful.Step{Endpoint: a.Endpoint, Asked: true})
			continue
		}
		list = append(list, faithful.Step{
			Endpoint: a.Endpoint, Write: k.write(a), Bare: k.blank[a.Outcome] && a.Status == http.StatusOK, Beside: max(0, min(sent, i-before[i])),
		})
		sent++
	}
	return list
}
