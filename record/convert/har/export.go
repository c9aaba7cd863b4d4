package har

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
)

// An exporter writes HAR 1.2, an entry a line.
type exporter struct {
	w       *bufio.Writer
	version string
	entries int
	began   bool
	conns   convert.Table[uint64, *flow.Conn]
	told    convert.Table[uint64, struct{}]
}

// Export writes HAR 1.2.
func (f Format) Export(w io.Writer) convert.Writer {
	return &exporter{
		w: bufio.NewWriterSize(w, 64<<10), version: cmp.Or(f.Version, "unknown"),
		conns: convert.Table[uint64, *flow.Conn]{}, told: convert.Table[uint64, struct{}]{},
	}
}

func (x *exporter) begin() error {
	if x.began {
		return nil
	}
	x.began = true
	creator, err := json.Marshal(map[string]string{"name": harCreator, "version": x.version})
	if err != nil {
		return fmt.Errorf("export har: %w", err)
	}
	_, err = fmt.Fprintf(x.w, `{"log":{"version":"1.2","creator":%s,"pages":[],"entries":[`, creator)
	return err
}

func (x *exporter) Write(r flow.Record) error {
	switch r := r.(type) {
	case *flow.Conn:
		c := *r
		x.conns.Set(r.ID, &c)
	case *flow.Flow:
		return x.flow(r)
	}
	return nil
}

func (x *exporter) flow(f *flow.Flow) error {
	if err := x.begin(); err != nil {
		return err
	}
	if x.entries > 0 {
		x.w.WriteByte(',')
	}
	x.w.WriteByte('\n')
	x.entries++
	enc := json.NewEncoder(x.w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x.entry(f)); err != nil {
		return fmt.Errorf("export flow %d as har: %w", f.Number, err)
	}
	return nil
}

func (x *exporter) Close() error {
	if err := x.begin(); err != nil {
		return err
	}
	x.w.WriteString("]}}\n")
	if err := x.w.Flush(); err != nil {
		return fmt.Errorf("export har: %w", err)
	}
	return nil
}

func (x *exporter) entry(f *flow.Flow) *entry {
	e := &entry{
		Started: loose.Text(f.Start.UTC().Format(time.RFC3339Nano)),
		Request: requestOf(f), Response: responseOf(f),
		Timings: timings{Blocked: unknown, DNS: unknown, Connect: unknown, SSL: unknown},
	}
	done := max(f.Done, f.FirstByte, f.RequestDone)
	first := max(f.FirstByte, f.RequestDone)
	e.Time, e.Timings.Send = inMilliseconds(done), inMilliseconds(f.RequestDone)
	e.Timings.Wait, e.Timings.Receive = inMilliseconds(first-f.RequestDone), inMilliseconds(done-first)
	if f.Conn != 0 {
		x.connection(e, f.Conn)
	}
	for i := range f.Messages {
		m := message(f.Start, &f.Messages[i])
		if m.Kind == "" {
			e.Sockets = append(e.Sockets, m)
		} else {
			e.Messages = append(e.Messages, m)
			if m.Kind == "event" {
				e.Events = append(e.Events, eventOf(f.Start, &f.Messages[i]))
			}
		}
	}
	if len(e.Sockets) > 0 {
		e.ResourceType = "websocket"
	}
	return e
}

var unknown = loose.Number{Value: -1, Known: true}

// connection names the connection, and describes it in its first entry.
func (x *exporter) connection(e *entry, id uint64) {
	e.Connection = loose.Text(strconv.FormatUint(id, 10))
	c := x.conns[id]
	if c == nil {
		return
	}
	if host, _, err := net.SplitHostPort(c.Server); err == nil && net.ParseIP(host) != nil {
		e.ServerIP = loose.Text(host)
	}
	if _, ok := x.told[id]; ok {
		return
	}
	x.told.Set(id, struct{}{})
	e.Conn = &conn{Client: c.Client, Server: c.Server, Opened: c.Opened.UTC().Format(time.RFC3339Nano)}
	if t := c.TLS; t != nil {
		e.Conn.TLS = &secured{Version: t.Version, Cipher: t.Cipher, ServerName: t.ServerName, ALPN: t.ALPN}
	}
}

func inMilliseconds(d time.Duration) loose.Number {
	return loose.Number{Value: float64(d) / 1e6, Known: true}
}

func harPairs(h flow.Headers) loose.List[pair] {
	pairs := make(loose.List[pair], len(h))
	for i := range h {
		pairs[i] = pair{loose.Text(h[i].Name), loose.Text(h[i].Value)}
	}
	return pairs
}

func requestOf(f *flow.Flow) *request {
	q := &request{
		Method: loose.Text(f.Request.Method), URL: loose.Text(urlOf(f)), HTTPVersion: loose.Text(f.Protocol),
		Cookies: loose.List[harCookie]{}, Headers: harPairs(f.Request.Headers), Query: loose.List[pair]{},
		HeadersSize: unknown, BodySize: loose.Number{Value: float64(f.Request.Body.Size), Known: true},
	}
	for _, line := range f.Request.Headers.Values("Cookie") {
		for text := range strings.SplitSeq(line, ";") {
			if name, value, ok := strings.Cut(strings.TrimSpace(text), "="); ok {
				q.Cookies = append(q.Cookies, harCookie{Name: loose.Text(name), Value: loose.Text(value)})
			}
		}
	}
	for text := range strings.SplitSeq(f.Request.Query(), "&") {
		name, value, _ := strings.Cut(text, "=")
		if text == "" {
			continue
		}
		q.Query = append(q.Query, pair{loose.Text(decoded(name)), loose.Text(decoded(value))})
	}
	if len(f.Request.Trailers) > 0 {
		q.Trailers = harPairs(f.Request.Trailers)
	}
	if b := f.Request.Body; len(b.Data) > 0 {
		q.Post = &post{MimeType: loose.Text(f.Request.Headers.Value("Content-Type"))}
		q.Post.Text, q.Post.Encoding2 = textOrBase64(b.Data)
		if b.Truncated() {
			q.Post.Size = whole(b.Size)
		}
	}
	return q
}

// urlOf returns the URL. That of a WebSocket has its own scheme, as Chrome writes it.
func urlOf(f *flow.Flow) string {
	scheme := f.Scheme
	for i := range f.Messages {
		if k := f.Messages[i].Kind; k != flow.MessageEvent && k != flow.MessageGRPC {
			scheme = map[string]string{"http": "ws", "https": "wss"}[f.Scheme]
			break
		}
	}
	return scheme + "://" + f.Request.Authority + f.Request.Target
}

// decoded returns the value of an escaped part of a query, or the part as it is.
func decoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

func textOrBase64(data []byte) (text, encoding loose.Text) {
	if utf8.Valid(data) {
		return loose.Text(data), ""
	}
	return loose.Text(base64.StdEncoding.EncodeToString(data)), "base64"
}

func responseOf(f *flow.Flow) *response {
	p := &response{
		HTTPVersion: loose.Text(f.Protocol), Cookies: loose.List[harCookie]{}, Headers: loose.List[pair]{},
		HeadersSize: unknown, BodySize: unknown, Error: loose.Text(f.Error),
		Content: content{MimeType: "x-unknown"},
	}
	r := f.Response
	if r == nil {
		return p
	}
	p.Status.Value, p.Headers = float64(r.Status), harPairs(r.Headers)
	p.StatusText = loose.Text(http.StatusText(r.Status))
	p.Redirect = loose.Text(r.Headers.Value("Location"))
	p.Cookies = setCookies(r.Headers)
	p.BodySize.Value, p.Transfer = float64(r.Body.Size), whole(r.Body.Size)
	if len(r.Trailers) > 0 {
		p.Trailers = harPairs(r.Trailers)
	}
	if kind := r.Headers.Value("Content-Type"); kind != "" {
		p.Content.MimeType = loose.Text(kind)
	}
	p.Content.fill(r)
	return p
}

// fill sets the content: decoded where this package can decode it, otherwise as on the
// wire and marked so.
func (c *content) fill(r *flow.Response) {
	data := r.Body.Data
	c.Size.Value = float64(r.Body.Size)
	if len(data) == 0 {
		return
	}
	if r.Body.Truncated() {
		c.Whole = whole(r.Body.Size)
	}
	if coding := strings.ToLower(strings.TrimSpace(r.Headers.Value("Content-Encoding"))); coding != "" && coding != "identity" {
		plain, ok := decode(data, coding)
		if ok = ok && !r.Body.Truncated() && len(plain) > 0 && !compose.LooksCoded(plain, coding); ok {
			c.Compression = whole(len(plain) - len(data))
			data = plain
			c.Size.Value = float64(len(plain))
		} else {
			c.Coded = true
		}
	}
	c.Text, c.Encoding = textOrBase64(data)
}

// decode removes a content coding, if the result is not longer than an entry.
func decode(data []byte, coding string) ([]byte, bool) {
	var r io.Reader
	var err error
	switch coding {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(bytes.NewReader(data))
	case "deflate":
		if r, err = zlib.NewReader(bytes.NewReader(data)); err != nil {
			r, err = flate.NewReader(bytes.NewReader(data)), nil // as many servers send it
		}
	default:
		return nil, false
	}
	if err != nil {
		return nil, false
	}
	plain, err := io.ReadAll(io.LimitReader(r, convert.MaxEntry/2+1))
	return plain, err == nil && len(plain) <= convert.MaxEntry/2
}

func setCookies(h flow.Headers) loose.List[harCookie] {
	list := loose.List[harCookie]{}
	for _, line := range h.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			continue // it stands among the header lines as it is
		}
		cookie := harCookie{Name: loose.Text(c.Name), Value: loose.Text(c.Value), Path: c.Path, Domain: c.Domain, HTTPOnly: c.HttpOnly, Secure: c.Secure}
		if !c.Expires.IsZero() {
			cookie.Expires = c.Expires.UTC().Format(time.RFC3339)
		}
		list = append(list, cookie)
	}
	return list
}

func message(start time.Time, m *flow.Message) socket {
	at := start.Add(m.At)
	s := socket{Type: "receive", Time: unixSeconds(fmt.Sprintf("%d.%09d", at.Unix(), at.Nanosecond()))}
	if m.FromClient {
		s.Type = "send"
	}
	if m.Size > int64(len(m.Data)) {
		s.Size = whole(m.Size)
	}
	opcode := map[flow.MessageKind]float64{
		flow.MessageText: 1, flow.MessageBinary: 2, flow.MessageClose: 8, flow.MessagePing: 9, flow.MessagePong: 10,
	}[m.Kind]
	s.Opcode = loose.Number{Value: opcode, Known: true}
	switch m.Kind {
	case flow.MessageEvent:
		s.Kind = "event"
	case flow.MessageGRPC:
		s.Kind = "grpc"
	}
	if m.Kind == flow.MessageBinary || !utf8.Valid(m.Data) {
		s.Data, s.Base64 = loose.Text(base64.StdEncoding.EncodeToString(m.Data)), m.Kind != flow.MessageBinary
	} else {
		s.Data = loose.Text(m.Data)
	}
	return s
}
