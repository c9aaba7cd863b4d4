package content

import (
	"net/textproto"
	"strings"
)

// A Leaf is one value with its place.
type Leaf struct {
	Selector string
	Value    string
}

// maxLeaves is the number of leaves after which no more are collected.
const maxLeaves = 20000

// maxValue is the length in bytes of the longest value that is a leaf.
const maxValue = 8192

// Leaves returns every value of the answer that a later request could carry,
// with the selector that finds it: headers, cookies, redirects, then the body in
// document order. Empty values and JSON's true, false and null are left out.
// At most maxLeaves are returned.
func (d *Doc) Leaves() []Leaf {
	out := d.headLeaves(nil)
	d.parse()
	if d.json {
		b := d.Body()
		walkJSON(b, false, func(path []byte, start, end int) {
			c := b[start]
			if len(out) >= maxLeaves || c != '"' && c != '-' && (c < '0' || c > '9') || end-start > maxValue {
				return
			}
			p := strings.TrimPrefix(string(path), ".")
			out = appendLeaf(out, "json:"+p, text(b, start, end))
		})
	}
	if d.page != nil {
		out = d.page.leaves(out)
	}
	for _, link := range d.Links() {
		if len(out) < maxLeaves {
			out = linkLeaves("link:", link, out)
		}
	}
	if len(out) > maxLeaves {
		out = out[:maxLeaves]
	}
	return out
}

func appendLeaf(out []Leaf, selector, value string) []Leaf {
	if value == "" || len(value) > maxValue {
		return out
	}
	return append(out, Leaf{selector, value})
}

// headLeaves appends what the head of the answer holds.
func (d *Doc) headLeaves(out []Leaf) []Leaf {
	for _, h := range d.resp.Headers {
		name := textproto.CanonicalMIMEHeaderKey(h.Name)
		switch name {
		case "Set-Cookie":
			n, v := cookiePair(h.Value)
			out = appendLeaf(out, "cookie:"+n, v)
			if u := unescape(v); u != v {
				out = appendLeaf(out, "cookie:"+n+"|percent", u)
			}
		case "Location":
			out = linkLeaves("redirect:", h.Value, out)
		case "Date", "Server", "Content-Length", "Content-Type", "Content-Encoding", "Connection",
			"Keep-Alive", "Transfer-Encoding", "Vary", "Cache-Control", "Expires", "Pragma", "Age", "Via",
			"Accept-Ranges", "Alt-Svc", "Content-Security-Policy", "Strict-Transport-Security",
			"X-Content-Type-Options", "X-Frame-Options", "X-Powered-By", "X-Xss-Protection", "Referrer-Policy":
		default:
			out = appendLeaf(out, "header:"+name, h.Value)
		}
	}
	return out
}

// leaves appends what the page holds.
func (p *page) leaves(out []Leaf) []Leaf {
	for i := range p.forms {
		out = formLeaves(&p.forms[i], i == 0, out)
	}
	for _, m := range p.metas {
		if m.name != "viewport" && m.name != "description" && m.name != "generator" {
			out = appendLeaf(out, "meta:"+m.name, m.value)
		}
	}
	for _, a := range p.data {
		out = appendLeaf(out, "attr:"+a.name, a.value)
	}
	return out
}

// A Hidden is a hidden field that the page gives to the browser to send back.
type Hidden struct {
	Method string // of the form
	Action string // template of the form's path, "" for the page's own
	Field  string
	Value  string
}

// Hidden returns the hidden fields of all forms in document order.
func (d *Doc) Hidden() []Hidden {
	d.parse()
	if d.page == nil {
		return nil
	}
	var out []Hidden
	for i := range d.page.forms[1:] {
		f := &d.page.forms[i+1]
		for _, c := range f.Controls {
			if c.Kind == "hidden" && !c.Disabled {
				out = append(out, Hidden{f.Method, formAction(f), c.Name, c.Value})
			}
		}
	}
	return out
}
