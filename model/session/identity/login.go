package identity

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// logins recognise requests that say who the user is, with a password, from their names
// and from the forms of pages that ask for it.
type logins struct {
	fields map[Mark]bool // names of fields that forms show as passwords
	asks   map[Mark]bool // paths of pages with a form that asks for one password
	takes  map[Mark]bool // paths that such forms are sent to
	read   map[Mark]bool // pages that were read
}

// Bounds of what is remembered of pages, and of a form that is read.
const (
	maxPages = 1 << 16
	maxForm  = 32 << 10 // bytes
)

func newLogins() logins {
	return logins{fields: map[Mark]bool{}, asks: map[Mark]bool{}, takes: map[Mark]bool{}, read: map[Mark]bool{}}
}

// learn reads the forms of a page, once for each page.
func (e *Evidence) learn(f *flow.Flow) {
	at := e.Of("page", f.Request.Target)
	if f.Response == nil || e.logins.read[at] || len(e.logins.read) >= maxPages {
		return
	}
	d := content.New(f.Response)
	if d.Media() != "text/html" {
		return
	}
	e.logins.read[at] = true
	e.asked(d, f)
}

// asked reports whether a page has a form that asks for one password, and remembers what
// it says of it.
func (e *Evidence) asked(d *content.Doc, f *flow.Flow) (asked bool) {
	if !bytes.Contains(bytes.ToLower(d.Body()), []byte("password")) {
		return false
	}
	base, err := url.Parse(f.Request.Target)
	if err != nil {
		return false
	}
	for _, form := range d.Forms() {
		n := 0
		for _, c := range form.Controls {
			if c.Kind == "password" {
				n++
				e.logins.fields[e.Of("field", c.Name)] = true
			}
		}
		if n != 1 {
			continue
		}
		asked = true
		e.logins.asks[e.Of("path", base.Path)] = true
		if to, err := base.Parse(form.Action); err == nil {
			e.logins.takes[e.Of("path", to.Path)] = true
		}
	}
	return asked
}

// asking reports whether an answer is a page that asks for a password.
func (e *Evidence) asking(f *flow.Flow) bool {
	if f.Response == nil || !e.logins.asks[e.Of("path", f.Request.Path())] {
		return false
	}
	d := content.New(f.Response)
	return d.Media() == "text/html" && e.asked(d, f)
}

// enters returns the account that a request logs in to, if its answer does not refuse it.
func (e *Evidence) enters(f *flow.Flow) (account Mark, ok bool) {
	r := &f.Request
	if f.Response == nil || f.Response.Status >= 400 || len(r.Body.Data) == 0 || len(r.Body.Data) > maxForm || r.Method == "GET" {
		return 0, false
	}
	name := e.login(r)
	if name == "" || e.refused(f) {
		return 0, false
	}
	return e.Of("account", strings.ToLower(name)), true
}

// login returns the name that stands beside a password in the body of a request: what
// is called so, or else the text before the password.
func (e *Evidence) login(r *flow.Request) (name string) {
	password, before, called := "", "", ""
	for _, l := range content.BodyLeaves(r) {
		field, inBody := strings.CutPrefix(l.Selector, "body:")
		if !inBody {
			continue
		}
		words := wordsOf(field)
		switch {
		case e.logins.fields[e.Of("field", field)] || isPassword(words):
			if password != "" && password != l.Value { // it is changed
				return ""
			}
			password = l.Value
			if called == "" {
				called = before
			}
		case l.Value == "" || len(l.Value) > maxName || strings.ContainsAny(l.Value, "\n\t"):
		case isLogin(words):
			name = l.Value
		case !content.Opaque(l.Value):
			before = l.Value
		}
	}
	if password == "" {
		return ""
	}
	if name == "" {
		name = called
	}
	return strings.TrimSpace(name)
}

// refused reports whether an answer asks again, leads back to where it is asked, or says
// that there was an error.
func (e *Evidence) refused(f *flow.Flow) bool {
	if to, err := url.Parse(f.Response.Headers.Value("Location")); err == nil && f.Response.Status/100 == 3 {
		return to.Path != "" && e.logins.asks[e.Of("path", to.Path)]
	}
	d := content.New(f.Response)
	if d.Media() == "text/html" {
		return e.asked(d, f)
	}
	return slices.ContainsFunc(d.Leaves(), func(l content.Leaf) bool {
		name, is := strings.CutPrefix(l.Selector, "json:error")
		return is && (name == "" && l.Value != "0" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "s["))
	})
}

// leaves reports whether a user logs out: the path says so, or the answer takes away a
// cookie that names it.
func (u *Users) leaves(f *flow.Flow) bool {
	if f.Response == nil || f.Response.Status >= 400 {
		return false
	}
	for segment := range strings.SplitSeq(f.Request.Path(), "/") {
		switch word := strings.Join(wordsOf(segment), ""); {
		case word == "logout", word == "signout", word == "logoff", word == "signoff":
			return true
		case f.Request.Method == "DELETE" && (word == "session" || word == "sessions"):
			return true
		}
	}
	for _, line := range f.Response.Headers.Values("Set-Cookie") {
		name, _, set := setPair(line)
		if !set && slices.ContainsFunc(u.request, func(a atom) bool { return a.kind == Cookie && a.name == name && u.names(a.value) }) {
			return true
		}
	}
	return false
}

// isPassword reports whether a field is a password by its name.
func isPassword(words []string) bool {
	all := strings.Join(words, "")
	return len(words) > 0 && (slices.Contains([]string{"pass", "pwd", "pw"}, words[len(words)-1]) ||
		slices.ContainsFunc([]string{"password", "passwd", "passphrase", "passwort", "motdepasse", "contrasena"}, func(p string) bool { return strings.HasSuffix(all, p) }))
}

// isLogin reports whether a field is the name of a user by its name.
func isLogin(words []string) bool {
	if slices.ContainsFunc(words, func(w string) bool { return w == "token" || w == "csrf" || w == "agent" }) {
		return false
	}
	if n := len(words); n > 1 && (words[n-1] == "id" || words[n-1] == "name") {
		words = words[:n-1]
	}
	return len(words) > 0 && slices.Contains(userWords, words[len(words)-1])
}
