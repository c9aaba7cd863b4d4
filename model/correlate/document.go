package correlate

import (
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/lines"
	"github.com/starling-load/starling/model/content/patch"
	"github.com/starling-load/starling/record/flow"
)

// Limits on the search for a document that was written back.
const (
	maxDocuments = 30       // answers, the latest first
	maxCompared  = 64 << 20 // bytes of answers in one session
)

// fromDocument finds the JSON document of an earlier answer that e sends back, and
// makes r hold the changes alone. Of several it takes the one of which the client left
// the most alone, the latest of equals.
func (e *parsed) fromDocument(r *flow.Request) bool {
	body := r.Body.Data
	if r.Method == "GET" || len(body) < len(`{"a":1,"b":2}`) || r.Body.Truncated() || r.Headers.Has("Content-Encoding") || !isJSON(r.Headers.Value("Content-Type")) {
		return false
	}
	var best patch.Copy
	var from *parsed
	tried := 0
	for i := e.index - 1; i >= max(0, e.index-maxBack) && tried < maxDocuments; i-- {
		a := e.session.exchanges[i]
		if !isJSON(a.doc.Media()) || len(a.doc.Body()) == 0 || a.doc.Cut() || !a.before(e) {
			continue
		}
		tried++
		if e.session.compared += len(a.doc.Body()); e.session.compared > maxCompared {
			break
		}
		if c, ok := patch.Find(a.doc.Body(), body, sameAddress(a, e)); ok && c.Kept > best.Kept {
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
	r.Body = flow.NewBody(sealed)
	return true
}

// Evidence that a text is a state of one that was read.
const (
	maxText    = 1 << 20 // bytes
	keptApart  = 0.75    // lines that were kept, as a share, where the addresses differ …
	leastApart = 5       // … and their number
)

// fromText finds the text of lines of an earlier answer that e sends back, and makes r hold
// the changes alone. It is at the same address, or nearly all of its lines are left. Of
// several it is the one of which most lines are, the latest of equals.
func (e *parsed) fromText(r *flow.Request) bool {
	body := r.Body.Data
	if r.Method == "GET" || len(body) > maxText || r.Body.Truncated() || r.Headers.Has("Content-Encoding") || !content.IsLines(mediaOf(r.Headers.Value("Content-Type"))) {
		return false
	}
	var from *parsed
	var ops []lines.Op
	best, tried := 0, 0
	for i := e.index - 1; i >= max(0, e.index-maxBack) && tried < maxDocuments; i-- {
		a := e.session.exchanges[i]
		shown := a.doc.Body()
		if !content.IsLines(a.doc.Media()) || len(shown) == 0 || len(shown) > maxText || a.doc.Cut() || a.Flow.Response.Status/100 != 2 || !a.before(e) {
			continue
		}
		tried++
		if e.session.compared += len(shown); e.session.compared > maxCompared {
			break
		}
		c, kept, ok := lines.Between(string(shown), string(body))
		if !ok || kept <= best || !sameAddress(a, e) && (kept < leastApart || float64(kept) < keptApart*float64(lines.Count(string(body)))) {
			continue
		}
		from, ops, best = a, c, kept
	}
	if from == nil {
		return false
	}
	sealed, err := lines.Seal(ops)
	if err != nil {
		return false
	}
	e.changes = &spot{from, "document:", 0}
	r.Body = flow.NewBody(sealed)
	return true
}

// mediaOf returns the media type of a Content-Type, in lower case.
func mediaOf(contentType string) string {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	return strings.TrimSpace(media)
}

func isJSON(contentType string) bool {
	media := mediaOf(contentType)
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// sameAddress reports whether a document that was read by a can be written by e: one
// path is the other or lies directly above it.
func sameAddress(a, e *parsed) bool {
	p, q := strings.TrimSuffix(a.Flow.Request.Path(), "/"), strings.TrimSuffix(e.Flow.Request.Path(), "/")
	if len(p) > len(q) {
		p, q = q, p
	}
	rest, ok := strings.CutPrefix(q, p)
	return ok && (rest == "" || rest[0] == '/' && strings.Count(rest, "/") == 1)
}
