package operation

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// actionKeys are names of keys whose value says what to do, in interfaces of all
// kinds.
var actionKeys = [...]string{
	"action", "act", "op", "operation", "cmd", "command", "do", "method", "func", "function", "call", "task", "verb",
}

// IsAction reports whether the value of a key says what to do, by the name of the
// key.
func IsAction(key string) bool { return slices.Contains(actionKeys[:], strings.ToLower(key)) }

// IsCall reports whether the path of r names a remote procedure: one of gRPC, or a
// service with dots in its name and a method behind it, both in capitals.
func IsCall(r *flow.Request) bool {
	if strings.HasPrefix(r.Headers.Value("Content-Type"), "application/grpc") {
		return true
	}
	rest, method := cutLast(r.Path(), '/')
	_, service := cutLast(rest, '/')
	name, last := cutLast(service, '.')
	return r.Method == "POST" && name != "" && isCapital(last) && isCapital(method)
}

// cutLast cuts s around the last c.
func cutLast(s string, c byte) (before, after string) {
	i := strings.LastIndexByte(s, c)
	if i < 0 {
		return "", s
	}
	return s[:i], s[i+1:]
}

func isCapital(s string) bool { return s != "" && s[0] >= 'A' && s[0] <= 'Z' && isName(s) }

func alphanumeric(b byte) bool {
	return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isName reports whether s can be a name that a programmer gave.
func isName(s string) bool {
	return s != "" && !isDigit(s[0]) && IsWord(strings.ReplaceAll(s, "/", ".")) && content.Kind(s) == ""
}

// IsWord reports whether a value can be the name of an operation.
func IsWord(s string) bool {
	if len(s) > 60 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x80 || !alphanumeric(c) && strings.IndexByte("_-.:", c) < 0 {
			return false
		}
	}
	return true
}
