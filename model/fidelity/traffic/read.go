package traffic

import (
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model/fidelity"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// Options steer Read. The zero value works.
type Options struct {
	Session session.Options

	// Elsewhere says that the flows went to other hosts than those that the names are
	// from, such as to the target of a replay.
	Elsewhere bool

	// Type, where not nil, returns the type of user that a session is of, "" if it is not
	// known. The flows of the visit, which count those that are read from 0, are those of
	// the requests of the session.
	Type func(session.Visit, *fidelity.Session) string
}

// Read reads the traffic of a recording. It goes over flows two or three times, as
// session.Find does, and needs each only until the next one.
func Read(flows iter.Seq2[*flow.Flow, error], names *Names, o Options) (*fidelity.Traffic, error) {
	r := reader{names: names, options: o}
	t := &fidelity.Traffic{}
	err := session.Find(r.numbered(flows), o.Session, func(v session.Visit) error {
		s := fidelity.Session{User: v.User}
		for _, n := range v.Flows {
			s.Requests = append(s.Requests, r.requests[n])
		}
		if o.Type != nil {
			s.Type = o.Type(v, &s)
		}
		t.Add(&s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find the sessions to compare: %w", err)
	}
	return t, nil
}

// A reader keeps what is known of each flow.
type reader struct {
	names    *Names
	options  Options
	requests []fidelity.Request // by number
	first    time.Time
	over     bool // all flows were read once
}

// numbered yields the flows of users, numbered. The first time it also keeps what is known
// of them.
func (r *reader) numbered(flows iter.Seq2[*flow.Flow, error]) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		n := uint64(0)
		for f, err := range flows {
			if err == nil {
				if !r.over {
					r.requests = append(r.requests, r.request(f))
				}
				f.Number = n
				n++
				if !counts(f) {
					continue
				}
			}
			if !yield(f, err) {
				return
			}
		}
		r.over = true
	}
}

// request is what is kept of a flow.
func (r *reader) request(f *flow.Flow) fidelity.Request {
	if r.first.IsZero() {
		r.first = f.Start
	}
	if !counts(f) {
		return fidelity.Request{}
	}
	name := r.names.Of
	if r.options.Elsewhere {
		name = r.names.OfMain
	}
	return Request(f, name(f), f.Start.Sub(r.first))
}

// Request is what is known of an exchange that began at some time. Users do not wait for
// the end of sockets and of streams of events.
func Request(f *flow.Flow, name string, at time.Duration) fidelity.Request {
	q := fidelity.Request{
		Endpoint: name, Value: valueOf(&f.Request), Start: at, End: at + max(0, f.Done),
		Sent: int64(len(f.Request.Target)) + f.Request.Body.Size,
	}
	if f.Response != nil {
		q.Status, q.Received = f.Response.Status, f.Response.Body.Size
	}
	if stream(f) {
		q.End = at
	}
	return q
}

// stream reports whether f is a socket or a stream of events.
func stream(f *flow.Flow) bool {
	if slices.ContainsFunc(f.Messages, func(m flow.Message) bool { return m.Kind != flow.MessageGRPC }) {
		return true
	}
	r := f.Response
	return r != nil && (r.Status == http.StatusSwitchingProtocols || strings.HasPrefix(r.Headers.Value("Content-Type"), "text/event-stream"))
}
