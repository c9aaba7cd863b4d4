package likeness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/fidelity"
	"github.com/starling-load/starling/model/fidelity/traffic"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/dryrun"
	"github.com/starling-load/starling/replay/modelled"
)

// mostPlayed bounds the requests that are played dry. Of a model with more, some of the
// sessions are played.
const mostPlayed = 200_000

// A played is a model that is played dry.
type played struct {
	*Recording
	ctx      context.Context
	seed     uint64
	origins  []replay.Origin
	sessions map[uint64]*fidelity.Session
	order    []uint64
	requests int
	skipped  map[string]int // by what was missing
	received int64          // bytes of the body of the last answer, as it came
	failed   error          // the first answer that cannot be read
}

// Play is what the model sends when it is played dry at its recorded arrivals, and what
// of it could not be played.
func (r *Recording) Play(ctx context.Context, paths replay.Paths, seed uint64) (*fidelity.Traffic, []string, error) {
	m := modelled.WithoutEntries(r.model) // the recording lacks what they would be answered
	plan := modelled.AtHome(m)
	plan.Seed, plan.Paths = seed, paths
	source, err := modelled.New(m, plan)
	if err != nil {
		return nil, nil, err
	}
	starts := modelled.Starts(m)
	if len(starts.At) == 0 { // written by hand
		starts.At, starts.Span = r.traffic.Starts()
	}
	arrivals, err := plan.Arrivals(starts)
	if err != nil {
		return nil, nil, err
	}
	p := &played{Recording: r, ctx: ctx, seed: seed, origins: source.Origins(), sessions: map[uint64]*fidelity.Session{}, skipped: map[string]int{}}
	share, notes := p.share(len(starts.At))
	err = dryrun.Play(source, arrivals, dryrun.Options{
		Play:   func(i uint64) bool { return share >= 1 || dist.Keyed(seed, i, playedStream).Float64() < share },
		Answer: p.answer, Give: p.give,
	})
	if err = errors.Join(err, p.failed); err != nil {
		return nil, nil, err
	}
	t := &fidelity.Traffic{}
	for _, i := range p.order {
		t.Add(p.sessions[i])
	}
	return t, append(notes, p.notes()...), nil
}

// playedStream keys the draw of the sessions that are played.
const playedStream = 0xf1de

// share is how many of the sessions are played, from 0 to 1.
func (p *played) share(sessions int) (float64, []string) {
	acts := 0
	for i := range p.model.Sessions {
		acts += len(p.model.Sessions[i].Acts)
	}
	if len(p.model.Sessions) == 0 {
		acts = p.traffic.Requests()
	}
	if acts <= mostPlayed {
		return 1, nil
	}
	share := mostPlayed / float64(acts)
	return share, []string{fmt.Sprintf("%.0f %% of the %d sessions of the model were played, chosen at random", 100*share, sessions)}
}

// answer returns the recorded exchange with the answer to an act: that of the act that it
// stands for or, where the recording does not have it, another of the same endpoint.
func (p *played) answer(a dryrun.Asked) *flow.Flow {
	n := p.choose(a)
	p.received = 0
	if n < 0 {
		return &flow.Flow{Response: &flow.Response{Status: http.StatusOK}}
	}
	f, err := p.flow(n)
	if err == nil && f.Response != nil {
		p.received = f.Response.Body.Size
	}
	// A page that came from the cache shows links and forms as any other.
	if err == nil && f.Response != nil && f.Response.Status == http.StatusNotModified {
		if of, has := p.latest[hashOf(f.URL())]; has {
			var from *flow.Flow
			if from, err = p.flow(of); err == nil {
				f.Response.Body = from.Response.Body
				f.Response.Headers = append(f.Response.Headers, contentHeaders(from.Response.Headers)...)
			}
		}
	}
	if err != nil {
		p.failed = err
		return &flow.Flow{}
	}
	return f
}

// choose returns the number of the flow whose answer an act gets; -1 is none.
func (p *played) choose(a dryrun.Asked) int {
	status := 0
	if a.Recorded >= 0 {
		if flows := p.acts[a.Recorded]; flows != nil {
			return flows[a.Index]
		}
		status = p.model.Sessions[a.Recorded].Acts[a.Index].Status
	}
	name := p.name(a.Act)
	list := p.samples[asked{name, status}]
	if len(list) == 0 {
		list = p.samples[asked{name, 0}]
	}
	if len(list) == 0 {
		return -1
	}
	return list[dist.Keyed(p.seed, a.Session, playedStream+uint64(a.Act.ID)+1).IntN(len(list))]
}

// contentHeaders are the fields that say how to read a body.
func contentHeaders(h flow.Headers) (list flow.Headers) {
	for _, name := range []string{"Content-Type", "Content-Encoding"} {
		if v := h.Value(name); v != "" {
			list = append(list, flow.Header{Name: name, Value: v})
		}
	}
	return list
}

// sent is an act as a flow of the recorded hosts.
func (p *played) sent(a *replay.Act) *flow.Flow {
	scheme, host, _ := strings.Cut(p.origins[a.Origin].Recorded, "://")
	return &flow.Flow{Scheme: scheme, Request: flow.Request{
		Method: a.Request.Method, Target: a.Request.Target, Authority: host, Headers: a.Request.Headers, Body: a.Request.Body,
	}}
}

// name is the name of the endpoint of an act.
func (p *played) name(a *replay.Act) string { return p.nameOf(p.sent(a)) }

func (p *played) nameOf(f *flow.Flow) string {
	if p.elsewhere {
		return p.names.OfMain(f)
	}
	return p.names.Of(f)
}

// give keeps an exchange.
func (p *played) give(x dryrun.Exchange) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	if p.failed != nil {
		return p.failed
	}
	if p.requests++; p.requests%5000 == 0 {
		p.options.Say("played %d requests", p.requests)
	}
	if x.Flow == nil {
		p.skipped[x.Act.Skip]++
		return nil
	}
	s := p.sessions[x.Session]
	if s == nil {
		s = &fidelity.Session{User: fmt.Sprint("s", x.Session)}
		if x.Recorded >= 0 {
			s.Type = p.model.Sessions[x.Recorded].Behavior
		}
		p.sessions[x.Session] = s
		p.order = append(p.order, x.Session)
	}
	f := p.sent(x.Act)
	f.Response, f.Messages, f.Done = x.Flow.Response, x.Flow.Messages, x.Flow.Done
	name := p.name(x.Act)
	if x.Recorded >= 0 && p.acts[x.Recorded] != nil {
		name = p.nameOf(x.Flow) // with other values, which may look like another kind of request
	}
	q := traffic.Request(f, name, x.Sent)
	q.Received = p.received
	s.Requests = append(s.Requests, q)
	return nil
}

// notes say what the model could not do.
func (p *played) notes() []string {
	var list []string
	own := 0
	for _, flows := range p.acts {
		if flows != nil {
			own++
		}
	}
	if all := len(p.acts); all > 0 && own < all {
		list = append(list, fmt.Sprintf("%d of %d sessions of the model are in the recording; the others are answered as others who asked the same", own, all))
	}
	for _, l := range p.model.Recorded.LeftOut {
		list = append(list, fmt.Sprintf("the model leaves out: %s (%d recorded)", l.What, l.Flows))
	}
	if len(p.skipped) == 0 {
		return list
	}
	n, names := 0, []string{}
	for name, k := range p.skipped {
		n += k
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(p.skipped[b], p.skipped[a]), cmp.Compare(a, b)) })
	return append(list, fmt.Sprintf("%d of %d requests were not sent, since no answer held what they need, most often %s", n, p.requests, names[0]))
}
