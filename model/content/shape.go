package content

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content/form"
)

// MaxFeatures is the number of features after which a Shape takes no more.
const MaxFeatures = 2000

// A Shape is what stays the same in the answers of one endpoint when the data
// differs: the media type and the features of the body, sorted, each once:
//
//	$.items[].id:string           a JSON member and its type
//	title:Order # - Shop          an HTML title, digits replaced, without counts: (3)
//	form:POST /cart/{}[csrf,qty]  an HTML form, its action's template and fields
//	elements                      there are any, in a part of a page, which has neither
//	error:alert-danger            an error block that holds text, by its class
//	error:$.errors                a member that tells of an error, see [Doc.Shape]
//	error:Fault                   a fault of SOAP or XML-RPC
//	login:password                a form that asks for one password
//	grpc:Unauthenticated          the status of a gRPC or gRPC-Web call
//
// Other bodies have no features.
type Shape struct {
	Content  string
	Features []string
}

// Shape returns the shape of the answer. The work grows with the length of the body
// and is done once. The result grows only with the variety of its content. It belongs
// to the Doc.
//
// Services that answer every call with status 200 tell of an error in the body. These
// members of a JSON document do: "errors" and "error" unless they are empty, null,
// false or 0 (GraphQL, JSON-RPC and many others), "ok" and "success" if they are
// false, "status" if it is "error" or "fail" (JSend). They stand at the top, or in the
// elements of an array at the top.
func (d *Doc) Shape() Shape {
	if d.shape == nil {
		s := d.findShape()
		d.shape = &s
	}
	return *d.shape
}

// HasFeatures reports whether the body is of a kind that has features whenever it holds
// something.
func (d *Doc) HasFeatures() bool {
	d.parse()
	return d.data != nil || d.page != nil
}

func (d *Doc) findShape() Shape {
	d.parse()
	s := Shape{Content: d.Media()}
	switch {
	case d.data != nil:
		errors := jsonErrors(d.data)
		features := jsonFeatures(d.data)
		s.Features = append(features[:min(len(features), MaxFeatures-len(errors))], errors...)
	case d.page != nil:
		s.Features = d.page.features()
	case isXML(s.Content) && hasFault(d.Body()):
		s.Features = []string{"error:Fault"}
	}
	if status := d.GRPC(); status != "" {
		s.Features = append(s.Features, "grpc:"+status)
	}
	slices.Sort(s.Features)
	s.Features = slices.Compact(s.Features)
	return s
}

// Title returns the title of an HTML page as written, "" otherwise.
func (d *Doc) Title() string {
	d.parse()
	if d.page == nil {
		return ""
	}
	return d.page.title
}

// jsonFeatures returns path and type of every value, each once.
func jsonFeatures(b []byte) []string {
	seen := make(map[string]struct{}, 64)
	key := make([]byte, 0, 128)
	var out []string
	walkJSON(b, false, func(path []byte, start, _ int) {
		if len(path) > maxPath {
			return
		}
		key = append(key[:0], '$')
		key = append(key, path...)
		key = append(key, ':')
		key = append(key, kindOf(b[start])...)
		if _, had := seen[string(key)]; had || len(out) >= MaxFeatures {
			return
		}
		s := string(key)
		seen[s] = struct{}{}
		out = append(out, s)
	})
	return out
}

// features returns title, forms and error blocks. A part of a page has elements: without
// any it is a message, such as that the request is refused.
func (p *page) features() []string {
	var out []string
	if p.title != "" {
		out = append(out, "title:"+normalTitle(p.title))
	}
	for i := range p.forms {
		if i > 0 && len(out) < MaxFeatures {
			out = append(out, FormFeature(&p.forms[i]))
		}
	}
	for _, class := range p.errors {
		if len(out) < MaxFeatures-1 {
			out = append(out, "error:"+class)
		}
	}
	if p.elements && p.title == "" && len(p.forms) < 2 {
		out = append(out, "elements")
	}
	if p.asksPassword() {
		out = append(out, LoginFeature)
	}
	return out
}

// LoginFeature is the feature of a page with a form that asks for one password. A form
// with two of them makes or changes a password.
const LoginFeature = "login:password"

func (p *page) asksPassword() bool {
	for i := range p.forms {
		n := 0
		for _, f := range p.forms[i].Controls {
			if f.Kind == "password" {
				n++
			}
		}
		if n == 1 {
			return true
		}
	}
	return false
}

// FormFeature returns the feature of a form.
func FormFeature(f *form.Form) string {
	names := make([]string, 0, len(f.Controls))
	for i := range f.Controls {
		names = append(names, fieldName(f.Controls[i].Name))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 100 {
		names = names[:100]
	}
	return "form:" + f.Method + " " + FormAction(f) + "[" + strings.Join(names, ",") + "]"
}

// fieldName removes record numbers from the name of a field.
func fieldName(name string) string {
	if template, _, ok := FieldKey(name); ok {
		return hashDigits(strings.Replace(template, bareKey, "#", 1))
	}
	if Kind(name) != "" {
		return "{}"
	}
	return hashDigits(name)
}

// normalTitle replaces runs of digits and white space and trims. Counts in brackets are left
// out: "Inbox (3)" is "Inbox" where there is nothing to count.
func normalTitle(s string) string {
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "")
	}
	words := strings.Fields(hashDigits(s))
	kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "(#)" || w == "[#]" })
	if len(kept) == 0 {
		kept = words
	}
	return strings.Join(kept, " ")
}

// hashDigits replaces each run of digits by one #.
func hashDigits(s string) string {
	if !strings.ContainsAny(s, "0123456789") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < '0' || c > '9' {
			b = append(b, c)
		} else if len(b) == 0 || b[len(b)-1] != '#' {
			b = append(b, '#')
		}
	}
	return string(b)
}
