package content

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// Limits on what is kept of one page. A longer page is read to its end, but nothing
// more of it is kept.
const (
	maxItems = 10000 // of links, fields, and named values each
	maxText  = 64 << 10
)

// A page is what a user or a script could take from an HTML document.
type page struct {
	title  string
	forms  []form
	metas  []named // meta elements by name or property
	data   []named // data-* attributes
	links  []string
	errors []string // classes of non-empty error blocks
}

type named struct{ name, value string }

// A form is one form element. Fields outside of any form belong to the form
// with an empty method.
type form struct {
	method, action string
	fields         []field
}

type field struct {
	name, value string
	kind        string // input type, "textarea", "select" or "button"
}

// errorWords mark the class of an element that tells the user of a problem. They
// occur in the classes of common style sheets, such as alert-danger and
// invalid-feedback of Bootstrap, is-danger of Bulma and errorlist of Django's forms.
// Classes are names in code: they are the same in pages of every language.
var errorWords = [...]string{"error", "alert", "danger", "warning", "invalid", "failure"}

// A block is an open element that reports an error once it holds text.
type block struct {
	tag, class string
	depth      int
}

// A pageParser reads one page.
type pageParser struct {
	z    *html.Tokenizer
	p    *page
	form int // index of the open form; 0 holds the fields outside of forms
	open []block

	textarea   []byte
	inTitle    bool
	inTextarea bool
	inSelect   bool
	taken      bool // the select has a value
	inScript   bool
}

// parsePage reads an HTML document with the tokenizer alone: no tree is built,
// so that deep or broken nesting costs nothing.
func parsePage(body []byte) *page {
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(1 << 20)
	q := &pageParser{z: z, p: &page{forms: make([]form, 1, 8)}}
	for {
		switch z.Next() {
		case html.ErrorToken:
			return q.p
		case html.TextToken:
			q.text(z.Text())
		case html.StartTagToken:
			q.start(false)
		case html.SelfClosingTagToken:
			q.start(true)
		case html.EndTagToken:
			name, _ := z.TagName()
			q.end(string(name))
		}
	}
}

// text takes character data.
func (q *pageParser) text(t []byte) {
	switch {
	case q.inTitle:
		if q.p.title == "" {
			q.p.title = string(bytes.TrimSpace(t))
		}
	case q.inTextarea:
		q.textarea = append(q.textarea, t...)
	case q.inScript:
	case len(q.open) > 0 && len(bytes.TrimSpace(t)) > 0:
		for _, b := range q.open {
			q.p.errors = append(q.p.errors, b.class)
		}
		q.open = q.open[:0]
	}
}

// attributes are the attributes of an element that matter here.
type attributes struct {
	name, value, kind, href, action, method, content, property, class, role string

	hasValue, hidden, selected, checked bool
}

// start takes a start tag.
func (q *pageParser) start(closed bool) {
	raw, more := q.z.TagName()
	tag := tagName(raw)
	for i := range q.open {
		if q.open[i].tag == tag {
			q.open[i].depth++
		}
	}
	var a attributes
	for more {
		var key, val []byte
		key, val, more = q.z.TagAttr()
		q.attribute(&a, key, val)
	}
	if a.href != "" && len(q.p.links) < maxItems {
		q.p.links = append(q.p.links, a.href)
	}
	if class := errorClass(a.class, a.role); class != "" && !a.hidden {
		if tag == "input" {
			q.p.errors = append(q.p.errors, class)
		} else if !closed && len(q.open) < 16 {
			q.open = append(q.open, block{tag: tag, class: class, depth: 1})
		}
	}
	q.element(tag, closed, &a)
}

// tagName avoids an allocation for the commonest names.
func tagName(b []byte) string {
	switch string(b) {
	case "a":
		return "a"
	case "div":
		return "div"
	case "span":
		return "span"
	case "li":
		return "li"
	case "td":
		return "td"
	case "p":
		return "p"
	}
	return string(b)
}

func (q *pageParser) attribute(a *attributes, key, val []byte) {
	if len(val) > maxText {
		return
	}
	switch string(key) {
	case "name":
		a.name = string(val)
	case "value":
		a.value, a.hasValue = string(val), true
	case "type":
		a.kind = strings.ToLower(string(val))
	case "href", "src":
		a.href = string(val)
	case "action":
		a.action = string(val)
	case "method":
		a.method = strings.ToUpper(string(val))
	case "content":
		a.content = string(val)
	case "property":
		a.property = string(val)
	case "class":
		a.class = string(val)
	case "role":
		a.role = string(val)
	case "hidden":
		a.hidden = true
	case "selected":
		a.selected = true
	case "checked":
		a.checked = true
	default:
		if bytes.HasPrefix(key, []byte("data-")) && len(val) > 0 && len(q.p.data) < maxItems {
			q.p.data = append(q.p.data, named{string(key), string(val)})
		}
	}
}

// element keeps what a page needs to know of the element.
func (q *pageParser) element(tag string, closed bool, a *attributes) {
	switch tag {
	case "title":
		q.inTitle = !closed
	case "script", "style":
		q.inScript = !closed
	case "meta":
		name := a.name
		if name == "" {
			name = a.property
		}
		if name != "" && len(q.p.metas) < maxItems {
			q.p.metas = append(q.p.metas, named{name, a.content})
		}
	case "form":
		if len(q.p.forms) < 1000 {
			if a.method == "" {
				a.method = "GET"
			}
			q.p.forms = append(q.p.forms, form{method: a.method, action: a.action})
			q.form = len(q.p.forms) - 1
		}
		if a.action != "" && len(q.p.links) < maxItems {
			q.p.links = append(q.p.links, a.action)
		}
	case "input":
		kind := a.kind
		if kind == "" {
			kind = "text"
		}
		if (kind == "checkbox" || kind == "radio") && !a.hasValue {
			a.value = "on"
		}
		q.field(a.name, a.value, kind)
	case "button":
		q.field(a.name, a.value, "button")
	case "textarea":
		q.field(a.name, "", "textarea")
		q.inTextarea, q.textarea = !closed, q.textarea[:0]
	case "select":
		q.field(a.name, "", "select")
		q.inSelect, q.taken = a.name != "", false
	case "option":
		if q.inSelect && (!q.taken || a.selected) {
			if f := q.last(); f != nil && f.kind == "select" {
				f.value, q.taken = a.value, true
			}
		}
	}
}

// field adds a field to the open form.
func (q *pageParser) field(name, value, kind string) {
	f := &q.p.forms[q.form]
	if name != "" && len(f.fields) < maxItems {
		f.fields = append(f.fields, field{name, value, kind})
	}
}

// last returns the field added last to the open form.
func (q *pageParser) last() *field {
	fs := q.p.forms[q.form].fields
	if len(fs) == 0 {
		return nil
	}
	return &fs[len(fs)-1]
}

// end takes an end tag.
func (q *pageParser) end(tag string) {
	for i := 0; i < len(q.open); i++ {
		if q.open[i].tag == tag {
			if q.open[i].depth--; q.open[i].depth == 0 {
				q.open = append(q.open[:i], q.open[i+1:]...)
				i--
			}
		}
	}
	switch tag {
	case "title":
		q.inTitle = false
	case "script", "style":
		q.inScript = false
	case "form":
		q.form = 0
	case "select":
		q.inSelect = false
	case "textarea":
		if f := q.last(); q.inTextarea && f != nil && f.kind == "textarea" {
			// A browser sends line ends as CR LF and drops the first one.
			f.value = strings.TrimPrefix(string(q.textarea), "\n")
		}
		q.inTextarea = false
	}
}

// errorClass returns the class (or role) that makes an element an error block.
func errorClass(class, role string) string {
	if strings.EqualFold(role, "alert") {
		if class == "" {
			return "alert"
		}
	} else if class == "" {
		return ""
	}
	for c := range strings.FieldsSeq(class) {
		low := strings.ToLower(c)
		for _, w := range errorWords {
			if strings.Contains(low, w) {
				return low
			}
		}
	}
	if role != "" && strings.EqualFold(role, "alert") {
		return "alert"
	}
	return ""
}
