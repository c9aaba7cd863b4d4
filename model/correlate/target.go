package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/content/form"
)

// A target is one endpoint with its recorded requests.
type target struct {
	name       string
	uses       []*parsed          // at hand
	structures []*structure       // of them, the commonest first
	leaves     []*leaf            // that are not explained yet
	settled    []*leaf            // that are
	byPlace    map[string]*leaf   // by selector
	changed    *leaf              // the forms and documents that requests change; nil: none
	pickers    []*leaf            // that name what users chose: see pick
	series     map[string]locator // of lists of elements: see pickSeries

	looked, identified bool // see identifies

	wordsOf *parsed         // see queryWords
	words   []*content.Span // of the query of wordsOf

	variants []*variant             // in the order of their first use
	byKey    map[string][]*variant  // by the key of their structure
	chains   map[string]codec.Chain // how values are written, by key and selector
}

// A structure is what requests have in common that have the same places for values
// and the same header fields.
type structure struct {
	key    string
	uses   []*parsed
	sample *parsed // the first
}

// A leaf is one place of the requests to a target and everything seen there, in
// requests of every structure.
type leaf struct {
	target *target
	span   content.Span // in the first request that has it
	uses   []use        // at hand
	pieces []piece      // what the value is made of; nil: text, as in the sample

	settled bool              // it is explained: see again
	text    string            // of a settled leaf that is text
	others  *leaf             // the same place in requests that have another text there; nil: none
	rank    int               // how many leaves it is among the others of
	literal map[string]string // in headers: the text in requests of one structure, by key; see sameIn

	unresolved []int // what was noted of it, in Result.Unresolved

	outer  *leaf   // the leaf whose value holds this one; nil: none
	inner  []*leaf // within its value
	opened bool    // values within it take its place
	hidden bool    // it is text of the value that holds it
}

// A use is the value that one request carried.
type use struct {
	exchange *parsed
	value    string
}

// A piece is text, or a hole with the values that stood there.
type piece struct {
	text    string
	value   model.Value // Kind "" is text
	binding *binding
	recipe  *recipe // of a computed value
	uses    []use   // of a hole

	taken  map[*parsed]model.Take // where requests have it from; nil: from the binding's sources
	locate locator                // finds taken
}

// sample returns the request that stands for all of the target.
func (t *target) sample() *parsed { return t.structures[0].sample }

// align sorts the requests by structure and collects the values of their leaves.
func (t *target) align() {
	t.structures = structures(t.uses, structureOf)
	for _, s := range t.structures {
		for i := range s.sample.spans {
			if sp := s.sample.spans[i]; t.byPlace[sp.Selector] == nil && leafy(s.sample.spans, i) {
				t.byPlace[sp.Selector] = t.leaf(sp, nil)
			}
		}
	}
	// Selectors are unique in a request, except those of multipart boundaries.
	for _, e := range t.uses {
		for i := range e.spans {
			if l := t.byPlace[e.spans[i].Selector]; l != nil && leafy(e.spans, i) {
				l = l.among(nil, &e.spans[i])
				l.uses = append(l.uses, use{e, e.spans[i].Value})
			}
		}
	}
	t.nest()
}

// leaf adds a leaf.
func (t *target) leaf(sp content.Span, outer *leaf) *leaf {
	l := &leaf{target: t, span: sp, outer: outer}
	t.leaves = append(t.leaves, l)
	if outer != nil {
		outer.inner = append(outer.inner, l)
	}
	return l
}

// of returns the leaf of a place in a request, or nil.
func (t *target) of(e *parsed, selector string) *leaf {
	l := t.byPlace[selector]
	for l != nil && l.others != nil && l.at(e) < 0 {
		l = l.others
	}
	return l
}

// structures sorts requests by a key, the commonest first.
func structures(uses []*parsed, key func(*parsed) string) []*structure {
	byKey := map[string]*structure{}
	var list []*structure
	for _, e := range uses {
		k := key(e)
		s := byKey[k]
		if s == nil {
			s = &structure{key: k, sample: e}
			byKey[k] = s
			list = append(list, s)
		}
		s.uses = append(s.uses, e)
	}
	slices.SortStableFunc(list, func(a, b *structure) int { return cmp.Compare(len(b.uses), len(a.uses)) })
	return list
}

// leafy reports whether a span is a leaf whatever it holds. Headers of the browser and those
// that the replayer makes are not. Nor is a span that the one after it explains.
func leafy(spans []content.Span, i int) bool {
	sp := &spans[i]
	switch {
	case sp.Inner():
		return false
	case sp.Place == content.InHeader:
		name := headerName(sp.Selector)
		return !content.OfBrowser(name) && reserved(name) == "" && !contains(spans, i) && !isBoundary(sp)
	case sp.Place == content.InMultipart:
		return !isBoundary(sp)
	}
	return true
}

// isBoundary reports whether a span holds the boundary of a multipart body. It stays as
// it was recorded: nothing but the body depends on it.
func isBoundary(sp *content.Span) bool { return strings.HasSuffix(sp.Selector, " boundary") }

// reserved returns the hole that the replayer fills in a header: the page that the
// user came from, its origin, and what the user's cache holds. It returns "" for others.
func reserved(header string) string {
	switch strings.ToLower(header) {
	case "referer":
		return model.RefererHole
	case "origin":
		return model.OriginHole
	case "if-none-match":
		return model.ETagHole
	case "if-modified-since":
		return model.ModifiedHole
	}
	return ""
}

// headerName returns the field name of a header selector.
func headerName(selector string) string {
	name := strings.TrimPrefix(selector, "header:")
	name, _, _ = strings.Cut(name, " ")
	name, _, _ = strings.Cut(name, "|")
	name, _, _ = strings.Cut(name, "#")
	return name
}

// contains reports whether the span after i lies within span i, and so explains it.
func contains(spans []content.Span, i int) bool {
	if i+1 >= len(spans) || spans[i].Place != content.InHeader {
		return false
	}
	a, b := spans[i], spans[i+1]
	return !b.Inner() && b.Place == a.Place && b.Header == a.Header && b.Start >= a.Start && b.End <= a.End
}

// structureOf describes which places for values and which header fields a request has.
func structureOf(e *parsed) string {
	var b strings.Builder
	for i := range e.spans {
		if sp := &e.spans[i]; leafy(e.spans, i) {
			b.WriteByte(byte('0' + sp.Place))
			b.WriteString(sp.Selector)
			b.WriteByte(0)
		}
	}
	if e.changes != nil {
		b.WriteString("changes " + e.changes.selector)
	}
	b.WriteString(e.Flow.Request.Method)
	for _, h := range e.Flow.Request.Headers {
		if content.Forwarded(h.Name) && !content.OfBrowser(h.Name) {
			b.WriteByte(0)
			b.WriteString(h.Name)
			if reserved(h.Name) == model.RefererHole {
				b.WriteString(e.session.referer)
			}
		}
	}
	return b.String()
}

// constant reports whether all requests carry one value.
func (l *leaf) constant() bool { return constant(l.uses) }

func constant(uses []use) bool {
	for _, u := range uses {
		if u.value != uses[0].value {
			return false
		}
	}
	return true
}

// header returns the name of the header that the leaf stands in, or "".
func (l *leaf) header() string {
	if l.span.Place != content.InHeader {
		return ""
	}
	return headerName(l.span.Selector)
}

// key returns the name of the place as people call it.
func (l *leaf) key() string { return keyOf(&l.span) }

func keyOf(sp *content.Span) string {
	s := sp.Selector
	switch {
	case sp.Inner():
		switch kind, rest := naming(s); kind {
		case "path":
			return "id"
		case "proto":
			return "field_" + rest
		default:
			return strings.TrimPrefix(rest, "$.")
		}
	case sp.Place == content.InHeader:
		return strings.ToLower(headerName(s))
	case strings.HasPrefix(s, "path:"):
		return "id"
	case s == "query:{}" || s == "body:*" || s == "body:$":
		return "value"
	}
	_, name, _ := strings.Cut(s, ":")
	if _, change, ok := strings.Cut(name, "~document["); ok {
		_, name, _ = strings.Cut(change, "].")
	}
	return form.Field(strings.TrimPrefix(name, "$."))
}
