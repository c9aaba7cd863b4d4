package content

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content/form"
)

// Forms returns the forms of an HTML page in document order. They belong to the Doc.
func (d *Doc) Forms() []form.Form {
	d.parse()
	if d.page == nil {
		return nil
	}
	return d.page.forms[1:]
}

// EntriesSelector returns the selector of all that forms like f send: those with its
// method and action that have these fields.
func EntriesSelector(f *form.Form, fields []string) string {
	s := "entries:" + f.Method + " " + escapeBar(formAction(f))
	if len(fields) == 0 {
		return s
	}
	return s + "[" + strings.Join(fields, ",") + "]"
}

// FieldSelector returns the selector of a kind, "form" or "option", of a field of
// forms like f.
func FieldSelector(kind, field string, f *form.Form) string {
	return kind + ":" + escapeBar(field) + ofAction(f)
}

// ofAction returns what limits a selector to forms with the action of f; "" if that is
// not absolute.
func ofAction(f *form.Form) string {
	if action := formAction(f); strings.HasPrefix(action, "/") {
		return "@" + escapeBar(action)
	}
	return ""
}

// parseEntries reads METHOD ACTION or METHOD ACTION[FIELD,FIELD].
func (t *taker) parseEntries(rest string) bool {
	method, action, ok := strings.Cut(rest, " ")
	if i := strings.IndexByte(action, '['); i >= 0 && strings.HasSuffix(action, "]") {
		t.having = strings.Split(action[i+1:len(action)-1], ",")
		action = action[:i]
	}
	t.method, t.action = method, action
	return ok && method != "" && !slices.Contains(t.having, "")
}

// ofForm appends what the selector finds in one form. outside tells that f is not a
// form but the controls that belong to none.
func (t *taker) ofForm(f *form.Form, outside bool, out []string) []string {
	if t.kind == "entries" {
		if outside || f.Method != t.method || formAction(f) != t.action || !hasFields(f, t.having) {
			return out
		}
		return append(out, EncodeEntries(f.Entries()))
	}
	if t.action != "" && (outside || formAction(f) != t.action) {
		return out
	}
	for i := range f.Controls {
		c := &f.Controls[i]
		switch {
		case c.Name != t.name || c.Disabled:
		case t.kind == "option":
			out = append(out, c.Choices()...)
		case c.IsButton():
			out = append(out, c.Value)
		default:
			out = append(out, c.Values()...)
		}
	}
	return out
}

// hasFields reports whether f has controls of all these names.
func hasFields(f *form.Form, names []string) bool {
	for _, name := range names {
		if !slices.ContainsFunc(f.Controls, func(c form.Control) bool { return c.Name == name }) {
			return false
		}
	}
	return true
}

// form adds the values of one form.
func (g *gatherer) form(prefix string, f *form.Form, outside bool) {
	at := ""
	if !outside {
		at = ofAction(f)
	}
	add := func(kind, name, value string) {
		selector := prefix + kind + escapeBar(name)
		g.add(selector, value)
		if at != "" && value != "" && len(value) <= maxValue && len(g.out) < maxLeaves {
			g.out = append(g.out, Leaf{selector + at, value})
		}
	}
	for i := range f.Controls {
		c := &f.Controls[i]
		if c.Disabled {
			continue
		}
		if c.IsButton() {
			add("form:", c.Name, c.Value)
		}
		for _, v := range c.Values() {
			add("form:", c.Name, v)
		}
		for _, v := range c.Choices() {
			if Kind(v) != "" { // a word is the same for everybody
				add("option:", c.Name, v)
			}
		}
	}
}

// formAction returns the template of the path that a form is sent to, "" for
// the page's own.
func formAction(f *form.Form) string {
	path, _, _ := splitLink(f.Action)
	return Template(path)
}

// A Match is a value that a selector finds, with the link or form that holds it.
type Match struct {
	Value string
	At    int // index in the Links or Forms of the Doc; -1: outside of forms
}

// Matches returns the values that a selector of kind link, form, option or entries
// finds, in the order of Values; nil for other kinds.
func (s Selector) Matches(d *Doc) []Match {
	var out []Match
	first := &s.steps[0]
	add := func(at int, values []string) {
		for _, v := range s.further(values) {
			out = append(out, Match{v, at})
		}
	}
	switch first.kind {
	case "link":
		for i, link := range d.Links() {
			add(i, first.pattern.match(link, nil))
		}
	case "form", "option", "entries":
		if d.parse(); d.page == nil {
			return nil
		}
		for i := range d.page.forms {
			add(i-1, first.ofForm(&d.page.forms[i], i == 0, nil))
		}
	}
	return out
}
