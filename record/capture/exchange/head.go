package exchange

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// maxHead is the longest head of a message in bytes, as in http1.
const maxHead = 256 << 10

// findHead looks for a head at the beginning of b. An earlier call has seen the first
// seen bytes. cut means that a hole follows b. While the position in the stream is lost,
// only a well-formed head counts.
func (h *h1) findHead(d tcp.Dir, head *http1.Head, b []byte, seen int, cut bool) (n int, err error) {
	rules := http1.Rules{MaxHead: maxHead, Cut: cut}
	if h.side[d].state == isLost {
		rules.Refuse = http1.NoColon | http1.BadName | http1.OddLine
	}
	if d == tcp.FromServer {
		return head.ParseResponse(b, seen, rules)
	}
	n, err = head.ParseRequest(b, seen, rules)
	if err == nil && rules.Refuse != 0 && isMethodEnd(string(head.Method.Bytes(b))) {
		err = http1.BadFirstLine
	}
	return n, err
}

// isMethodEnd reports whether s is the end of a known method without its beginning, and
// not a method itself. The methods are those of RFC 9110, RFC 5789 (PATCH), RFC 4918
// (WebDAV), RFC 3253 (REPORT) and RFC 5323 (SEARCH).
func isMethodEnd(s string) bool {
	known := [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH"}
	return !slices.Contains(known[:], s) && slices.ContainsFunc(known[:], func(m string) bool { return strings.HasSuffix(m, s) })
}

// fieldsOf returns the fields of a head. They share the memory of text, which is a copy
// of the parsed bytes.
func fieldsOf(head *http1.Head, text string) flow.Headers {
	if len(head.Fields) == 0 {
		return nil
	}
	list := make(flow.Headers, len(head.Fields))
	for i, f := range head.Fields {
		list[i] = flow.Header{Name: f.Name.Text(text), Value: http1.Unfold(f.Value.Text(text))}
	}
	return list
}
