package content

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/record/flow"
)

// A Selector says where in a response a value is:
//
//	header:NAME             a field line, compared without case
//	cookie:NAME             the value of a Set-Cookie
//	document:items[]        a JSON document, or parts of it at a path, as JSON text;
//	                        document: alone also a text of lines, as it is, such as in
//	                        xml:multistatus/response/propstat/prop/calendar-data|document:
//	json:items[].id         a member of a JSON body; [] is any element, [0] the first, {} any key
//	                        that is an identifier, {}~ such a key itself;
//	                        \ before . [ ] \ in a key
//	form:FIELD              the value of an input, textarea, select or button
//	form:FIELD@/cart/{}     the same in forms whose action has this template
//	option:FIELD            the values that the user can choose for it; @ as above
//	labelled:FIELD=LABEL    that of the choices which the page calls so; FIELD as above
//	named:qty[{}]           what stands in the place of {} in the names of fields; @ as above
//	entries:POST /cart/{}   all that a form with this method and action sends, coded
//	                        as a query; entries:POST /cart/{}[a,b] if it has these fields
//	meta:NAME               the content of a meta element
//	attr:NAME               an attribute of any element, such as data-id
//	link:/product/{}#0      the first variable part of links of this shape
//	link:/page?rev          the query value of links with this path;
//	                        link:/page?do=diff&rev only where do is diff;
//	                        link:/page?of=u-{}&rev only where of is u- and more
//	redirect:/orders/{}#0   as link:, taken from the Location header
//	script:NAME             a string or number in a script that follows this name, and
//	                        "NAME(" those in a call; "#ID" a script that is JSON
//	xml:Envelope/Body/id    a text of XML by the names of its elements without prefixes;
//	                        item@key an attribute
//	proto:1.3               a value of a protobuf message by the numbers of its fields
//	delta:TYPE/ID           a part of a partial page of ASP.NET
//	text:LEFT…RIGHT         what stands between two texts in the body; text:… all of it;
//	                        \n \r \t are ends of lines and tabs, \\ is a backslash
//
// A query item without "=" that is a number or looks random has the key {}.
//
// Behind "|" follows what a value holds. An encoding is removed: percent, plus, html,
// json, js, base64, base64url, hex, quotes, jwt, crlf. Kinds of the table above read
// the value as they read a body, link: also a value that is an address. In addition:
//
//	query:KEY               an item of a form
//	part:NAME               an identifier in a text that follows this word (see Parts)
//	call:add                the calls of a function in a script, as JSON: [{"id":17,"a2":{…}}]
//	                        of list.add(17, {…})
//	fragment                what follows "#" in an address
//	cell:div.mail           a text of the row of what was found, see Cell; the last step
//	rel:NEXT                the addresses of this relation in a Link header
//	url                     the address in a Refresh header
//	as:NAME                 the value as a field of this name, coded as a query; the last step
//
// "\|" is a bar within a name.
type Selector struct {
	source string
	steps  []taker
}

// A taker takes values from an answer or, behind "|", from a value.
type taker struct {
	kind    string
	name    string
	action  string   // template of the action of forms; "": any
	method  string   // of forms
	having  []string // fields that forms have
	label   string   // of a choice
	steps   []step
	pattern linkPattern
	left    string
	right   string
	codec   codec.Kind // removed from the value; "": the kind says what is taken
}

// maxSteps is the number of steps of a selector.
const maxSteps = 2*maxNest + 2

// ParseSelector reads a selector. The error names what is wrong with it.
func ParseSelector(source string) (Selector, error) {
	s := Selector{source: source}
	list := splitBars(source)
	if len(list) > maxSteps {
		return Selector{}, fmt.Errorf("selector %q: more than %d steps", source, maxSteps)
	}
	for i, one := range list {
		if i > 0 && codec.Kind(one).Known() {
			s.steps = append(s.steps, taker{codec: codec.Kind(one)})
			continue
		}
		t, err := parseTaker(source, one, i > 0)
		if err != nil {
			return Selector{}, err
		}
		if t.kind == "cell" && i < len(list)-1 {
			return Selector{}, fmt.Errorf("selector %q: cell: is the last step", source)
		}
		s.steps = append(s.steps, t)
	}
	return s, nil
}

// parseTaker reads one step. A later one reads a value.
func parseTaker(source, one string, later bool) (taker, error) {
	kind, rest, ok := strings.Cut(one, ":")
	if later && (one == "fragment" || one == "url") {
		return taker{kind: one}, nil
	}
	if !ok && later {
		return taker{}, fmt.Errorf("selector %q: unknown step %q", source, one)
	}
	if !ok {
		return taker{}, fmt.Errorf("selector %q: no kind; write header:, cookie:, json:, document:, form:, option:, labelled:, named:, entries:, meta:, attr:, link:, redirect:, script:, xml:, proto:, delta: or text: first", source)
	}
	t := taker{kind: kind, name: rest}
	switch kind {
	case "header", "cookie", "redirect":
		if later {
			return taker{}, fmt.Errorf("selector %q: a value has no %s", source, kind)
		}
	case "part", "query", "rel", "cell", "call", "as":
		if !later {
			return taker{}, fmt.Errorf("selector %q: %s: follows behind a value", source, kind)
		}
	}
	switch kind {
	case "header", "cookie", "meta", "attr", "query", "xml", "proto", "delta", "cell", "call", "as":
		ok = rest != ""
	case "script", "part", "rel":
	case "json", "document":
		t.steps, ok = parsePath(rest)
	case "form", "option", "labelled", "named":
		if kind == "labelled" {
			if rest, t.label, ok = strings.Cut(rest, "="); !ok {
				break
			}
			t.name = rest
		}
		if i := strings.LastIndex(rest, "@/"); i > 0 {
			t.name, t.action = rest[:i], rest[i+1:]
		}
		ok = t.name != ""
	case "entries":
		ok = t.parseEntries(rest)
	case "link", "redirect":
		t.pattern, ok = parsePattern(rest)
	case "text":
		t.left, t.right, ok = strings.Cut(unescapeContext.Replace(rest), "…")
		ok = ok && (t.left != "" || t.right == "")
	default:
		return taker{}, fmt.Errorf("selector %q: unknown kind %q; use header, cookie, json, document, form, option, labelled, named, entries, meta, attr, link, redirect, script, xml, proto, delta or text", source, kind)
	}
	if !ok {
		return taker{}, fmt.Errorf("selector %q: %s:%s is not of the form that %s: needs", source, kind, rest, kind)
	}
	return t, nil
}

var (
	escapeContext   = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "|", `\|`)
	unescapeContext = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t")
)

// EscapeContext writes the text beside a value so that it can stand in a text: selector.
func EscapeContext(s string) string { return escapeContext.Replace(s) }

// IsForm reports whether the selector takes all that a form sends, or a field of one, coded as
// a query.
func (s Selector) IsForm() bool {
	return s.steps[0].kind == "entries" || s.steps[len(s.steps)-1].kind == "as"
}

// String returns the selector as it was written.
func (s Selector) String() string { return s.source }

// Values returns all matches in d in document order; nil when there is none.
func (s Selector) Values(d *Doc) []string {
	if s.ofCell() {
		var out []string
		for _, e := range s.cells(d) {
			out = append(out, e.Value)
		}
		return out
	}
	return s.further(s.steps[0].values(d))
}

// further takes the steps behind the first one.
func (s Selector) further(values []string) []string {
	for i := range s.steps[1:] {
		t := &s.steps[i+1]
		var next []string
		for _, value := range values {
			next = append(next, t.within(value)...)
		}
		values = next
	}
	return values
}

// within returns what the step takes from a value.
func (t *taker) within(value string) []string {
	switch {
	case t.codec != "":
		decoded, ok := codec.Decode(t.codec, value)
		if !ok && t.codec != codec.Percent {
			return nil
		}
		return []string{decoded}
	case t.kind == "query":
		var out []string
		queryItems(value, func(k, v string, _ int) {
			if k == t.name {
				out = append(out, unquery(v))
			}
		})
		return out
	case t.kind == "part":
		var out []string
		for _, p := range allParts(value) {
			if p.Name == t.name {
				out = append(out, value[p.Start:p.End])
			}
		}
		return out
	case t.kind == "call":
		if document := callDocument(calls(value), t.name); document != "" {
			return []string{document}
		}
		return nil
	case t.kind == "fragment":
		if _, fragment, ok := strings.Cut(value, "#"); ok {
			return []string{fragment}
		}
		return nil
	case t.kind == "as":
		return []string{EncodeEntries([]form.Entry{{Name: t.name, Value: value}})}
	case t.kind == "rel":
		var out []string
		linkHeader(value, func(rel, link string) {
			if rel == t.name {
				out = append(out, link)
			}
		})
		return out
	case t.kind == "url":
		if link := refreshLink(value); link != "" {
			return []string{link}
		}
		return nil
	}
	return t.values(textDoc(value))
}

// values returns what the step takes from an answer.
func (t *taker) values(d *Doc) []string {
	switch t.kind {
	case "header":
		return d.header(t.name)
	case "cookie":
		return setCookies(d.resp.Headers, t.name)
	case "redirect":
		if location := d.resp.Headers.Value("Location"); location != "" {
			return t.pattern.match(location, nil)
		}
		return nil
	case "text":
		if t.left == "" {
			return []string{string(bytes.TrimSpace(d.Body()))}
		}
		return between(d.Body(), t.left, t.right)
	case "script":
		return t.literals(d)
	case "xml":
		return t.xml(d)
	case "proto":
		return protobufValues(d.Body(), d.Media(), t.name)
	case "delta":
		var out []string
		deltas(strings.TrimSpace(string(d.Body())), func(key, value string) {
			if key == t.name {
				out = append(out, value)
			}
		})
		return out
	}
	d.parse()
	switch {
	case t.kind == "document":
		if d.data == nil && len(t.steps) == 0 && (d.text || IsLines(d.Media())) && !d.Cut() && len(d.Body()) > 0 {
			return []string{string(d.Body())}
		}
		if d.data == nil {
			return nil
		}
		b := d.data
		start := space(b, 0)
		return parts(b, start, skipValue(b, start), t.steps, nil)
	case t.kind == "json":
		if d.data == nil {
			return nil
		}
		b := d.data
		start := space(b, 0)
		return find(b, start, skipValue(b, start), t.steps, nil)
	case t.kind == "link":
		if d.text && d.page == nil && d.data == nil {
			return t.pattern.match(string(d.Body()), nil)
		}
		var out []string
		for _, link := range d.Links() {
			out = t.pattern.match(link, out)
		}
		return out
	case d.page == nil:
		return nil
	}
	return t.page(d.page)
}

// page returns what the step takes from a page.
func (t *taker) page(p *page) []string {
	switch t.kind {
	case "meta":
		return byName(p.metas, t.name)
	case "attr":
		return byName(p.data, t.name)
	}
	var out []string
	for _, i := range t.sentThere(p.forms) {
		out = t.ofForm(&p.forms[i], out)
	}
	return out
}

// literals returns the literals of scripts, or scripts that are JSON, by name.
func (t *taker) literals(d *Doc) []string {
	var out []string
	t.eachLiteral(d, func(_ int, value string) { out = append(out, value) })
	return out
}

// eachLiteral visits what literals returns, with the places.
func (t *taker) eachLiteral(d *Doc, visit func(at int, value string)) {
	take := func(at int, script []byte) {
		for _, l := range literals(script) {
			if l.name == t.name {
				visit(at+l.at, l.value)
			}
		}
	}
	if isScript(d.Media()) || d.text && !bytes.Contains(d.Body(), []byte("<script")) {
		take(0, d.Body())
		return
	}
	scripts(d.Body(), func(id string, at int, script []byte, data bool) {
		switch {
		case data && t.name == "#"+id:
			visit(at, string(script))
		case !data:
			take(at, script)
		}
	})
}

// xml returns the texts or attributes at a path.
func (t *taker) xml(d *Doc) []string {
	var out []string
	b := d.Body()
	walkXML(b, func(path []byte, start, end int, plain bool) {
		if string(path) == t.name && len(out) < maxItems {
			out = append(out, xmlText(b[start:end], plain))
		}
	})
	return out
}

// isXML reports whether a media type is XML that is no page.
func isXML(media string) bool {
	return media == "text/xml" || media == "application/xml" || strings.HasSuffix(media, "+xml") && media != "application/xhtml+xml"
}

func isScript(media string) bool {
	return media == "application/javascript" || media == "text/javascript" || media == "application/x-javascript"
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
	eachBetween(body, left, right, func(_ int, value string) { out = append(out, value) })
	return out
}

// eachBetween visits what between returns, with the places.
func eachBetween(body []byte, left, right string, visit func(at int, value string)) {
	for at, n := 0, 0; n < maxItems; {
		i := bytes.Index(body[at:], []byte(left))
		if i < 0 {
			return
		}
		at += i + len(left)
		rest := body[at:]
		end := len(rest)
		if right != "" {
			end = bytes.Index(rest[:min(len(rest), maxText)], []byte(right))
		}
		if end >= 0 && end <= maxText {
			visit(at, string(rest[:end]))
			at += end
			n++
		}
	}
}
