package mitm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/convert/wire"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// maxOpen bounds the handshakes that wait for the messages of their WebSocket. Formats
// up to 9 keep those messages in a separate entry.
const maxOpen = 1024

// An importer is the state of reading one file of mitmproxy.
type importer struct {
	s     *convert.Sink
	conns convert.Table[string, uint64]
	open  map[string]*flow.Flow // by the ID of the handshake
	order []string
}

// A Format reads the flow files of mitmproxy.
type Format struct{}

var mark = regexp.MustCompile(`^\d{1,12}:\d{1,12}:`)

// Recognize looks for the two lengths with which every entry begins.
func (Format) Recognize(head []byte) convert.Certainty {
	if mark.Match(head) {
		return convert.Sure
	}
	return convert.No
}

// Import reads flows of HTTP, of any version of the format.
func (Format) Import(r *bufio.Reader, s *convert.Sink) error {
	m := &importer{s: s, conns: convert.Table[string, uint64]{}, open: map[string]*flow.Flow{}}
	for i := 0; ; i++ {
		place := fmt.Sprintf("flow %d", i)
		v, err := readTnet(r)
		switch {
		case err == io.EOF:
			return m.finish(0)
		case errors.Is(err, convert.ErrTooLong), errors.Is(err, errDeep), errors.Is(err, errMany):
			err = s.Skip(place, err)
		case err != nil: // the framing is lost
			if ferr := m.finish(0); ferr != nil {
				return ferr
			}
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = fmt.Errorf("the file is cut off: %w", err)
			}
			if i == 0 && errors.Is(err, errTnet) {
				return errors.New("it is not a flow file of mitmproxy; write it with mitmdump -w, or name another format")
			}
			return s.Skip(place, fmt.Errorf("%w; nothing behind it can be read", err))
		default:
			d, _ := v.(map[string]any)
			err = m.entry(place, dict(d))
		}
		if err != nil {
			return err
		}
	}
}

func (m *importer) entry(place string, d dict) error {
	if d == nil {
		return m.s.Skip(place, errors.New("it is not a flow"))
	}
	switch kind := d.text("type"); kind {
	case "http", "": // the oldest formats have no other
	case "websocket":
		return m.socket(place, d)
	case "tcp", "udp", "dns":
		return m.s.Skip(place, fmt.Errorf("%w: a %s flow", convert.ErrOther, kind))
	default:
		return m.s.Skip(place, fmt.Errorf("%w: a flow of an unknown type", convert.ErrOther))
	}
	f, err := flowOf(d)
	if err != nil {
		return m.s.Skip(place, err)
	}
	if f.Conn, err = m.conn(d, f); err != nil {
		return err
	}
	if version, _ := d["version"].(int64); version < 10 && d.dict("metadata")["websocket"] == true && len(d.text("id")) > 0 {
		id := d.text("id")
		m.open[id], m.order = f, append(m.order, id)
		return m.finish(maxOpen)
	}
	return m.s.Put(f)
}

// finish yields waiting handshakes, the oldest first, until limit are left.
func (m *importer) finish(limit int) error {
	for len(m.order) > limit {
		id := m.order[0]
		m.order = m.order[1:]
		if f := m.open[id]; f != nil {
			delete(m.open, id)
			if err := m.s.Put(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// socket adds the messages of a WebSocket to its handshake, which came before.
func (m *importer) socket(place string, d dict) error {
	id := d.dict("metadata").text("websocket_handshake")
	f := m.open[id]
	if f == nil {
		return m.s.Skip(place, errors.New("a WebSocket whose handshake is missing or belongs to one before it"))
	}
	delete(m.open, id)
	for i, k := range m.order {
		if k == id {
			m.order = append(m.order[:i], m.order[i+1:]...)
			break
		}
	}
	addMessages(f, d)
	return m.s.Put(f)
}

// conn returns the client connection of a flow.
func (m *importer) conn(d dict, f *flow.Flow) (uint64, error) {
	client, server := d.dict("client_conn"), d.dict("server_conn")
	if client == nil {
		client = d.dict("request").dict("client_conn")
	}
	address := client.address("peername", "address")
	key := client.text("id")
	if key == "" {
		key = address + " " + client.text("timestamp_start")
	}
	if key == " " {
		return 0, nil
	}
	if id, ok := m.conns[key]; ok {
		return id, nil
	}
	c := &flow.Conn{Client: address, Server: server.address("peername", "ip_address", "address"), Opened: f.Start}
	if t, ok := client.time("timestamp_start"); ok {
		c.Opened = t
	}
	if client["tls_established"] == true || client["ssl_established"] == true || client["tls"] == true || client.text("tls_version") != "" {
		c.TLS = &flow.TLS{
			Version: strings.Replace(client.text("tls_version"), "TLSv", "TLS ", 1), Cipher: cipherName(client.text("cipher", "cipher_name")),
			ServerName: client.text("sni"), ALPN: client.text("alpn", "alpn_proto_negotiated"),
		}
	}
	id, err := m.s.Conn(c)
	m.conns.Set(key, id)
	return id, err
}

func flowOf(d dict) (*flow.Flow, error) {
	q := d.dict("request")
	if q == nil {
		return nil, errors.New("it has no request")
	}
	f := &flow.Flow{Scheme: q.text("scheme"), Protocol: q.version()}
	start, ok := q.time("timestamp_start", "timestamp_end")
	if !ok {
		if start, ok = d.time("timestamp_created"); !ok {
			return nil, errors.New("it has no time")
		}
	}
	f.Start = start
	f.RequestDone = q.since(start, "timestamp_end")
	f.Request = flow.Request{
		Method: q.text("method"), Target: q.text("path"), Authority: q.authority(),
		Headers: q.headers("headers"), Trailers: q.headers("trailers"),
	}
	if f.Scheme != "http" && f.Scheme != "https" {
		if f.Request.Method != http.MethodConnect {
			return nil, errors.New("its scheme is not one of HTTP")
		}
		f.Scheme = "http"
	}
	if !http1.IsToken(f.Request.Method) {
		return nil, errors.New("its method is not one of HTTP")
	}
	f.Request.Body = q.body(f.Request.Headers, true)
	if p := d.dict("response"); p != nil {
		setResponse(f, p)
	}
	f.Error = failure(f, d)
	if ws := d.dict("websocket"); ws != nil {
		addMessages(f, ws)
	}
	if f.Done == 0 {
		if t, ok := d.dict("error").time("timestamp"); ok {
			f.Done = max(t.Sub(f.Start), f.FirstByte)
		}
	}
	return f, nil
}

func setResponse(f *flow.Flow, p dict) {
	status, _ := p["status_code"].(int64)
	if code, ok := p["code"].(int64); ok {
		status = code
	}
	if status < 100 || status > 999 {
		return
	}
	f.Response = &flow.Response{Status: int(status), Headers: p.headers("headers"), Trailers: p.headers("trailers")}
	f.Response.Body = p.body(f.Response.Headers, http1.BodyAllowed(f.Request.Method, int(status)))
	f.FirstByte = max(p.since(f.Start, "timestamp_start"), 1)
	f.Done = p.since(f.Start, "timestamp_end")
	if f.Done == 0 && p["content"] != nil {
		f.Done = f.FirstByte // a format without the time
	}
}

// failure names what the flow lacks.
func failure(f *flow.Flow, d dict) string {
	e := d.dict("error")
	switch {
	case f.Response == nil && e != nil:
		return convert.Failure(e.text("msg"), convert.NoResponse)
	case f.Response == nil:
		return convert.NoResponse
	case e != nil:
		return convert.Failure(e.text("msg"), convert.ResponseCut)
	}
	p := d.dict("response")
	if _, ended := p.time("timestamp_end"); !ended && p["content"] == nil {
		return convert.ResponseCut
	}
	return ""
}

// addMessages adds the messages of a WebSocket, and how it was closed.
func addMessages(f *flow.Flow, d dict) {
	list, _ := d["messages"].([]any)
	for _, v := range list {
		fields, _ := v.([]any)
		if len(fields) < 4 {
			continue
		}
		opcode, _ := fields[0].(int64)
		data, _ := fields[2].([]byte)
		m := flow.Message{Kind: loose.SocketKind(int(opcode)), FromClient: fields[1] == true, Data: data, Size: int64(len(data))}
		if m.Kind == 0 {
			continue
		}
		if at, ok := tnetTime(fields[3]); ok {
			m.At = max(at.Sub(f.Start), 0)
		}
		f.Messages = append(f.Messages, m)
	}
	end := d.since(f.Start, "timestamp_end")
	for i := range f.Messages {
		end = max(end, f.Messages[i].At)
	}
	f.Done = max(f.Done, end)
	code, closed := d["close_code"].(int64)
	if !closed || code <= 0 {
		return
	}
	m := flow.Message{Kind: flow.MessageClose, At: end, FromClient: d["closed_by_client"] == true || d.text("close_sender") == "client"}
	if code != 1005 && code != 1006 && code < 1<<16 { // those are never sent (RFC 6455, 7.4.1)
		m.Data = append([]byte{byte(code >> 8), byte(code)}, d.text("close_reason")...)
	}
	m.Size = int64(len(m.Data))
	f.Messages = append(f.Messages, m)
}

// A dict is a dictionary. Its methods try the keys in their order, since names differ
// between the formats. A nil dict is empty.
type dict map[string]any

func (d dict) dict(key string) dict {
	v, _ := d[key].(map[string]any)
	return v
}

func (d dict) text(keys ...string) string {
	for _, k := range keys {
		switch v := d[k].(type) {
		case []byte:
			return string(v)
		case float:
			return string(v)
		case int64:
			return strconv.FormatInt(v, 10)
		}
	}
	return ""
}

func (d dict) time(keys ...string) (time.Time, bool) {
	for _, k := range keys {
		if t, ok := tnetTime(d[k]); ok {
			return t, true
		}
	}
	return time.Time{}, false
}

func tnetTime(v any) (time.Time, bool) {
	switch v := v.(type) {
	case float:
		return loose.Seconds(string(v))
	case int64:
		return loose.Seconds(strconv.FormatInt(v, 10))
	}
	return time.Time{}, false
}

// since returns the time from start to the named instant, or 0 if there is none.
func (d dict) since(start time.Time, key string) time.Duration {
	t, ok := d.time(key)
	if !ok {
		return 0
	}
	return max(t.Sub(start), 0)
}

// version returns the HTTP version: text, or in the oldest formats two numbers.
func (d dict) version() string {
	if v := d.text("http_version"); v != "" {
		return loose.Protocol(v)
	}
	list, _ := d["httpversion"].([]any)
	if len(list) != 2 {
		return ""
	}
	return loose.Protocol(fmt.Sprintf("%d.%d", list...))
}

func (d dict) headers(key string) flow.Headers {
	list, _ := d[key].([]any)
	var h flow.Headers
	for _, v := range list {
		if line, _ := v.([]any); len(line) == 2 {
			name, _ := line[0].([]byte)
			value, _ := line[1].([]byte)
			h = append(h, flow.Header{Name: string(name), Value: string(value)})
		}
	}
	return h
}

// body returns the content. mitmproxy may pass content on without keeping it; only its
// length is known then.
func (d dict) body(h flow.Headers, allowed bool) flow.Body {
	if data, ok := d["content"].([]byte); ok {
		return flow.NewBody(data)
	}
	if !allowed {
		return flow.Body{}
	}
	return flow.Body{Size: max(wire.ContentLength(h), 0)}
}

// authority returns host and port as the client named them.
func (d dict) authority() string {
	if a := d.text("authority"); a != "" {
		return a
	}
	if host := d.headers("headers").Value("Host"); host != "" {
		return host
	}
	host, port := d.text("host"), d.text("port")
	if port == "" || d.text("scheme") == "http" && port == "80" || d.text("scheme") == "https" && port == "443" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// address returns host:port of [host, port, …], or of a dictionary around it.
func (d dict) address(keys ...string) string {
	for _, k := range keys {
		v := d[k]
		if inner, ok := v.(map[string]any); ok {
			v = inner["address"]
		}
		list, _ := v.([]any)
		if len(list) < 2 {
			continue
		}
		host, _ := list[0].([]byte)
		port, _ := list[1].(int64)
		if len(host) > 0 {
			return net.JoinHostPort(string(host), strconv.FormatInt(port, 10))
		}
	}
	return ""
}

// cipherName returns the IANA name of a cipher suite that has another name in OpenSSL.
// Unknown names stay.
func cipherName(openSSL string) string {
	if strings.HasPrefix(openSSL, "TLS_") {
		return openSSL
	}
	exchange, rest := "RSA", openSSL
	for _, p := range []string{"ECDHE-RSA-", "ECDHE-ECDSA-", "DHE-RSA-"} {
		if after, ok := strings.CutPrefix(openSSL, p); ok {
			exchange, rest = strings.ReplaceAll(strings.TrimSuffix(p, "-"), "-", "_"), after
		}
	}
	suite := map[string]string{
		"AES128-GCM-SHA256": "AES_128_GCM_SHA256", "AES256-GCM-SHA384": "AES_256_GCM_SHA384",
		"AES128-SHA": "AES_128_CBC_SHA", "AES256-SHA": "AES_256_CBC_SHA", "AES128-SHA256": "AES_128_CBC_SHA256",
		"AES256-SHA384": "AES_256_CBC_SHA384", "CHACHA20-POLY1305": "CHACHA20_POLY1305_SHA256",
	}[rest]
	switch {
	case suite == "":
		return openSSL
	case exchange == "RSA" && rest == "CHACHA20-POLY1305":
		return openSSL
	}
	return "TLS_" + exchange + "_WITH_" + suite
}
