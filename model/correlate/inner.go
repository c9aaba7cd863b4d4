package correlate

import (
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// A value may hold others: JSON in a form field, an id in a path segment, what Base64
// holds. It is explained as a whole if that can be. Otherwise it is opened if one of
// the values in it is explained: it is then text around them.

// nest adds the leaves of values within values.
func (t *target) nest() {
	for _, e := range t.uses {
		for i := range e.spans {
			sp := &e.spans[i]
			if !sp.Inner() {
				continue
			}
			outer := t.of(e, e.spans[sp.Parent-1].Selector)
			if outer == nil || outer.span.Inner() != e.spans[sp.Parent-1].Inner() {
				continue
			}
			l := t.byPlace[sp.Selector]
			if l == nil {
				l = t.leaf(*sp, outer)
				t.byPlace[sp.Selector] = l
			}
			if l = l.among(outer, sp); l.outer == outer {
				l.uses = append(l.uses, use{e, sp.Value})
			}
		}
	}
}

// known reports whether the piece comes from an answer or a data file, is computed, or
// was made by the client.
func (q *piece) known() bool {
	switch q.value.Kind {
	case model.Data, model.Computed, model.Fresh, model.Now:
		return true
	}
	return q.binding != nil
}

// explained reports whether the value comes from an answer or a data file or is
// computed, at least in part.
func (l *leaf) explained() bool {
	for i := range l.pieces {
		if q := &l.pieces[i]; q.known() {
			return true
		}
	}
	return false
}

// whole reports whether all of the value is explained.
func (l *leaf) whole() bool {
	for i := range l.pieces {
		if q := &l.pieces[i]; !q.known() && len(q.uses) > 0 {
			return false
		}
	}
	return l.explained()
}

// candid reports whether the values that hold l are not explained by themselves.
func (l *leaf) candid() bool {
	for o := l.outer; o != nil; o = o.outer {
		if o.whole() {
			return false
		}
	}
	return true
}

// openAll opens the leaves that are not explained as a whole, but values within them
// are, and hides the values within the others.
func (t *target) openAll() {
	for _, l := range t.leaves {
		switch {
		case l.outer == nil:
			l.open()
		case l.outer.settled:
			if l.open(); !l.outer.opened {
				l.hide()
			}
		}
	}
}

// open opens l if values within it are explained and it is not, and hides the values
// within it if it stays whole.
func (l *leaf) open() {
	if l.opened = !l.whole() && l.holds() && !l.answersChallenge(); l.opened {
		l.pieces = []piece{l.alone()}
	}
	coded := false // what Base64 holds comes before parts of its text
	for _, c := range l.inner {
		coded = coded || l.opened && c.span.Whole() && (c.explained() || c.holds())
	}
	for _, c := range l.inner {
		if c.open(); !l.opened || coded && !c.span.Whole() {
			c.hide()
		}
	}
}

// alone returns what l is in the requests in which it holds no other value: one of those
// that it holds elsewhere, as in a list of one element, or text of its own.
func (l *leaf) alone() piece {
	q := piece{value: model.Value{Kind: model.Row}, uses: l.uses}
	most := 0
	for _, c := range l.inner {
		if len(c.pieces) != 1 || c.pieces[0].binding == nil {
			continue
		}
		b, n := c.pieces[0].binding, 0
		for _, u := range l.uses {
			if _, ok := find(b.sources, u); ok {
				n++
			}
		}
		if n > most {
			most, q.value.Kind, q.binding = n, model.Bound, b
		}
	}
	return q
}

// holds reports whether a value within l is explained.
func (l *leaf) holds() bool {
	for _, c := range l.inner {
		if c.explained() || c.holds() {
			return true
		}
	}
	return false
}

// hide makes l and the values within it text of the value that holds it.
func (l *leaf) hide() {
	l.hidden, l.opened, l.pieces = true, false, nil
	for _, c := range l.inner {
		c.hide()
	}
}

// opening returns the leaf of a span if values within it take its place in the request.
func (t *target) opening(e *parsed, i int) *leaf {
	l := t.of(e, e.spans[i].Selector)
	if l == nil || !l.opened || l.standsAlone(e, i) {
		return nil
	}
	for k := i + 1; k < len(e.spans) && e.spans[k].Parent > i; k++ {
		if c := t.of(e, e.spans[k].Selector); e.spans[k].Parent == i+1 && c != nil && c.outer == l && !c.hidden {
			return l
		}
	}
	return nil
}

// standsAlone reports whether span i of a request is, as a whole, one of the values that l
// holds elsewhere, whatever it looks like: see alone.
func (l *leaf) standsAlone(e *parsed, i int) bool {
	if len(l.pieces) != 1 || l.pieces[0].binding == nil {
		return false
	}
	_, ok := find(l.pieces[0].binding.sources, use{e, e.spans[i].Value})
	return ok
}

// skeleton describes the opened values of a request: the text around the values within
// them. Requests of one variant have the same.
func (t *target) skeleton(e *parsed) string {
	h := fnv.New64a()
	found := false
	for i := range e.spans {
		if e.spans[i].Inner() || t.opening(e, i) == nil {
			continue
		}
		found = true
		var holes []edit
		t.holes(e, i, &holes)
		if sp := &e.spans[i]; sp.Whole() {
			h.Write([]byte(apply(sp.Value, holes)))
		} else {
			h.Write([]byte(apply(rawOf(sp, e), shift(holes, sp.Start))))
		}
		h.Write([]byte{0})
	}
	if !found {
		return ""
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// shift moves edits to the left.
func shift(edits []edit, n int) []edit {
	for i := range edits {
		edits[i].start -= n
		edits[i].end -= n
	}
	return edits
}

// holes appends an edit for each value that stands within the opened span i.
func (t *target) holes(e *parsed, i int, out *[]edit) {
	for k := i + 1; k < len(e.spans) && e.spans[k].Parent > i; k++ {
		sp := &e.spans[k]
		l := t.of(e, sp.Selector)
		if sp.Parent != i+1 || l == nil || l.hidden {
			continue
		}
		switch {
		case t.opening(e, k) == nil:
			if l.pieces != nil {
				*out = append(*out, edit{sp.Start, sp.End, "${" + sp.Selector + "}"})
			}
		case sp.Whole():
			var inner []edit
			t.holes(e, k, &inner)
			*out = append(*out, edit{sp.Start, sp.End, apply(sp.Value, inner)})
		default:
			t.holes(e, k, out)
		}
	}
}

// noteInner notes the values within p that vary and look issued. They are sent as
// recorded, with the value that holds them.
func (l *Learner) noteInner(p *leaf) {
	for _, c := range p.inner {
		opaque := 0
		for _, u := range c.uses {
			if content.Opaque(u.value) {
				opaque++
			}
		}
		if c.paired() || replacedLines(c.span.Selector) || strings.Contains(c.span.Selector, "|part:") || c.constant() || 2*opaque < len(c.uses) {
			l.noteInner(c)
			continue
		}
		l.unresolved(c, c.uses, "varies within a value and looks issued, but no answer held it often enough before", "")
	}
}

// paired reports whether l is Base64 in a list of pairs. What it holds tells whether it was
// issued.
func (l *leaf) paired() bool {
	s := l.span.Selector
	return strings.HasPrefix(s[strings.LastIndexByte(s, '|')+1:], "pair:")
}

// latent reports whether l stands within a value of which nothing is explained so far.
// The client may have made what l holds.
func (l *leaf) latent() bool {
	return !l.isPart() && l.within()
}

// isPart reports whether l is an identifier in a text.
func (l *leaf) isPart() bool { return strings.Contains(l.span.Selector, "|part:") }

// within reports whether l varies within a value of which nothing is explained so far.
func (l *leaf) within() bool {
	if l.settled || l.constant() {
		return false
	}
	o := l.outer
	for o != nil && o.outer != nil {
		o = o.outer
	}
	return o != nil && !o.settled && !o.hidden && o.pieces == nil && (o.header() == "" || bindable(o.header()))
}

// guess explains the values within l that the client made. It reports whether there are
// any. An identifier in a text is one if the client made it for another place.
func (l *leaf) guess(m *maker) bool {
	found := false
	for _, c := range l.inner {
		if len(c.uses) > 0 && c.hidden && c.within() {
			var v model.Value
			if c.isPart() {
				v, _ = m.value(c.uses)
			} else {
				v = m.explained(c.uses, false)
			}
			if v.Kind == model.Fresh || v.Kind == model.Now {
				c.pieces = []piece{{value: v, uses: c.uses}}
				found = true
				continue
			}
		}
		found = c.guess(m) || found
	}
	return found
}

// stem returns the value within l of which nothing but the endings of file names is left,
// such as the UUID of UUID.txt; nil: there is none.
func (l *leaf) stem() *leaf {
	if len(l.inner) != 1 || !l.inner[0].isPart() || len(l.inner[0].uses) != len(l.uses) {
		return nil
	}
	c := l.inner[0]
	for i, u := range l.uses {
		if !strings.HasPrefix(u.value, c.uses[i].value+".") || u.exchange != c.uses[i].exchange {
			return nil
		}
	}
	return c
}

// unhide undoes hide for all values within l. What they hold stays explained as it is.
func (l *leaf) unhide() {
	for _, c := range l.inner {
		c.hidden = false
		c.unhide()
	}
}
