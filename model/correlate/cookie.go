package correlate

import (
	"slices"
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

// own returns the cookies of a request that no answer of the recording set: a script of
// the page set them, or they are older than the recording. The others are up to the jar
// of the replay.
func (set cookieSet) own(e *parsed) []content.Span {
	return slices.DeleteFunc(content.Cookies(&e.Flow.Request), func(sp content.Span) bool {
		name := cookieName(&sp)
		return strings.ContainsAny(name+sp.Value, "\r\n\x00") || set[name+"="+sp.Value]
	})
}

// cookieName returns the name of the cookie of a span.
func cookieName(sp *content.Span) string {
	name := strings.TrimPrefix(sp.Selector, "cookie:")
	if at := strings.LastIndexByte(name, '#'); at > 0 {
		name = name[:at]
	}
	return name
}

// cookie returns the template of the value of a cookie.
func (n *namer) cookie(l *leaf, sp *content.Span, s *structure) string {
	if l == nil || l.pieces == nil {
		return model.EscapeTemplate(sp.Value)
	}
	return n.text(l, sp, s)
}
