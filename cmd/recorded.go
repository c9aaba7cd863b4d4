package cmd

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/fidelity"
	"github.com/starling-load/starling/model/fidelity/traffic"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// A flowList is the flows of some recordings, numbered from 0 over all of them.
type flowList struct {
	ctx   context.Context
	env   environment
	paths []string
	conns *session.Conns
	tell  func(n int) // how many flows were read

	told bool // damage
}

func newFlowList(ctx context.Context, env environment, paths []string, tell func(int)) *flowList {
	return &flowList{ctx: ctx, env: env, paths: paths, conns: &session.Conns{}, tell: tell}
}

// session are the options for finding the sessions of those hosts; none: of all.
func (l *flowList) session(hosts []string) session.Options {
	return session.Options{Hosts: hosts, Every: len(hosts) == 0, Conns: l.conns}
}

// all goes over the flows once more.
func (l *flowList) all() iter.Seq2[*flow.Flow, error] {
	env := l.env
	if l.told {
		env.stderr = discard{}
	}
	return func(yield func(*flow.Flow, error) bool) {
		n := 0
		for f, err := range readable(env, l.conns, l.paths...) {
			if err == nil {
				err = l.ctx.Err()
			}
			if n++; n%5000 == 0 {
				l.tell(n)
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
		l.told = true
	}
}

// discard drops what was said already.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// A recorded is a recording that a model is measured against.
type recorded struct {
	model     *model.Model
	names     *traffic.Names
	traffic   *fidelity.Traffic
	elsewhere bool // it is of other hosts than the model

	paths  []string
	shelf  flowfile.ReaderOptions
	opened []*flowfile.Shelf // by path

	places  []place
	latest  map[uint64]int  // flow with the content of a URL that was answered 200
	acts    [][]int         // flows of the acts of each session of the model; nil: not in the recording
	samples map[asked][]int // some flows of each kind
	counted map[asked]int   // flows of each kind
}

// An asked is a kind of exchange.
type asked struct {
	endpoint string
	status   int // 0: any
}

// A place is where a flow is, and whether a model is learned from it.
type place struct {
	start  time.Time
	number uint64 // in its recording
	file   uint16
	usable bool
	asked  bool // it has no answer
}

// record reads the recording.
func (o *fidelityOptions) record(ctx context.Context, env environment, m *model.Model, say func(string, ...any)) (*recorded, error) {
	r := &recorded{model: m, paths: o.recordings, latest: map[uint64]int{}, acts: make([][]int, len(m.Sessions)), samples: map[asked][]int{}, counted: map[asked]int{}}
	var err error
	if r.shelf, err = env.reading(); err != nil {
		return nil, err
	}
	list := newFlowList(ctx, env, o.recordings, func(n int) { say("read %d requests", n) })
	hosts := map[string]bool{}
	main := strings.TrimPrefix(strings.TrimPrefix(m.MainOrigin(), "https://"), "http://")
	r.names, err = traffic.Learn(r.index(list.all(), hosts), traffic.NameOptions{Data: model.ColumnsByValue(m.Data), Main: main})
	if err != nil {
		return nil, err
	}
	count := o.hosts
	if len(count) == 0 {
		count = hostsOf(m, hosts)
	}
	r.elsewhere = !hosts[main]
	r.traffic, err = traffic.Read(list.all(), r.names, traffic.Options{Session: list.session(count), Elsewhere: r.elsewhere, Type: r.recognize()})
	if err != nil {
		return nil, err
	}
	say("read %d requests of %d sessions", r.traffic.Requests(), r.traffic.Sessions())
	return r, nil
}

// hostsOf are the hosts of the model that the recording has; none if it has none of them.
func hostsOf(m *model.Model, recorded map[string]bool) []string {
	var list []string
	for _, o := range m.Origins {
		if _, host, _ := strings.Cut(o.URL, "://"); recorded[host] {
			list = append(list, host)
		}
	}
	return list
}

// index keeps where the flows are. A flow whose number is less than that before it
// begins a new recording.
func (r *recorded) index(flows iter.Seq2[*flow.Flow, error], hosts map[string]bool) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		file := uint16(0)
		for f, err := range flows {
			if err == nil {
				if n := len(r.places); n > 0 && f.Number <= r.places[n-1].number {
					file++
				}
				if f.Response != nil && f.Response.Status == 200 {
					r.latest[hashOf(f.URL())] = len(r.places)
				}
				hosts[f.Request.Authority] = true
				r.places = append(r.places, place{f.Start, f.Number, file, learn.Usable(f), f.Response == nil || f.Response.Status <= 0})
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// hashOf is a number that hardly another URL has.
func hashOf(url string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(url)) // cannot fail
	return h.Sum64()
}

// recognize returns what finds the session of the model that a visit is. It keeps the
// flows of its acts, and returns its type.
func (r *recorded) recognize() func(session.Visit, *fidelity.Session) string {
	const slack = time.Millisecond
	byStart := map[time.Duration][]int{}
	for i := range r.model.Sessions {
		at := r.model.Sessions[i].Start.Round(slack)
		byStart[at] = append(byStart[at], i)
	}
	return func(v session.Visit, s *fidelity.Session) string {
		r.sample(v, s)
		for _, flows := range [][]int{r.usable(v, false), r.usable(v, true)} {
			if len(flows) == 0 {
				continue
			}
			at := r.places[flows[0]].start.Sub(r.model.Recorded.Start).Round(slack)
			for _, near := range []time.Duration{0, -slack, slack} {
				list := byStart[at+near]
				k := slices.IndexFunc(list, func(i int) bool { return len(r.model.Sessions[i].Acts) == len(flows) })
				if k < 0 {
					continue
				}
				i := list[k]
				byStart[at+near] = slices.Delete(list, k, k+1)
				r.acts[i] = flows
				return r.model.Sessions[i].Behavior
			}
		}
		return ""
	}
}

// usable are the flows of a visit that a model is learned from, as learning orders them.
func (r *recorded) usable(v session.Visit, unanswered bool) []int {
	var list []int
	for _, n := range v.Flows {
		if p := &r.places[n]; p.usable || unanswered && p.asked {
			list = append(list, int(n))
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return r.places[a].start.Compare(r.places[b].start) })
	return list
}

// mostSamples is how many flows of each kind are kept for answers.
const mostSamples = 256

// sample keeps some flows of each kind.
func (r *recorded) sample(v session.Visit, s *fidelity.Session) {
	for i, n := range v.Flows {
		if r.places[n].asked {
			continue
		}
		q := &s.Requests[i]
		for _, kind := range []asked{{q.Endpoint, q.Status}, {q.Endpoint, 0}} {
			list := r.samples[kind]
			r.counted[kind]++
			if len(list) < mostSamples {
				r.samples[kind] = append(list, int(n))
			} else if k := dist.Keyed(1, n, 0).IntN(r.counted[kind]); k < len(list) {
				list[k] = int(n)
			}
		}
	}
}

// flow reads a flow again.
func (r *recorded) flow(n int) (*flow.Flow, error) {
	p := r.places[n]
	for len(r.opened) <= int(p.file) {
		s, err := flowfile.OpenShelf(r.paths[len(r.opened)], r.shelf)
		if err != nil {
			return nil, err
		}
		r.opened = append(r.opened, s)
	}
	f, err := r.opened[p.file].Flow(p.number)
	if err != nil {
		return nil, fmt.Errorf("read an answer again: %w", err)
	}
	return f, nil
}

func (r *recorded) close() error {
	var errs []error
	for _, s := range r.opened {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
