package redact

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// Rules add to the default rules what is secret, and what is not. RULES.md describes
// their form.
type Rules struct {
	rules []rule
	hash  [sha256.Size]byte
}

// A rule is one line.
type rule struct {
	host string // glob
	keep bool
	what string // header, cookie, field, json, pattern, value
	glob string // of a name, in lower case
	path []string
	re   *regexp.Regexp
	form form
}

// suffix names the rules.
func (r *Rules) suffix() string {
	if len(r.rules) == 0 {
		return ""
	}
	return "+" + hex.EncodeToString(r.hash[:4])
}

// A RuleError says what is wrong with one line of rules.
type RuleError struct {
	Line int
	Err  error
}

// Error implements error.
func (e *RuleError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *RuleError) Unwrap() error { return e.Err }

// ReadRules reads rules, one a line. The error joins a *RuleError for each line
// that is wrong.
func ReadRules(r io.Reader) (*Rules, error) {
	out := &Rules{}
	sum := sha256.New()
	host, number := "*", 0
	var errs []error
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		number++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		io.WriteString(sum, line+"\n")
		word, rest := cutWord(line)
		if word == "host" {
			if rest == "" || !validGlob(rest) {
				errs = append(errs, &RuleError{number, errors.New("host: name a host, or a pattern such as *.example.com")})
			}
			host = strings.ToLower(rest)
			continue
		}
		rule, err := parseRule(word, rest)
		if err != nil {
			errs = append(errs, &RuleError{number, err})
			continue
		}
		rule.host = host
		out.rules = append(out.rules, rule)
	}
	if err := lines.Err(); err != nil {
		errs = append(errs, &RuleError{number + 1, err})
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("read rules: %w", errors.Join(errs...))
	}
	copy(out.hash[:], sum.Sum(nil))
	return out, nil
}

func cutWord(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

func validGlob(s string) bool {
	_, err := path.Match(s, "")
	return err == nil
}

// parseRule reads one line.
func parseRule(word, rest string) (r rule, err error) {
	verb := "redact"
	if word == "keep" || word == "redact" {
		verb = word
		word, rest = cutWord(rest)
	}
	r.keep, r.what = verb == "keep", word
	switch word {
	case "header", "cookie", "field":
		r.glob = strings.ToLower(rest)
		if rest == "" || strings.ContainsAny(rest, " \t") || !validGlob(rest) {
			return r, fmt.Errorf("%s: name one %s, or a pattern such as x-*-key", word, word)
		}
		if word == "cookie" && !r.keep {
			return r, errors.New("cookie: all cookies are redacted; write keep cookie NAME for what is not secret")
		}
	case "json":
		r.path, err = parsePath(rest)
	case "pattern":
		name, expr := cutWord(rest)
		switch name {
		case "token", "email", "card":
			r.form = map[string]form{"token": formOpaque, "email": formEmail, "card": formCard}[name]
		default:
			return r, fmt.Errorf("pattern: %q is no kind; write token, email or card, and then the expression", name)
		}
		if r.keep {
			return r, errors.New("keep pattern: write keep value EXPRESSION")
		}
		r.re, err = compile(expr)
	case "value":
		if !r.keep {
			return r, errors.New("value: write keep value EXPRESSION, or pattern KIND EXPRESSION")
		}
		r.re, err = compile("^(?:" + rest + ")$")
	default:
		return r, fmt.Errorf("%q is no rule; write header, cookie, field, json, pattern, value or host", word)
	}
	return r, err
}

// compile reads a regular expression. The expression must not match the empty text.
func compile(expr string) (*regexp.Regexp, error) {
	if expr == "" || expr == "^(?:)$" {
		return nil, errors.New("no expression; write one as for Go's package regexp")
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("expression: %w", err)
	}
	if re.MatchString("") {
		return nil, fmt.Errorf("expression %q matches the empty text; write what has to stand there", expr)
	}
	return re, nil
}

// parsePath reads a path such as $.user.cards[].number. A * stands for any one name.
func parsePath(s string) ([]string, error) {
	rest, ok := strings.CutPrefix(s, "$")
	if !ok || rest == "" {
		return nil, fmt.Errorf("json: %q is no path; write one such as $.user.cards[].number", s)
	}
	var out []string
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, "[]"):
			out, rest = append(out, "[]"), rest[2:]
		case rest[0] == '.':
			rest = rest[1:]
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, fmt.Errorf("json: %q has an empty name", s)
			}
			out, rest = append(out, rest[:end]), rest[end:]
		default:
			return nil, fmt.Errorf("json: %q is no path at %q; write one such as $.user.cards[].number", s, rest)
		}
	}
	return out, nil
}
