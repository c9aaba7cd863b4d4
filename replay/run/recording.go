package run

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/verbatim"
)

// A recording is a flow file cut into sessions, whose flows are read when they
// are played. It is a [verbatim.Recording].
type recording struct {
	shelf    *flowfile.Shelf
	sessions *flowfile.Sessions
	recorded *faithful.Recorded // what the users of the recording did
	length   time.Duration      // of a session, the mean
}

// Sessions implements [verbatim.Recording].
func (r *recording) Sessions() int { return r.sessions.Len() }

// Open implements [verbatim.Recording].
func (r *recording) Open(i int) verbatim.Cursor { return r.sessions.Cursor(i) }

// starts are when the sessions begin, counted from the first of them.
func (r *recording) starts() replay.Starts {
	starts := replay.Starts{At: make([]time.Duration, r.sessions.Len()), Span: r.sessions.Span()}
	for i := range starts.At {
		starts.At[i] = r.sessions.Start(i)
	}
	return starts
}

func (r *recording) close() error { return errors.Join(r.sessions.Close(), r.shelf.Close()) }

// openRecording finds the sessions of the job's recording that can be replayed to
// origins, and says what cannot be replayed.
func (in *input) openRecording(ctx context.Context, origins []replay.Origin) (*recording, error) {
	conns := &session.Conns{}
	reading := in.reading
	reading.Conn = conns.Add
	shelf, err := flowfile.OpenShelf(in.job.Recording, reading)
	if err != nil {
		return nil, err
	}
	r := &recording{shelf: shelf, sessions: shelf.NewSessions()}
	if err := in.find(ctx, r, conns, origins); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", in.job.Recording, err), r.close())
	}
	if r.Sessions() == 0 {
		return nil, errors.Join(fmt.Errorf("%s holds no request that can be replayed", in.job.Recording), r.close())
	}
	return r, nil
}

// find fills r with its sessions. It leaves out a session of which nothing can be
// sent. In the others, acts that cannot be sent are skipped, so they do not match.
func (in *input) find(ctx context.Context, r *recording, conns *session.Conns, origins []replay.Origin) error {
	var hosts []string
	for _, o := range origins {
		hosts = append(hosts, hostOf(o.Recorded))
	}
	left := omissions{in: in, origins: origins, why: map[string]int{}}
	var done faithful.Builder
	err := session.Find(left.watch(ctx, r.shelf.Flows()), session.Options{Hosts: hosts, Conns: conns}, func(v session.Visit) error {
		if !slices.ContainsFunc(v.Flows, func(n uint64) bool { return !left.has(n) }) {
			return nil
		}
		first, err := r.shelf.Flow(v.Flows[0])
		if err != nil {
			return err
		}
		done.Session(left.steps(v.Flows))
		r.length += v.End.Sub(first.Start)
		return r.sessions.Add(first.Start, v.End, v.Flows)
	})
	left.tell(&done)
	r.recorded = done.Recorded()
	r.length /= time.Duration(max(1, r.Sessions()))
	return err
}

// omissions are the flows that cannot be replayed.
type omissions struct {
	in      *input
	origins []replay.Origin
	numbers []uint64 // one bit for each flow, by its number: it cannot be replayed
	why     map[string]int
	watched bool
	deeds   deeds
}

// watch passes on the flows to mapped origins, and leaves out what is damaged. The
// first call also reports the damage, and notes which flows cannot be replayed.
func (o *omissions) watch(ctx context.Context, flows iter.Seq2[*flow.Flow, error]) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		first := !o.watched
		o.watched = true
		for f, err := range flows {
			switch {
			case errors.As(err, new(*flowfile.CorruptError)):
				if first {
					o.in.damage(err)
				}
				continue
			case err == nil && ctx.Err() != nil:
				err = ctx.Err()
			case err == nil && !o.mapped(verbatim.OriginOf(f)):
				continue // its host may be mapped at another port
			case err == nil && first:
				o.see(f)
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// mapped reports whether the requests to a recorded origin can be sent anywhere.
func (o *omissions) mapped(recorded string) bool {
	at := hostOf(recorded)
	return slices.ContainsFunc(o.origins, func(to replay.Origin) bool { return hostOf(to.Recorded) == at })
}

func (o *omissions) see(f *flow.Flow) {
	o.deeds.see(f)
	why := verbatim.Omitted(f)
	if why == "" {
		return
	}
	o.why[why]++
	for uint64(len(o.numbers)) <= f.Number/64 {
		o.numbers = append(o.numbers, 0)
	}
	o.numbers[f.Number/64] |= 1 << (f.Number % 64)
}

// has reports whether the flow with this number cannot be replayed.
func (o *omissions) has(number uint64) bool {
	return number/64 < uint64(len(o.numbers)) && o.numbers[number/64]&(1<<(number%64)) != 0
}

// steps are the requests of a session that can be replayed.
func (o *omissions) steps(flows []uint64) []faithful.Step {
	return o.deeds.steps(slices.DeleteFunc(slices.Clone(flows), o.has))
}

// tell says how many flows cannot be replayed, and why, also to done.
func (o *omissions) tell(done *faithful.Builder) {
	for _, why := range slices.Sorted(maps.Keys(o.why)) {
		done.LeaveOut(faithful.LeftOut{What: "requests without " + why, Flows: o.why[why], Whole: true})
		o.in.note(fmt.Sprintf("%s not replayed: %s is missing", english.Plural(o.why[why], "request is", "requests are"), why))
	}
}

// tellUnmapped names the recorded origins whose requests cannot be sent anywhere.
func (in *input) tellUnmapped(origins []replay.Origin) {
	var parts []string
	for i, recorded := range in.recorded {
		if !slices.ContainsFunc(origins, func(o replay.Origin) bool { return hostOf(o.Recorded) == hostOf(recorded) }) {
			if len(in.shares) > 0 {
				recorded += fmt.Sprintf(" (%.1f%% of the requests)", 100*in.shares[i])
			}
			parts = append(parts, recorded)
		}
	}
	if len(parts) > 0 {
		in.note("left out: " + strings.Join(parts, ", ") + "; map them to an origin to send them there")
	}
}

// hostOf is the host and port of an origin.
func hostOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	return host
}
