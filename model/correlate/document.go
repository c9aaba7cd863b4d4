package correlate

import (
	"bytes"
	"iter"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/lines"
	"github.com/starling-load/starling/model/content/patch"
	"github.com/starling-load/starling/record/flow"
)

// Limits on the search for a document that was written back.
const (
	maxDocuments = 30       // answers, the latest first
	maxCompared  = 64 << 20 // bytes of answers in one session that are read again for it
)

// fromDocument finds the JSON document of an earlier answer that e sends back, and
// makes r hold the changes alone. Of several it takes the one of which the client left
// the most alone: of equals the latest that stands by itself, which is there wherever a list
// has it, or else the latest.
func (e *parsed) fromDocument(r *flow.Request) bool {
	body := r.Body.Data
	if r.Method == "GET" || len(body) < len(`{"a":1,"b":2}`) || r.Body.Truncated() || r.Headers.Has("Content-Encoding") || !content.IsJSON(content.RequestMedia(r)) {
		return false
	}
	sent, err := patch.Parse(body)
	if err != nil {
		return false
	}
	own := sent.Scalars()
	var best patch.Copy
	var from *parsed
	tried := 0
	for i := e.index - 1; i >= max(0, e.index-maxBack) && tried < maxDocuments; i-- {
		a := e.session.exchanges[i]
		if !content.IsJSON(a.doc.Media()) || len(a.doc.Body()) == 0 || a.doc.Cut() || !a.before(e) {
			continue
		}
		tried++
		scalars, shown := e.session.shared.scalarsOf(a)
		least := best.Kept
		if listed(best.Path) {
			least--
		}
		if scalars.Common(own) <= least {
			continue
		}
		if shown == nil {
			if e.session.compared += len(a.doc.Body()); e.session.compared > maxCompared {
				break
			}
			if shown, err = patch.Parse(a.doc.Body()); err != nil {
				continue
			}
		}
		if c, ok := sent.Find(shown, sameAddress(a, e), least); ok && (c.Kept > best.Kept || !listed(c.Path)) {
			best, from = c, a
		}
	}
	if from == nil {
		return false
	}
	sealed, err := patch.Sealed(body, best.Sent, best.Ops)
	if err != nil {
		return false
	}
	e.changes = &spot{from, "document:" + best.Path, best.Match}
	e.noteNamed(from, &best)
	r.Body = flow.NewBody(sealed)
	return true
}

// listed reports whether a path leads to an element of a list.
func listed(path string) bool { return strings.Contains(path, "[]") }

// noteNamed notes that the identifiers by which a change names elements of a document are
// those that the answer gives them.
func (e *parsed) noteNamed(from *parsed, c *patch.Copy) {
	way := "body:$."
	for _, name := range c.Sent {
		way += name + "."
	}
	for _, n := range c.Named() {
		selector := "json:" + n.Path
		values := from.values(selector)
		at := slices.Index(values, n.Value)
		if at < 0 || content.Kind(n.Value) == "" || slices.Contains(values[at+1:], n.Value) {
			continue
		}
		e.note(way+n.Place, spot{from, selector, at})
	}
}

// Evidence that a text is a state of one that was read.
const (
	maxText    = 1 << 20 // bytes
	keptApart  = 0.75    // lines that were kept, as a share, where the addresses differ …
	leastApart = 5       // … and their number
)

// fromText finds the text of lines of an earlier answer that e sends back, and makes r hold
// the changes alone. The answer is the text, or holds it as a value. They have one address,
// or one identifier, or nearly all lines are left. Of several texts it is the one of which
// most lines are, the latest of equals.
func (e *parsed) fromText(r *flow.Request) bool {
	body := r.Body.Data
	if r.Method == "GET" || len(body) > maxText || r.Body.Truncated() || r.Headers.Has("Content-Encoding") || !content.IsLines(mediaOf(r.Headers.Value("Content-Type"))) {
		return false
	}
	sent := string(body)
	var from spot
	var ops []lines.Op
	best, tried := 0, 0
	for i := e.index - 1; i >= max(0, e.index-maxBack) && tried < maxDocuments; i-- {
		a := e.session.exchanges[i]
		if a.Flow.Response.Status/100 != 2 || !a.before(e) || len(a.doc.Body()) > maxText || a.doc.Cut() {
			continue
		}
		for text, at := range a.texts(sent) {
			tried++
			if e.session.compared += len(text); e.session.compared > maxCompared {
				break
			}
			c, kept, ok := lines.Between(text, sent)
			if !ok || kept <= best || !(sameAddress(a, e) && at.selector == "document:") && !sameText(text, sent, kept) {
				continue
			}
			from, ops, best = at, c, kept
		}
	}
	if from.from == nil {
		return false
	}
	sealed, err := lines.Seal(ops)
	if err != nil {
		return false
	}
	e.changes = &from
	r.Body = flow.NewBody(sealed)
	return true
}

// texts yields the text of lines that the answer of e is, or those that it holds and that
// may be a state of the one that was sent.
func (e *parsed) texts(sent string) iter.Seq2[string, spot] {
	return func(yield func(string, spot) bool) {
		body := e.doc.Body()
		first, _, _ := strings.Cut(sent, "\n")
		switch media := e.doc.Media(); {
		case len(body) == 0:
		case content.IsLines(media):
			yield(string(body), spot{e, "document:", 0})
		case (strings.HasSuffix(media, "xml") || isJSON(media)) && bytes.Contains(body, []byte(strings.TrimRight(first, "\r"))):
			matches := map[string]int{}
			for _, leaf := range e.doc.Leaves() {
				match := matches[leaf.Selector]
				matches[leaf.Selector]++
				if lines.Count(leaf.Value) > 2 && !strings.Contains(leaf.Selector, "|") && !yield(leaf.Value, spot{e, leaf.Selector + "|document:", match}) {
					return
				}
			}
		}
	}
}

// sameText reports whether two texts are states of one, wherever they stand: a line that
// identifies it was kept, or nearly all.
func sameText(shown, sent string, kept int) bool {
	for line := range strings.Lines(sent) {
		key, _, _ := strings.Cut(line, ":")
		if key = strings.ToLower(key); (key == "uid" || key == "id" || key == "uuid") && strings.Contains(shown, strings.TrimRight(line, "\r\n")) {
			return true
		}
	}
	return kept >= leastApart && float64(kept) >= keptApart*float64(lines.Count(sent))
}

// mediaOf returns the media type of a Content-Type, in lower case.
func mediaOf(contentType string) string {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	return strings.TrimSpace(media)
}

func isJSON(contentType string) bool {
	return content.IsJSON(mediaOf(contentType))
}

// sameAddress reports whether a document that was read by a can be written by e: one
// path is the other or lies directly above it, or above it and ends with what identifies
// the document.
func sameAddress(a, e *parsed) bool {
	p, q := strings.TrimSuffix(a.Flow.Request.Path(), "/"), strings.TrimSuffix(e.Flow.Request.Path(), "/")
	if len(p) > len(q) {
		p, q = q, p
	}
	rest, ok := strings.CutPrefix(q, p)
	return ok && (rest == "" || rest[0] == '/' && (strings.Count(rest, "/") == 1 || content.Kind(p[strings.LastIndexByte(p, '/')+1:]) != ""))
}
