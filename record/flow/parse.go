package flow

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// maxText bounds a line and the lines of a record, in bytes.
const maxText = 128 << 20

var errTooLong = errors.New("the record is longer than 128 MiB")

// A ParseError says which line of a text form is wrong.
type ParseError struct {
	Line int // counted from 1
	Err  error
}

// Error names the line.
func (e *ParseError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong with it.
func (e *ParseError) Unwrap() error { return e.Err }

// Parse reads records in the text form. A record that is wrong is a
// *ParseError, and reading goes on at the next one; an error of the reader ends
// it. No record and no line may be longer than 128 MiB.
func Parse(r io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		p := parser{r: bufio.NewReaderSize(r, 64<<10)}
		for {
			rec, err := p.next()
			if err == io.EOF {
				return
			}
			if !yield(rec, err) || err != nil && !errors.As(err, new(*ParseError)) {
				return
			}
		}
	}
}

// A parser holds the record that is being read. Lines that begin in the first
// column open a section; indented lines belong to the section that is open.
type parser struct {
	r     *bufio.Reader
	line  int
	ahead string // the line that begins the next record
	size  int    // of the content and header lines of the record so far

	flow *Flow
	open section
}

// A section is what indented lines belong to. Nil: they have no place there.
type section struct {
	headers *Headers
	body    *Body
	stated  bool // the body has a line of its own with size and hash
	message *Message
	sized   bool
}

// next reads one record, or passes over a wrong one and says where.
func (p *parser) next() (Record, error) {
	first, err := p.opening()
	if err != nil {
		return nil, err
	}
	p.flow, p.open, p.size, p.ahead = nil, section{}, 0, ""
	rec, err := p.begin(first)
	if err != nil {
		err = &ParseError{Line: p.line, Err: err}
	}
	for {
		line, readErr := p.read()
		if readErr == io.EOF {
			break
		}
		if readErr != nil {
			return nil, readErr
		}
		if begins(line) {
			p.ahead = line
			break
		}
		if err != nil || line == "" || line[0] == '#' {
			continue
		}
		if inside := p.inside(line); inside != nil {
			err = &ParseError{Line: p.line, Err: inside}
		}
	}
	if err != nil {
		return nil, err
	}
	p.close()
	return rec, nil
}

// opening returns the next line that is not empty or a comment.
func (p *parser) opening() (string, error) {
	if p.ahead != "" {
		return p.ahead, nil
	}
	for {
		line, err := p.read()
		if err != nil || line != "" && line[0] != '#' {
			return line, err
		}
	}
}

func begins(line string) bool {
	word, _, _ := strings.Cut(line, " ")
	return word == "flow" || word == "conn" || word == "loss" || word == "info"
}

// read returns a line without its line feed. The last line may lack it.
func (p *parser) read() (string, error) {
	var long []byte
	for {
		part, err := p.r.ReadSlice('\n')
		switch {
		case err == nil && long == nil:
			p.line++
			return string(part[:len(part)-1]), nil
		case err == nil, err == io.EOF && len(long)+len(part) > 0:
			p.line++
			return strings.TrimSuffix(string(append(long, part...)), "\n"), nil
		case err != bufio.ErrBufferFull:
			if err != io.EOF {
				err = fmt.Errorf("read text form: %w", err)
			}
			return "", err
		}
		if long = append(long, part...); len(long) > maxText {
			return "", fmt.Errorf("line %d: %w", p.line+1, errTooLong)
		}
	}
}

// begin reads the line that begins a record.
func (p *parser) begin(line string) (Record, error) {
	t := tokens{rest: line}
	switch word := t.word(); word {
	case "flow":
		p.flow = &Flow{Number: t.uint()}
		f := p.flow
		err := t.pairs(map[string]func(string) error{
			"conn": setUint(&f.Conn), "start": setTime(&f.Start), "request-done": setDuration(&f.RequestDone),
			"first-byte": setDuration(&f.FirstByte), "done": setDuration(&f.Done), "error": setString(&f.Error),
		})
		return f, err
	case "conn":
		c, tls, secured := &Conn{ID: t.uint()}, TLS{}, false
		err := t.pairs(map[string]func(string) error{
			"client": setString(&c.Client), "server": setString(&c.Server), "opened": setTime(&c.Opened), "process": setUint(&c.Process),
			"tls":    func(s string) error { tls.Version, secured = s, true; return nil },
			"cipher": setString(&tls.Cipher), "sni": setString(&tls.ServerName), "alpn": setString(&tls.ALPN),
		})
		if secured {
			c.TLS = &tls
		} else if tls != (TLS{}) && err == nil {
			err = errors.New("cipher, sni or alpn without tls")
		}
		return c, err
	case "loss":
		l := &Loss{}
		return l, t.pairs(map[string]func(string) error{
			"at": setTime(&l.At), "reason": setString(&l.Reason), "sessions": setUint(&l.Sessions),
			"flows": setUint(&l.Flows), "packets": setUint(&l.Packets), "bytes": setUint(&l.Bytes),
			"gaps": setUint(&l.Gaps), "messages": setUint(&l.Messages),
		})
	case "info":
		i := &Info{}
		return i, t.pairs(map[string]func(string) error{
			"recording": setHash(&i.Recording), "part": setUint(&i.Part), "source": setString(&i.Source),
			"redaction": setString(&i.Redaction), "sample": setString(&i.Sample),
		})
	default:
		return nil, fmt.Errorf("%.40q: a record begins with flow, conn, loss or info", word)
	}
}

// inside reads a line of a flow behind its first.
func (p *parser) inside(line string) error {
	if p.flow == nil {
		return errors.New("only a flow has further lines")
	}
	if p.size += len(line); p.size > maxText {
		return errTooLong
	}
	if rest, ok := strings.CutPrefix(line, indent); ok {
		return p.indented(rest)
	}
	if line == "trailers" {
		return p.trailers()
	}
	p.close()
	t := tokens{rest: line}
	switch word := t.word(); word {
	case "request":
		return p.request(&t)
	case "interim", "response":
		return p.response(&t, word == "interim")
	case "message":
		return p.message(&t)
	default:
		return fmt.Errorf("%.40q: want request, interim, response, trailers or message", word)
	}
}

func (p *parser) request(t *tokens) error {
	q := &p.flow.Request
	q.Method, q.Target = t.word(), t.word()
	p.open = section{headers: &q.Headers, body: &q.Body}
	return t.pairs(map[string]func(string) error{
		"protocol": setString(&p.flow.Protocol), "scheme": setString(&p.flow.Scheme), "authority": setString(&q.Authority),
	})
}

func (p *parser) response(t *tokens, interim bool) error {
	status, err := strconv.Atoi(t.word())
	if err != nil {
		return errors.New("status is not a number")
	}
	var r *Response
	if interim {
		p.flow.Interim = append(p.flow.Interim, Response{})
		r = &p.flow.Interim[len(p.flow.Interim)-1]
	} else {
		if p.flow.Response != nil {
			return errors.New("a second response")
		}
		p.flow.Response = new(Response)
		r = p.flow.Response
	}
	r.Status = status
	p.open = section{headers: &r.Headers, body: &r.Body}
	return t.pairs(nil)
}

// trailers moves on to the trailers of the message whose body is open.
func (p *parser) trailers() error {
	body := p.open.body
	p.close()
	if body == &p.flow.Request.Body && body != nil {
		p.open.headers = &p.flow.Request.Trailers
		return nil
	}
	if r := p.flow.Response; r != nil && body == &r.Body {
		p.open.headers = &r.Trailers
		return nil
	}
	for i := range p.flow.Interim {
		if r := &p.flow.Interim[i]; body == &r.Body {
			p.open.headers = &r.Trailers
			return nil
		}
	}
	return errors.New("trailers without a request or response before them")
}

func (p *parser) message(t *tokens) error {
	var m Message
	at, err := time.ParseDuration(t.word())
	if err != nil {
		return errors.New("message does not begin with its time")
	}
	m.At = at
	switch side := t.word(); side {
	case "client":
		m.FromClient = true
	case "server":
	default:
		return fmt.Errorf("message from %.40q: want client or server", side)
	}
	if m.Kind, err = parseKind(t.word()); err != nil {
		return err
	}
	p.flow.Messages = append(p.flow.Messages, m)
	p.open = section{message: &p.flow.Messages[len(p.flow.Messages)-1]}
	return t.pairs(map[string]func(string) error{"size": func(s string) error {
		p.open.sized = true
		return setInt(&p.open.message.Size)(s)
	}})
}

// indented reads a header line or a line of content.
func (p *parser) indented(line string) error {
	data := p.data()
	for mark, end := range map[string]string{lineLF: "\n", lineCRLF: "\r\n", lineEnd: ""} {
		if text, ok := strings.CutPrefix(line, mark); ok {
			if data == nil {
				return errors.New("content has no place here")
			}
			*data = append(append(*data, text...), end...)
			return nil
		}
	}
	if text, ok := strings.CutPrefix(line, lineData); ok && data != nil {
		b, err := base64.StdEncoding.AppendDecode(*data, []byte(text))
		if err != nil {
			return errors.New("content is not base64")
		}
		*data = b
		return nil
	}
	if rest, ok := strings.CutPrefix(line, "body "); ok && p.open.body != nil {
		p.open.stated = true
		t := tokens{rest: rest}
		return t.pairs(map[string]func(string) error{"size": setInt(&p.open.body.Size), "hash": setHash(&p.open.body.Hash)})
	}
	if p.open.headers == nil {
		return errors.New("a header line has no place here")
	}
	h, err := parseHeader(line)
	if err == nil {
		*p.open.headers = append(*p.open.headers, h)
	}
	return err
}

// data is where content lines go, or nil.
func (p *parser) data() *[]byte {
	switch {
	case p.open.body != nil:
		return &p.open.body.Data
	case p.open.message != nil:
		return &p.open.message.Data
	}
	return nil
}

// close completes what the open section says of its content.
func (p *parser) close() {
	s := &p.open
	if s.body != nil && !s.stated {
		*s.body = NewBody(s.body.Data)
	}
	if s.body != nil && s.stated {
		*s.body = s.body.normal()
	}
	if s.message != nil && !s.sized {
		s.message.Size = int64(len(s.message.Data))
	}
	p.open = section{}
}

func parseHeader(line string) (Header, error) {
	name, rest, ok := strings.Cut(line, ": ")
	if strings.HasPrefix(line, `"`) {
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return Header{}, errors.New("header name: quotes do not end")
		}
		rest, ok = strings.CutPrefix(line[len(quoted):], ": ")
		if name, err = strconv.Unquote(quoted); err != nil {
			return Header{}, errors.New("header name: wrong quotes")
		}
	}
	if !ok {
		return Header{}, errors.New(`header line without ": "`)
	}
	if strings.HasPrefix(rest, `"`) {
		text, err := strconv.Unquote(rest)
		if err != nil {
			return Header{}, errors.New("header value: wrong quotes")
		}
		rest = text
	}
	return Header{Name: name, Value: rest}, nil
}
