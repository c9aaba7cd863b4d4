package content

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"

	"github.com/starling-load/starling/model/content/form"
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
	forms  []form.Form // the first holds the controls outside of forms
	metas  []named     // meta elements by name or property
	data   []named     // attributes that may hold an issued value
	links  []string
	errors []string // classes of non-empty error blocks

	elements bool // there is any
}

type named struct{ name, value string }

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
	open []block
	controls

	inTitle  bool
	inScript bool
	inStyle  bool

	nesting *nesting // nil: it is not asked for
}

// parsePage reads an HTML document with the tokenizer alone: no tree is built,
// so that deep or broken nesting costs nothing.
func parsePage(body []byte) *page {
	q := &pageParser{p: &page{}}
	q.parse(body)
	return q.p
}

func (q *pageParser) parse(body []byte) {
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(1 << 20)
	q.z = z
	q.forms = make([]form.Form, 1, 8)
	for {
		token := z.Next()
		q.nesting.next(len(z.Raw()))
		switch token {
		case html.ErrorToken:
			q.p.forms = q.finish()
			return
		case html.TextToken:
			t := z.Text()
			q.text(t)
			q.nesting.text(q, t)
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
	case q.characters(t):
	case q.inStyle:
		q.p.links = cssLinks(t, q.p.links)
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
	name, value, kind, href, srcset, action, method, enctype, content, property, class, role, says string

	id, of, form, formaction, dirname string

	hasValue, hidden, selected, checked, disabled, multiple, refresh bool
}

// start takes a start tag.
func (q *pageParser) start(closed bool) {
	raw, more := q.z.TagName()
	tag := tagName(raw)
	q.p.elements = true
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
	q.nesting.start(tag, &a)
	q.link(a.href)
	q.p.links = srcsetLinks(a.srcset, q.p.links)
	if class := errorClass(a.class, a.role); class != "" && !a.hidden {
		if tag == "input" {
			q.p.errors = append(q.p.errors, class)
		} else if !closed && len(q.open) < 16 {
			q.open = append(q.open, block{tag: tag, class: class, depth: 1})
		}
	}
	q.element(tag, closed, &a)
	q.nesting.started(q, tag, closed)
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
	case "href", "src", "poster":
		a.href = string(val)
	case "srcset", "imagesrcset":
		a.srcset = string(val)
	case "action":
		a.action = string(val)
	case "formaction":
		a.formaction = string(val)
	case "method":
		a.method = strings.ToUpper(string(val))
	case "enctype":
		a.enctype = strings.ToLower(string(val))
	case "id":
		a.id = string(val)
	case "form":
		a.form = string(val)
	case "for":
		a.of = string(val)
	case "dirname":
		a.dirname = string(val)
	case "content":
		a.content = string(val)
	case "property":
		a.property = string(val)
	case "http-equiv":
		a.refresh = strings.EqualFold(string(val), "refresh")
	case "class":
		a.class = string(val)
	case "role":
		a.role = string(val)
	case "alt", "title", "aria-label":
		if q.nesting != nil && a.says == "" {
			a.says = string(val)
		}
	case "hidden":
		a.hidden = true
	case "selected":
		a.selected = true
	case "checked":
		a.checked = true
	case "disabled":
		a.disabled = true
	case "multiple":
		a.multiple = true
	}
	if issuedAttribute(key, val) && len(q.p.data) < maxItems {
		q.p.data = append(q.p.data, named{string(key), string(val)})
	}
}

// plainAttributes are those of HTML and SVG that say how an element looks or works, and those
// that are read elsewhere, as of controls and links.
var plainAttributes = map[string]bool{
	"accept": true, "accept-charset": true, "action": true, "align": true, "alt": true, "autocomplete": true, "bgcolor": true, "border": true,
	"cellpadding": true, "cellspacing": true, "charset": true, "class": true, "color": true, "cols": true, "colspan": true, "content": true,
	"crossorigin": true, "cx": true, "cy": true, "d": true, "datetime": true, "dir": true, "dx": true, "dy": true, "enctype": true, "fill": true,
	"fill-opacity": true, "for": true, "form": true, "formaction": true, "headers": true, "height": true, "href": true, "http-equiv": true,
	"imagesrcset": true, "integrity": true, "lang": true, "list": true, "loading": true, "max": true, "maxlength": true, "media": true,
	"method": true, "min": true, "minlength": true, "name": true, "nonce": true, "offset": true, "opacity": true, "pattern": true,
	"placeholder": true, "points": true, "poster": true, "preserveaspectratio": true, "property": true, "r": true, "role": true, "rows": true,
	"rowspan": true, "rx": true, "ry": true, "size": true, "sizes": true, "span": true, "src": true, "srcset": true, "start": true, "step": true,
	"stroke": true, "stroke-width": true, "style": true, "tabindex": true, "target": true, "title": true, "transform": true, "type": true,
	"value": true, "version": true, "viewbox": true, "width": true, "x": true, "x1": true, "x2": true, "y": true, "y1": true, "y2": true,
}

// issuedAttribute reports whether an attribute may hold an issued value: one that is there for
// scripts, and any other that holds a digit and has no meaning of its own.
func issuedAttribute(key, val []byte) bool {
	switch {
	case len(val) == 0:
		return false
	case bytes.HasPrefix(key, []byte("data-")):
		return true
	}
	return bytes.ContainsAny(val, "0123456789") && !plainAttributes[string(key)] && !bytes.HasPrefix(key, []byte("aria-")) && !bytes.HasPrefix(key, []byte("xml"))
}

// link keeps a link of the page.
func (q *pageParser) link(to string) {
	if to != "" && len(q.p.links) < maxItems {
		q.p.links = append(q.p.links, to)
	}
}

// element keeps what a page needs to know of the element.
func (q *pageParser) element(tag string, closed bool, a *attributes) {
	switch tag {
	case "title":
		q.inTitle = !closed
	case "script":
		q.inScript = !closed
	case "style":
		q.inStyle = !closed
	case "meta":
		name := a.name
		if name == "" {
			name = a.property
		}
		if name != "" && len(q.p.metas) < maxItems {
			q.p.metas = append(q.p.metas, named{name, a.content})
		}
		if a.refresh {
			q.link(refreshLink(a.content))
		}
	case "form":
		q.link(a.action)
		q.openForm(a)
	default:
		q.link(a.formaction)
		q.control(tag, closed, a)
	}
}

// end takes an end tag.
func (q *pageParser) end(tag string) {
	q.nesting.end(tag)
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
	case "script":
		q.inScript = false
	case "style":
		q.inStyle = false
	default:
		q.endControl(tag)
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
