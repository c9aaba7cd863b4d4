package content

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// A Selector says where in a response a value is:
//
//	header:NAME             a field line, compared without case
//	cookie:NAME             the value of a Set-Cookie
//	json:items[].id         a member of a JSON body; [] is any element, {} any key
//	                        that is an identifier; \ before . [ ] \ in a key
//	form:FIELD              the value of an input, textarea, select or button
//	form:FIELD@/cart/{}     the same in forms whose action has this template
//	option:FIELD            the values that the user can choose for it; @ as above
//	entries:POST /cart/{}   all that a form with this method and action sends, coded
//	                        as a query; entries:POST /cart/{}[a,b] if it has these fields
//	meta:NAME               the content of a meta element
//	attr:data-NAME          a data attribute of any element
//	link:/product/{}#0      the first variable segment of links of this shape, see Links
//	link:/page?rev          the query value of links with this path;
//	                        link:/page?do=diff&rev only where do is diff
//	redirect:/orders/{}#0   as link:, taken from the Location header
//	text:LEFT…RIGHT         what stands between two texts in the body
//
// A query item without "=" that is a number or looks random has the key {}. A
// selector that ends in "|percent" yields values with percent-encoding removed.
type Selector struct {
	source  string
	kind    string
	name    string
	action  string   // template of the action of forms; "": any
	method  string   // of forms
	fields  []string // that forms have
	steps   []step
	pattern linkPattern
	left    string
	right   string
	percent bool
}

// ParseSelector reads a selector. The error names what is wrong with it.
func ParseSelector(source string) (Selector, error) {
	s := Selector{source: source}
	rest, percent := strings.CutSuffix(source, "|percent")
	s.percent = percent
	kind, rest, ok := strings.Cut(rest, ":")
	if !ok {
		return Selector{}, fmt.Errorf("selector %q: no kind; write header:, cookie:, json:, form:, option:, entries:, meta:, attr:, link:, redirect: or text: first", source)
	}
	s.kind, s.name = kind, rest
	switch kind {
	case "header", "cookie", "meta", "attr":
		ok = rest != ""
	case "json":
		s.steps, ok = parsePath(rest)
	case "form", "option":
		if i := strings.LastIndex(rest, "@/"); i > 0 {
			s.name, s.action = rest[:i], rest[i+1:]
		}
		ok = s.name != ""
	case "entries":
		ok = s.parseEntries(rest)
	case "link", "redirect":
		s.pattern, ok = parsePattern(rest)
	case "text":
		s.left, s.right, ok = strings.Cut(rest, "…")
		ok = ok && s.left != ""
	default:
		return Selector{}, fmt.Errorf("selector %q: unknown kind %q; use header, cookie, json, form, option, entries, meta, attr, link, redirect or text", source, kind)
	}
	if !ok {
		return Selector{}, fmt.Errorf("selector %q: %s:%s is not of the form that %s: needs", source, kind, rest, kind)
	}
	return s, nil
}

// String returns the selector as it was written.
func (s Selector) String() string { return s.source }

// Values returns all matches in d in document order; nil when there is none.
func (s Selector) Values(d *Doc) []string {
	out := s.values(d)
	if s.percent {
		for i := range out {
			out[i] = unescape(out[i])
		}
	}
	return out
}

func (s Selector) values(d *Doc) []string {
	switch s.kind {
	case "header":
		return d.resp.Headers.Values(s.name)
	case "cookie":
		return setCookies(d.resp.Headers, s.name)
	case "redirect":
		if location := d.resp.Headers.Value("Location"); location != "" {
			return s.pattern.match(location, nil)
		}
		return nil
	case "text":
		return between(d.Body(), s.left, s.right)
	}
	d.parse()
	if s.kind == "json" {
		if !d.json {
			return nil
		}
		b := d.Body()
		start := space(b, 0)
		return find(b, start, skipValue(b, start), s.steps, nil)
	}
	var out []string
	switch {
	case s.kind == "link":
		for _, link := range d.Links() {
			out = s.pattern.match(link, out)
		}
	case d.page == nil:
	case s.kind == "form", s.kind == "option", s.kind == "entries":
		for i := range d.page.forms {
			out = s.ofForm(&d.page.forms[i], i == 0, out)
		}
	case s.kind == "meta":
		out = byName(d.page.metas, s.name)
	case s.kind == "attr":
		out = byName(d.page.data, s.name)
	}
	return out
}

func byName(list []named, name string) []string {
	var out []string
	for _, x := range list {
		if x.name == name {
			out = append(out, x.value)
		}
	}
	return out
}

// setCookies returns the values that the answer sets for the cookie name.
func setCookies(h flow.Headers, name string) []string {
	var out []string
	for i := range h {
		if strings.EqualFold(h[i].Name, "Set-Cookie") {
			if n, v := cookiePair(h[i].Value); n == name {
				out = append(out, v)
			}
		}
	}
	return out
}

// cookiePair returns name and value of a Set-Cookie field.
func cookiePair(s string) (name, value string) {
	s, _, _ = strings.Cut(s, ";")
	name, value, _ = strings.Cut(s, "=")
	return strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`)
}

// between returns what stands between left and right, at most maxText bytes each.
func between(body []byte, left, right string) []string {
	var out []string
	for len(out) < maxItems {
		i := bytes.Index(body, []byte(left))
		if i < 0 {
			return out
		}
		body = body[i+len(left):]
		end := len(body)
		if right != "" {
			end = bytes.Index(body[:min(len(body), maxText)], []byte(right))
		}
		if end >= 0 && end <= maxText {
			out = append(out, string(body[:end]))
			body = body[end:]
		}
	}
	return out
}
