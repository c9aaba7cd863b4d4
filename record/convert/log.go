package convert

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// Servers write a line when a response ends, so lines are out of order by as
// much as responses take. They are sorted within a window.
const (
	logWindow      = 64 << 10 // lines
	logWindowBytes = 64 << 20
	logLineMax     = 1 << 20
	logClients     = 1 << 20 // addresses with an open session
)

// A logImport is the state of reading one access log.
type logImport struct {
	o      ImportOptions
	s      *sink
	window logHeap
	bytes  int
	line   int

	last      time.Time // of the flow yielded last
	late      int       // lines older than that
	firstLate int

	sessions map[logClient]*logSession
	sweepAt  int
	dropped  bool // sessions were cut because there were too many at a time
}

// A logClient is who a session belongs to.
type logClient struct{ address, agent string }

type logSession struct {
	conn uint64
	last time.Time
}

func importLog(r *bufio.Reader, o ImportOptions, s *sink) error {
	head, _ := r.Peek(headSize)
	format, err := logFormatOf(o.LogFormat, head)
	if err != nil {
		return err
	}
	l := &logImport{o: o, s: s, sessions: map[logClient]*logSession{}, sweepAt: 1 << 16}
	for {
		text, err := readLine(r, logLineMax)
		if err == io.EOF {
			return l.finish()
		}
		l.line++
		place := fmt.Sprintf("line %d", l.line)
		switch {
		case errors.Is(err, errLongLine):
			err = s.skip(place, err)
		case err != nil:
			if ferr := l.finish(); ferr != nil {
				return ferr
			}
			return s.skip(place, fmt.Errorf("the input breaks off: %w", err))
		case len(bytes.TrimSpace(text)) == 0:
		default:
			err = l.add(place, text, format)
		}
		if err != nil {
			return err
		}
	}
}

var errLongLine = fmt.Errorf("longer than %d KiB", logLineMax>>10)

// readLine returns the next line without its end, valid until the next read;
// io.EOF after the last. A longer one than limit is consumed and is errLongLine.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == nil {
		return bytes.TrimRight(line, "\r\n"), nil
	}
	long := bytes.Clone(line)
	tooLong := false
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = r.ReadSlice('\n')
		if tooLong = tooLong || len(long)+len(line) > limit; !tooLong {
			long = append(long, line...)
		}
	}
	switch {
	case err != nil && !(errors.Is(err, io.EOF) && len(long) > 0):
		return nil, err
	case tooLong:
		return nil, errLongLine
	}
	return bytes.TrimRight(long, "\r\n"), nil
}

func (l *logImport) add(place string, text []byte, format logFormat) error {
	rec, err := format.parse(string(text))
	if err != nil {
		var again error
		if rec, again = format.parse(string(text) + `"`); again != nil {
			return l.s.skip(place, err)
		}
		if err := l.s.skip(place, fmt.Errorf("%w: the line is cut off in its last field", ErrKept)); err != nil {
			return err
		}
	}
	f, err := rec.flow(l.o)
	if err != nil {
		return l.s.skip(place, err)
	}
	if f.Start.Before(l.last) {
		if l.late++; l.firstLate == 0 {
			l.firstLate = l.line
		}
	}
	heap.Push(&l.window, logItem{flow: f, client: rec.who(), line: l.line, size: len(text)})
	l.bytes += len(text)
	for len(l.window) > logWindow || l.bytes > logWindowBytes {
		if err := l.pop(); err != nil {
			return err
		}
	}
	return nil
}

// pop yields the oldest flow of the window.
func (l *logImport) pop() error {
	item := heap.Pop(&l.window).(logItem)
	l.bytes -= item.size
	f := item.flow
	if f.Start.After(l.last) {
		l.last = f.Start
	}
	session := l.sessions[item.client]
	if session == nil || f.Start.Sub(session.last) >= l.o.SessionGap {
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
		if session.conn, err = l.s.conn(c); err != nil {
			return err
		}
		session.last = f.Start
	}
	if f.Start.After(session.last) {
		session.last = f.Start
	}
	f.Conn = session.conn
	return l.s.put(f)
}

// sweep forgets sessions that are over.
func (l *logImport) sweep(now time.Time) {
	if len(l.sessions) < l.sweepAt {
		return
	}
	for k, s := range l.sessions {
		if now.Sub(s.last) >= l.o.SessionGap {
			delete(l.sessions, k)
		}
	}
	if len(l.sessions) >= logClients {
		clear(l.sessions)
		l.dropped = true
	}
	l.sweepAt = max(1<<16, 2*len(l.sessions))
}

// finish empties the window and says what was doubtful.
func (l *logImport) finish() error {
	for len(l.window) > 0 {
		if err := l.pop(); err != nil {
			return err
		}
	}
	if l.late > 0 {
		err := l.s.skip(fmt.Sprintf("line %d", l.firstLate), fmt.Errorf(
			"%w: %d lines from here on are older than what %d lines of sorting reach; sort the log by time for exact sessions", ErrKept, l.late, logWindow))
		if err != nil {
			return err
		}
	}
	if l.dropped {
		return l.s.skip("end of file", fmt.Errorf("%w: more than %d clients at a time; some of their sessions were cut", ErrKept, logClients))
	}
	return nil
}

// A logItem waits in the window for older ones.
type logItem struct {
	flow   *flow.Flow
	client logClient
	line   int
	size   int
}

// A logHeap has the oldest item first; of equal times, the first line.
type logHeap []logItem

func (h logHeap) Len() int { return len(h) }
func (h logHeap) Less(i, j int) bool {
	if c := h[i].flow.Start.Compare(h[j].flow.Start); c != 0 {
		return c < 0
	}
	return h[i].line < h[j].line
}
func (h logHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *logHeap) Push(x any)   { *h = append(*h, x.(logItem)) }
func (h *logHeap) Pop() any {
	old := *h
	item := old[len(old)-1]
	old[len(old)-1] = logItem{}
	*h = old[:len(old)-1]
	return item
}

// A logRecord is what one line tells.
type logRecord struct {
	client    string
	at        time.Time
	atEnd     bool // at is when the response ended
	method    string
	target    string
	query     string
	protocol  string
	scheme    string
	host      string
	status    int
	size      int64
	duration  time.Duration
	firstByte time.Duration
	headers   flow.Headers
	cookies   []string
	answer    flow.Headers // of the response
}

// who is the client whose sessions the lines are counted by.
func (r *logRecord) who() logClient {
	return logClient{r.client, r.headers.Value("User-Agent")}
}

// request takes "GET /path HTTP/1.1" apart.
func (r *logRecord) request(line string) {
	r.method, r.target, r.protocol = cut3(line)
}

func (r *logRecord) flow(o ImportOptions) (*flow.Flow, error) {
	if r.at.IsZero() {
		return nil, errors.New("it has no time")
	}
	if !isToken(r.method) || r.target == "" {
		return nil, errors.New("it has no request")
	}
	f := &flow.Flow{Scheme: o.scheme, Protocol: protocolName(r.protocol), Start: r.at, Done: r.duration}
	if r.atEnd {
		f.Start = f.Start.Add(-r.duration)
	}
	if r.scheme == "http" || r.scheme == "https" {
		f.Scheme = r.scheme
	}
	f.Request = flow.Request{Method: r.method, Headers: r.headers, Authority: r.host}
	if at, err := splitURL(r.target); err == nil {
		f.Scheme, f.Request.Authority, f.Request.Target = at.scheme, at.authority, at.target
	} else if r.target == "*" && r.method == "OPTIONS" || r.method == "CONNECT" {
		f.Request.Target = r.target
	} else if strings.HasPrefix(r.target, "/") {
		f.Request.Target = addQuery(wireTarget(r.target), strings.TrimPrefix(r.query, "?"))
	} else {
		return nil, errors.New("its request has no path")
	}
	if f.Request.Authority == "" {
		f.Request.Authority = o.host
	}
	if len(r.cookies) > 0 && !f.Request.Headers.Has("Cookie") {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Cookie", Value: strings.Join(r.cookies, "; ")})
	}
	if r.status < 100 || r.status > 999 {
		f.Error = failNone
		return f, nil
	}
	f.Response = &flow.Response{Status: r.status, Headers: r.answer}
	if bodyAllowed(r.method, r.status) {
		f.Response.Body = missingBody(r.size)
	}
	f.Done = max(f.Done, 1) // 0 would say that it did not happen
	if f.FirstByte = r.firstByte; f.FirstByte <= 0 || f.FirstByte > f.Done {
		f.FirstByte = f.Done
	}
	if r.status == 499 { // nginx: the client closed the connection
		f.Response, f.Error = nil, failClient
	}
	return f, nil
}
