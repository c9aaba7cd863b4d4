package likeness

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

// Options say what is read, and how.
type Options struct {
	// Flows goes over the flows of recordings, as often as it is ranged over. It adds
	// their connections to conns.
	Flows func(conns *session.Conns, paths ...string) iter.Seq2[*flow.Flow, error]

	Shelf flowfile.ReaderOptions // opens the recording, whose answers are read again

	// Hosts are those whose requests count in the recording. None: those of the model or,
	// where the recording has none of them, all.
	Hosts []string

	Say func(format string, args ...any) // tells how far it is; nil: nobody
}

// A Recording is a recording that a model is measured against.
type Recording struct {
	options   Options
	model     *model.Model
	names     *traffic.Names
	traffic   *fidelity.Traffic
	elsewhere bool // it is of other hosts than the model

	paths  []string
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

// Read reads the recording that is in the files at paths.
func Read(ctx context.Context, m *model.Model, paths []string, o Options) (*Recording, error) {
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	r := &Recording{options: o, model: m, paths: paths, latest: map[uint64]int{}, acts: make([][]int, len(m.Sessions)), samples: map[asked][]int{}, counted: map[asked]int{}}
	flows, conns := r.flows(ctx, paths, "read %d requests")
	hosts := map[string]bool{}
	main := strings.TrimPrefix(strings.TrimPrefix(m.MainOrigin(), "https://"), "http://")
	var err error
	r.names, err = traffic.Learn(r.index(flows, hosts), traffic.NameOptions{Data: model.ColumnsByValue(m.Data), Main: main})
	if err != nil {
		return nil, err
	}
	count := o.Hosts
	if len(count) == 0 {
		count = hostsOf(m, hosts)
	}
	r.elsewhere = !hosts[main]
	r.traffic, err = traffic.Read(flows, r.names, traffic.Options{
		Session: session.Options{Hosts: count, Every: len(count) == 0, Conns: conns}, Elsewhere: r.elsewhere, Type: r.recognize(),
	})
	if err != nil {
		return nil, err
	}
	o.Say("read %d requests of %d sessions", r.traffic.Requests(), r.traffic.Sessions())
	return r, nil
}

// Traffic is what the users of the recording sent.
func (r *Recording) Traffic() *fidelity.Traffic { return r.traffic }

// Replayed is what a replay sent, of which there are recordings.
func (r *Recording) Replayed(ctx context.Context, paths []string) (*fidelity.Traffic, error) {
	flows, conns := r.flows(ctx, paths, "read %d requests of the replay")
	return traffic.Read(flows, r.names, traffic.Options{Session: session.Options{Every: true, Conns: conns}, Elsewhere: true})
}

// flows goes over the flows of recordings, and says how many they were so far.
func (r *Recording) flows(ctx context.Context, paths []string, progress string) (iter.Seq2[*flow.Flow, error], *session.Conns) {
	conns := &session.Conns{}
	flows := r.options.Flows(conns, paths...)
	return func(yield func(*flow.Flow, error) bool) {
		n := 0
		for f, err := range flows {
			if err == nil {
				err = ctx.Err()
			}
			if n++; n%5000 == 0 {
				r.options.Say(progress, n)
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}, conns
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
func (r *Recording) index(flows iter.Seq2[*flow.Flow, error], hosts map[string]bool) iter.Seq2[*flow.Flow, error] {
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
func (r *Recording) recognize() func(session.Visit, *fidelity.Session) string {
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
func (r *Recording) usable(v session.Visit, unanswered bool) []int {
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
func (r *Recording) sample(v session.Visit, s *fidelity.Session) {
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
func (r *Recording) flow(n int) (*flow.Flow, error) {
	p := r.places[n]
	for len(r.opened) <= int(p.file) {
		s, err := flowfile.OpenShelf(r.paths[len(r.opened)], r.options.Shelf)
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

// Close closes the recording.
func (r *Recording) Close() error {
	var errs []error
	for _, s := range r.opened {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
