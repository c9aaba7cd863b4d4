package netlog

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/convert/wire"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
	"github.com/starling-load/starling/record/message"
)

// A call is a request under way.
type call struct {
	id     int // of its source
	place  int // number of its first event
	url    string
	method string
	job    int
	socket int
	h2     *frames // of its connection, if it sends a body over HTTP/2
	stream uint32
	upload int64 // length of its body
	failed int   // its error, 0 for none
	done   time.Time

	flow     *flow.Flow
	sent     bool
	stripped bool // lines of its heads are not in the log

	wire  stream // the body of the answer with its content coding, if it has one
	plain stream // without
	out   stream // what its socket sent, with the head
	in    stream // what the socket got before the messages of a WebSocket
	up    *message.Socket
	down  *message.Socket

	messages int // bytes of them
	left     int // how many were not kept, since they are more than an entry may hold
}

func newCall(id, place int, p *params) *call {
	return &call{id: id, place: place, url: string(p.URL), method: string(p.Method)}
}

// again returns a call that sends the same once more.
func (q *call) again() *call {
	return &call{id: q.id, place: q.place, url: q.url, method: q.method, job: q.job, upload: q.upload}
}

// A stream is bytes that the log holds in pieces.
type stream struct {
	data []byte
	size int64 // also of bytes that the log does not hold
}

// add takes a piece, and returns how many bytes more are held.
func (s *stream) add(p *params, room int) int {
	data, err := base64.StdEncoding.DecodeString(string(p.Bytes))
	if err != nil {
		data = nil
	}
	return s.append(data, int64(p.Count.Positive()), room)
}

// append takes a piece of a size, of which data is there.
func (s *stream) append(data []byte, size int64, room int) (held int) {
	whole := s.size == int64(len(s.data)) // only a beginning without holes is of use
	if s.size += size; !whole || len(data) > room || len(s.data)+len(data) > convert.MaxEntry {
		return 0
	}
	s.data = append(s.data, data...)
	return len(data)
}

// held is how many bytes the call holds.
func (q *call) held() int {
	return len(q.wire.data) + len(q.plain.data) + len(q.out.data) + len(q.in.data)
}

func (q *call) secure() bool {
	return strings.HasPrefix(q.url, "https:") || strings.HasPrefix(q.url, "wss:")
}

// status is that of the answer, 0 before it.
func (q *call) status() int {
	if q.flow == nil || q.flow.Response == nil {
		return 0
	}
	return q.flow.Response.Status
}

// ask takes the head of the request. It goes out once more if its connection was gone.
func (q *call) ask(at time.Time, name string, p *params) {
	q.sent, q.out = true, stream{}
	f := &flow.Flow{Start: at, Error: convert.NoResponse}
	f.Request.Method = q.method
	f.Request.Headers, q.stripped = lines(p.Headers)
	if fields := strings.Fields(string(p.Line)); len(fields) == 3 {
		f.Request.Method, f.Request.Target, f.Protocol = fields[0], fields[1], loose.Protocol(fields[2])
	}
	switch {
	case strings.Contains(name, "HTTP2"):
		f.Protocol = "HTTP/2.0"
	case strings.Contains(name, "QUIC"):
		f.Protocol = "HTTP/3.0"
	}
	q.flow = f
}

// lines returns field lines, without the pseudo-header fields of HTTP/2. A value that
// was left out of the log is none.
func lines(list []loose.Text) (h flow.Headers, stripped bool) {
	for _, line := range list {
		text := strings.TrimPrefix(string(line), ":")
		name, value, ok := strings.Cut(text, ":")
		value = strings.TrimSpace(value)
		switch {
		case !ok || len(text) < len(line):
		case strings.HasPrefix(value, "[") && strings.HasSuffix(value, " were stripped]"):
			stripped = true
		default:
			h = append(h, flow.Header{Name: name, Value: value})
		}
	}
	return h, stripped
}

// answer takes the head of the answer.
func (q *call) answer(at time.Time, p *params) {
	if !q.sent || len(p.Headers) == 0 {
		return
	}
	version, rest, _ := strings.Cut(string(p.Headers[0]), " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if err != nil || status < 100 || status > 999 || status < 200 && status != 101 {
		return
	}
	r := &flow.Response{Status: status}
	var stripped bool
	r.Headers, stripped = lines(p.Headers[1:])
	q.stripped = q.stripped || stripped
	q.flow.Response, q.flow.Error = r, ""
	q.flow.FirstByte = max(at.Sub(q.flow.Start), 1)
	if q.flow.Protocol == "" {
		q.flow.Protocol = loose.Protocol(version)
	}
	if status == 101 {
		q.upgrade()
	}
}

// upgrade begins to read the messages of a WebSocket.
func (q *call) upgrade() {
	deflate := message.IsDeflate(q.flow.Response.Headers)
	side := func(client bool) *message.Socket {
		return message.NewSocket(deflate, convert.MaxEntry/4, func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
			if q.messages += len(data); q.messages > convert.MaxEntry {
				q.left++
				return
			}
			q.flow.Messages = append(q.flow.Messages, flow.Message{At: at, FromClient: client, Kind: kind, Data: append([]byte(nil), data...), Size: size})
		})
	}
	q.up, q.down = side(true), side(false)
	if _, behind, ok := strings.Cut(string(q.in.data), "\r\n\r\n"); ok {
		q.down.Feed([]byte(behind), q.flow.FirstByte)
	}
	q.in = stream{}
}

// passed takes bytes of the socket, and returns how many more are held.
func (q *call) passed(p *params, sent bool, at time.Time, room int) int {
	switch {
	case q.up != nil:
		data, err := base64.StdEncoding.DecodeString(string(p.Bytes))
		if err != nil {
			return 0
		}
		since := max(at.Sub(q.flow.Start), 0)
		if sent {
			q.up.Feed(data, since)
		} else {
			q.down.Feed(data, since)
		}
		return 0
	case sent:
		return q.out.add(p, room)
	case strings.HasPrefix(q.url, "ws"):
		return q.in.add(p, room)
	}
	return 0
}

// finish returns the flow. reason is the name of its failure, "" for none. note says
// what the log lacks.
func (q *call) finish(reason string) (f *flow.Flow, note string, err error) {
	at, err := compose.SplitURL(q.url)
	if err != nil {
		return nil, "", err
	}
	f = q.flow
	f.Scheme, f.Request.Authority = at.Scheme, at.Authority
	if !strings.HasPrefix(f.Request.Target, "/") { // HTTP/2, or as clients write to a proxy
		f.Request.Target = at.Target
	}
	if note, err = q.requestBody(); err != nil {
		return nil, "", err
	}
	if !q.done.IsZero() {
		f.Done = max(q.done.Sub(f.Start), 1)
	} else if f.Response != nil {
		f.Error = convert.ResponseCut
	}
	if reason != "" {
		f.Error = convert.Failure("net::"+reason, convert.NoResponse)
	}
	if f.Response != nil && f.Response.Status != 101 {
		q.responseBody()
	}
	if q.left > 0 {
		note = fmt.Sprintf("%d messages were left out, behind %d MiB of them", q.left, convert.MaxEntry>>20)
	}
	for i := range f.Messages {
		f.Done = max(f.Done, f.Messages[i].At)
	}
	return f, note, nil
}

// requestBody sets the body of the request, which stands in the bytes of its socket.
func (q *call) requestBody() (note string, err error) {
	r := &q.flow.Request
	if strings.HasPrefix(q.flow.Protocol, "HTTP/1") {
		if m, err := wire.Parse(q.out.data); err == nil && m.Method == r.Method {
			r.Headers = m.Headers
			r.Body, r.Trailers, _ = m.Body(m.Method)
		}
	}
	if q.h2 != nil && q.out.size > 0 {
		r.Body = flow.Body{Data: q.out.data, Size: max(q.out.size, q.upload)}
	}
	if !http1.IsToken(r.Method) {
		return "", fmt.Errorf("its method is not one of HTTP")
	}
	if r.Body.Size == 0 && q.upload > 0 {
		r.Body = flow.Body{Size: q.upload}
	}
	if r.Body.Truncated() {
		return fmt.Sprintf("of its body of %d bytes the log holds %d", r.Body.Size, len(r.Body.Data)), nil
	}
	return "", nil
}

// responseBody sets the body of the answer: with its content coding where the log has
// that, else without, and without a word of it in the head.
func (q *call) responseBody() {
	r := q.flow.Response
	body := q.plain
	if q.wire.size > 0 {
		body = q.wire
	} else if len(body.data) > 0 && !compose.LooksCoded(body.data, r.Headers.Value("Content-Encoding")) {
		r.Headers = compose.DropHeader(r.Headers, "Content-Encoding")
	}
	if body.size == int64(len(body.data)) {
		r.Body = flow.NewBody(body.data)
		if http1.BodyAllowed(q.flow.Request.Method, r.Status) && q.flow.Error == "" {
			compose.FixLength(&r.Headers, r.Body.Size)
		}
		return
	}
	r.Body = flow.Body{Data: body.data, Size: body.size}
}
