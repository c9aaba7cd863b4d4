package curl

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// words returns the values of the words of a command.
func (c *importer) words(list []*syntax.Word) ([]string, error) {
	out := make([]string, len(list))
	for i, w := range list {
		var err error
		if out[i], err = c.word(w); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// word returns the value of a word of the shell. It removes quotes and fills in
// variables that were set before. It runs nothing.
func (c *importer) word(w *syntax.Word) (string, error) {
	var b strings.Builder
	for _, p := range w.Parts {
		if err := c.part(&b, p, false); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (c *importer) part(b *strings.Builder, p syntax.WordPart, quoted bool) error {
	switch p := p.(type) {
	case *syntax.Lit:
		b.WriteString(unquoteShell(p.Value, quoted))
	case *syntax.SglQuoted:
		if p.Dollar {
			b.WriteString(unquoteANSI(p.Value))
		} else {
			b.WriteString(p.Value)
		}
	case *syntax.DblQuoted:
		for _, inner := range p.Parts {
			if err := c.part(b, inner, true); err != nil {
				return err
			}
		}
	case *syntax.ParamExp:
		if p.Param == nil || p.Excl || p.Length || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Exp != nil {
			return fmt.Errorf("it uses an expansion of the shell that is not supported")
		}
		value, ok := c.vars[p.Param.Value]
		if !ok {
			return fmt.Errorf("it uses the variable $%s, which is not set before", p.Param.Value)
		}
		b.WriteString(value)
	default:
		return fmt.Errorf("it runs another command or computes; only plain words and variables are read")
	}
	return nil
}

// unquoteShell removes the backslashes of literal text.
func unquoteShell(text string, quoted bool) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch {
		case text[i] == '\n':
		case quoted && strings.IndexByte("\"\\$`", text[i]) < 0:
			b.WriteByte('\\')
			b.WriteByte(text[i])
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// unquoteANSI returns the text of $'…' (bash, "ANSI-C Quoting").
func unquoteANSI(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		c := text[i]
		if k := strings.IndexByte(`abeEfnrtv\'"?`, c); k >= 0 {
			b.WriteByte("\a\b\x1b\x1b\f\n\r\t\v\\'\"?"[k])
			continue
		}
		if c == 'c' && i+1 < len(text) { // a control character
			i++
			b.WriteByte(text[i] & 0x1f)
			continue
		}
		digits, base, most := "", 0, 0
		switch {
		case c == 'x':
			base, most = 16, 2
		case c == 'u':
			base, most = 16, 4
		case c == 'U':
			base, most = 16, 8
		case c >= '0' && c <= '7':
			base, most = 8, 3
			i--
		}
		for len(digits) < most && i+1 < len(text) && isDigit(text[i+1], base) {
			i++
			digits += text[i : i+1]
		}
		n, err := strconv.ParseUint(digits, max(base, 2), 32)
		switch {
		case err != nil:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == 'u' && utf16.IsSurrogate(rune(n)): // browsers write characters of two units so
			i += second(&b, rune(n), text[i+1:])
		case c == 'u' || c == 'U':
			b.WriteRune(rune(n))
		default:
			b.WriteByte(byte(n))
		}
	}
	return b.String()
}

// second writes the character of which first is the one unit, and text begins with
// the other, and returns how many bytes of text that took.
func second(b *strings.Builder, first rune, text string) int {
	const size = len(`\uDC00`)
	if len(text) >= size && text[:2] == `\u` {
		if n, err := strconv.ParseUint(text[2:size], 16, 16); err == nil {
			if r := utf16.DecodeRune(first, rune(n)); r != utf8.RuneError {
				b.WriteRune(r)
				return size
			}
		}
	}
	b.WriteRune(utf8.RuneError)
	return 0
}

func isDigit(c byte, base int) bool {
	return base == 8 && c >= '0' && c <= '7' || base == 16 && (c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F')
}
