package content

import "bytes"

// maxGuard is the length in bytes of the longest text before a guarded document.
const maxGuard = 64

// guarded returns where JSON stands in a text that is an object or a list, or has one
// behind a guard: against being read as a script (")]}',", "while(1);"), the number of a
// packet ("42/room,"), or the call of a function ("done(" to ");").
func guarded(b []byte) (start, end int, ok bool) {
	first := space(b, 0)
	start = bytes.IndexAny(b[first:min(len(b), first+maxGuard)], "{[")
	if start < 0 {
		return 0, 0, false
	}
	start += first
	end = skipValue(b, start)
	guard, after := bytes.TrimSpace(b[first:start]), bytes.TrimSpace(b[end:])
	if call := bytes.HasSuffix(guard, []byte("(")); call {
		after = bytes.TrimPrefix(bytes.TrimSuffix(after, []byte(";")), []byte(")"))
	} else if !isGuard(guard) {
		return 0, 0, false
	}
	return start, end, len(after) == 0 && validJSON(b[start:end])
}

// isGuard reports whether a text may stand before a document: nothing, marks, a statement,
// or something that begins with a number.
func isGuard(b []byte) bool {
	if len(b) == 0 || b[len(b)-1] == ';' {
		return true
	}
	letters := false
	for _, c := range b {
		if c == ' ' || c == '"' || c == '\n' || c == ':' || c == '=' {
			return false
		}
		letters = letters || isLetter(c)
	}
	return !letters || b[0] >= '0' && b[0] <= '9'
}
