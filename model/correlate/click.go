package correlate

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// Limits on the search for the link that a request follows.
const (
	maxRedirects = 8   // answers, the latest first, that may have led to a request
	maxAnswers   = 25  // answers, the latest first, whose links are looked at
	minFollowed  = 0.1 // share of the requests that followed a link; the others are typed
)

// follow binds what no other explainer bound to the redirect or link that requests
// followed: the same place in the same page. It holds where everybody sees the same
// list, and for the resources of a page, whose addresses change with each release.
//
// shared tells to look only at what other sessions say nothing about: values that all
// requests have, parts of segments, and what redirects led to.
func (l *Learner) follow(shared bool) {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if p.pieces != nil || p.hidden || len(p.uses) == 0 {
				continue
			}
			if h, ok := p.linked(); ok && (!shared || p.constant() || h.before+h.after != "" || p.redirected()) {
				l.fromLinks(p, &h)
			}
		}
	}
}

// redirected reports whether all requests of a leaf went where an answer sent them.
func (p *leaf) redirected() bool {
	return !slices.ContainsFunc(p.uses, func(u use) bool {
		from, link := u.exchange.cameFrom()
		return from == nil || link >= 0 || from.Flow.Response.Status/100 != 3
	})
}

// fromLinks binds a leaf of the target of requests.
func (l *Learner) fromLinks(p *leaf, h *linkedHole) {
	var uses []use
	for _, u := range p.uses {
		value, ok := h.inner(u.value)
		if !ok {
			return
		}
		uses = append(uses, use{u.exchange, value})
	}
	locate := h.locator()
	spots := locate.all(uses)
	if len(spots) == 0 || float64(len(spots)) < minFollowed*float64(len(uses)) || p.word() && !redirected(uses, spots, h) {
		return
	}
	p.pieces = nil
	for _, q := range []piece{{text: h.before}, l.place(model.OnLink, uses, spots, locate), {text: h.after}} {
		if q.text != "" || q.binding != nil {
			p.pieces = append(p.pieces, q)
		}
	}
}

// word reports whether a leaf is a word of the query that is the same in all requests.
func (p *leaf) word() bool {
	return p.constant() && content.Kind(p.uses[0].value) == "" && p.span.Place == content.InQuery
}

// redirected reports whether all requests followed a redirect that gave them the value.
func redirected(uses []use, spots map[*parsed]spot, h *linkedHole) bool {
	for _, u := range uses {
		if s, ok := spots[u.exchange]; !ok || s.selector != h.redirect {
			return false
		}
	}
	return true
}

// locator tells where the hole has its values. One user means one record by one value.
// The uses of a session follow each other.
func (h *linkedHole) locator() locator {
	var of *session
	var first map[string]spot
	return func(u use) (spot, bool) {
		if u.exchange.session != of {
			of, first = u.exchange.session, map[string]spot{}
		}
		s, had := first[u.value]
		if !had {
			if s, had = h.spot(u.exchange, u.value); had {
				first[u.value] = s
			}
		}
		return s, had
	}
}

// A linkedHole is a part of the target of requests that links hold, too.
type linkedHole struct {
	link, redirect string // selectors
	before, after  string // text around the part in its segment
}

// linked returns the hole that a leaf is. ok is false for what links say nothing about.
// A word that is the same in all requests is a hole only where redirects give it, such
// as the address to come back to.
func (p *leaf) linked() (h linkedHole, ok bool) {
	path, s := p.target.sample().Path, p.span.Selector
	if strings.Contains(path, "|") {
		return h, false
	}
	if key, isQuery := strings.CutPrefix(s, "query:"); isQuery {
		if strings.ContainsAny(key, "&=#?|") {
			return h, false
		}
		h.link, h.redirect = "link:"+path+"?"+key, "redirect:"+path+"?"+key
		if fixed := p.target.fixedQuery(s); fixed != "" {
			h.link = "link:" + path + "?" + fixed + "&" + key
		}
		return h, true
	}
	place, isPath := strings.CutPrefix(s, "path:")
	if !isPath || strings.ContainsAny(place, "|#") {
		return h, false
	}
	hole, at := 0, 0
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" {
			continue
		}
		before, after, variable := strings.Cut(segment, "{}")
		if ext := hashedFile(segment); ext != "" && strconv.Itoa(at) == place && strings.HasSuffix(path, "/"+segment) {
			path = strings.TrimSuffix(path, segment) + "{}" + ext + "#" + strconv.Itoa(hole)
			return linkedHole{"link:" + path, "redirect:" + path, "", ext}, true
		}
		if strconv.Itoa(at) == place {
			n := "#" + strconv.Itoa(hole)
			return linkedHole{"link:" + path + n, "redirect:" + path + n, before, after}, variable && !strings.Contains(after, "{}")
		}
		if variable {
			hole += strings.Count(segment, "{}")
		}
		at++
	}
	return h, false
}

// hashedFile returns the extension of a file whose name holds a hash of its content, such
// as that of "app-CAMbKmWH.css", or "".
func hashedFile(name string) string {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || strings.Contains(name, "{}") {
		return ""
	}
	parts := strings.FieldsFunc(name[:dot], func(r rune) bool { return strings.ContainsRune("-._", r) })
	if !slices.ContainsFunc(parts, isHash) {
		return ""
	}
	return name[dot:]
}

// isHash reports whether capital letters, small letters and digits take turns in a text as
// they do not in words.
func isHash(s string) bool {
	turns, last, small := 0, 0, 0
	for _, r := range s {
		kind := 1
		if unicode.IsUpper(r) {
			kind = 2
		} else if unicode.IsDigit(r) {
			kind = 3
		}
		if kind != last {
			turns++
			small = 0
		}
		if last = kind; kind == 1 {
			small++
		}
		if small > 2 {
			return false
		}
	}
	return len(s) >= 8 && 3*(turns-1) >= len(s)
}

// inner returns the part of a segment that the hole stands for.
func (h *linkedHole) inner(value string) (string, bool) {
	if len(value) <= len(h.before)+len(h.after) || !strings.HasPrefix(value, h.before) || !strings.HasSuffix(value, h.after) {
		return "", false
	}
	return value[len(h.before) : len(value)-len(h.after)], true
}

// spot returns where the redirect or link that e followed holds the value. What the
// user named is named again, and not looked up among links.
func (h *linkedHole) spot(e *parsed, value string) (spot, bool) {
	from, link := e.cameFrom()
	switch {
	case from == nil:
		return spot{}, false
	case link < 0:
		values := from.values(h.redirect)
		return spot{from, h.redirect, 0}, len(values) > 0 && values[0] == value
	}
	for i, m := range from.matches(h.link) {
		if m.At == link && m.Value == value {
			return spot{from, h.link, i}, !e.sentFirst(value) && !e.sentFirst(h.before+value+h.after)
		}
	}
	return spot{}, false
}

// matches returns what a selector of links finds in the answer of e.
func (e *parsed) matches(selector string) []content.Match {
	if m, ok := e.found[selector]; ok {
		return m
	}
	var m []content.Match
	if s := e.session.selectors.parse(selector); s != nil {
		m = s.Matches(e.doc)
	}
	if e.found == nil {
		e.found = map[string][]content.Match{}
	}
	e.found[selector] = m
	return m
}

// cameFrom returns the answer that led to e, and which of its links: -1 is its
// redirect. It is nil if none did. A redirect comes first, then the page that e names,
// then the latest answer that has the link.
func (e *parsed) cameFrom() (*parsed, int) {
	if !e.traced {
		e.traced = true
		e.origin, e.link = e.trace()
	}
	return e.origin, e.link
}

func (e *parsed) trace() (*parsed, int) {
	s := e.session.exchanges
	for i := e.index - 1; i >= max(0, e.index-maxRedirects); i-- {
		a := s[i]
		if location := a.Flow.Response.Headers.Value("Location"); location != "" && a.before(e) && e.isTargetOf(a, location) {
			return a, -1
		}
	}
	wanted := e.wanted()
	if named := e.named(); named != nil {
		if link := e.linkIn(named, wanted); link >= 0 {
			return named, link
		}
	}
	tried := 0
	for i := e.index - 1; i >= 0 && tried < maxAnswers; i-- {
		a := s[i]
		if !a.before(e) || len(a.doc.Links()) == 0 {
			continue
		}
		tried++
		if link := e.linkIn(a, wanted); link >= 0 {
			return a, link
		}
	}
	return nil, 0
}

// named returns the latest page at the address that e says it came from, or else the latest
// answer: scripts send requests to the address of their page, too.
func (e *parsed) named() *parsed {
	u, err := url.Parse(e.Flow.Request.Headers.Value("Referer"))
	if err != nil || u.Host == "" {
		return nil
	}
	target := u.RequestURI()
	var last *parsed
	for _, a := range slices.Backward(e.session.exchanges[max(0, e.index-maxBack):e.index]) {
		if a.Flow.Request.Target != target || !a.before(e) || len(a.doc.Body()) == 0 {
			continue
		}
		if a.doc.Media() == "text/html" {
			return a
		}
		if last == nil {
			last = a
		}
	}
	return last
}

// wanted returns a text that every link to e has: the last segment of its path, or
// its first query item.
func (e *parsed) wanted() string {
	path, query, _ := strings.Cut(e.Flow.Request.Target, "?")
	if last := path[strings.LastIndexByte(path, '/')+1:]; last != "" {
		return last
	}
	first, _, _ := strings.Cut(query, "&")
	return first
}

// linkIn returns the index of the link of an answer that leads to e, or -1.
func (e *parsed) linkIn(a *parsed, wanted string) int {
	for i, link := range a.doc.Links() {
		if (strings.Contains(link, wanted) || strings.HasPrefix(link, "?")) && e.isTargetOf(a, link) {
			return i
		}
	}
	return -1
}

// isTargetOf reports whether a link of an answer leads to e.
func (e *parsed) isTargetOf(a *parsed, link string) bool {
	to, ok := resolve(a, link)
	if !ok || to.Path != e.path() || to.Host != e.Flow.Request.Authority {
		return false
	}
	_, query, _ := strings.Cut(e.Flow.Request.Target, "?")
	return to.RawQuery == query || slices.Equal(content.DecodeEntries(to.RawQuery), content.DecodeEntries(query))
}
