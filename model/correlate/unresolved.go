package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/starling-load/starling/model"
)

// unresolved notes that nothing explains the values of p. Without an edit it proposes
// what helps in most cases.
func (l *Learner) unresolved(p *leaf, uses []use, reason, edit string) *model.Unresolved {
	u := model.Unresolved{
		Endpoint: p.target.name,
		Place:    strings.Replace(p.span.Selector, ":", " ", 1),
		Example:  mask(uses[0].value),
		Reason:   reason,
		Edit:     cmp.Or(edit, "bind it to an answer, or give its values with --data"),
		Requests: len(uses),
	}
	if l.total < 2 {
		u.Edit = "record a second session"
	}
	p.unresolved = append(p.unresolved, len(l.result.Unresolved))
	l.result.Unresolved = append(l.result.Unresolved, u)
	return &l.result.Unresolved[len(l.result.Unresolved)-1]
}

// longSecret is the least length at which one value alone shows that it is a pseudonym.
const longSecret = 12

// pseudonyms reports whether nine of ten values that are not empty stand in the recording in
// place of secrets, or are lists of such values or texts with one.
func (l *Learner) pseudonyms(p *leaf, uses []use) bool {
	if l.options.Pseudonym == nil {
		return false
	}
	n, empty := 0, 0
	for _, u := range uses {
		value := u.value
		if value == "" {
			empty++
			continue
		}
		if _, password, ok := basicLogin(value); ok && p.span.Selector == "header:Authorization Basic" {
			value = password
		}
		if l.options.Pseudonym(value) || l.pseudonymList(value) || l.pseudonymWithin(value) {
			n++
		}
	}
	return n > 0 && 10*n >= 9*(len(uses)-empty)
}

// pseudonymList reports whether a text is a list of pseudonyms, such as of mail addresses.
func (l *Learner) pseudonymList(text string) bool {
	if !strings.ContainsAny(text, ",;") || len(text) > maxToken {
		return false
	}
	parts := listIn(text)
	return len(parts) > 0 && !slices.ContainsFunc(parts, func(p string) bool { return !l.options.Pseudonym(p) })
}

// pseudonymWithin reports whether a text holds a mail address that is a pseudonym, such as a
// contact that the user wrote.
func (l *Learner) pseudonymWithin(text string) bool {
	if len(text) > maxText || !strings.Contains(text, "@") {
		return false
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",;:|<>=\"'()", r) || unicode.IsSpace(r) }) {
		if strings.Contains(word, "@") && l.options.Pseudonym(word) {
			return true
		}
	}
	return false
}

// listIn returns what a text has one beside the other, as in 3,17.
func listIn(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|", r) || unicode.IsSpace(r) })
}

// notePseudonym notes that a replay would send pseudonyms, which no target knows.
func (l *Learner) notePseudonym(p *leaf, uses []use) {
	l.unresolved(p, uses, "stands as a pseudonym in the recording, which was redacted", "give the real values with --data and --redact-key, or record with --redact none")
}

// shown is how many characters of a masked value can be read.
const shown = 4

// mask returns the beginning of a value and its length, so that people recognise it
// and nobody can use it.
func mask(v string) string {
	n := utf8.RuneCountInString(v)
	if n < 4*shown {
		return fmt.Sprintf("%d characters", n)
	}
	return fmt.Sprintf("%s… (%d characters)", strings.ToValidUTF8(string([]rune(v)[:shown]), "?"), n)
}

// sortUnresolved sorts by endpoint and place.
func (l *Learner) sortUnresolved() {
	slices.SortStableFunc(l.result.Unresolved, func(a, b model.Unresolved) int {
		return cmp.Or(cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Place, b.Place))
	})
}
