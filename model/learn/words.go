package learn

import (
	"slices"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model/endpoint"
)

// maxWords bounds the words of an endpoint in the name of a type, maxWord the length of
// each.
const (
	maxWords = 2
	maxWord  = 24
)

// deedName is what sessions do, in words: "checkout", "browse-products", "delete-notes".
// Two steps in a row are "search-then-cart".
func (l *learner) deedName(d deed) string {
	if d.second == "" {
		return l.stepName(d.first)
	}
	first, second := nouns(d.first), nouns(d.second)
	return strings.Join(first, "-") + "-then-" + strings.Join(second, "-")
}

// stepName is a request in words. A request that posts is an action of its own name,
// unless it is to a collection whose members have addresses below.
func (l *learner) stepName(name string) string {
	method, rest, _ := strings.Cut(name, " ")
	words := nouns(name)
	switch method {
	case "GET":
		if operation(rest) == "" {
			words = append([]string{"browse"}, words...)
		}
	case "POST":
		path, _, _ := strings.Cut(rest, " ")
		member := func(other string) bool {
			_, target, _ := strings.Cut(other, " ")
			return strings.HasPrefix(target, path+"/{")
		}
		if operation(rest) == "" && slices.ContainsFunc(l.endpoints, member) {
			words = append([]string{"create"}, words...)
		}
	case "PUT", "PATCH":
		words = append([]string{"update"}, words...)
	default:
		words = append([]string{strings.ToLower(method)}, words...)
	}
	return strings.Join(words, "-")
}

// nouns are the last words of the address of an endpoint, and the name of its operation.
func nouns(name string) []string {
	_, rest, _ := strings.Cut(name, " ")
	path := rest
	if i := strings.IndexAny(path, "? "); i >= 0 {
		path = path[:i]
	}
	if i := strings.IndexRune(path, '…'); i >= 0 {
		path = path[:max(0, strings.LastIndexByte(path[:i], '/'))] // the rest of the segment is cut out
	}
	var words []string
	for segment := range strings.SplitSeq(path, "/") {
		if w := wordOf(segment); w != "" && w != "api" && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	if op := wordOf(operation(rest)); op != "" && !slices.Contains(words, op) {
		words = append(words, op)
	}
	words = words[max(0, len(words)-maxWords):]
	if len(words) == 0 {
		return []string{"home"}
	}
	return words
}

// operation returns what a request does where its address does not say: the value of
// the item of query or body that tells it, or the name of a call. "": the address says.
func operation(target string) string {
	address, call, called := strings.Cut(target, " [")
	if call, ok := strings.CutSuffix(call, "]"); called && ok {
		if _, value, item := strings.Cut(call, "="); item {
			return value
		}
		if !strings.ContainsAny(call, " [~") {
			return call
		}
	}
	_, query, _ := strings.Cut(address, "?")
	for item := range strings.SplitSeq(query, "&") {
		if _, value, ok := strings.Cut(item, "="); ok && wordOf(value) != "" && !strings.ContainsAny(value, "{:") {
			return value
		}
	}
	return ""
}

// wordOf makes a word of a segment of a path: in lower case, without what varies and
// without the ending of a file. It returns "" for what is no word, such as a number or a
// hash.
func wordOf(segment string) string {
	if i := strings.LastIndexByte(segment, '.'); i >= 0 && i+1 < len(segment) && unicode.IsUpper(rune(segment[i+1])) {
		segment = segment[i+1:] // the service of a package, as in gRPC
	} else {
		segment = endpoint.Stem(segment)
	}
	for {
		before, rest, open := strings.Cut(segment, "{")
		_, after, closed := strings.Cut(rest, "}")
		if !open || !closed {
			break
		}
		segment = before + "-" + after
	}
	letters, digits := 0, 0
	word := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r):
			letters++
			return unicode.ToLower(r)
		case unicode.IsDigit(r):
			digits++
			return r
		}
		return '-'
	}, segment)
	parts := strings.FieldsFunc(word, func(r rune) bool { return r == '-' })
	if letters < 2 || digits > letters {
		return ""
	}
	return short(strings.Join(parts, "-"))
}

// short cuts a long word at the end of a part of it.
func short(word string) string {
	if len(word) <= maxWord {
		return word
	}
	cut := word[:maxWord]
	if i := strings.LastIndexByte(cut, '-'); i > 0 {
		return cut[:i]
	}
	return strings.ToValidUTF8(cut, "")
}
