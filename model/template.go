package model

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Part is a piece of a template: text that stands for itself, or, where Name
// is not empty, a hole.
type Part struct {
	Literal string
	Name    string
}

// Names of holes that the replayer fills by itself: the address of the page that
// the user came from, the target's scheme and host, and the ETag and the time of
// change of the resource in the user's cache. A header that is only such a hole is
// left out if there is no value for it.
const (
	RefererHole  = "referer"
	OriginHole   = "origin"
	ETagHole     = "etag"
	ModifiedHole = "modified"
)

// reserved reports whether the replayer fills the hole without a Value.
func reserved(name string) bool {
	return name == RefererHole || name == OriginHole || name == ETagHole || name == ModifiedHole
}

// A TemplateError says where and why a text is not a template.
type TemplateError struct {
	Offset int // bytes before the place
	Reason string
}

// Error says what is wrong and where.
func (e *TemplateError) Error() string { return fmt.Sprintf("character %d: %s", e.Offset+1, e.Reason) }

// ParseTemplate splits s into text and holes, in order: "${name}" is a hole,
// "$$" a dollar sign. Neighbouring text is one part, no part is empty. The error
// is a *[TemplateError].
func ParseTemplate(s string) ([]Part, error) {
	var parts []Part
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, Part{Literal: text.String()})
			text.Reset()
		}
	}
	for at := 0; at < len(s); {
		dollar := strings.IndexByte(s[at:], '$')
		if dollar < 0 {
			text.WriteString(s[at:])
			break
		}
		text.WriteString(s[at : at+dollar])
		at += dollar
		switch rest := s[at+1:]; {
		case strings.HasPrefix(rest, "$"):
			text.WriteByte('$')
			at += 2
		case strings.HasPrefix(rest, "{"):
			name, _, closed := strings.Cut(rest[1:], "}")
			if !closed {
				return nil, &TemplateError{at, `"${" without "}"`}
			}
			if !validHole(name) {
				return nil, &TemplateError{at, fmt.Sprintf("%q cannot be the name of a value", name)}
			}
			flush()
			parts = append(parts, Part{Name: name})
			at += len("${}") + len(name)
		default:
			return nil, &TemplateError{at, `a single "$": write "$$" for a dollar sign, "${name}" for a value`}
		}
	}
	flush()
	return parts, nil
}

// EscapeTemplate returns a template without holes whose text is s.
func EscapeTemplate(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// validHole reports whether name can stand between the braces of a hole. Names come
// from form fields and JSON keys, so they may hold nearly every printable character.
func validHole(name string) bool {
	if name == "" || len(name) > maxName || !utf8.ValidString(name) {
		return false
	}
	for _, c := range name {
		if c <= ' ' || c == 0x7f || c == '$' || c == '{' || c == '}' {
			return false
		}
	}
	return true
}
