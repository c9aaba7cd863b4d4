package content

import (
	"strings"

	"github.com/starling-load/starling/model/content/codec"
)

// open adds the values within a value that was added last. What a text is, its form
// decides.
func (s *spanner) open(in *region, selector string) {
	text := in.text
	if len(text) < 3 || in.depth > maxNest || len(text) > s.nested || len(s.out) >= maxLeaves {
		return
	}
	s.nested -= len(text)
	if start, end, ok := guarded([]byte(text)); ok {
		s.json(in.from(start, end), selector+"|json:$")
		return
	}
	switch {
	case strings.HasPrefix(text, "<"):
		s.xml(in, selector+"|xml:")
		return
	case s.http(in, selector):
		return
	case isLink(text) && !holdsText(text):
		s.link(in, selector)
		return
	case isFormText(text):
		s.query(in, selector+"|query:", text, 0)
		return
	}
	if strings.Contains(text, "%") {
		if value, _, ok := codec.DecodeAt(codec.Percent, text); ok && value != text {
			s.add(in, selector+"|percent", 0, len(text), codec.Percent)
			return
		}
	}
	if n := strings.IndexByte(text, '"') + 1; n > 0 && (n == 1 || text[:n] == `W/"`) && strings.IndexByte(text[n:], '"') == len(text)-n-1 {
		s.leaf(in, selector+"|quotes", n, len(text)-1)
		return
	}
	if in.place == InHeader && s.pairs(in, selector) {
		return
	}
	switch k := baseKind(text); k {
	case codec.Hex:
		if value, ok := codec.Decode(k, text); ok && codec.Printable(value) {
			s.add(in, selector+"|hex", 0, len(text), k)
		}
	case codec.Base64, codec.Base64URL:
		s.base(in, selector, k)
	}
	for _, p := range valueParts(text) {
		s.leaf(in, selector+"|part:"+p.Name, p.Start, p.End)
	}
}

// from returns a part of a region.
func (r *region) from(start, end int) *region {
	if start == 0 && end == len(r.text) {
		return r
	}
	part := *r
	part.text, part.pos = r.text[start:end], func(i int) int { return r.pos(start + i) }
	return &part
}

// leaf adds a value that holds no others.
func (s *spanner) leaf(in *region, selector string, start, end int, kinds ...codec.Kind) {
	bare := *in
	bare.depth = maxNest + 1
	s.add(&bare, selector, start, end, kinds...)
}

// base adds what Base64 holds, as a text of its own.
func (s *spanner) base(in *region, selector string, k codec.Kind) {
	value, ok := codec.Decode(k, in.text)
	if !ok || !codec.Printable(value) || len(s.out) >= maxLeaves {
		return
	}
	kinds := append([]codec.Kind{k}, in.kinds...)
	selector += "|" + string(k)
	s.out = append(s.out, Span{Leaf{selector, value}, in.place, in.header, in.pos(0), in.pos(len(in.text)), kinds, in.parent, in.within})
	inner := region{text: value, place: in.place, header: in.header, pos: itself, within: len(s.out), parent: len(s.out), depth: in.depth + 1}
	s.open(&inner, selector)
}

// link adds the segments and the query of an address.
func (s *spanner) link(in *region, selector string) {
	text, at := in.text, 0
	if i := strings.Index(text, "://"); i >= 0 {
		at = i + 3
		if n := strings.IndexAny(text[at:], "/?#"); n >= 0 {
			at += n
		} else {
			return
		}
	}
	rest, fragment, hasFragment := strings.Cut(text[at:], "#")
	path, query, _ := strings.Cut(rest, "?")
	s.path(in, selector+"|path:", path, at)
	s.query(in, selector+"|query:", query, at+len(path)+1)
	if hasFragment && isFormText(fragment) {
		s.query(in, selector+"|fragment|query:", fragment, at+len(rest)+1)
	}
}

// xml adds the texts and attributes of XML. A text with entities that are not of XML
// is left out.
func (s *spanner) xml(in *region, prefix string) {
	b := []byte(in.text)
	walkXML(b, func(path []byte, start, end int, plain bool) {
		if len(path) == 0 || len(path) > maxPath || len(s.out) >= maxLeaves {
			return
		}
		if plain {
			s.add(in, prefix+string(path), start, end)
		} else if _, _, ok := codec.DecodeAt(codec.XML, in.text[start:end]); ok {
			s.add(in, prefix+string(path), start, end, codec.XML)
		}
	})
}
