package modelled

import (
	"net/url"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
)

// Programs in the browser send addresses of their own: where to come back to after a
// login, where to move a file. In the recording these are at the recorded origins. A
// replay sends them as they are at the live ones.

// A move replaces the addresses of recorded origins by those of the live ones, in each of
// the ways in which requests write them. It is nil if all are the same.
type move []struct{ from, to string }

func newMove(origins []replay.Origin) move {
	var m move
	for _, o := range origins {
		from, to := strings.TrimSuffix(o.Recorded, "/"), o.Shown()
		if _, host, ok := strings.Cut(from, "://"); !ok || host == "" || from == to {
			continue
		}
		escaped, slashed := url.QueryEscape(from), strings.ReplaceAll(from, "/", `\/`)
		for _, way := range []struct{ from, to string }{
			{from, to},
			{escaped, url.QueryEscape(to)},
			{strings.ToLower(escaped), url.QueryEscape(to)},
			{slashed, strings.ReplaceAll(to, "/", `\/`)},
		} {
			m = append(m, way)
		}
	}
	return m
}

// variant returns a variant whose addresses have moved: those that are values, or begin
// them. What stands in the middle of a text is a text.
func (m move) variant(of *model.Variant) *model.Variant {
	if m == nil {
		return of
	}
	v := *of
	q := &v.Request
	q.Target, q.Body = m.text(q.Target), m.text(q.Body)
	headers := q.Headers
	q.Headers = make([]model.Header, len(headers))
	for i, h := range headers {
		h.Value = m.text(h.Value)
		q.Headers[i] = h
	}
	v.Rows = slices.Clone(v.Rows)
	for i, row := range v.Rows {
		if slices.ContainsFunc(row, m.moves) {
			v.Rows[i] = make([]string, len(row))
			for k, s := range row {
				to, n := m.start(s)
				v.Rows[i][k] = to + s[n:]
			}
		}
	}
	return &v
}

// start returns what stands now in place of the address of an origin at the start of s,
// which has n bytes; 0 for none.
func (m move) start(s string) (to string, n int) {
	for _, way := range m {
		if rest, ok := strings.CutPrefix(s, way.from); ok && ends(rest) {
			return way.to, len(way.from)
		}
	}
	return "", 0
}

func (m move) moves(s string) bool {
	_, n := m.start(s)
	return n > 0
}

// text returns a text in which the addresses have moved that stand at its start, behind an
// equals sign, or behind a quote that is not part of a text itself.
func (m move) text(s string) string {
	var b strings.Builder
	for {
		to, n := m.start(s)
		b.WriteString(to)
		s = s[n:]
		at := strings.IndexAny(s, `="`) + 1
		for at > 1 && s[at-2] == '\\' {
			next := strings.IndexAny(s[at:], `="`) + 1
			if next == 0 {
				at = 0
				break
			}
			at += next
		}
		if at == 0 {
			return b.String() + s
		}
		b.WriteString(s[:at])
		s = s[at:]
	}
}

// ends reports whether no name of a host goes on with rest.
func ends(rest string) bool {
	if rest == "" {
		return true
	}
	c := rest[0]
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_', c == ':', c == '@', c >= 0x80:
		return false
	case c == '%':
		return len(rest) < 3 || !strings.EqualFold(rest[1:3], "3a") && !strings.EqualFold(rest[1:3], "40")
	}
	return true
}
