package netlog

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
)

// Limits of what is held of requests under way.
const (
	maxCalls = 1 << 16
	maxBytes = 256 << 20 // of bodies, together
)

// A Format reads the network logs of Chrome.
type Format struct{}

var mark = regexp.MustCompile(`^\s*\{\s*"constants"\s*:\s*\{`)

// Recognize looks for the member constants, with which a log begins.
func (Format) Recognize(head []byte) convert.Certainty {
	if mark.Match(head) {
		return convert.Sure
	}
	return convert.No
}

// constants say what the numbers of events stand for.
type constants struct {
	Types   map[string]int `json:"logEventTypes"`
	Sources map[string]int `json:"logSourceType"`
	Phases  map[string]int `json:"logEventPhase"`
	Errors  map[string]int `json:"netError"`
	Offset  loose.Number   `json:"timeTickOffset"` // milliseconds, added to the times of events
	types   map[int]string // by number
	errors  map[int]string // likewise
}

// An event is one of the log.
type event struct {
	Time   loose.Number `json:"time"`
	Type   int          `json:"type"`
	Phase  int          `json:"phase"`
	Source struct {
		ID   int `json:"id"`
		Type int `json:"type"`
	} `json:"source"`
	Params params `json:"params"`
}

// params are the parameters of events that are read.
type params struct {
	URL      loose.Text             `json:"url"`
	Method   loose.Text             `json:"method"`
	Line     loose.Text             `json:"line"`
	Headers  loose.List[loose.Text] `json:"headers"`
	Bytes    loose.Text             `json:"bytes"`
	Count    loose.Number           `json:"byte_count"`
	Total    loose.Number           `json:"total_size"`
	NetError int                    `json:"net_error"`
	Stream   uint32                 `json:"stream_id"`
	Fin      bool                   `json:"fin"`
	Job      struct {
		ID int `json:"id"`
	} `json:"source_dependency"`
}

// An importer is the state of reading one log.
type importer struct {
	s    *convert.Sink
	json *loose.Stream
	c    constants
	conn uint64

	calls    map[int]*call           // by their source
	jobs     convert.Table[int, int] // the socket that a job got
	bound    convert.Table[int, int] // the request that got a job
	sockets  map[int]*call           // who uses a socket
	sessions convert.Table[int, int] // the socket of a session of HTTP/2
	h2       map[int]*frames         // by socket
	bytes    int                     // of all calls
	stripped bool                    // credentials were left out of the log
	count    int                     // of events
}

var errNoLog = errors.New("it is not a network log; export it once more or name another format")

// Import follows the requests through the events.
func (Format) Import(r *bufio.Reader, s *convert.Sink) error {
	n := &importer{
		s: s, json: loose.NewStream(r), calls: map[int]*call{},
		jobs: convert.Table[int, int]{}, bound: convert.Table[int, int]{}, sockets: map[int]*call{},
		sessions: convert.Table[int, int]{}, h2: map[int]*frames{},
	}
	err := n.json.Members(func(name string) error {
		switch name {
		case "constants":
			return n.constants()
		case "events":
			return n.events()
		}
		return n.pass()
	})
	cut := errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !cut {
		return err
	}
	if n.c.types == nil {
		return errNoLog
	}
	for _, id := range slices.Sorted(maps.Keys(n.calls)) { // under way when the log ended
		if err := n.end(id, 0); err != nil {
			return err
		}
	}
	if cut {
		if err := n.doubt("end of file", "the log is cut off, as when the browser is killed; requests under way are incomplete"); err != nil {
			return err
		}
	}
	if n.stripped {
		return n.doubt("constants", "the log was made without cookies and credentials; make it with --net-log-capture-mode=Everything, or choose to include them")
	}
	return nil
}

func (n *importer) doubt(place, what string) error {
	return n.s.Skip(place, fmt.Errorf("%w: %s", convert.ErrKept, what))
}

// pass consumes a value that does not matter.
func (n *importer) pass() error {
	if _, err := n.json.Value(0); !errors.Is(err, convert.ErrTooLong) {
		return err
	}
	return nil
}

func (n *importer) constants() error {
	raw, err := n.json.Value(16 << 20)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &n.c); err != nil || len(n.c.Types) == 0 {
		return errNoLog
	}
	n.c.types, n.c.errors = map[int]string{}, map[int]string{}
	for name, number := range n.c.Types {
		n.c.types[number] = name
	}
	for name, number := range n.c.Errors {
		n.c.errors[number] = name
	}
	return nil
}

func (n *importer) events() error {
	if n.c.types == nil {
		return errNoLog
	}
	if err := n.json.Take('['); err != nil {
		return err
	}
	for ; ; n.count++ {
		more, err := n.json.Next(n.count == 0, ']')
		if err != nil || !more {
			return err
		}
		raw, err := n.json.Value(convert.MaxEntry)
		if err != nil && !errors.Is(err, convert.ErrTooLong) {
			return err
		}
		var e event
		if err == nil {
			err = json.Unmarshal(raw, &e)
		}
		if err != nil {
			err = n.s.Skip(fmt.Sprintf("event %d", n.count), errors.New("not an event of a network log"))
		} else {
			err = n.event(&e)
		}
		if err != nil {
			return err
		}
	}
}

// at is the time of an event.
func (n *importer) at(e *event) time.Time {
	const latest = 253402300799000 // the end of the year 9999
	return time.UnixMilli(int64(min(n.c.Offset.Positive()+e.Time.Positive(), latest))).UTC()
}

// event takes one event in.
func (n *importer) event(e *event) error {
	switch name := n.c.types[e.Type]; e.Source.Type {
	case n.c.Sources["URL_REQUEST"]:
		return n.request(e, name)
	case n.c.Sources["SOCKET"]:
		return n.socket(e, name)
	case n.c.Sources["HTTP2_SESSION"]:
		n.session(e, name)
	}
	return nil
}

// request takes an event of a request.
func (n *importer) request(e *event, name string) error {
	id, begins, ends := e.Source.ID, e.Phase == n.c.Phases["PHASE_BEGIN"], e.Phase == n.c.Phases["PHASE_END"]
	q := n.calls[id]
	if name == "URL_REQUEST_START_JOB" && begins { // again behind a redirect
		if q != nil {
			q.done = n.at(e)
			if err := n.end(id, 0); err != nil {
				return err
			}
		}
		return n.begin(id, e)
	}
	if q == nil {
		return nil
	}
	switch name {
	case "HTTP_TRANSACTION_SEND_REQUEST_HEADERS", "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS", "HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS":
		if q.status() > 0 { // once more, as with credentials
			again := q.again()
			q.done = n.at(e)
			if err := n.end(id, 0); err != nil {
				return err
			}
			q = again
			n.calls[id] = q
		}
		n.bytes -= len(q.out.data)
		q.ask(n.at(e), name, &e.Params)
		n.use(q)
	case "HTTP_TRANSACTION_SEND_REQUEST":
		if ends && q.sent {
			q.flow.RequestDone = max(n.at(e).Sub(q.flow.Start), 1)
		}
	case "UPLOAD_DATA_STREAM_INIT":
		q.upload = max(q.upload, int64(e.Params.Total.Positive()))
	case "HTTP_STREAM_REQUEST_BOUND_TO_JOB":
		q.job = e.Params.Job.ID
		n.bound.Set(q.job, id)
	case "HTTP_TRANSACTION_READ_RESPONSE_HEADERS":
		n.bytes -= len(q.in.data)
		q.answer(n.at(e), &e.Params)
		n.bytes += len(q.in.data)
	case "URL_REQUEST_JOB_BYTES_READ":
		n.bytes += q.wire.add(&e.Params, n.room())
	case "URL_REQUEST_JOB_FILTERED_BYTES_READ":
		n.bytes += q.plain.add(&e.Params, n.room())
	case "REQUEST_ALIVE":
		if ends {
			q.done = n.at(e)
			if q.status() == 101 && q.flow.Protocol != "HTTP/2.0" { // its messages follow
				return nil
			}
			return n.end(id, e.Params.NetError)
		}
	case "FAILED":
		q.failed = e.Params.NetError
	}
	return nil
}

// room is how many bytes may still be held.
func (n *importer) room() int { return max(maxBytes-n.bytes, 0) }

// begin makes a call. When there are too many, the oldest is given up.
func (n *importer) begin(id int, e *event) error {
	if len(n.calls) >= maxCalls {
		oldest := id
		for other := range n.calls {
			oldest = min(oldest, other)
		}
		if err := n.end(oldest, 0); err != nil {
			return err
		}
	}
	n.calls[id] = newCall(id, n.count, &e.Params)
	return nil
}

// use notes which socket a request is sent over.
func (n *importer) use(q *call) {
	if socket, ok := n.jobs[q.job]; ok && q.job != 0 {
		q.socket = socket
		n.sockets[socket] = q
	}
}

// session takes an event of a session of HTTP/2, whose socket sends several bodies.
func (n *importer) session(e *event, name string) {
	switch name {
	case "HTTP2_SESSION_INITIALIZED":
		socket := e.Params.Job.ID
		n.sessions.Set(e.Source.ID, socket)
		n.h2[socket] = &frames{streams: map[uint32]*call{}}
	case "HTTP2_SESSION_SEND_HEADERS":
		q, f := n.calls[e.Params.Job.ID], n.h2[n.sessions[e.Source.ID]]
		if q == nil {
			q = n.calls[n.bound[e.Params.Job.ID]]
		}
		if q != nil && f != nil && !e.Params.Fin {
			q.h2, q.stream = f, e.Params.Stream
			f.streams[q.stream] = q
		}
	}
}

// socket takes an event of a socket, whose bytes belong to the request that uses it.
func (n *importer) socket(e *event, name string) error {
	id := e.Source.ID
	q := n.sockets[id]
	switch name {
	case "SOCKET_IN_USE":
		if e.Phase == n.c.Phases["PHASE_BEGIN"] {
			n.jobs.Set(e.Params.Job.ID, id)
		}
	case "SOCKET_BYTES_SENT", "SSL_SOCKET_BYTES_SENT", "SOCKET_BYTES_RECEIVED", "SSL_SOCKET_BYTES_RECEIVED":
		sent := name[len(name)-4:] == "SENT"
		if f := n.h2[id]; f != nil {
			if data, err := base64.StdEncoding.DecodeString(string(e.Params.Bytes)); sent && name[:3] == "SSL" {
				f.lost = f.lost || err != nil || float64(len(data)) != e.Params.Count.Value
				n.bytes += f.feed(data, n.room())
			}
			return nil
		}
		if q == nil || q.secure() != (name[:3] == "SSL") {
			return nil
		}
		n.bytes += q.passed(&e.Params, sent, n.at(e), n.room())
	case "SOCKET_ALIVE":
		if e.Phase == n.c.Phases["PHASE_END"] {
			delete(n.h2, id)
		}
		if e.Phase == n.c.Phases["PHASE_END"] && q != nil {
			delete(n.sockets, id)
			if q.status() == 101 {
				q.done = n.at(e)
				return n.end(q.id, 0)
			}
		}
	}
	return nil
}

// end hands a call over, or says why not.
func (n *importer) end(id, netError int) error {
	q := n.calls[id]
	delete(n.calls, id)
	if n.sockets[q.socket] == q {
		delete(n.sockets, q.socket)
	}
	if q.h2 != nil && q.h2.streams[q.stream] == q {
		delete(q.h2.streams, q.stream)
	}
	n.bytes -= q.held()
	place := fmt.Sprintf("event %d", q.place)
	if netError == 0 {
		netError = q.failed
	}
	reason := ""
	if netError != 0 {
		reason = cmp.Or(n.c.errors[netError], fmt.Sprintf("error %d", netError))
	}
	switch {
	case !q.sent && netError != 0:
		return n.s.Skip(place, fmt.Errorf("%w: it failed before it was sent: %s", convert.ErrOther, reason))
	case !q.sent:
		return n.s.Skip(place, fmt.Errorf("%w: it was never sent; a cache or the browser answered it", convert.ErrOther))
	}
	f, note, err := q.finish(reason)
	if err != nil {
		return n.s.Skip(place, err)
	}
	n.stripped = n.stripped || q.stripped
	if note != "" {
		if err := n.doubt(place, note); err != nil {
			return err
		}
	}
	if n.conn == 0 {
		if n.conn, err = n.s.Conn(&flow.Conn{Opened: f.Start}); err != nil {
			return err
		}
	}
	f.Conn = n.conn
	return n.s.Put(f)
}
