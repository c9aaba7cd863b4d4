package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A SyntaxError says where an expression is wrong.
type SyntaxError struct {
	Expr   string
	Column int // counted from 1, in characters
	Err    error
}

// Error names the column.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("filter, column %d: %v", e.Column, e.Err)
}

// Unwrap returns what is wrong there.
func (e *SyntaxError) Unwrap() error { return e.Err }

const (
	maxLength = 64 << 10 // bytes of an expression
	maxDepth  = 200      // parentheses and "not" inside one another
)

// A parser reads
//
//	any   = all {"or" all}
//	all   = one {"and" one}
//	one   = "not" one | "(" any ")" | field [operator value]
type parser struct {
	expr  string
	pos   int
	depth int
}

func (p *parser) parse() (condition, error) {
	if len(p.expr) > maxLength {
		return condition{}, p.fail(0, "the expression is longer than %d bytes", maxLength)
	}
	c, err := p.any()
	if err != nil {
		return condition{}, err
	}
	if p.space(); p.pos < len(p.expr) {
		if p.expr[p.pos] == ')' {
			return condition{}, p.fail(p.pos, `")" without "("`)
		}
		return condition{}, p.fail(p.pos, `"and" or "or" expected before %.40q`, p.peek())
	}
	return c, nil
}

func (p *parser) any() (condition, error) { return p.chain("or", p.all, or) }
func (p *parser) all() (condition, error) { return p.chain("and", p.one, and) }

// chain reads parts with a word between them.
func (p *parser) chain(word string, part func() (condition, error), join func(a, b condition) condition) (condition, error) {
	c, err := part()
	for err == nil && p.take(word) {
		var next condition
		if next, err = part(); err == nil {
			c = join(c, next)
		}
	}
	return c, err
}

func (p *parser) one() (condition, error) {
	if p.depth++; p.depth > maxDepth {
		return condition{}, p.fail(p.pos, "more than %d parts inside one another", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.take("not") {
		c, err := p.one()
		if err != nil {
			return condition{}, err
		}
		return not(c), nil
	}
	p.space()
	open := p.pos
	if !p.symbol("(") {
		return p.comparison()
	}
	c, err := p.any()
	if err != nil {
		return condition{}, err
	}
	if p.space(); !p.symbol(")") {
		return condition{}, p.fail(open, `"(" is never closed`)
	}
	return c, nil
}

// operators in the order in which they are looked for.
var operators = [...]string{"!=", "!~", "<=", ">=", "==", "=", "~", "<", ">"}

func (p *parser) comparison() (condition, error) {
	p.space()
	at := p.pos
	name := p.name()
	switch name {
	case "":
		return condition{}, p.fail(at, "a field is missing here, such as status or path")
	case "and", "or", "not":
		return condition{}, p.fail(at, "a field is missing before %q", name)
	}
	f, err := findField(name)
	if err != nil {
		return condition{}, p.fail(at, "%w", err)
	}
	p.space()
	opAt, op := p.pos, ""
	for _, o := range operators {
		if p.symbol(o) {
			op = o
			break
		}
	}
	if op == "" {
		if f.is == nil {
			return condition{}, p.fail(p.pos, "an operator is missing after %q: one of %s", name, f.ops)
		}
		return anywhere(f.is), nil
	}
	p.space()
	valueAt := p.pos
	value, err := p.value()
	if err != nil {
		return condition{}, err
	}
	if op == "==" {
		op = "="
	}
	c, err := f.compare(op, value)
	if err == errOperator {
		return condition{}, p.fail(opAt, "%s cannot be compared with %q; use one of %s", name, op, f.ops)
	}
	if err != nil {
		return condition{}, p.fail(valueAt, "%s: %w", name, err)
	}
	return c, nil
}

// name reads a field: letters, digits, "_", "-" and ".".
func (p *parser) name() string {
	from := p.pos
	for p.pos < len(p.expr) {
		c := p.expr[p.pos]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' {
			p.pos++
			continue
		}
		break
	}
	return p.expr[from:p.pos]
}

// value reads a quoted string, or what stands up to a space or ")".
func (p *parser) value() (string, error) {
	if p.pos == len(p.expr) {
		return "", p.fail(p.pos, "a value is missing at the end")
	}
	if quote := p.expr[p.pos]; quote == '"' || quote == '\'' {
		return p.quoted(quote)
	}
	from := p.pos
	for p.pos < len(p.expr) && p.expr[p.pos] != ')' && !p.atSpace() {
		p.pos++
	}
	if from == p.pos {
		return "", p.fail(from, "a value is missing here")
	}
	return p.expr[from:p.pos], nil
}

// quoted reads up to the closing quote. \" is a quote inside. Any other \ is itself, so
// that regular expressions can be written as they are.
func (p *parser) quoted(quote byte) (string, error) {
	open := p.pos
	var b strings.Builder
	for p.pos++; p.pos < len(p.expr); p.pos++ {
		c := p.expr[p.pos]
		if c == quote {
			p.pos++
			return b.String(), nil
		}
		if c == '\\' && p.pos+1 < len(p.expr) && p.expr[p.pos+1] == quote {
			p.pos++
			c = quote
		}
		b.WriteByte(c)
	}
	return "", p.fail(open, "the quotes that begin here do not end")
}

// take passes over a word if it stands next.
func (p *parser) take(word string) bool {
	p.space()
	from := p.pos
	if p.name() == word {
		return true
	}
	p.pos = from
	return false
}

func (p *parser) symbol(s string) bool {
	if strings.HasPrefix(p.expr[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *parser) space() {
	for p.atSpace() {
		p.pos++
	}
}

func (p *parser) atSpace() bool {
	return p.pos < len(p.expr) && strings.IndexByte(" \t\r\n", p.expr[p.pos]) >= 0
}

// peek returns the word that stands next.
func (p *parser) peek() string {
	word, _, _ := strings.Cut(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, p.expr[p.pos:]), " ")
	return word
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &SyntaxError{Expr: p.expr, Column: utf8.RuneCountInString(p.expr[:at]) + 1, Err: fmt.Errorf(format, args...)}
}
