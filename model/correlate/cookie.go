package correlate

import (
	"hash/fnv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A cookieSet holds the cookies that the answers of a recording set, as their marks.
type cookieSet map[uint64]bool

// add adds the cookies that the answer of f sets.
func (set cookieSet) add(f *flow.Flow) {
	for _, h := range f.Response.Headers {
		if strings.EqualFold(h.Name, "Set-Cookie") {
			pair, _, _ := strings.Cut(h.Value, ";")
			name, value, _ := strings.Cut(pair, "=")
			set[cookieMark(strings.TrimSpace(name), strings.TrimSpace(value))] = true
		}
	}
}

// cookieMark stands for a cookie: 64 bits of the FNV-1a hash of NAME=VALUE.
func cookieMark(name, value string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name + "=" + value))
	return h.Sum64()
}

// own reports whether no answer of the recording set a cookie: a script of the page did,
// or it is older than the recording. The others are up to the jar of the replay.
func (set cookieSet) own(name, value string) bool {
	return !strings.ContainsAny(name+value, "\r\n\x00") && !set[cookieMark(name, value)]
}

// cookieName returns the name of the cookie of a span.
func cookieName(sp *content.Span) string {
	name := strings.TrimPrefix(sp.Selector, "cookie:")
	if at := strings.LastIndexByte(name, '#'); at > 0 {
		name = name[:at]
	}
	return name
}

// cookie returns the template of the value of the cookie that is span i of the sample.
func (n *namer) cookie(t *target, s *structure, i int) string {
	sp := &s.sample.spans[i]
	switch l := t.of(s.sample, sp.Selector); {
	case l == nil || l.pieces == nil:
		return model.EscapeTemplate(sp.Value)
	case t.opening(s.sample, i) != nil:
		return apply(sp.Value, shift(n.opened(t, s, i), sp.Start))
	default:
		return n.text(l, sp, s)
	}
}
