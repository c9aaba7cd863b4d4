package correlate

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
)

// fromScript notes the places of fields that a script read from a form and sent as JSON,
// or as a form to another address: members with the names of most fields of a form, of
// which a hidden one was sent as it was shown. The latest page that has one counts, and
// of its forms the one with the most fields.
func (e *parsed) fromScript() {
	if e.Flow.Request.Method == "GET" {
		return
	}
	prefix := "body:"
	if content.IsJSON(content.RequestMedia(&e.Flow.Request)) {
		prefix = "body:$."
	}
	sent := map[string]string{} // members of the top, by name
	for i := range e.spans {
		sp := &e.spans[i]
		name, ok := strings.CutPrefix(sp.Selector, prefix)
		if ok && (prefix == "body:" && sp.Place != content.InJSON || !strings.ContainsAny(name, ".[|#")) {
			sent[name] = sp.Value
		}
	}
	pages := 0
	for i := e.index - 1; i >= max(0, e.index-maxBack) && pages < maxPages && len(sent) > 0; i-- {
		page := e.session.exchanges[i]
		if len(page.doc.Forms()) == 0 || !page.before(e) {
			continue
		}
		pages++
		var best *shownForm
		most := 0 // fields that were sent
		for k := range page.doc.Forms() {
			s := &shownForm{page: page, index: k, form: &page.doc.Forms()[k]}
			if n := s.readBy(sent); n > most {
				best, most = s, n
			}
		}
		if best != nil {
			best.noteShown(e, prefix, sent)
			return
		}
	}
}

// readBy returns how many fields of the form a script sent, or 0 if it did not read it.
func (s *shownForm) readBy(sent map[string]string) (known int) {
	fields, hidden := 0, 0
	for i := range s.form.Controls {
		c := &s.form.Controls[i]
		value, ok := sent[c.Name]
		if c.IsButton() {
			continue
		}
		if fields++; ok {
			known++
		}
		if ok && isHidden(c) && c.Value == value {
			hidden++
		}
	}
	if hidden == 0 || 2*known <= fields {
		return 0
	}
	return known
}

func isHidden(c *form.Control) bool { return c.Kind == "hidden" && c.Value != "" && !c.Disabled }

// noteShown notes the places of the fields that were sent as shown. A value that the page
// also holds where scripts have theirs from is not noted: the form may be missing.
func (s *shownForm) noteShown(e *parsed, prefix string, sent map[string]string) {
	for i := range s.form.Controls {
		c := &s.form.Controls[i]
		if value, ok := sent[c.Name]; !ok || value == "" || c.IsButton() || isHidden(c) && s.page.tellsScripts(value) {
			continue
		}
		selector := content.FieldSelector("form", c.Name, content.FormAction(s.form))
		if match, ok := s.match(selector, sent[c.Name]); ok {
			e.note(prefix+c.Name, spot{s.page, selector, match})
		}
	}
}

// tellsScripts reports whether a page holds a value in a script, in a meta element or in an
// attribute for scripts.
func (e *parsed) tellsScripts(value string) bool {
	return slices.ContainsFunc(e.session.given()[value], func(at place) bool {
		kind, _, _ := strings.Cut(at.selector, ":")
		return at.exchange == e && (kind == "script" || kind == "meta" || kind == "attr")
	})
}
