package convert

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A harImport is the state of reading one HAR file.
type harImport struct {
	o     ImportOptions
	s     *sink
	json  *jsonStream
	own   bool // written by Starling
	conns connTable[string, uint64]
}

// errToldCut ends the reading of a file whose cut end was told.
var errToldCut = errors.New("cut")

func importHAR(r *bufio.Reader, o ImportOptions, s *sink) error {
	h := &harImport{o: o, s: s, json: &jsonStream{r: r}, conns: connTable[string, uint64]{}}
	found := false
	err := h.json.members(func(name string) error {
		if name != "log" {
			return h.pass()
		}
		found = true
		if c, err := h.json.peek(); err == nil && c != '{' {
			return fmt.Errorf("its log is not an object; it is not a HAR file, export it once more or name another format")
		}
		return h.json.members(h.member)
	})
	switch {
	case errors.Is(err, errToldCut):
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return s.skip("end of file", fmt.Errorf("the file is cut off: %w", io.ErrUnexpectedEOF))
	case errors.Is(err, errJSON):
		return fmt.Errorf("%w; export it once more, or name another format", err)
	case err == nil && !found:
		return fmt.Errorf("it has no log; it is not a HAR file, export it once more or name another format")
	}
	return err
}

// pass consumes a value that does not matter.
func (h *harImport) pass() error {
	if _, err := h.json.value(0); !errors.Is(err, errTooLong) {
		return err
	}
	return nil
}

func (h *harImport) member(name string) error {
	switch name {
	case "entries":
		return h.entries()
	case "creator":
		raw, err := h.json.value(1 << 20)
		if err != nil && !errors.Is(err, errTooLong) {
			return err
		}
		var creator struct{ Name looseText }
		h.own = json.Unmarshal(raw, &creator) == nil && creator.Name == harCreator
		return nil
	}
	return h.pass()
}

func (h *harImport) entries() error {
	if err := h.json.take('['); err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := h.json.next(i == 0, ']')
		if err != nil || !more {
			return err
		}
		place := fmt.Sprintf("entry %d", i)
		raw, err := h.json.value(maxEntry)
		if errors.Is(err, errTooLong) {
			if err := h.s.skip(place, err); err != nil {
				return err
			}
			continue
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			if err := h.s.skip(place, fmt.Errorf("the file is cut off: %w", err)); err != nil {
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

func (h *harImport) entry(place string, raw []byte) error {
	var e harEntry
	if err := json.Unmarshal(raw, &e); err != nil {
		return h.s.skip(place, errors.New("not an entry of HAR: "+jsonFault(err)))
	}
	f, err := h.flow(&e)
	if err != nil {
		return h.s.skip(place, err)
	}
	if f.Conn, err = h.conn(&e, f); err != nil {
		return err
	}
	return h.s.put(f)
}

// jsonFault says what is wrong with JSON without repeating any of it.
func jsonFault(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("the JSON is broken at its byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf("%q holds a %s", kind.Field, kind.Value)
	}
	return "the JSON is broken"
}

func (h *harImport) flow(e *harEntry) (*flow.Flow, error) {
	if e.Request == nil {
		return nil, errors.New("it has no request")
	}
	at, err := splitURL(string(e.Request.URL))
	if err != nil {
		return nil, err
	}
	f := &flow.Flow{Scheme: at.scheme}
	if f.Request, err = e.Request.request(at); err != nil {
		return nil, err
	}
	f.Protocol = e.protocol()
	if err := h.times(f, e); err != nil {
		return nil, err
	}
	status := 0
	if e.Response != nil {
		status = int(e.Response.Status.positive())
	}
	if status < 100 || status > 999 {
		f.Error = failNone
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
	return f, h.messages(f, e)
}

// failure names why there is no answer: in files of Starling it is a name.
func (h *harImport) failure(text string) string {
	if h.own {
		return text
	}
	return failureName(text, failNone)
}

// protocol returns the version in the words of flow.Flow; "" if neither the
// writer nor the header lines tell it.
func (e *harEntry) protocol() string {
	if p := protocolName(string(e.Request.HTTPVersion)); p != "" {
		return p
	}
	if e.Response != nil {
		if p := protocolName(string(e.Response.HTTPVersion)); p != "" {
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

// protocolName understands the spellings of an HTTP version.
func protocolName(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if name, _, ok := strings.Cut(text, "+quic"); ok && name == "http/2" {
		return "HTTP/3.0"
	}
	text = strings.TrimPrefix(text, "http/")
	switch text {
	case "1.1", "1.0", "0.9":
		return "HTTP/" + text
	case "1":
		return "HTTP/1.1"
	case "2", "2.0", "h2", "h2c":
		return "HTTP/2.0"
	case "3", "3.0", "h3":
		return "HTTP/3.0"
	}
	if strings.HasPrefix(text, "h3-") {
		return "HTTP/3.0"
	}
	return ""
}

// times sets the instants: a flow begins when the request goes out, so what
// comes before (queueing, DNS, connecting) is added to the start.
func (h *harImport) times(f *flow.Flow, e *harEntry) error {
	if e.Started == "" {
		f.Start = h.s.tick()
	} else {
		start, ok := parseTime(string(e.Started))
		if !ok {
			return errors.New("startedDateTime is not a time")
		}
		f.Start = start
	}
	t := &e.Timings
	before := milliseconds(t.Blocked.positive() + t.DNS.positive() + t.Connect.positive())
	send, wait, receive := milliseconds(t.Send.positive()), milliseconds(t.Wait.positive()), milliseconds(t.Receive.positive())
	total := send + wait + receive
	if whole := milliseconds(e.Time.positive()); total == 0 && whole > before {
		wait, total = whole-before, whole-before
	}
	f.Start = f.Start.Add(before)
	if h.own && total == 0 {
		return nil // the recording did not have them either
	}
	// 0 would say that it did not happen.
	f.RequestDone = send
	f.FirstByte = max(send+wait, 1)
	f.Done = max(total, 1)
	return nil
}

func milliseconds(ms float64) time.Duration {
	if ms > 1e12 { // some 30 years: not a duration but a fault
		return 0
	}
	return time.Duration(math.Round(ms * 1e6))
}

// parseTime understands ISO 8601 as writers spell it, also without a zone,
// which is UTC then.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999 -0700", "2006-01-02 15:04:05.999999999",
	} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 0 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// conn returns the connection of an entry. A HAR of another tool has one: its
// browser.
func (h *harImport) conn(e *harEntry, f *flow.Flow) (uint64, error) {
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
		if t, ok := parseTime(e.Conn.Opened); ok {
			c.Opened = t
		}
		if t := e.Conn.TLS; t != nil {
			c.TLS = &flow.TLS{Version: t.Version, Cipher: t.Cipher, ServerName: t.ServerName, ALPN: t.ALPN}
		}
	}
	id, err := h.s.conn(c)
	h.conns.set(key, id)
	return id, err
}

// messages reads those of WebSockets and of Starling's other streams.
func (h *harImport) messages(f *flow.Flow, e *harEntry) error {
	list := e.Sockets
	if len(list) == 0 {
		list = e.Messages
	}
	for i := range list {
		m, err := list[i].message(f.Start)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		f.Messages = append(f.Messages, m)
		f.Done = max(f.Done, m.At)
	}
	return nil
}

func (s *harSocket) message(start time.Time) (flow.Message, error) {
	m := flow.Message{FromClient: s.Type == "send" || s.Type == "request"}
	if at, ok := parseSeconds(string(s.Time)); ok {
		m.At = max(at.Sub(start), 0)
	}
	switch {
	case s.Kind == "event":
		m.Kind = flow.MessageEvent
	case s.Kind == "grpc":
		m.Kind = flow.MessageGRPC
	default:
		m.Kind = socketKind(int(s.Opcode.positive()))
	}
	if m.Kind == 0 {
		return m, fmt.Errorf("%v is not the opcode of a message", s.Opcode.value)
	}
	text := string(s.Data)
	m.Data = []byte(text)
	if m.Kind == flow.MessageBinary || s.Base64 {
		data, err := decodeBase64(text)
		if err == nil {
			m.Data = data
		} else if s.Base64 {
			return m, errors.New("its data is not base64")
		}
	}
	m.Size = max(s.Size, int64(len(m.Data)))
	return m, nil
}

// socketKind returns the kind of a WebSocket opcode (RFC 6455, 11.8); 0 for
// others.
func socketKind(opcode int) flow.MessageKind {
	switch opcode {
	case 1:
		return flow.MessageText
	case 2:
		return flow.MessageBinary
	case 8:
		return flow.MessageClose
	case 9:
		return flow.MessagePing
	case 10:
		return flow.MessagePong
	}
	return 0
}

// parseSeconds reads Unix seconds with a fraction, exact to the nanosecond.
func parseSeconds(text string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(whole) == 0 || len(whole) > 12 || len(fraction) > 30 {
		return time.Time{}, false
	}
	digits := whole + (fraction + "000000000")[:9]
	var n int64
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' || n > math.MaxInt64/10-1 {
			return time.Time{}, false
		}
		n = n*10 + int64(digits[i]-'0')
	}
	if len(fraction) > 9 && fraction[9] >= '5' {
		n++
	}
	return time.Unix(n/1e9, n%1e9).UTC(), true
}
