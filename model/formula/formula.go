package formula

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Env is what a formula is computed with.
type Env struct {
	Value  func(name string) (string, error) // what a name stands for
	Count  func(nonce string) int            // how often the session has answered this challenge, with this time
	Now    time.Time
	Random *rand.Rand
}

// The names of the parts of the request that a formula belongs to.
const (
	Method = "request.method"
	Target = "request.target" // path and query
	Path   = "request.path"
	Query  = "request.query" // without ?
	Body   = "request.body"
)

// Parts are the names of the parts of the request.
func Parts() []string { return []string{Method, Target, Path, Query, Body} }

// A Formula is an expression that has been read. The zero value is an empty text.
type Formula struct{ terms []term }

// A term is a text, a name or a call.
type term struct {
	text string
	name string
	call *function
	args []Formula
}

// Limits of a formula.
const (
	maxText  = 64 << 10
	maxDepth = 20
)

// Parse reads a formula.
//
//	formula  = term { "+" term }
//	term     = "text in quotes" | name | function "(" formula { "," formula } ")"
//
// The functions are in the table of FORMAT.md of model/folder.
func Parse(text string) (Formula, error) {
	if len(text) > maxText {
		return Formula{}, fmt.Errorf("the formula is longer than %d bytes", maxText)
	}
	p := parser{rest: text}
	f, err := p.formula(0)
	if err == nil && p.next() != 0 {
		err = fmt.Errorf("the formula goes on where it should end: %q", clip(p.rest))
	}
	return f, err
}

// A parser reads a formula from its beginning.
type parser struct{ rest string }

// next skips space and returns the next byte, 0 at the end.
func (p *parser) next() byte {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

// take reports whether c comes next, and skips it.
func (p *parser) take(c byte) bool {
	if p.next() != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *parser) formula(depth int) (Formula, error) {
	if depth > maxDepth {
		return Formula{}, fmt.Errorf("the formula is nested deeper than %d calls", maxDepth)
	}
	var f Formula
	for {
		t, err := p.term(depth)
		if err != nil {
			return Formula{}, err
		}
		f.terms = append(f.terms, t)
		if !p.take('+') {
			return f, nil
		}
	}
}

// stops end a name.
const stops = "()+,\" \t\r\n"

func (p *parser) term(depth int) (term, error) {
	switch c := p.next(); {
	case c == '"':
		quoted, err := strconv.QuotedPrefix(p.rest)
		if err != nil {
			return term{}, fmt.Errorf("a text is not closed, or has a bad escape: %s", clip(p.rest))
		}
		p.rest = p.rest[len(quoted):]
		text, err := strconv.Unquote(quoted)
		return term{text: text}, err
	case c == 0 || strings.IndexByte(stops, c) >= 0:
		return term{}, fmt.Errorf("a text in quotes, a name or a function is expected before %q", clip(p.rest))
	}
	n := strings.IndexAny(p.rest, stops)
	if n < 0 {
		n = len(p.rest)
	}
	name := p.rest[:n]
	p.rest = p.rest[n:]
	if !p.take('(') {
		return term{name: name}, nil
	}
	return p.call(name, depth)
}

// call reads the arguments of a function.
func (p *parser) call(name string, depth int) (term, error) {
	fn := functionOf(name)
	if fn == nil {
		return term{}, fmt.Errorf("there is no function %q; there are %s", clip(name), strings.Join(names(), ", "))
	}
	t := term{call: fn}
	for {
		arg, err := p.formula(depth + 1)
		if err != nil {
			return term{}, err
		}
		t.args = append(t.args, arg)
		if !p.take(',') {
			break
		}
	}
	switch {
	case !p.take(')'):
		return term{}, fmt.Errorf("%s( is not closed", name)
	case len(t.args) != fn.args:
		return term{}, fmt.Errorf("%s has %d arguments, not %d", name, fn.args, len(t.args))
	}
	return t, nil
}

// clip shortens a text for a message.
func clip(s string) string {
	const most = 40
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// Names returns the names in the formula, each once, in the order of their first use. A
// call of digest uses the method, the target and the body.
func (f Formula) Names() []string {
	var out []string
	f.walk(func(t *term) {
		add := []string{t.name}
		if t.call != nil && t.call.name == "digest" {
			add = []string{Method, Target, Body}
		}
		for _, name := range add {
			if name != "" && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	})
	return out
}

func (f Formula) walk(do func(*term)) {
	for i := range f.terms {
		do(&f.terms[i])
		for _, arg := range f.terms[i].args {
			arg.walk(do)
		}
	}
}

// String writes the formula as Parse reads it.
func (f Formula) String() string {
	var b strings.Builder
	for i, t := range f.terms {
		if i > 0 {
			b.WriteString(" + ")
		}
		switch {
		case t.call != nil:
			b.WriteString(t.call.name + "(")
			for k, arg := range t.args {
				if k > 0 {
					b.WriteString(", ")
				}
				b.WriteString(arg.String())
			}
			b.WriteByte(')')
		case t.name != "":
			b.WriteString(t.name)
		default:
			b.WriteString(strconv.Quote(t.text))
		}
	}
	return b.String()
}

// Eval computes the value. The error says which name has no value, or which argument a
// function cannot use.
func (f Formula) Eval(env *Env) (string, error) {
	var out string
	for i := range f.terms {
		t := &f.terms[i]
		switch {
		case t.call != nil:
			args := make([]string, len(t.args))
			for k, arg := range t.args {
				var err error
				if args[k], err = arg.Eval(env); err != nil {
					return "", err
				}
			}
			v, err := t.call.do(env, args)
			if err != nil {
				return "", fmt.Errorf("%s: %w", t.call.name, err)
			}
			out += v
		case t.name != "":
			v, err := env.Value(t.name)
			if err != nil {
				return "", err
			}
			out += v
		default:
			out += t.text
		}
	}
	return out, nil
}
