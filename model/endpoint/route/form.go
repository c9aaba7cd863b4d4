package route

import "strings"

// A form is a length and the classes of characters of an identifier.
type form struct {
	length               int
	lower, upper, digits bool
	prefix               string // up to the last - or _
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
