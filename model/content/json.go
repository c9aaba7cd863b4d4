package content

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// maxDepth is the nesting up to which JSON is read. Services answer with less, and
// the validity check recurses once a level.
const maxDepth = 200

// maxColumns is the number of places of a row that are told apart.
const maxColumns = 64

// maxPath is the length in bytes of the longest path to a value: each value repeats it.
const maxPath = 2000

// validJSON reports whether b is one JSON value of at most maxDepth levels.
func validJSON(b []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return false
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return gjson.ValidBytes(b)
}

// The functions below read only valid JSON: they do not check the syntax.

// space returns the index of the first byte at or after i that is not white.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// skipString returns the index behind the string that starts at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		if b[i] == '\\' {
			i++
		} else if b[i] == '"' {
			return i + 1
		}
	}
	return len(b)
}

// skipValue returns the index behind the value that starts at i.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		depth := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return len(b)
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}

// text returns the content of the scalar b[i:end]: a string unquoted, anything
// else as written.
func text(b []byte, i, end int) string {
	raw := b[i:end]
	if len(raw) < 2 || raw[0] != '"' {
		return string(raw)
	}
	for _, c := range raw {
		if c == '\\' {
			return gjson.ParseBytes(raw).String()
		}
	}
	return string(raw[1 : len(raw)-1])
}

// members calls visit for every member of the object at i with the key as
// written (without quotes) and the value's place. visit returns false to stop.
func members(b []byte, i int, visit func(key []byte, start, end int) bool) {
	for i = space(b, i+1); i < len(b) && b[i] == '"'; {
		after := skipString(b, i)
		key := b[i+1 : max(after-1, i+1)]
		start := space(b, space(b, after)+1)
		end := skipValue(b, start)
		if !visit(key, start, end) {
			return
		}
		i = space(b, end)
		if i < len(b) && b[i] == ',' {
			i = space(b, i+1)
		}
	}
}

// elements calls visit for every element of the array at i.
func elements(b []byte, i int, visit func(n, start, end int)) {
	i = space(b, i+1)
	for n := 0; i < len(b) && b[i] != ']'; n++ {
		end := skipValue(b, i)
		if end == i {
			return
		}
		visit(n, i, end)
		i = space(b, end)
		if i < len(b) && b[i] == ',' {
			i = space(b, i+1)
		}
	}
}

// kindOf names the JSON type of the value that starts with c.
func kindOf(c byte) string {
	switch c {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// A walker visits the values of a JSON document with their paths.
type walker struct {
	b       []byte
	path    []byte // of the value visited
	indexed bool   // [0] instead of [] for elements
	shared  bool   // {} instead of keys that are identifiers
	rows    bool   // [0] for scalars of arrays within arrays: each has its meaning by its place

	// visit is called for each value. For an object or an array, which follows with what it
	// holds, end is start.
	visit func(path []byte, start, end int)
	key   func(path []byte, start, end int) // of each such key, unless nil
	full  func() bool                       // whether nothing more is wanted; nil: never
}

// walk visits the value at i and everything below it, each byte once, and returns the index
// behind it.
func (w *walker) walk(i int) int {
	switch w.b[i] {
	case '{':
		w.visit(w.path, i, i)
		return w.members(i)
	case '[':
		w.visit(w.path, i, i)
		return w.elements(i)
	}
	end := skipValue(w.b, i)
	w.visit(w.path, i, end)
	return end
}

// stopped reports whether nothing more is wanted.
func (w *walker) stopped() bool { return w.full != nil && w.full() }

func (w *walker) members(i int) int {
	b, mark := w.b, len(w.path)
	for i = space(b, i+1); i < len(b) && b[i] == '"' && !w.stopped(); {
		after := skipString(b, i)
		start, end := i+1, max(after-1, i+1)
		key := b[start:end]
		w.path = append(w.path, '.')
		w.path = appendKey(w.path, key, w.shared)
		if w.key != nil && bytes.HasSuffix(w.path[mark:], []byte("."+bareKey)) && Kind(string(key)) != "" {
			w.key(w.path, start, end)
		}
		i = w.walk(space(b, space(b, after)+1))
		w.path = w.path[:mark]
		i = w.next(i)
	}
	return i + 1
}

func (w *walker) elements(i int) int {
	b, mark := w.b, len(w.path)
	i = space(b, i+1)
	for n := 0; i < len(b) && b[i] != ']' && !w.stopped(); n++ {
		w.path = append(w.path, '[')
		if w.indexed || w.rows && n < maxColumns && mark > 0 && b[i] != '{' && b[i] != '[' && w.path[mark-1] == ']' {
			w.path = appendInt(w.path, n)
		}
		w.path = append(w.path, ']')
		i = w.walk(i)
		w.path = w.path[:mark]
		i = w.next(i)
	}
	return i + 1
}

// next returns where the next member or element is, or the end of all, behind one that ends
// at i.
func (w *walker) next(i int) int {
	if i = space(w.b, i); i < len(w.b) && w.b[i] == ',' {
		i = space(w.b, i+1)
	}
	return i
}

// walkJSON visits every value of the valid document b.
func walkJSON(b []byte, indexed bool, visit func(path []byte, start, end int)) {
	w := &walker{b: b, indexed: indexed, shared: !indexed, visit: visit, path: make([]byte, 0, 128)}
	w.whole()
}

// whole visits the values of the document.
func (w *walker) whole() {
	if start := space(w.b, 0); start < len(w.b) {
		w.walk(start)
	}
}

func appendInt(b []byte, n int) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

// appendKey appends an object's key to a path. When shared is set, a key that is an
// identifier becomes {}: a map keyed by record has one shape, however many records
// it holds.
func appendKey(path, key []byte, shared bool) []byte {
	if shared && len(key) > 0 && (key[0] >= '0' && key[0] <= '9' || len(key) >= 8) {
		if Kind(string(key)) != "" {
			return append(path, "{}"...)
		}
	}
	for _, c := range key {
		if c == '.' || c == '[' || c == ']' || c == '\\' {
			path = append(path, '\\')
		}
		path = append(path, c)
	}
	if n := len(path); len(key) > 0 && path[n-1] == '~' { // see step
		path = append(path[:n-1], '\\', '~')
	}
	return path
}

// A step is one part of a JSON path: a key, any key that is an identifier
// ("{}"), the key itself in place of its value ("{}~"), or any element ("[]").
type step struct {
	key   string
	any   bool
	name  bool
	array bool
	index int // of the one element, from 1; 0: any
}

// parsePath splits "items[].id" into steps. ok is false if no document can have
// such a path.
func parsePath(s string) (steps []step, ok bool) {
	for len(s) > 0 {
		if strings.HasPrefix(s, "[]") {
			steps = append(steps, step{array: true})
			s = s[2:]
			continue
		}
		if end := strings.IndexByte(s, ']'); s[0] == '[' && end > 0 {
			n, err := strconv.ParseUint(s[1:end], 10, 16)
			if err != nil {
				return nil, false
			}
			steps = append(steps, step{array: true, index: int(n) + 1})
			s = s[end+1:]
			continue
		}
		if s[0] == '.' {
			if len(steps) == 0 {
				return nil, false
			}
			s = s[1:]
		}
		var key []byte
		i := 0
		for i < len(s) && s[i] != '.' && s[i] != '[' {
			if s[i] == ']' {
				return nil, false
			}
			if s[i] == '\\' && i+1 < len(s) {
				i++
			}
			key = append(key, s[i])
			i++
		}
		if i == 0 && (len(s) > 0 && s[0] == '[') {
			return nil, false
		}
		steps = append(steps, step{key: string(key), any: s[:i] == "{}" || s[:i] == "{}~", name: s[:i] == "{}~"})
		if s = s[i:]; s != "" && steps[len(steps)-1].name {
			return nil, false
		}
	}
	return steps, true
}

// parts appends the objects and arrays of b at steps below the value at start, as
// they are written.
func parts(b []byte, start, end int, steps []step, out []string) []string {
	at(b, start, end, steps, func(start, end int) {
		if c := b[start]; c == '{' || c == '[' {
			out = append(out, string(b[start:end]))
		}
	}, func(string, int) {})
	return out
}

// find appends the scalars of b at steps below the value at start.
func find(b []byte, start, end int, steps []step, out []string) []string {
	at(b, start, end, steps, func(start, end int) {
		// null and "" say that there is no value.
		if c := b[start]; c != '{' && c != '[' && c != 'n' && (c != '"' || end-start > 2) {
			out = append(out, text(b, start, end))
		}
	}, func(key string, _ int) { out = append(out, key) })
	return out
}

// at calls visit for each value of b at steps below the value at start, or keyed for
// each key, with the place of its value, if the last step asks for keys.
func at(b []byte, start, end int, steps []step, visit func(start, end int), keyed func(key string, at int)) {
	if len(steps) == 0 {
		visit(start, end)
		return
	}
	s := steps[0]
	switch {
	case b[start] == '[' && s.array:
		elements(b, start, func(n, i, e int) {
			if s.index == 0 || s.index == n+1 {
				at(b, i, e, steps[1:], visit, keyed)
			}
		})
	case b[start] == '{' && !s.array:
		members(b, start, func(key []byte, i, e int) bool {
			if s.any {
				switch {
				case Kind(string(key)) == "":
				case s.name:
					keyed(string(key), i)
				default:
					at(b, i, e, steps[1:], visit, keyed)
				}
				return true
			}
			if string(key) != s.key {
				return true
			}
			at(b, i, e, steps[1:], visit, keyed)
			return false
		})
	}
}
