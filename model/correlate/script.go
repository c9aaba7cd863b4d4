package correlate

import (
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
)

// fromScript notes the places of fields that a script read from a form and sent as JSON:
// members with the names of most fields of a form, of which a hidden one was sent as it
// was shown. The form of the latest page that has one counts.
func (e *parsed) fromScript() {
	if e.Flow.Request.Method == "GET" || !isJSON(e.Flow.Request.Headers.Value("Content-Type")) {
		return
	}
	sent := map[string]string{} // members of the top, by name
	for i := range e.spans {
		if name, ok := strings.CutPrefix(e.spans[i].Selector, "body:$."); ok && !strings.ContainsAny(name, ".[|#") {
			sent[name] = e.spans[i].Value
		}
	}
	pages := 0
	for i := e.index - 1; i >= max(0, e.index-maxBack) && pages < maxPages && len(sent) > 0; i-- {
		page := e.session.exchanges[i]
		if len(page.doc.Forms()) == 0 || !page.before(e) {
			continue
		}
		pages++
		for k := range page.doc.Forms() {
			if s := (&shownForm{page: page, index: k, form: &page.doc.Forms()[k]}); s.readBy(sent) {
				s.noteHidden(e, sent)
				return
			}
		}
	}
}

// readBy reports whether a script sent the fields of the form.
func (s *shownForm) readBy(sent map[string]string) bool {
	fields, known, hidden := 0, 0, 0
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
	return hidden > 0 && 2*known > fields
}

func isHidden(c *form.Control) bool { return c.Kind == "hidden" && c.Value != "" && !c.Disabled }

// noteHidden notes the places of the hidden fields that were sent as shown.
func (s *shownForm) noteHidden(e *parsed, sent map[string]string) {
	for i := range s.form.Controls {
		c := &s.form.Controls[i]
		if value, ok := sent[c.Name]; !ok || !isHidden(c) || value != c.Value {
			continue
		}
		selector := content.FieldSelector("form", c.Name, content.FormAction(s.form))
		if match, ok := s.match(selector, c.Value); ok {
			e.note("body:$."+c.Name, spot{s.page, selector, match})
		}
	}
}
