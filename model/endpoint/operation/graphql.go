package operation

import "strings"

// isDocument reports whether s is a GraphQL document.
func isDocument(s string) bool {
	s = strings.TrimSpace(s)
	for strings.HasPrefix(s, "#") {
		_, s, _ = strings.Cut(s, "\n")
		s = strings.TrimSpace(s)
	}
	if strings.HasPrefix(s, "{") {
		return !strings.HasPrefix(strings.TrimSpace(s[1:]), `"`)
	}
	for _, word := range [...]string{"query", "mutation", "subscription", "fragment"} {
		if rest, ok := strings.CutPrefix(s, word); ok && rest != "" && strings.ContainsAny(rest[:1], " {(\n\r\t@") && strings.Contains(rest, "{") {
			return true
		}
	}
	return false
}

// documentName returns the name of the first operation of a GraphQL document, or
// the fields that an operation without a name asks for.
func documentName(s string) string {
	words := graphWords(s)
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "query", "mutation", "subscription":
			if i+1 < len(words) && isName(words[i+1]) {
				return words[i+1]
			}
			return rootFields(words[i+1:])
		case "fragment":
			i = closing(words, i)
		case "{":
			return rootFields(words[i:])
		}
	}
	return ""
}

// rootFields returns the fields of the first block.
func rootFields(words []string) string {
	var out []string
	depth, round := 0, 0
	for _, w := range words {
		switch w {
		case "{":
			depth++
		case "}":
			depth--
		case "(":
			round++
		case ")":
			round--
		default:
			if depth == 1 && round == 0 && isName(w) && len(out) < maxBatch {
				out = append(out, w)
			}
		}
		if depth == 0 && len(out) > 0 {
			break
		}
	}
	return strings.Join(out, ",")
}

// closing returns the index of the word that closes the first block after i.
func closing(words []string, i int) int {
	depth := 0
	for ; i < len(words); i++ {
		switch words[i] {
		case "{":
			depth++
		case "}":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return i
}

// maxGraphWords bounds how much of a document is read.
const maxGraphWords = 4000

// graphWords splits a GraphQL document into names and brackets.
func graphWords(s string) []string {
	var out []string
	for i := 0; i < len(s) && len(out) < maxGraphWords; {
		switch c := s[i]; {
		case c == '#':
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case c == '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
			i++
		case strings.IndexByte("{}()", c) >= 0:
			out = append(out, s[i:i+1])
			i++
		case alphanumeric(c) || c == '_':
			at := i
			for i < len(s) && (alphanumeric(s[i]) || s[i] == '_') {
				i++
			}
			out = append(out, s[at:i])
		default:
			i++
		}
	}
	return out
}
