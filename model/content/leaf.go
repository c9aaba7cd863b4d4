package content

import (
	"bytes"
	"iter"
	"net/textproto"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// A Leaf is one value with its place.
type Leaf struct {
	Selector string
	Value    string
}

// maxLeaves is the number of leaves after which no more are collected.
const maxLeaves = 20000

// maxValue is the length in bytes of the longest value that is a leaf.
const maxValue = 8192

// maxNested is the number of bytes of values within values that are read in one
// message, and maxNest how deep.
const (
	maxNested = 4 << 20
	maxNest   = 4
)

// Leaves returns every value of the answer that a later request could carry,
// with the selector that finds it: headers, cookies, redirects, then the body in
// document order. Behind a value follow those within it: members of JSON in a string,
// what Base64 holds, identifiers that are a part of it. Empty values and JSON's true,
// false and null are left out. At most maxLeaves are returned.
func (d *Doc) Leaves() []Leaf {
	g := &gatherer{nested: maxNested}
	g.head(d.resp)
	g.body(d)
	if len(g.out) > maxLeaves {
		g.out = g.out[:maxLeaves]
	}
	return g.out
}

// A gatherer collects leaves. The prefix of a selector is empty or ends in "|".
type gatherer struct {
	out    []Leaf
	nested int // bytes left
	depth  int
}

// add appends a value and those within it.
func (g *gatherer) add(selector, value string) {
	if value == "" || len(value) > maxText || len(g.out) >= maxLeaves {
		return
	}
	if len(value) <= maxValue {
		g.out = append(g.out, Leaf{selector, value})
	}
	g.open(selector+"|", value)
}

// head adds what the head of an answer holds.
func (g *gatherer) head(resp *flow.Response) {
	for _, h := range resp.Headers {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		switch name {
		case "Set-Cookie":
			n, v := cookiePair(h.Value)
			g.add("cookie:"+escapeBar(n), v)
		case "Location":
			g.out = linkLeaves("redirect:", h.Value, g.out)
			if _, fragment, ok := strings.Cut(h.Value, "#"); ok {
				g.open("header:Location|fragment|", fragment)
			}
		case "Link":
			linkHeader(h.Value, func(rel, link string) {
				g.out = linkLeaves("header:Link|rel:"+escapeBar(rel)+"|link:", link, g.out)
			})
		case "Refresh":
			if link := refreshLink(h.Value); link != "" {
				g.out = linkLeaves("header:Refresh|url|link:", link, g.out)
			}
		default:
			if issues(name) {
				g.add("header:"+name, h.Value)
			}
		}
	}
}

// issues reports whether a header of answers may hold an issued value.
func issues(name string) bool {
	switch name {
	case "Date", "Server", "Content-Length", "Content-Type", "Content-Encoding", "Connection",
		"Keep-Alive", "Transfer-Encoding", "Vary", "Cache-Control", "Expires", "Pragma", "Age", "Via",
		"Accept-Ranges", "Alt-Svc", "Content-Security-Policy", "Strict-Transport-Security",
		"X-Content-Type-Options", "X-Frame-Options", "X-Powered-By", "X-Xss-Protection", "Referrer-Policy":
		return false
	}
	return true
}

// Texts yields the texts of the answer that may hold issued values, each with the beginning
// of a selector of what stands in it: fields of the head, and the body.
func (d *Doc) Texts() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, h := range d.resp.Headers {
			if name := textproto.CanonicalMIMEHeaderKey(h.Name); name != "Set-Cookie" && issues(name) && !yield("header:"+name+"|", []byte(h.Value)) {
				return
			}
		}
		yield("", d.Body())
	}
}

// body adds what the body of an answer holds.
func (g *gatherer) body(d *Doc) {
	d.parse()
	body := d.Body()
	switch {
	case d.data != nil:
		g.json("", d.data)
	case d.page != nil && len(body) <= maxValue && bytes.IndexByte(body, '<') < 0:
		g.plain(body) // handlers that answer with a number or JSON and do not say so
	case d.page != nil:
		g.page("", d.page)
		scripts(body, func(id string, _ int, script []byte, data bool) {
			if data {
				g.depth++
				g.json("script:#"+escapeBar(id)+"|", script)
				g.depth--
			} else {
				g.script("", script)
			}
		})
	case len(body) == 0:
	case isXML(d.Media()):
		g.xml("", body)
	case isScript(d.Media()):
		g.script("", body)
	case isGRPC(d.Media()) || isProtobuf(d.Media()):
		g.protobuf("", body, d.Media())
	case strings.HasPrefix(d.Media(), "text/") || d.Media() == formMedia:
		g.plain(body)
	}
	g.links("", d.Links())
}

// json adds the scalars of a JSON document, and its keys that are identifiers.
func (g *gatherer) json(prefix string, b []byte) {
	w := walker{b: b, shared: true, rows: true, path: make([]byte, 0, 128)}
	w.visit = func(path []byte, start, end int) {
		c := b[start]
		if len(g.out) >= maxLeaves || c != '"' && c != '-' && (c < '0' || c > '9') || end-start > maxText || len(path) > maxPath {
			return
		}
		g.add(prefix+"json:"+escapeBar(strings.TrimPrefix(string(path), ".")), text(b, start, end))
	}
	w.key = func(path []byte, start, end int) {
		if len(g.out) < maxLeaves && len(path) <= maxPath {
			g.out = append(g.out, Leaf{prefix + "json:" + escapeBar(strings.TrimPrefix(string(path), ".")) + "~", string(b[start:end])})
		}
	}
	w.full = func() bool { return len(g.out) >= maxLeaves }
	w.whole()
}

// page adds what a page holds.
func (g *gatherer) page(prefix string, p *page) {
	for i := range p.forms {
		g.form(prefix, &p.forms[i], i == 0)
	}
	for _, m := range p.metas {
		if m.name != "viewport" && m.name != "description" && m.name != "generator" {
			g.add(prefix+"meta:"+escapeBar(m.name), m.value)
		}
	}
	for _, a := range p.data {
		selector := prefix + "attr:" + escapeBar(a.name)
		g.add(selector, a.value)
		if isCalling(a.value) {
			g.script(selector+"|", []byte(a.value))
		}
	}
}

// isCalling reports whether the value of an attribute is a piece of a script: a call, or an
// object that is no JSON.
func isCalling(s string) bool {
	if !strings.ContainsAny(s, "({") {
		return false
	}
	_, _, data := guarded([]byte(s))
	return !data
}

// links adds what links hold.
func (g *gatherer) links(prefix string, list []string) {
	for _, link := range list {
		if len(g.out) < maxLeaves {
			g.out = linkLeaves(prefix+"link:", link, g.out)
		}
	}
}

// script adds the literals of a script.
func (g *gatherer) script(prefix string, b []byte) {
	for _, l := range literals(b) {
		g.add(prefix+"script:"+escapeBar(l.name), l.value)
	}
}

// xml adds the texts and attributes of an XML document.
func (g *gatherer) xml(prefix string, b []byte) {
	walkXML(b, func(path []byte, start, end int, plain bool) {
		if len(g.out) < maxLeaves && end-start <= maxText && len(path) > 0 && len(path) <= maxPath {
			g.add(prefix+"xml:"+escapeBar(string(path)), xmlText(b[start:end], plain))
		}
	})
}

// plain adds what a text holds that has no structure of its own: the parts of a partial
// page, the items of a form, identifiers.
func (g *gatherer) plain(b []byte) {
	s := strings.TrimSpace(string(b[:min(len(b), maxNested)]))
	if n := deltas(s, func(key, value string) { g.add("delta:"+escapeBar(key), value) }); n > 0 {
		return
	}
	if len(s) <= maxText {
		g.add(wholeText, s)
	} else {
		g.open(wholeText+"|", s)
	}
}

// wholeText selects a body of text, without the white space around it.
const wholeText = "text:…"
