package endpoint

import (
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// A vocabulary says which words at one position of a path are values: all of them,
// or only those that have the form of the identifiers seen there.
type vocabulary struct {
	all   bool
	forms map[form]bool
}

// A form is a length and the classes of characters of an identifier.
type form struct {
	length               int
	lower, upper, digits bool
	prefix               string // up to the last - or _
}

// openKey names position i of all paths that are equal in every other position.
func openKey(segments []string, i int) string {
	return strings.Join(segments[:i], "/") + "/\x00/" + strings.Join(segments[i+1:], "/")
}

// learnOpen finds positions that hold an open vocabulary.
func (t *Templates) learnOpen(flows []*flow.Flow, prints []string) {
	type position struct {
		values map[string]int
		prints map[string]int
		forms  map[form]bool
	}
	positions := map[string]*position{}
	for i, f := range flows {
		segments := t.typed(f.Request.Path())
		raw := strings.Split(f.Request.Path(), "/")
		for j := 2; j < len(segments); j++ { // the first segment names the service
			if segments[j] == "" || strings.Contains(raw[j], ".") {
				continue
			}
			key := openKey(segments, j)
			p := positions[key]
			if p == nil {
				p = &position{values: map[string]int{}, prints: map[string]int{}, forms: map[form]bool{}}
				positions[key] = p
			}
			if segments[j] == "{id}" {
				if f, ok := formOf(raw[j]); ok {
					p.forms[f] = true
				}
			} else if !variable(segments[j]) {
				p.values[raw[j]]++
				p.prints[prints[i]]++
			}
		}
	}
	for key, p := range positions {
		if v := (vocabulary{openVocabulary(p.values, p.prints), p.forms}); v.all || len(v.forms) > 0 {
			t.open[key] = v
		}
	}
}

// openVocabulary decides by Good and Turing's estimate of the words not yet seen.
// After a while no new route of a service turns up. New slugs of its users keep
// turning up.
func openVocabulary(values, prints map[string]int) bool {
	n, once, top, like := 0, 0, 0, 0
	for _, k := range values {
		n += k
		top = max(top, k)
		if k == 1 {
			once++
		}
	}
	for _, k := range prints {
		like = max(like, k)
	}
	return len(values) >= 8 && once*20 >= n && 2*top <= n && 5*like >= 4*n
}

// formOf returns the form of an identifier of at least ten characters.
func formOf(s string) (f form, ok bool) {
	f.length = len(s)
	f.prefix = s[:strings.LastIndexAny(s, "-_")+1]
	for _, c := range s[len(f.prefix):] {
		switch {
		case c >= 'a' && c <= 'z':
			f.lower = true
		case c >= 'A' && c <= 'Z':
			f.upper = true
		case c >= '0' && c <= '9':
			f.digits = true
		default:
			return f, false
		}
	}
	return f, len(s) >= 10
}

// has reports whether a word has the form of an identifier. It need not hold a digit:
// about one identifier in a hundred has none.
func (v *vocabulary) has(s string) bool {
	f, ok := formOf(s)
	if !ok {
		return false
	}
	f.digits = true
	return v.forms[f]
}
