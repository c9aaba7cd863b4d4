package correlate

import (
	"iter"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/record/flow"
)

// leastDraft is the length in bytes from which on a text is looked for in earlier answers.
const leastDraft = 12

// asField is the step of a selector that gives a text the name under which it is sent.
const asField = "|as:"

// isDraft reports whether a spot is a text that is sent under a name of its own.
func (s *spot) isDraft() bool { return strings.Contains(s.selector, asField) }

// fromDraft finds the text in a form of an earlier answer that e sends back as a field of another name,
// such as a script does that saves a draft of what a form shows, and makes r hold the changes
// of it. The latest page with such a text counts, and the first of its texts.
func (e *parsed) fromDraft(r *flow.Request) bool {
	if r.Method == "GET" {
		return false
	}
	sent, ok := content.Entries(r)
	if !ok || slices.ContainsFunc(sent, func(x form.Entry) bool { return strings.HasPrefix(x.Name, "~") }) {
		return false
	}
	for i, x := range sent {
		if len(x.Value) < leastDraft || strings.Contains(x.Name, "|") || slices.ContainsFunc(sent, func(o form.Entry) bool { return o != x && o.Name == x.Name }) {
			continue
		}
		from, changes, ok := e.findDraft(x)
		if !ok {
			continue
		}
		e.changes = &from
		content.SetEntries(r, slices.Concat(sent[:i:i], changes, sent[i+1:]))
		return true
	}
	return false
}

// findDraft returns where an earlier answer showed the text that x is a state of, and what was
// changed of it.
func (e *parsed) findDraft(x form.Entry) (from spot, changes []form.Entry, ok bool) {
	pages := 0
	for i := e.index - 1; i >= max(0, e.index-maxBack) && pages < maxPages; i-- {
		page := e.session.exchanges[i]
		if !page.before(e) || page.doc.Cut() {
			continue
		}
		if len(page.doc.Forms()) > 0 {
			pages++
		}
		for text, selector := range page.shownTexts(strings.Contains(x.Value, "\r\n")) {
			match := -1
			if changes, ok = form.TextChanges(x.Name, text, x.Value); ok {
				match = slices.Index(page.values(selector), text)
			}
			if match >= 0 {
				return spot{page, selector + asField + x.Name, match}, changes, true
			}
		}
	}
	return spot{}, nil, false
}

// shownTexts yields the texts in the areas of the forms that an answer shows, with their
// selectors. crlf says how their lines end.
func (e *parsed) shownTexts(crlf bool) iter.Seq2[string, string] {
	return func(yield func(text, selector string) bool) {
		forms := e.doc.Forms()
		for i := range forms {
			for k := range forms[i].Controls {
				c := &forms[i].Controls[k]
				values := c.Values()
				if c.Kind != "textarea" || len(values) != 1 || len(values[0]) < leastDraft {
					continue
				}
				text, selector := values[0], content.FieldSelector("form", c.Name, "")
				if !crlf {
					text, selector = strings.ReplaceAll(text, "\r\n", "\n"), selector+"|crlf"
				}
				if !yield(text, selector) {
					return
				}
			}
		}
	}
}
