package proxy

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// maxHead is the longest message head whose lines are kept as they were, in
// bytes. Longer ones are recorded from net/http's canonical form.
const maxHead = 64 << 10

// headRules accept the heads of requests that net/http reads just as this package does.
// They refuse folded lines, lines without a colon, malformed names and odd first lines.
func headRules() http1.Rules {
	return http1.Rules{
		MaxHead: maxHead, MaxLine: maxHead,
		Refuse: http1.Folded | http1.NoColon | http1.BadName | http1.OddLine,
	}
}

// answerRules accept the heads of answers that browsers accept. The transport reads them
// mended.
func answerRules() http1.Rules { return http1.Rules{MaxHead: maxHead, MaxLine: maxHead} }

// A wireHead is the head of an HTTP/1 message as it was on the wire.
type wireHead struct {
	first          string // request or status line
	method, target string // of a request
	status         int    // of a response; 0: a request
	fields         string // the lines behind the first one
	headers        flow.Headers
	odd            http1.Odd
	skipped        int   // bytes in lines that are no fields
	tail           *tail // trailers behind the body; nil: it is not in chunks
}

// newWireHead copies a head that was parsed from b.
func newWireHead(head *http1.Head, b []byte) wireHead {
	text := string(b)
	_, fields := cutLine(text)
	h := wireHead{
		first: head.First.Text(text), method: head.Method.Text(text), target: head.Target.Text(text), status: head.Status,
		fields: fields, headers: make(flow.Headers, len(head.Fields)), odd: head.Odd, skipped: head.Skipped,
	}
	if h.odd&http1.Control != 0 {
		h.first = clean(head.First.Bytes(b))
	}
	if h.status > 0 && (len(h.first) < versionLength || !strings.HasPrefix(h.first, "HTTP/1.")) {
		h.first = "HTTP/1.1 " + strconv.Itoa(h.status) + " " + clean(head.Reason.Bytes(b))
	}
	for i, f := range head.Fields {
		h.headers[i] = flow.Header{Name: f.Name.Text(text), Value: f.Value.Text(text)}
		if h.odd&http1.Folded != 0 {
			h.headers[i].Value = http1.Unfold(h.headers[i].Value)
		}
	}
	return h
}

// cutLine returns the first line of s, without its end, and what follows.
func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// canonical lists the fields of a head sorted by name, for heads whose order is
// unknown. lower makes the names lower case, as in HTTP/2.
func canonical(h http.Header, lower bool) flow.Headers {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	list := make(flow.Headers, 0, len(names))
	for _, name := range names {
		shown := name
		if lower {
			shown = strings.ToLower(name)
		}
		for _, v := range h[name] {
			list = append(list, flow.Header{Name: shown, Value: v})
		}
	}
	return list
}

// hopByHop are the fields that belong to one connection (RFC 9110, section 7.6.1).
var hopByHop = [...]string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate",
	"Proxy-Authorization", "Transfer-Encoding", "Upgrade",
}

// stripHop removes the fields that end at this connection. "TE: trailers" stays: it
// says that the client takes trailers, and they do pass.
func stripHop(h http.Header) {
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			if name = strings.TrimSpace(name); name != "" && !strings.EqualFold(name, "te") {
				h.Del(name)
			}
		}
	}
	for _, name := range hopByHop {
		delete(h, name)
	}
	if te, ok := h["Te"]; ok && !hasToken(te, "trailers") {
		delete(h, "Te")
	}
}

// hasToken reports whether one of the values of a field lists token.
func hasToken(values []string, token string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return http1.HasToken(v, token) })
}
