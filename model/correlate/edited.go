package correlate

import (
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/lines"
	"github.com/starling-load/starling/model/content/patch"
)

// An editor shows a text that an answer holds, and its script sends the text back as one
// value among others: a field of a form that it makes, a member of JSON. What the user
// changed is done to the live text. A text that is all that is sent is a document: see fromText.

// minEdited is the length in bytes of a text that is told by its changes. A shorter one, and
// one without a space, is a value.
const minEdited = 12

// edit explains places that hold a text which an earlier answer showed, as the user left it.
func (l *Learner) edit() {
	for _, t := range l.targets {
		if len(t.leaves) == 0 || !t.sample().writes() {
			continue
		}
		for _, p := range t.leaves {
			if p.pieces == nil && !p.hidden && p.outer == nil && p.header() == "" && p.span.Selector != "body:*" && !strings.Contains(p.span.Selector, "~") {
				l.editLeaf(p)
			}
		}
	}
}

// editLeaf explains a place by the answers that gave the most of its texts.
func (l *Learner) editLeaf(p *leaf) {
	votes := map[source]int{}
	var best source
	for _, u := range p.uses[:min(len(p.uses), maxLooked)] {
		if s, ok := u.edits(); ok {
			if votes[s]++; votes[s] > votes[best] {
				best = s
			}
		}
	}
	if votes[best] == 0 {
		return
	}
	sources := []source{best}
	changes := ingredient{own: "changes", find: func(u use) (string, *parsed) {
		shown := first(predict(sources, u.exchange))
		if c, ok := patch.BetweenTexts(shown, u.value); ok && (shown == u.value || isEdited(shown, u.value)) {
			return c, u.exchange
		}
		return "", nil
	}}
	changes.look(p.uses)
	l.acceptRecipe(p, p.uses, &recipe{of: "edited", parts: []ingredient{{sources: sources}, changes}}, false)
}

// edits returns the place of the latest answer that holds the text which a use sends back
// changed.
func (u use) edits() (source, bool) {
	if len(u.value) < minEdited || len(u.value) > maxText || !strings.ContainsAny(u.value, " \n") {
		return source{}, false
	}
	e, tried := u.exchange, 0
	for i := e.index - 1; i >= max(0, e.index-maxBack) && tried < maxDocuments; i-- {
		a := e.session.exchanges[i]
		if a.Flow.Response.Status/100 != 2 || !a.before(e) || len(a.doc.Body()) > maxText || a.doc.Cut() {
			continue
		}
		tried++
		if e.session.compared += len(a.doc.Body()); e.session.compared > maxCompared {
			break
		}
		if content.IsLines(a.doc.Media()) {
			if isEdited(string(a.doc.Body()), u.value) {
				return source{a.Endpoint, "document:"}, true
			}
			continue
		}
		if !isJSON(a.doc.Media()) && !strings.HasSuffix(a.doc.Media(), "xml") {
			continue
		}
		for _, leaf := range a.doc.Leaves() {
			if strings.ContainsAny(leaf.Selector, "[|") || !isEdited(leaf.Value, u.value) || len(a.values(leaf.Selector)) > 1 {
				continue
			}
			return source{a.Endpoint, leaf.Selector}, true
		}
	}
	return source{}, false
}

// isEdited reports whether a text is one that was shown, with changes: it has all of that, or
// the half and one change, or most of its lines. Texts of one format have some lines in common.
func isEdited(shown, sent string) bool {
	if len(shown) < minEdited || shown == sent || !strings.ContainsAny(shown, " \n") {
		return false
	}
	bare := strings.TrimRight(shown, "\r\n")
	head, _, _ := strings.Cut(bare, "\n")
	if tail := bare[strings.LastIndexByte(bare, '\n')+1:]; !strings.Contains(sent, strings.TrimRight(head, "\r")) && !strings.Contains(sent, tail) {
		return false
	}
	if _, ok := patch.BetweenTexts(shown, sent); !ok {
		return false
	}
	ops, kept, ok := lines.Between(shown, sent)
	count := lines.Count(shown)
	return !ok || strings.Contains(sent, bare) || len(ops) < 2 && 2*kept >= count || float64(kept) >= keptApart*float64(count) || sameText(shown, sent, kept)
}
