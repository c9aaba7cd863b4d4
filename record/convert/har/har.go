package har

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
)

// An importer is the state of reading one HAR file.
type importer struct {
	s     *convert.Sink
	json  *loose.Stream
	own   bool // written by Starling
	safe  bool // written by Safari
	conns convert.Table[string, uint64]
}

// errToldCut ends the reading of a cut file once an EntryError has reported the cut.
var errToldCut = errors.New("cut")

// A Format reads and writes HAR 1.2 of browsers, proxies and tools.
type Format struct {
	// Version is that of the program, which an exported file names.
	Version string
}

var (
	mark    = regexp.MustCompile(`^\s*(?:[\w.$]+\s*\(\s*)?\{\s*"log"\s*:\s*[\{\[]`)
	object  = regexp.MustCompile(`^\s*\{`)
	calling = regexp.MustCompile(`^\s*[\w.$]+\s*\(`) // a script that gives the log to a function
	entries = regexp.MustCompile(`"log"\s*:\s*\{`)
)

// Recognize looks for the member log, which most writers put first.
func (Format) Recognize(head []byte) convert.Certainty {
	switch {
	case mark.Match(head):
		return convert.Sure
	case object.Match(head) && entries.Match(head):
		return convert.Guess
	}
	return convert.No
}

// Import reads the entries of a HAR one by one.
func (Format) Import(r *bufio.Reader, s *convert.Sink) error {
	h := &importer{s: s, json: loose.NewStream(r), conns: convert.Table[string, uint64]{}}
	head, _ := r.Peek(256)
	if n := len(calling.Find(head)); n > 0 {
		r.Discard(n) // cannot fail: Peek has them
	}
	found := false
	err := h.json.Members(func(name string) error {
		if name != "log" {
			return h.pass()
		}
		found = true
		if c, err := h.json.Peek(); err == nil && c != '{' {
			return fmt.Errorf("its log is not an object; it is not a HAR file, export it once more or name another format")
		}
		return h.json.Members(h.member)
	})
	switch {
	case errors.Is(err, errToldCut):
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return s.Skip("end of file", fmt.Errorf("the file is cut off: %w", io.ErrUnexpectedEOF))
	case errors.Is(err, loose.ErrJSON):
		return fmt.Errorf("%w; export it once more, or name another format", err)
	case err == nil && !found:
		return fmt.Errorf("it has no log; it is not a HAR file, export it once more or name another format")
	}
	return err
}

// pass consumes a value that does not matter.
func (h *importer) pass() error {
	if _, err := h.json.Value(0); !errors.Is(err, convert.ErrTooLong) {
		return err
	}
	return nil
}

func (h *importer) member(name string) error {
	switch name {
	case "entries":
		return h.entries()
	case "creator":
		raw, err := h.json.Value(1 << 20)
		if err != nil && !errors.Is(err, convert.ErrTooLong) {
			return err
		}
		var creator struct{ Name loose.Text }
		if json.Unmarshal(raw, &creator) == nil {
			h.own, h.safe = creator.Name == harCreator, strings.Contains(string(creator.Name), "WebKit")
		}
		return nil
	}
	return h.pass()
}

func (h *importer) entries() error {
	if err := h.json.Take('['); err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := h.json.Next(i == 0, ']')
		if err != nil || !more {
			return err
		}
		place := fmt.Sprintf("entry %d", i)
		raw, err := h.json.Value(convert.MaxEntry)
		if errors.Is(err, convert.ErrTooLong) {
			if err := h.s.Skip(place, err); err != nil {
				return err
			}
			continue
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			if err := h.s.Skip(place, fmt.Errorf("the file is cut off: %w", err)); err != nil {
				return err
			}
			return errToldCut
		}
		if err != nil {
			return err
		}
		if err := h.entry(place, raw); err != nil {
			return err
		}
	}
}

func (h *importer) entry(place string, raw []byte) error {
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return h.s.Skip(place, errors.New("not an entry of HAR: "+loose.Fault(err)))
	}
	f, err := h.flow(&e)
	if err != nil {
		return h.s.Skip(place, err)
	}
	if f.Response != nil {
		if err := h.messages(place, f, &e); err != nil {
			return err
		}
	}
	if f.Conn, err = h.conn(&e, f); err != nil {
		return err
	}
	return h.s.Put(f)
}

func (h *importer) flow(e *entry) (*flow.Flow, error) {
	if e.Request == nil {
		return nil, errors.New("it has no request")
	}
	if e.Request.Method == http.MethodConnect {
		return nil, fmt.Errorf("%w: a tunnel, whose requests have entries of their own", convert.ErrOther)
	}
	at, err := compose.SplitURL(h.address(e.Request))
	if err != nil {
		return nil, err
	}
	f := &flow.Flow{Scheme: at.Scheme}
	if f.Request, err = e.Request.request(at); err != nil {
		return nil, err
	}
	f.Protocol = e.protocol()
	// Browsers and other writers of HAR speak these versions over TLS alone. A file
	// that says otherwise means another connection than the one to this URL.
	if !h.own && at.Scheme == "http" && (f.Protocol == "HTTP/2.0" || f.Protocol == "HTTP/3.0") {
		f.Protocol = "HTTP/1.1"
	}
	if err := h.times(f, e); err != nil {
		return nil, err
	}
	status := 0
	if e.Response != nil {
		status = int(e.Response.Status.Positive())
	}
	if status < 100 || status > 999 {
		f.Error = convert.NoResponse
		if e.Response != nil && e.Response.Error != "" {
			f.Error = h.failure(string(e.Response.Error))
		}
		f.FirstByte = 0
		return f, nil
	}
	if f.Response, err = e.Response.response(f.Request.Method); err != nil {
		return nil, err
	}
	if h.own {
		f.Error = string(e.Response.Error)
	}
	if h.safe {
		f.Response.Headers = splitCookies(f.Response.Headers)
	}
	return f, nil
}

// address is the URL of a request. People who edit a file leave the path alone; the host
// stands in the head then, or is the one that was named for such files.
func (h *importer) address(q *request) string {
	url := string(q.URL)
	if !strings.HasPrefix(url, "/") || strings.HasPrefix(url, "//") {
		return url
	}
	host := h.s.Host
	for _, p := range q.Headers {
		if strings.EqualFold(string(p.Name), "host") && host == "" {
			host = string(p.Value)
		}
	}
	if host == "" {
		return url
	}
	return h.s.Scheme + "://" + host + url
}

// joined is where the next cookie begins in a line that holds several. The date of
// "expires" has a comma, too, and no name behind it.
var joined = regexp.MustCompile("[,\n] *([!#$%&'*+.^_`|~0-9A-Za-z-]+=)")

// splitCookies makes lines of their own of the cookies that Safari joins in one.
func splitCookies(h flow.Headers) (out flow.Headers) {
	for _, line := range h {
		if !strings.EqualFold(line.Name, "Set-Cookie") {
			out = append(out, line)
			continue
		}
		from := 0
		for _, at := range joined.FindAllStringSubmatchIndex(line.Value, -1) {
			out = append(out, flow.Header{Name: line.Name, Value: line.Value[from:at[0]]})
			from = at[2]
		}
		out = append(out, flow.Header{Name: line.Name, Value: line.Value[from:]})
	}
	return out
}

// failure returns the name of a failure. A file of Starling holds that name already.
func (h *importer) failure(text string) string {
	if h.own {
		return text
	}
	return convert.Failure(text, convert.NoResponse)
}

// protocol returns the version in the words of flow.Flow. It is "" if neither the
// writer nor the header lines name it.
func (e *entry) protocol() string {
	if p := loose.Protocol(string(e.Request.HTTPVersion)); p != "" {
		return p
	}
	if e.Response != nil {
		if p := loose.Protocol(string(e.Response.HTTPVersion)); p != "" {
			return p
		}
	}
	for _, p := range e.Request.Headers {
		if strings.HasPrefix(string(p.Name), ":") {
			return "HTTP/2.0"
		}
	}
	return ""
}

// times sets the instants. A flow begins when the request goes out, so the time before
// that (queueing, DNS, connecting) is added to the start.
func (h *importer) times(f *flow.Flow, e *entry) error {
	if e.Started == "" {
		f.Start = h.s.Tick()
	} else {
		start, ok := loose.Time(string(e.Started))
		if !ok {
			return errors.New("startedDateTime is not a time")
		}
		f.Start = start
	}
	t := &e.Timings
	before := loose.Milliseconds(t.Blocked.Positive() + t.DNS.Positive() + t.Connect.Positive())
	send, wait, receive := loose.Milliseconds(t.Send.Positive()), loose.Milliseconds(t.Wait.Positive()), loose.Milliseconds(t.Receive.Positive())
	total := send + wait + receive
	if whole := loose.Milliseconds(e.Time.Positive()); total == 0 && whole > before {
		wait, total = whole-before, whole-before
	}
	f.Start = f.Start.Add(before)
	if h.own && total == 0 {
		return nil // the recording did not have them either
	}
	// 0 means that it did not happen.
	f.RequestDone = send
	f.FirstByte = max(send+wait, 1)
	f.Done = max(total, 1)
	return nil
}

// conn returns the connection of an entry. All entries in the HAR of another tool share
// one connection, that of its browser.
func (h *importer) conn(e *entry, f *flow.Flow) (uint64, error) {
	key := ""
	if h.own {
		if key = string(e.Connection); key == "" {
			return 0, nil
		}
	}
	if id, ok := h.conns[key]; ok {
		return id, nil
	}
	c := &flow.Conn{Opened: f.Start}
	if h.own && e.Conn != nil {
		c.Client, c.Server = e.Conn.Client, e.Conn.Server
		if t, ok := loose.Time(e.Conn.Opened); ok {
			c.Opened = t
		}
		if t := e.Conn.TLS; t != nil {
			c.TLS = &flow.TLS{Version: t.Version, Cipher: t.Cipher, ServerName: t.ServerName, ALPN: t.ALPN}
		}
	}
	id, err := h.s.Conn(c)
	h.conns.Set(key, id)
	return id, err
}

// messages reads the messages of WebSockets and of Starling's other streams. One that is
// none, as those by which Chrome tells of errors, is left out.
func (h *importer) messages(place string, f *flow.Flow, e *entry) error {
	list := e.Sockets
	if len(list) == 0 {
		list = e.Messages
	}
	if len(list) == 0 {
		events(f, e.Events)
	}
	for i := range list {
		m, err := list[i].message(f.Start)
		if err != nil {
			if err := h.s.Skip(place, fmt.Errorf("%w without message %d: %w", convert.ErrKept, i, err)); err != nil {
				return err
			}
			continue
		}
		f.Messages = append(f.Messages, m)
		f.Done = max(f.Done, m.At)
	}
	return nil
}

func (s *socket) message(start time.Time) (flow.Message, error) {
	m := flow.Message{FromClient: s.Type == "send" || s.Type == "request"}
	if at, ok := loose.Seconds(string(s.Time)); ok {
		m.At = max(at.Sub(start), 0)
	}
	switch {
	case s.Kind == "event":
		m.Kind = flow.MessageEvent
	case s.Kind == "grpc":
		m.Kind = flow.MessageGRPC
	default:
		m.Kind = loose.SocketKind(int(s.Opcode.Positive()))
	}
	if m.Kind == 0 {
		return m, fmt.Errorf("%v is not the opcode of a message", s.Opcode.Value)
	}
	text := string(s.Data)
	m.Data = []byte(text)
	if m.Kind == flow.MessageBinary || s.Base64 {
		data, err := loose.Base64(text)
		if err == nil {
			m.Data = data
		} else if s.Base64 {
			return m, errors.New("its data is not base64")
		}
	}
	m.Size = max(int64(s.Size), int64(len(m.Data)))
	return m, nil
}
