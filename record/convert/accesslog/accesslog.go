package accesslog

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// Servers write a line when a response ends, so a line can be late by as long as a
// response takes. Lines are sorted within a window.
const (
	window      = 64 << 10 // lines
	windowBytes = 64 << 20
	lineMax     = 1 << 20
	clients     = 1 << 20 // addresses with an open session
)

// An importer is the state of reading one access log.
type importer struct {
	gap    time.Duration
	s      *convert.Sink
	window byAge
	bytes  int
	line   int

	last      time.Time // of the flow yielded last
	late      int       // lines older than that
	firstLate int

	sessions map[client]*logSession
	sweepAt  int
	dropped  bool // sessions were cut because there were too many at a time
}

// A client is who a session belongs to.
type client struct{ address, agent string }

type logSession struct {
	conn uint64
	last time.Time
}

// A Format reads access logs of Apache, nginx and other servers.
type Format struct {
	// Lines names the format of the lines: "common", "combined", "json", "envoy", "alb"
	// (of AWS), "w3c", a format string of Apache or nginx, or names of fields of W3C logs
	// with spaces between them. Empty: it is detected from the first lines.
	Lines string

	// SessionGap is the pause after which the same address and agent begin a new
	// session. 0: 30 minutes.
	SessionGap time.Duration
}

// Validate reports the options that Import would refuse.
func (f Format) Validate() error {
	if f.SessionGap < 0 {
		return fmt.Errorf("SessionGap is %s; it is 0 or more", f.SessionGap)
	}
	if f.Lines == "" {
		return nil
	}
	_, err := formatOf(f.Lines, nil)
	return err
}

// Recognize tries the formats that have a name on the first lines.
func (Format) Recognize(head []byte) convert.Certainty {
	if _, err := detect(head); err == nil {
		return convert.Likely
	}
	return convert.No
}

// Import reads the lines and sorts them by time, within a window.
func (f Format) Import(r *bufio.Reader, s *convert.Sink) error {
	if err := f.Validate(); err != nil {
		return err
	}
	head, _ := r.Peek(convert.HeadSize)
	format, err := formatOf(f.Lines, head)
	if err != nil {
		return err
	}
	l := &importer{gap: cmp.Or(f.SessionGap, 30*time.Minute), s: s, sessions: map[client]*logSession{}, sweepAt: 1 << 16}
	for {
		text, err := convert.ReadLine(r, lineMax)
		if err == io.EOF {
			return l.finish()
		}
		l.line++
		place := fmt.Sprintf("line %d", l.line)
		switch {
		case errors.Is(err, convert.ErrLongLine):
			err = s.Skip(place, fmt.Errorf("longer than %d KiB", lineMax>>10))
		case err != nil:
			if ferr := l.finish(); ferr != nil {
				return ferr
			}
			return s.Skip(place, fmt.Errorf("the input breaks off: %w", err))
		case len(bytes.TrimSpace(text)) == 0:
		default:
			err = l.add(place, text, format)
		}
		if err != nil {
			return err
		}
	}
}

func (l *importer) add(place string, text []byte, format lineFormat) error {
	rec, err := format.parse(string(text))
	if err != nil {
		var again error
		if rec, again = format.parse(string(text) + `"`); again != nil {
			return l.s.Skip(place, err)
		}
		if err := l.s.Skip(place, fmt.Errorf("%w: the line is cut off in its last field", convert.ErrKept)); err != nil {
			return err
		}
	}
	if rec == nil {
		return nil
	}
	f, err := rec.flow(l.s.Scheme, l.s.Host)
	if err != nil {
		return l.s.Skip(place, err)
	}
	if f.Start.Before(l.last) {
		if l.late++; l.firstLate == 0 {
			l.firstLate = l.line
		}
	}
	heap.Push(&l.window, logItem{flow: f, client: rec.who(), line: l.line, size: len(text)})
	l.bytes += len(text)
	for len(l.window) > window || l.bytes > windowBytes {
		if err := l.pop(); err != nil {
			return err
		}
	}
	return nil
}

// pop yields the oldest flow of the window.
func (l *importer) pop() error {
	item := heap.Pop(&l.window).(logItem)
	l.bytes -= item.size
	f := item.flow
	if f.Start.After(l.last) {
		l.last = f.Start
	}
	session := l.sessions[item.client]
	if session == nil || f.Start.Sub(session.last) >= l.gap {
		if session == nil {
			l.sweep(f.Start)
			session = &logSession{}
			l.sessions[item.client] = session
		}
		c := &flow.Conn{Opened: f.Start}
		if item.client.address != "" {
			c.Client = net.JoinHostPort(item.client.address, "0") // the log does not tell the port
		}
		var err error
		if session.conn, err = l.s.Conn(c); err != nil {
			return err
		}
		session.last = f.Start
	}
	if f.Start.After(session.last) {
		session.last = f.Start
	}
	f.Conn = session.conn
	return l.s.Put(f)
}

// sweep forgets sessions that are over.
func (l *importer) sweep(now time.Time) {
	if len(l.sessions) < l.sweepAt {
		return
	}
	for k, s := range l.sessions {
		if now.Sub(s.last) >= l.gap {
			delete(l.sessions, k)
		}
	}
	if len(l.sessions) >= clients {
		clear(l.sessions)
		l.dropped = true
	}
	l.sweepAt = max(1<<16, 2*len(l.sessions))
}

// finish empties the window and reports what was doubtful.
func (l *importer) finish() error {
	for len(l.window) > 0 {
		if err := l.pop(); err != nil {
			return err
		}
	}
	if l.late > 0 {
		err := l.s.Skip(fmt.Sprintf("line %d", l.firstLate), fmt.Errorf(
			"%w: %d lines from here on are older than what %d lines of sorting reach; sort the log by time for exact sessions", convert.ErrKept, l.late, window))
		if err != nil {
			return err
		}
	}
	if l.dropped {
		return l.s.Skip("end of file", fmt.Errorf("%w: more than %d clients at a time; some of their sessions were cut", convert.ErrKept, clients))
	}
	return nil
}

// A logItem waits in the window for older ones.
type logItem struct {
	flow   *flow.Flow
	client client
	line   int
	size   int
}

// byAge is a heap with the oldest item first. Items of equal time keep the order of
// their lines.
type byAge []logItem

func (h byAge) Len() int { return len(h) }
func (h byAge) Less(i, j int) bool {
	if c := h[i].flow.Start.Compare(h[j].flow.Start); c != 0 {
		return c < 0
	}
	return h[i].line < h[j].line
}
func (h byAge) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *byAge) Push(x any)   { *h = append(*h, x.(logItem)) }
func (h *byAge) Pop() any {
	old := *h
	item := old[len(old)-1]
	old[len(old)-1] = logItem{}
	*h = old[:len(old)-1]
	return item
}

// A record holds what one line says.
type record struct {
	client    string
	at        time.Time
	day       string // in place of at: the date and
	clock     string // the time of day, in UTC
	atEnd     bool   // at is when the response ended
	method    string
	target    string
	query     string
	protocol  string
	scheme    string
	host      string
	status    int
	size      int64
	duration  time.Duration
	unitless  bool // duration was a number whose unit nothing told; it was taken for seconds
	envoy     bool // the line is one of Envoy, whose durations are milliseconds
	firstByte time.Duration
	headers   flow.Headers
	cookies   []string
	answer    flow.Headers // of the response
}

// who returns the client that the line belongs to.
func (r *record) who() client {
	return client{r.client, r.headers.Value("User-Agent")}
}

// request splits "GET /path HTTP/1.1" into its parts.
func (r *record) request(line string) {
	method, rest, _ := strings.Cut(line, " ")
	target, protocol, _ := strings.Cut(rest, " ")
	r.method, r.target, r.protocol = method, target, strings.TrimSpace(protocol)
}

func (r *record) flow(scheme, host string) (*flow.Flow, error) {
	if r.at.IsZero() && r.day != "" {
		r.at, _ = loose.Time(r.day + " " + cmp.Or(r.clock, "00:00:00"))
	}
	if r.at.IsZero() {
		return nil, errors.New("it has no time")
	}
	if !http1.IsToken(r.method) || r.target == "" {
		return nil, errors.New("it has no request")
	}
	f := &flow.Flow{Scheme: scheme, Protocol: loose.Protocol(r.protocol), Start: r.at, Done: r.duration}
	if r.atEnd {
		f.Start = f.Start.Add(-r.duration)
	}
	if r.scheme == "http" || r.scheme == "https" {
		f.Scheme = r.scheme
	}
	f.Request = flow.Request{Method: r.method, Headers: r.headers, Authority: r.host}
	if at, err := compose.SplitURL(r.target); err == nil {
		f.Scheme, f.Request.Authority, f.Request.Target = at.Scheme, withoutPort(at), at.Target
	} else if r.target == "*" && r.method == "OPTIONS" || r.method == "CONNECT" {
		f.Request.Target = r.target
	} else if strings.HasPrefix(r.target, "/") {
		f.Request.Target = compose.Target(r.target)
		if query := strings.TrimPrefix(r.query, "?"); !strings.HasSuffix(f.Request.Target, "?"+query) { // some write it with the path, too
			f.Request.Target = compose.AddQuery(f.Request.Target, query)
		}
	} else {
		return nil, errors.New("its request has no path")
	}
	if f.Request.Authority == "" {
		f.Request.Authority = host
	}
	if len(r.cookies) > 0 && !f.Request.Headers.Has("Cookie") {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Cookie", Value: strings.Join(r.cookies, "; ")})
	}
	if r.status < 100 || r.status > 999 {
		f.Error = convert.NoResponse
		return f, nil
	}
	f.Response = &flow.Response{Status: r.status, Headers: r.answer}
	if http1.BodyAllowed(r.method, r.status) {
		f.Response.Body = flow.Body{Size: max(r.size, 0)}
	}
	f.Done = max(f.Done, 1) // 0 means that it did not happen
	if f.FirstByte = r.firstByte; f.FirstByte <= 0 || f.FirstByte > f.Done {
		f.FirstByte = f.Done
	}
	if r.status == 499 || r.status == 460 { // nginx, AWS: the client closed the connection
		f.Response, f.Error = nil, convert.ClientClosed
	}
	return f, nil
}

// withoutPort returns the authority without the port that its scheme has by itself.
// Balancers write it, and clients do not.
func withoutPort(at compose.Location) string {
	if at.Scheme == "https" {
		return strings.TrimSuffix(at.Authority, ":443")
	}
	return strings.TrimSuffix(at.Authority, ":80")
}
