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
// method that have these fields. action is the template of their action.
func EntriesSelector(f *form.Form, action string, fields []string) string {
	s := "entries:" + f.Method + " " + escapeBar(action)
	if len(fields) == 0 {
		return s
	}
	return s + "[" + strings.Join(fields, ",") + "]"
}

// LabelOf returns what the page calls a choice of a selector of kind option; "" for none.
func (d *Doc) LabelOf(option Selector, value string) string {
	if d.parse(); d.page == nil {
		return ""
	}
	t := &option.steps[0]
	for _, i := range t.sentThere(d.page.forms) {
		for _, c := range d.page.forms[i].Controls {
			if c.Name != t.name || c.Disabled {
				continue
			}
			if label := c.LabelOf(value); label != "" {
				return label
			}
		}
	}
	return ""
}

// LabelSelector returns the selector of the choice that a page calls by a label, of those
// of a selector of kind option.
func LabelSelector(option, label string) string {
	return "labelled:" + strings.TrimPrefix(option, "option:") + "=" + escapeBar(label)
}

// FieldSelector returns the selector of a kind, "form" or "option", of a field of
// forms whose action has this template.
func FieldSelector(kind, field, action string) string {
	return kind + ":" + escapeBar(field) + ofAction(action)
}

// FieldKey cuts the identifier out of the name of a field that has one, such as that of
// "qty[17]": "qty[{}]" and "17".
func FieldKey(name string) (template, id string, ok bool) {
	parts := Parts(name)
	if len(parts) != 1 || parts[0].Start == 0 {
		return "", "", false
	}
	p := parts[0]
	return name[:p.Start] + bareKey + name[p.End:], name[p.Start:p.End], true
}

// ofAction returns what limits a selector to forms with an action; "" if that is not
// absolute.
func ofAction(action string) string {
	if strings.HasPrefix(action, "/") {
		return "@" + escapeBar(action)
	}
	return ""
}

// sentThere returns the indices of the forms of a page that are sent where the selector
// says. {} stands for identifiers first and, where no form has such an action, for
// anything: names of users, of pages.
func (t *taker) sentThere(forms []form.Form) []int {
	if t.action == "" && t.kind != "entries" {
		all := make([]int, len(forms))
		for i := range forms {
			all[i] = i
		}
		return all
	}
	var exact, like []int
	for i := range forms[1:] {
		switch action := FormAction(&forms[i+1]); {
		case action == t.action:
			exact = append(exact, i+1)
		case likeAction(t.action, &forms[i+1]):
			like = append(like, i+1)
		}
	}
	if exact != nil {
		return exact
	}
	return like
}

// likeAction reports whether the path that a form is sent to has a template in which {}
// stands for anything.
func likeAction(template string, f *form.Form) bool {
	if !strings.Contains(template, "{}") {
		return false
	}
	path, _, _ := splitLink(f.Action)
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i, w := range want {
		before, after, variable := strings.Cut(w, "{}")
		if !variable && w != have[i] || variable && (len(have[i]) < len(w)-1 || !strings.HasPrefix(have[i], before) || !strings.HasSuffix(have[i], after)) {
			return false
		}
	}
	return true
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

// ofForm appends what the selector finds in one form that is sent where it says.
func (t *taker) ofForm(f *form.Form, out []string) []string {
	if t.kind == "entries" {
		if f.Method != t.method || !hasFields(f, t.having) {
			return out
		}
		return append(out, EncodeEntries(f.Entries()))
	}
	for i := range f.Controls {
		out = t.ofControl(&f.Controls[i], out)
	}
	return out
}

// ofControl appends what the selector finds in one control.
func (t *taker) ofControl(c *form.Control, out []string) []string {
	switch {
	case t.kind == "named":
		if template, id, ok := FieldKey(c.Name); ok && template == t.name && !c.Disabled {
			out = append(out, id)
		}
	case c.Name != t.name || c.Disabled:
	case t.kind == "option":
		return append(out, c.Choices()...)
	case t.kind == "labelled":
		return append(out, c.Labelled(t.label)...)
	case c.IsButton():
		return append(out, c.Value)
	default:
		return append(out, c.Values()...)
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
		at = ofAction(FormAction(f))
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

// FormAction returns the template of the path that a form is sent to, "" for
// the page's own.
func FormAction(f *form.Form) string {
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
	case "form", "option", "labelled", "named", "entries":
		if d.parse(); d.page == nil {
			return nil
		}
		for _, i := range first.sentThere(d.page.forms) {
			add(i-1, first.ofForm(&d.page.forms[i], nil))
		}
	}
	return out
}
