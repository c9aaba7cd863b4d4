package http1_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/http1"
)

// differences are the messages that both http1 and net/http accept and of which they say
// different things, each on purpose.
var differences = []struct{ name, why, message string }{
	{"chunks in HTTP/1.0", "net/http passes over the field; what is sent is chunks, and clients decode them",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"},
	{"a blank value that is folded", "net/http keeps a space at its end",
		"GET / HTTP/1.1\r\nA: b\r\n \r\n\r\n"},
}

// A message is what a parser says of one.
type message struct {
	method, target string
	status         int
	minor          int
	fields         []string // sorted, names in canonical case
	body           string
	whole          bool // the body is not cut
}

// byUs reads a message with http1; ok is false if it does not accept it.
func byUs(request bool, buf []byte) (m message, ok bool) {
	var h http1.Head
	n, err := parse(&h, request, buf, 0, http1.Rules{})
	if err != nil || h.Odd&(http1.NoColon|http1.BadName) != 0 {
		return m, false
	}
	m = message{method: string(h.Method.Bytes(buf)), target: string(h.Target.Bytes(buf)), status: h.Status, minor: int(h.Minor), whole: true}
	for _, f := range h.Fields {
		name := textproto.CanonicalMIMEHeaderKey(f.Name.Text(string(buf)))
		m.fields = append(m.fields, name+": "+http1.Unfold(f.Value.Text(string(buf))))
	}
	body := h.RequestBody()
	if !request {
		body = h.ResponseBody("GET")
	}
	switch buf = buf[n:]; body.Body {
	case http1.Sized:
		m.whole = body.Length <= int64(len(buf))
		m.body = string(buf[:min(body.Length, int64(len(buf)))])
	case http1.Chunked:
		d := decode(buf, len(buf)+1)
		m.body, m.whole = d.data, d.done
		ok = !body.Coded
		return m.sorted(), ok
	case http1.ToClose:
		m.body = string(buf)
	case http1.Tunnel, http1.Unknown:
		return m, false
	}
	return m.sorted(), !body.Coded
}

// sorted brings the fields into the form in which net/http tells them: those that frame
// the message are taken out.
func (m message) sorted() message {
	m.fields = slices.DeleteFunc(m.fields, func(f string) bool {
		for _, name := range []string{"Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Pragma", "Cache-Control"} {
			if strings.HasPrefix(f, name+":") {
				return true
			}
		}
		return false
	})
	slices.Sort(m.fields)
	return m
}

// byNetHTTP reads a message with net/http.
func byNetHTTP(request bool, buf []byte) (m message, ok bool) {
	var header http.Header
	var body io.ReadCloser
	r := bufio.NewReader(bytes.NewReader(buf))
	if request {
		req, err := http.ReadRequest(r)
		if err != nil || req.ProtoMajor != 1 {
			return m, false
		}
		m = message{method: req.Method, target: req.RequestURI, minor: req.ProtoMinor}
		header, body = req.Header, req.Body
	} else {
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.ProtoMajor != 1 {
			return m, false
		}
		m = message{status: resp.StatusCode, minor: resp.ProtoMinor}
		header, body = resp.Header, resp.Body
	}
	for name, values := range header {
		for _, v := range values {
			m.fields = append(m.fields, name+": "+v)
		}
	}
	all, err := io.ReadAll(body)
	m.body, m.whole = string(all), err == nil
	return m.sorted(), true
}

// equal compares what two parsers say. Of a body that is cut only its beginning is the
// same: net/http may give up a line earlier.
func (m message) equal(o message) bool {
	if !m.whole && !o.whole {
		m.body, o.body = "", ""
	}
	return m.method == o.method && m.target == o.target && m.status == o.status && m.minor == o.minor &&
		slices.Equal(m.fields, o.fields) && m.body == o.body && m.whole == o.whole
}

// isDifference reports whether a message has what a difference is about.
func isDifference(request bool, buf []byte) bool {
	var h http1.Head
	_, err := parse(&h, request, buf, 0, http1.Rules{})
	if err != nil {
		return false
	}
	body := h.RequestBody()
	if !request {
		body = h.ResponseBody("GET")
	}
	return h.Odd&http1.Folded != 0 || h.Minor == 0 && body.Body == http1.Chunked
}

func TestDifferencesFromNetHTTP(t *testing.T) {
	for _, c := range differences {
		t.Run(c.name, func(t *testing.T) {
			request := isRequest(c.message)
			ours, ok1 := byUs(request, []byte(c.message))
			theirs, ok2 := byNetHTTP(request, []byte(c.message))
			if !ok1 || !ok2 || ours.equal(theirs) || !isDifference(request, []byte(c.message)) {
				t.Errorf("%q is no difference any more (%s):\n%+v %v\n%+v %v", c.message, c.why, ours, ok1, theirs, ok2)
			}
		})
	}
}

// FuzzAgainstNetHTTP reads the same bytes with both. Where both accept them they say the
// same, but for the differences above.
func FuzzAgainstNetHTTP(f *testing.F) {
	for _, message := range []string{
		"GET /a?b HTTP/1.1\r\nHost: x\r\nA: b\r\na: c\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhellonext",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"GET http://a/b HTTP/1.0\nX: y\n\n",
		"CONNECT a:1 HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 00002\r\n\r\nok",
		"HTTP/1.1 200 OK\r\n\r\nto the end",
		"HTTP/1.1 304\r\nContent-Length: 3\r\n\r\n",
		"HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add([]byte(message))
	}
	for _, d := range differences {
		f.Add([]byte(d.message))
	}
	f.Fuzz(func(t *testing.T, buf []byte) {
		for _, request := range []bool{true, false} {
			ours, ok1 := byUs(request, buf)
			theirs, ok2 := byNetHTTP(request, buf)
			if ok1 && ok2 && !ours.equal(theirs) && !isDifference(request, buf) {
				t.Errorf("%q:\nhttp1    %+v\nnet/http %+v", buf, ours, theirs)
			}
		}
	})
}

// FuzzHead parses arbitrary bytes. Where they are cut makes no difference, all offsets
// are inside, and a strict parser accepts nothing that the other one refuses.
func FuzzHead(f *testing.F) {
	f.Add([]byte("GET /a HTTP/1.1\r\nA: b\r\n c\r\nContent-Length: 1\r\n\r\nx"))
	f.Add([]byte("HTTP/1.1 200 OK\nA : b\n\n"))
	f.Fuzz(func(t *testing.T, buf []byte) {
		small := http1.Rules{MaxHead: 100, MaxLine: 40, MaxFields: 4}
		for _, request := range []bool{true, false} {
			for _, r := range []http1.Rules{{}, small, {Refuse: http1.Strict}} {
				if len(buf) < 2000 {
					piecewise(t, request, buf, r)
				}
			}
			var h, cut http1.Head
			n, err := parse(&h, request, buf, 0, http1.Rules{})
			_, strict := parse(&cut, request, buf, 0, http1.Rules{Refuse: http1.Strict})
			if (strict == nil) != (err == nil && h.Odd == 0) {
				t.Errorf("%q: strict %v, otherwise %v and %v", buf, strict, err, h.Odd)
			}
			if err != nil {
				continue
			}
			for _, field := range h.Fields {
				if int(field.Line().To) > n || field.Name.Len() == 0 || field.Value.To > field.Line().To {
					t.Errorf("%q: field %v in a head of %d bytes", buf, field, n)
				}
			}
			if m, err := parse(&cut, request, buf[:n], 0, http1.Rules{Cut: true}); m != n || err != nil || describe(&cut, buf) != describe(&h, buf) {
				t.Errorf("%q: whole %d %s\nas a cut one %d %s %v", buf, n, describe(&h, buf), m, describe(&cut, buf), err)
			}
		}
	})
}
