package verbatim

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/precedence"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/cookie"
	"github.com/starling-load/starling/replay/retry"
	"github.com/starling-load/starling/replay/stats"
)

// A Recording holds the sessions of a recording. It is safe for concurrent use;
// its cursors are not.
type Recording interface {
	// Sessions is how many there are.
	Sessions() int

	// Open returns the flows of session i, from 0, in order of their start.
	Open(i int) Cursor
}

// A Cursor hands out the flows of one session.
type Cursor interface {
	// Next returns the next flow, which then belongs to the caller. After the last
	// it returns io.EOF.
	Next() (*flow.Flow, error)
}

// Flows is a Recording in memory: for each session its flows in order of their
// start.
type Flows [][]*flow.Flow

// Sessions implements Recording.
func (f Flows) Sessions() int { return len(f) }

// Open implements Recording.
func (f Flows) Open(i int) Cursor { return &flowCursor{f[i]} }

type flowCursor struct{ flows []*flow.Flow }

func (c *flowCursor) Next() (*flow.Flow, error) {
	if len(c.flows) == 0 {
		return nil, io.EOF
	}
	f := c.flows[0]
	c.flows = c.flows[1:]
	return f, nil
}

// New returns the source that repeats the sessions of rec as they were. A request
// that waited for others in the recording waits for the same ones, and then for the
// same pause. Cookies that the target sets replace the recorded ones. Referer and
// Origin name the places as they are now. Everything else is sent as recorded. An
// answer passes when it looks like the recorded one.
//
// Requests go where origins say. A request to a place that origins do not list goes
// to the first of them. A flow for which Omitted returns a name is skipped.
//
// play says which session of rec each session of the plan plays, such as [replay.Plan]'s
// Recorded. If it is nil, they are played in turn, over and over. speed is that of the
// plan.
func New(rec Recording, origins []replay.Origin, play func(session uint64) int, speed float64) (replay.Source, error) {
	if rec.Sessions() == 0 {
		return nil, errors.New("the recording holds no request that can be replayed")
	}
	if play == nil {
		n := uint64(rec.Sessions())
		play = func(i uint64) int { return int(i % n) }
	}
	return &source{rec, origins, play, speed}, nil
}

// Omitted names what is missing to repeat f. It returns "" when nothing is.
func Omitted(f *flow.Flow) string {
	switch {
	case f.Response != nil && f.Response.Status == http.StatusSwitchingProtocols && !isSocket(f):
		return "a client for upgrades to something else than a WebSocket"
	case !f.Request.Body.Kept():
		return "the end of the body in the recording"
	}
	return ""
}

// OriginOf is where f went, as [replay.ParseOrigin] writes it.
func OriginOf(f *flow.Flow) string { return replay.OriginAt(f.Scheme, f.Request.Authority) }

// Endpoint is the name under which the request of f is counted.
func Endpoint(f *flow.Flow) string { return f.Request.Method + " " + f.Request.Path() }

// Writes reports whether f changed something at the target: it was a request that does
// so (see [content.Writes]), and was not refused.
func Writes(f *flow.Flow) bool {
	return content.Writes(&f.Request) && (f.Response == nil || f.Response.Status < http.StatusBadRequest)
}

// Bare reports whether the answer in f holds nothing to tell a right one by: it was 200
// without content.
func Bare(f *flow.Flow) bool {
	return f.Response == nil || f.Response.Status == http.StatusOK && f.Response.Body.Size == 0 && f.Response.Headers.Value("Content-Type") == ""
}

// indexOf finds the origin that f went to, -1 for none.
func indexOf(origins []replay.Origin, f *flow.Flow) int {
	return replay.FindOrigin(origins, OriginOf(f))
}

// A source repeats a recording.
type source struct {
	recording Recording
	origins   []replay.Origin
	play      func(session uint64) int
	speed     float64
}

// Origins implements Source.
func (v *source) Origins() []replay.Origin { return v.origins }

// Session implements Source.
func (v *source) Session(i, _ uint64) replay.Session {
	flows := v.recording.Open(v.play(i))
	r := &repetition{source: v, flows: flows}
	r.Table.Pull, r.merge.next = r.pull, r.read
	return r
}

// A repetition is a recorded session that the engine plays.
type repetition struct {
	replay.Table
	source  *source
	flows   Cursor
	merge   merge
	order   precedence.Order
	start   time.Time     // of the first flow
	last    time.Duration // start of the flow that was read last
	made    int
	sockets int
	conns   map[uint64]int // recorded connections, numbered from 1
	putOffs map[int]int    // how often the target has put an act off
}

// Next implements Session. A request that the target puts off, and did not in the
// recording, is sent again when the target says, as clients do.
func (r *repetition) Next(over *replay.Answer) []replay.Act {
	if over != nil {
		id := over.Act.ID
		if wait, ok := retry.After(over.Response); ok && !over.OK && over.Act.Kind == replay.Request && r.putOffs[id] < retry.Patience {
			if r.putOffs == nil {
				r.putOffs = make(map[int]int)
			}
			r.putOffs[id]++
			over.Again = true
			return []replay.Act{again(over.Act, retry.AtSpeed(wait, r.source.speed))}
		}
		delete(r.putOffs, id)
	}
	return r.Table.Next(over)
}

// again is an act that was sent, as it was before. Cookies are added anew.
func again(sent *replay.Act, delay time.Duration) replay.Act {
	a := *sent
	a.Delay = delay
	a.Request.Headers = nil
	for _, h := range sent.Request.Headers {
		if !strings.EqualFold(h.Name, "Cookie") {
			a.Request.Headers = append(a.Request.Headers, h)
		}
	}
	return a
}

// Fill implements Session. It does nothing: a recorded request is complete.
func (r *repetition) Fill(*replay.Act) {}

// pull returns the act that begins next, with the acts that it waits for.
func (r *repetition) pull() (replay.Waiting, bool) {
	next, ok := r.merge.pull()
	if !ok {
		return replay.Waiting{}, false
	}
	w := replay.Waiting{Act: next.Act}
	w.ID = r.made
	w.After, w.Delay = r.order.Add(w.ID, next.start, next.done)
	r.made++
	return w, true
}

// read makes acts of the next flow.
func (r *repetition) read() ([]timedAct, bool) {
	f, err := r.flows.Next()
	switch {
	case err == io.EOF:
		return nil, false
	case err != nil:
		r.flows = &flowCursor{}
		rest := replay.Act{Endpoint: stats.Other, Skip: "the rest of the recorded session: it cannot be read"}
		return []timedAct{{rest, span{r.last, r.last}}}, true
	}
	if r.start.IsZero() {
		r.start = f.Start
	}
	r.last = f.Start.Sub(r.start)
	origin, conn := max(indexOf(r.source.origins, f), 0), r.conn(f.Conn)
	acts := []timedAct{{recordedAct(f), span{r.last, r.last + f.Answered()}}}
	if isSocket(f) {
		r.sockets++
		acts = socketActs(f, r.last, r.sockets)
	}
	acts[0].Origin, acts[0].Conn, acts[0].Skip = origin, conn, Omitted(f)
	return acts, true
}

// conn numbers the connections of the session in order of appearance.
func (r *repetition) conn(id uint64) int {
	if id == 0 {
		return 0
	}
	if r.conns == nil {
		r.conns = make(map[uint64]int)
	}
	if r.conns[id] == 0 {
		r.conns[id] = len(r.conns) + 1
	}
	return r.conns[id]
}

// recordedAct turns a flow into the act that repeats it.
func recordedAct(f *flow.Flow) replay.Act {
	a := replay.Act{Endpoint: Endpoint(f), Protocol: recordedProtocol(f), Write: Writes(f), Observe: true}
	a.Request = client.Request{Request: flow.Request{
		Method: f.Request.Method, Target: f.Request.Target, Body: f.Request.Body, Trailers: f.Request.Trailers,
	}, Upload: f.Request.Body.Open}
	for _, h := range f.Request.Headers {
		switch strings.ToLower(h.Name) {
		case "host", "connection", "proxy-connection", "keep-alive", "proxy-authorization":
		case "cookie":
			for pair := range strings.SplitSeq(h.Value, ";") {
				if c, ok := cookie.Parse(pair); ok {
					a.Cookies = append(a.Cookies, c)
				}
			}
		default:
			a.Request.Headers = append(a.Request.Headers, h)
		}
	}
	for _, m := range f.Messages {
		if m.Kind == flow.MessageEvent && !m.FromClient {
			a.Request.Events++
		}
	}
	if f.Response != nil {
		a.Judge = recordedJudge(f).Judge
	}
	if r := f.Response; r != nil && r.Status/100 == 2 && (r.Body.Size > 0 || a.Request.Events > 0) {
		a.Judge = withBody(a.Judge)
	}
	return a
}

// withBody adds to judge that the answer must have a body. A stream that ended before
// its first event has none.
func withBody(judge func(*flow.Response, *content.Doc) (string, string)) func(*flow.Response, *content.Doc) (string, string) {
	return func(resp *flow.Response, doc *content.Doc) (name, detail string) {
		if name, detail = judge(resp, doc); name == "" && resp.Body.Size == 0 {
			return model.FailBody, "the answer is empty"
		}
		return name, detail
	}
}

// recordedProtocol is the version of HTTP to ask for. HTTP/3 is replayed over HTTP/2.
// What was recorded over TLS may be replayed to a plain target, which then gets
// HTTP/1.1. gRPC always gets HTTP/2: it has no other version.
func recordedProtocol(f *flow.Flow) client.Protocol {
	switch {
	case f.Protocol != "HTTP/2.0" && f.Protocol != "HTTP/3.0":
		return client.HTTP1
	case f.Scheme == "http", message.IsGRPC(f.Request.Headers):
		return client.HTTP2
	}
	return client.Auto
}

// recordedJudge judges answers to the request of f.
func recordedJudge(f *flow.Flow) *model.Judge {
	c := recordedCheck(f.Response)
	if !content.Writes(&f.Request) {
		return c.Compile()
	}
	c.Known = slices.Concat(c.Known, content.New(f.Response).Failures())
	return c.Compile().OfWrite()
}

// recordedCheck returns a check that accepts answers that look like resp.
func recordedCheck(resp *flow.Response) *model.Check {
	shape := content.New(resp).Shape()
	c := &model.Check{Status: []int{resp.Status / 100}, Known: shape.Features}
	if resp.Status >= 400 { // an error passes only for itself
		c.Status[0] = resp.Status
	}
	switch {
	case resp.Status == http.StatusNotModified: // or the resource has changed since
		return &model.Check{Status: []int{2, 3}}
	case !resp.Body.Truncated():
		c.Require = shape.Features
	}
	if resp.Status/100 == 3 {
		c.Redirect = ledTo(resp.Headers.Value("Location"))
	}
	if shape.Content != "" {
		c.Content = []string{shape.Content}
	}
	return c
}

// ledTo is where a recorded redirection led, as [model.Check.Redirect]: its path
// without host and query. A segment that looks like an id, as any with a digit does,
// may differ now. For a relative reference ledTo returns nil: it says too little.
func ledTo(location string) []string {
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		return nil
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if strings.ContainsAny(s, "0123456789") || content.Kind(s) != "" {
			segments[i] = "{}"
		}
	}
	return []string{strings.Join(segments, "/")}
}
