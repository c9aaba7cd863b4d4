package client

import (
	"errors"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
	"strconv"
	"strings"
)

// inlineBody is the largest body, in bytes, that is written together with the head. A
// longer one is sent beside the reading of the answer.
const inlineBody = 16 << 10

// A plan says how a request is framed.
type plan struct {
	size    int64 // of the body
	chunked bool
	waits   bool // for the answer 100

	upgrades bool // the fields about the connection are sent: the request is a handshake
}

// frame decides how req is sent.
func frame(req *Request) plan {
	p := plan{size: int64(len(req.Body.Data))}
	if req.Upload != nil {
		p.size = req.Body.Size
	}
	p.chunked = len(req.Trailers) > 0 || http1.HasToken(req.Headers.Value("Transfer-Encoding"), "chunked")
	p.waits = p.size > 0 && http1.HasToken(req.Headers.Value("Expect"), "100-continue")
	return p
}

// send writes req. If the body is sent beside the reading of the answer, send writes
// only the head, and up is what sends the body; otherwise up is nil. An error of
// writing is not returned: reading the answer finds it too, and may find what the
// target said before it closed.
func (l *http1Link) send(s *scratch, req *Request) (up *uploading, err error) {
	if err := checkRequest(&req.Request); err != nil {
		return nil, err
	}
	p := frame(req)
	s.out = l.appendHead(s.out[:0], req, p)
	inline := req.Upload == nil && p.size <= inlineBody && !p.waits
	if inline {
		s.out = appendBody(s.out, req, p)
	} else if up, err = l.upload(req, p); err != nil {
		return nil, err
	}
	if _, err := l.carrier.Write(s.out); err != nil {
		s.unsent = true
	}
	if up != nil {
		go up.run()
	}
	return up, nil
}

// checkRequest refuses what cannot be written as the first line of a request.
func checkRequest(r *flow.Request) error {
	for _, c := range []byte(r.Target) {
		if c <= ' ' || c == 0x7f {
			return named(badRequest, errors.New("the request target holds a space or a control character"))
		}
	}
	if r.Target == "" || r.Method == "" || strings.ContainsAny(r.Method, " \t\r\n\x00") {
		return named(badRequest, errors.New("the request has no method or no target"))
	}
	return nil
}

// appendHead appends the head of req, its fields in their order.
func (l *http1Link) appendHead(b []byte, req *Request, p plan) []byte {
	host := authority(l.to, req)
	target := req.Target
	if l.carrier.absolute && target[0] == '/' {
		target = "http://" + l.to.host + target // the proxy goes there, whatever Host says
	}
	b = http1.AppendRequestLine(b, req.Method, target, "HTTP/1.1")
	if !req.Headers.Has("Host") { // none was recorded: it comes first
		b = http1.AppendField(b, "Host", host)
	}
	framed := false
	for _, h := range req.Headers {
		switch roleOf(h.Name) {
		case hostField:
			b = http1.AppendField(b, h.Name, host)
		case framingField:
			if !framed {
				b = appendFraming(b, req, p, h.Name)
			}
			framed = true
		case connectionField:
			if p.upgrades || strings.EqualFold(h.Value, "keep-alive") && len(h.Name) == len("Connection") {
				b = http1.AppendField(b, h.Name, h.Value)
			}
		case expectField:
			if p.waits {
				b = http1.AppendField(b, h.Name, h.Value)
			}
		default:
			b = http1.AppendField(b, h.Name, h.Value)
		}
	}
	if !framed {
		b = appendFraming(b, req, p, "")
	}
	if l.carrier.proxied != "" {
		b = http1.AppendField(b, "Proxy-Authorization", l.carrier.proxied)
	}
	return http1.AppendEnd(b)
}

// appendFraming appends the field that says how long the body is. recorded is the name
// of that field as the recorded request spelled it, "" if there was none.
func appendFraming(b []byte, req *Request, p plan, recorded string) []byte {
	const chunked, length = "Transfer-Encoding", "Content-Length"
	switch {
	case p.chunked:
		return http1.AppendField(b, spelled(chunked, recorded), "chunked")
	case p.size > 0 || recorded != "" || sendsLength(req.Method):
		b = append(append(b, spelled(length, recorded)...), ": "...)
		b = strconv.AppendInt(b, p.size, 10)
		return append(b, "\r\n"...)
	}
	return b
}

// spelled returns recorded if that is name in another spelling, otherwise name.
func spelled(name, recorded string) string {
	if strings.EqualFold(name, recorded) {
		return recorded
	}
	return name
}

// A role is what a field means to the client itself.
type role uint8

const (
	plainField      role = iota // sent as it is
	hostField                   // sent with the host of the route
	framingField                // says how long the body is
	connectionField             // about the connection; the client decides
	expectField                 // sent if there is a body
)

// roleOf returns the role of the field of a name. It compares only names of the same
// length, which are few.
func roleOf(name string) role {
	for _, r := range rolesByLength[min(len(name), len(rolesByLength)-1)] {
		if strings.EqualFold(name, r.name) {
			return r.role
		}
	}
	return plainField
}

type namedRole struct {
	name string
	role role
}

var rolesByLength = [...][]namedRole{
	4:  {{"Host", hostField}},
	6:  {{"Expect", expectField}},
	7:  {{"Upgrade", connectionField}},
	10: {{"Connection", connectionField}, {"Keep-Alive", connectionField}},
	14: {{"Content-Length", framingField}},
	16: {{"Proxy-Connection", connectionField}},
	17: {{"Transfer-Encoding", framingField}},
	18: nil, // and longer
}

// appendBody appends the body in req.Body.Data, with its trailers.
func appendBody(b []byte, req *Request, p plan) []byte {
	if !p.chunked {
		return append(b, req.Body.Data...)
	}
	return appendTrailers(http1.AppendChunk(b, req.Body.Data), req.Trailers)
}

func appendTrailers(b []byte, trailers flow.Headers) []byte {
	b = http1.AppendLastChunk(b)
	for _, h := range trailers {
		b = http1.AppendField(b, h.Name, h.Value)
	}
	return http1.AppendEnd(b)
}
