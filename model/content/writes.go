package content

import (
	"slices"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"

	"github.com/starling-load/starling/record/flow"
)

// Writes reports whether r changes something at the target, as far as the request
// tells. It does when its method is not safe (RFC 9110, 9.2.1), unless what it calls
// is a read:
//
//   - a GraphQL operation that is no mutation,
//   - a method of gRPC, JSON-RPC or SOAP whose name begins with a word for reading,
//     such as GetItem or users.list.
//
// Where this cannot be told, as for a persisted query, r counts as a write.
func Writes(r *flow.Request) bool {
	switch strings.ToUpper(r.Method) {
	case "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "SEARCH", "REPORT", "PROPFIND": // the last four: RFC 5323, 3253, 4918 and the QUERY draft
		return false
	}
	media := RequestMedia(r)
	if strings.HasPrefix(media, grpcMedia) {
		path, _, _ := strings.Cut(r.Target, "?")
		return !reads(path[strings.LastIndexByte(path, '/')+1:])
	}
	if action := strings.Trim(r.Headers.Value("SOAPAction"), `"`); action != "" {
		return !reads(action[strings.LastIndexAny(action, "/#:")+1:])
	}
	switch {
	case media == "application/graphql":
		return mutates(string(r.Body.Data), "")
	case IsJSON(media):
		return callWrites(gjson.ParseBytes(r.Body.Data))
	}
	return true
}

// callWrites reports whether a JSON body calls something that writes. Of a batch, one
// call that writes is enough.
func callWrites(body gjson.Result) bool {
	if body.IsArray() {
		calls := body.Array()
		return len(calls) == 0 || slices.ContainsFunc(calls, callWrites)
	}
	if query := body.Get("query"); query.Type == gjson.String && graphQL(query.String()) {
		return mutates(query.String(), body.Get("operationName").String())
	}
	if method := body.Get("method"); body.Get("jsonrpc").Exists() && method.Type == gjson.String {
		name := method.String()
		name = name[strings.LastIndexAny(name, "./")+1:]
		_, bare, _ := strings.Cut(name, "_") // behind a prefix, as in eth_getBalance
		return !reads(name) && !reads(bare)
	}
	return true
}

// graphQL reports whether a text looks like a GraphQL document.
func graphQL(text string) bool {
	text = strings.TrimSpace(text)
	return strings.ContainsRune(text, '{') && (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "#") || definition(text) != "")
}

// definition returns the keyword that a definition of GraphQL begins with, or "".
func definition(text string) string {
	for _, word := range []string{"query", "mutation", "subscription", "fragment"} {
		if rest, ok := strings.CutPrefix(text, word); ok && (rest == "" || !isNameByte(rest[0])) {
			return word
		}
	}
	return ""
}

// mutates reports whether the operation of that name in a GraphQL document is a
// mutation. "" means any. Only what stands outside of braces, parentheses, strings and
// comments is looked at.
func mutates(document, name string) bool {
	depth := 0
	for i := 0; i < len(document); i++ {
		switch c := document[i]; {
		case c == '#':
			i += lengthUntil(document[i:], "\n")
		case c == '"':
			i += stringLength(document[i:]) - 1
		case c == '{' || c == '(':
			depth++
		case c == '}' || c == ')':
			depth--
		case depth == 0 && isNameByte(c):
			word := document[i : i+nameLength(document[i:])]
			i += len(word) - 1
			if word != "mutation" {
				continue
			}
			rest := strings.TrimLeftFunc(document[i+1:], unicode.IsSpace)
			if name == "" || rest[:nameLength(rest)] == name {
				return true
			}
		}
	}
	return false
}

// stringLength is the length of the string or block string that text begins with.
func stringLength(text string) int {
	const block = `"""`
	if rest, ok := strings.CutPrefix(text, block); ok {
		return len(block) + lengthUntil(rest, block) + len(block)
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"', '\n':
			return i + 1
		}
	}
	return len(text)
}

// lengthUntil is how much of text stands before mark; without one it is all.
func lengthUntil(text, mark string) int {
	if at := strings.Index(text, mark); at >= 0 {
		return at
	}
	return len(text)
}

func nameLength(text string) int {
	n := 0
	for n < len(text) && isNameByte(text[n]) {
		n++
	}
	return n
}

func isNameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// readWords begin the names of methods that only read. They are those of the standard
// methods of Google's API guidelines (AIP-131, 132, 136) and of the health service of
// gRPC, and their common synonyms.
var readWords = [...]string{"get", "list", "search", "find", "read", "watch", "query", "fetch", "lookup", "count", "describe", "range", "scan",
	"select", "view", "peek", "exists", "exist", "has", "is", "stat", "status", "info", "health", "ping", "subscribe", "tail", "preview", "batch", "multi"}

// reads reports whether the name of a method begins with a word for reading, in camel
// case or with underscores. What stands behind "batch" or "multi" decides.
func reads(method string) bool {
	if method == "Check" || method == "check" { // others go on: CheckIn writes
		return true
	}
	for {
		word := firstWord(method)
		if !slices.Contains(readWords[:], strings.ToLower(word)) {
			return false
		}
		if low := strings.ToLower(word); low != "batch" && low != "multi" {
			return true
		}
		method = strings.TrimPrefix(method[len(word):], "_")
	}
}

// firstWord is the first word of a name: "Get" of GetItem, "HTTP" of HTTPStatus.
func firstWord(name string) string {
	for i := 1; i < len(name); i++ {
		c, before := name[i], name[i-1]
		upper := 'A' <= c && c <= 'Z'
		switch {
		case !isNameByte(c) || c == '_':
			return name[:i]
		case upper && 'a' <= before && before <= 'z':
			return name[:i]
		case upper && i+1 < len(name) && 'a' <= name[i+1] && name[i+1] <= 'z':
			return name[:i]
		}
	}
	return name
}
