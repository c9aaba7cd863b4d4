package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

var errToken = errors.New("word or quotes expected")

// tokens splits a line of the text form into words, each plain or quoted. The
// first error sticks and comes out of pairs.
type tokens struct {
	rest string
	err  error
}

func (t *tokens) fail(err error) string {
	if t.err == nil {
		t.err = err
	}
	t.rest = ""
	return ""
}

// word returns the next word, with its quotes taken off. There must be one.
func (t *tokens) word() string {
	s := strings.TrimLeft(t.rest, " ")
	if s == "" {
		return t.fail(errToken)
	}
	if s[0] != '"' {
		word, rest, _ := strings.Cut(s, " ")
		t.rest = rest
		return word
	}
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil {
		return t.fail(errToken)
	}
	word, err := strconv.Unquote(quoted)
	t.rest = s[len(quoted):]
	if err != nil || t.rest != "" && t.rest[0] != ' ' {
		return t.fail(errToken)
	}
	return word
}

func (t *tokens) uint() uint64 {
	n, err := strconv.ParseUint(t.word(), 10, 64)
	if err != nil {
		t.fail(errors.New("number expected"))
	}
	return n
}

// pairs reads what is left of the line as key=value, each key at most once.
func (t *tokens) pairs(known map[string]func(string) error) error {
	seen := map[string]bool{}
	for t.err == nil {
		t.rest = strings.TrimLeft(t.rest, " ")
		if t.rest == "" {
			break
		}
		key, rest, ok := strings.Cut(t.rest, "=")
		set := known[key]
		if !ok || set == nil || seen[key] {
			t.fail(fmt.Errorf("%.40q is not known here, or stands twice", key))
			break
		}
		seen[key] = true
		if t.rest = rest; strings.HasPrefix(rest, " ") {
			t.fail(errToken)
			break
		}
		value := t.word()
		if t.err != nil {
			break
		}
		if err := set(value); err != nil {
			t.fail(fmt.Errorf("%s: %w", key, err))
		}
	}
	return t.err
}

func setString(p *string) func(string) error {
	return func(s string) error { *p = s; return nil }
}

func setUint(p *uint64) func(string) error {
	return func(s string) (err error) {
		if *p, err = strconv.ParseUint(s, 10, 64); err != nil {
			err = fmt.Errorf("number %.40q", s)
		}
		return err
	}
}

func setInt(p *int64) func(string) error {
	return func(s string) (err error) {
		if *p, err = strconv.ParseInt(s, 10, 64); err != nil {
			err = fmt.Errorf("number %.40q", s)
		}
		return err
	}
}

func setHash(p *uint64) func(string) error {
	return func(s string) (err error) {
		if *p, err = strconv.ParseUint(s, 16, 64); err != nil {
			err = fmt.Errorf("hash %.40q", s)
		}
		return err
	}
}

func setTime(p *time.Time) func(string) error {
	return func(s string) (err error) { *p, err = parseInstant(s); return err }
}

func setDuration(p *time.Duration) func(string) error {
	return func(s string) (err error) {
		if *p, err = time.ParseDuration(s); err != nil {
			err = fmt.Errorf("duration %.40q", s)
		}
		return err
	}
}
