package flow

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Print writes a record in the text form. Parse reads it back as an equal record,
// except that times are in UTC, empty lists are nil, and bodies have the size and hash
// that a Writer would give them. Of a long body the beginning is printed.
func Print(w io.Writer, r Record) error { return PrintDecoded(w, r, nil) }

// PrintDecoded writes a record as Print does, but with what decode makes of bodies and
// messages in place of their bytes: a line "decoded" that says what they are, and lines of
// text behind "|". Parse refuses a record of that form. A nil decode leaves all as it is.
func PrintDecoded(w io.Writer, r Record, decode Decoder) error {
	p := printer{w: bufio.NewWriter(w), decode: decode}
	switch r := r.(type) {
	case *Flow:
		p.flow(r)
	case *Conn:
		p.conn(r)
	case *Loss:
		p.loss(r)
	case *Info:
		p.info(r)
	default:
		return fmt.Errorf("print record of type %T", r)
	}
	p.line("")
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("print record: %w", err)
	}
	return nil
}

// A printer writes lines. Its writer keeps the first error.
type printer struct {
	w      *bufio.Writer
	decode Decoder
}

func (p *printer) line(parts ...string) {
	for _, s := range parts {
		p.w.WriteString(s)
	}
	p.w.WriteByte('\n')
}

// pair writes " key=value" unless the value is empty or zero.
func (p *printer) pair(key, val string) {
	if val != "" {
		p.w.WriteString(" " + key + "=" + word(val))
	}
}

func (p *printer) number(key string, n uint64) {
	if n != 0 {
		p.pair(key, strconv.FormatUint(n, 10))
	}
}

func (p *printer) duration(key string, d time.Duration) {
	if d != 0 {
		p.pair(key, d.String())
	}
}

func (p *printer) flow(f *Flow) {
	p.w.WriteString("flow " + strconv.FormatUint(f.Number, 10))
	p.number("conn", f.Conn)
	p.pair("start", instant(f.Start))
	p.duration("request-done", f.RequestDone)
	p.duration("first-byte", f.FirstByte)
	p.duration("done", f.Done)
	p.pair("error", f.Error)
	p.line()

	q := &f.Request
	p.w.WriteString("request " + word(q.Method) + " " + target(q.Target))
	p.pair("protocol", f.Protocol)
	p.pair("scheme", f.Scheme)
	p.pair("authority", q.Authority)
	p.line()
	p.message(q.Headers, q.Body, q.Trailers)
	for i := range f.Interim {
		p.response("interim ", &f.Interim[i])
	}
	if f.Response != nil {
		p.response("response ", f.Response)
	}
	for i := range f.Messages {
		p.streamed(f, &f.Messages[i])
	}
}

func (p *printer) response(word string, r *Response) {
	p.line(word, strconv.Itoa(r.Status))
	p.message(r.Headers, r.Body, r.Trailers)
}

func (p *printer) message(h Headers, b Body, trailers Headers) {
	p.headers(h)
	b = b.normal()
	if b.Truncated() {
		p.line(indent, "body size=", strconv.FormatInt(b.Size, 10), " hash=", fmt.Sprintf("%016x", b.Hash))
	}
	p.content(Content{Headers: h, Data: b.Data, Cut: b.Truncated()})
	if len(trailers) > 0 {
		p.line("trailers")
		p.headers(trailers)
	}
}

func (p *printer) headers(h Headers) {
	for i := range h {
		p.line(indent, fieldName(h[i].Name), ": ", value(h[i].Value))
	}
}

func (p *printer) streamed(f *Flow, m *Message) {
	side := "server"
	if m.FromClient {
		side = "client"
	}
	p.w.WriteString("message " + m.At.String() + " " + side + " " + m.Kind.String())
	if size := max(m.Size, int64(len(m.Data))); size != int64(len(m.Data)) {
		p.pair("size", strconv.FormatInt(size, 10))
	}
	p.line()
	p.content(messageContent(f, m))
}

// content writes bytes as lines of text where that is safe, else as base64.
func (p *printer) content(c Content) {
	if as, text := decoded(p.decode, c); as != "" {
		p.line(indent, "decoded ", as)
		for line := range strings.SplitSeq(text, "\n") {
			p.line(indent, lineLF, line)
		}
		return
	}
	b := c.Data
	if !textual(b) {
		const perLine = 57
		for len(b) > 0 {
			n := min(perLine, len(b))
			p.line(indent, lineData, base64.StdEncoding.EncodeToString(b[:n]))
			b = b[n:]
		}
		return
	}
	for len(b) > 0 {
		text, rest, ended := bytes.Cut(b, []byte("\n"))
		mark := lineLF
		if !ended {
			mark = lineEnd
		} else if cut, ok := bytes.CutSuffix(text, []byte("\r")); ok {
			mark, text = lineCRLF, cut
		}
		p.w.WriteString(indent + mark)
		p.w.Write(text)
		p.line()
		b = rest
	}
}

func (p *printer) conn(c *Conn) {
	p.w.WriteString("conn " + strconv.FormatUint(c.ID, 10))
	p.pair("client", c.Client)
	p.pair("server", c.Server)
	p.pair("opened", instant(c.Opened))
	p.number("process", c.Process)
	if c.TLS != nil {
		// Written even when empty: its presence says that there was TLS.
		p.w.WriteString(" tls=" + word(c.TLS.Version))
		p.pair("cipher", c.TLS.Cipher)
		p.pair("sni", c.TLS.ServerName)
		p.pair("alpn", c.TLS.ALPN)
	}
	p.line()
}

func (p *printer) loss(l *Loss) {
	p.w.WriteString("loss at=" + word(instant(l.At)))
	p.pair("reason", l.Reason)
	p.number("sessions", l.Sessions)
	p.number("flows", l.Flows)
	p.number("packets", l.Packets)
	p.number("bytes", l.Bytes)
	p.number("gaps", l.Gaps)
	p.number("messages", l.Messages)
	p.line()
}

func (p *printer) info(i *Info) {
	p.w.WriteString("info")
	if i.Recording != 0 {
		p.pair("recording", fmt.Sprintf("%016x", i.Recording))
	}
	p.number("part", i.Part)
	p.pair("source", i.Source)
	p.pair("redaction", i.Redaction)
	p.pair("sample", i.Sample)
	p.line()
}
