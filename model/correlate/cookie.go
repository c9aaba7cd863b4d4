package correlate

import (
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// A cookieSet holds the cookies that the answers of a recording set, as NAME=VALUE.
type cookieSet map[string]bool

// cookiesSet returns the cookies that the answers set.
func cookiesSet(sessions [][]Exchange) cookieSet {
	set := cookieSet{}
	for _, s := range sessions {
		for _, e := range s {
			for _, h := range e.Flow.Response.Headers {
				if strings.EqualFold(h.Name, "Set-Cookie") {
					pair, _, _ := strings.Cut(h.Value, ";")
					name, value, _ := strings.Cut(pair, "=")
					set[strings.TrimSpace(name)+"="+strings.TrimSpace(value)] = true
				}
			}
		}
	}
	return set
}

// own reports whether no answer of the recording set a cookie: a script of the page did,
// or it is older than the recording. The others are up to the jar of the replay.
func (set cookieSet) own(name, value string) bool {
	return !strings.ContainsAny(name+value, "\r\n\x00") && !set[name+"="+value]
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
	switch l := t.byPlace[sp.Selector]; {
	case l == nil || l.pieces == nil:
		return model.EscapeTemplate(sp.Value)
	case t.opening(s.sample, i) != nil:
		return apply(sp.Value, shift(n.opened(t, s, i), sp.Start))
	default:
		return n.text(l, sp, s)
	}
}
