package correlate

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// A target is one endpoint with all its recorded requests.
type target struct {
	name   string
	uses   []*parsed
	sample *parsed // the request that the template is made from
	leaves []*leaf
}

// A leaf is one place of the requests to a target and everything seen there.
type leaf struct {
	target *target
	span   content.Span // in the sample
	uses   []use
	pieces []piece // what the value is made of; nil: text, as in the sample
	common string  // text to send instead of the sample's, where usual is set
	usual  bool
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
	uses    []use // for holes not yet explained, and rows
}

// align chooses the commonest structure and collects the values of its leaves.
func (t *target) align() {
	counts, first := map[string]int{}, map[string]*parsed{}
	var order []string
	for _, e := range t.uses {
		s := structure(e)
		if counts[s]++; counts[s] == 1 {
			first[s] = e
			order = append(order, s)
		}
	}
	best := ""
	for _, s := range order {
		if counts[s] > counts[best] {
			best = s
		}
	}
	t.sample = first[best]
	for i, sp := range t.sample.spans {
		if sp.Place == content.InHeader && !t.keeps(sp) || contains(t.sample.spans, i) || sp.Place == content.InMultipart && strings.HasSuffix(sp.Selector, " boundary") {
			continue
		}
		t.leaves = append(t.leaves, t.leaf(sp))
	}
}

// leaf collects the values of one place. Selectors are unique in a request, except
// those of multipart boundaries.
func (t *target) leaf(sp content.Span) *leaf {
	l := &leaf{target: t, span: sp}
	for _, e := range t.uses {
		for i := range e.spans {
			if e.spans[i].Selector == sp.Selector {
				l.uses = append(l.uses, use{e, e.spans[i].Value})
				break
			}
		}
	}
	return l
}

// keeps reports whether the endpoint has the header: at least half of the requests
// carry it. A header that asks only for what is new is kept if any request carries
// it, since the replayer leaves it out when its cache is empty. Headers of the
// browser are not kept: they are no part of the endpoint.
func (t *target) keeps(sp content.Span) bool {
	name := headerName(sp.Selector)
	if content.OfBrowser(name) {
		return false
	}
	if conditional(name) != "" {
		return slices.ContainsFunc(t.uses, func(e *parsed) bool { return e.Flow.Request.Headers.Has(name) })
	}
	n := 0
	for _, e := range t.uses {
		if e.Flow.Request.Headers.Has(name) {
			n++
		}
	}
	return 2*n >= len(t.uses)
}

// conditional returns the hole that the replayer fills in a header which asks
// only for what is new, or "".
func conditional(header string) string {
	switch strings.ToLower(header) {
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
	name, _, _ = strings.Cut(name, "#")
	return name
}

// contains reports whether the span after i lies within span i, and so explains it.
func contains(spans []content.Span, i int) bool {
	if i+1 >= len(spans) || spans[i].Place != content.InHeader {
		return false
	}
	a, b := spans[i], spans[i+1]
	return b.Place == a.Place && b.Header == a.Header && b.Start >= a.Start && b.End <= a.End
}

// structure describes which places for values a request has in its target and body.
func structure(e *parsed) string {
	var b strings.Builder
	for _, sp := range e.spans {
		if sp.Place != content.InHeader {
			b.WriteByte(byte('0' + sp.Place))
			b.WriteString(sp.Selector)
			b.WriteByte(0)
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
func (l *leaf) key() string {
	s := l.span.Selector
	switch {
	case l.span.Place == content.InHeader:
		return strings.ToLower(headerName(s))
	case strings.HasPrefix(s, "path:"):
		return "id"
	case s == "query:{}" || s == "body:*" || s == "body:$":
		return "value"
	}
	_, name, _ := strings.Cut(s, ":")
	name = strings.TrimPrefix(name, "$.")
	return name
}
