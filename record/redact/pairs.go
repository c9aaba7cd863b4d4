package redact

import (
	"bytes"
	"slices"
)

// A pairPart says what a member of an object is in a pair, such as
// {"name": "password", "value": "…"}.
type pairPart uint8

const (
	pairNone    pairPart = iota
	pairName             // the name of the value beside it
	pairLabel            // what people call the value beside it
	pairKind             // the kind of the value beside it
	pairValue            // the value
	pairContent          // the value, or a text about it
)

// pairParts are the names of members of pairs.
var pairParts = map[string]pairPart{"name": pairName, "key": pairName, "field": pairName, "header": pairName, "variable": pairName, "setting": pairName,
	"parameter": pairName, "param": pairName, "property": pairName, "option": pairName, "attribute": pairName,
	"label": pairLabel, "title": pairLabel, "id": pairLabel, "op": pairLabel, "cmd": pairLabel, "command": pairLabel, "action": pairLabel, "event": pairLabel,
	"type": pairKind, "kind": pairKind,
	"value": pairValue, "val": pairValue,
	"content": pairContent, "data": pairContent, "text": pairContent, "string": pairContent, "args": pairContent, "params": pairContent, "payload": pairContent}

// pairBegins are the lengths of the names in pairParts, as bits, by their first letters.
var pairBegins = func() (t [32]uint16) {
	for name := range pairParts {
		t[name[0]&31] |= 1 << len(name)
	}
	return t
}()

// pairPartOf returns the part by the last word of a name: ParameterKey is one, too.
func pairPartOf(name []byte) pairPart {
	start := len(name)
	for start > 0 && isLetter(name[start-1]) && (start == len(name) || name[start] >= 'a') {
		start--
	}
	if len(name) == 0 || start > 0 && start == len(name) {
		return pairNone
	}
	if start > 0 && isUpper(name) {
		start = 0
	}
	if n := len(name) - start; n < 2 || n > 9 || start > 16 || pairBegins[name[start]&31]&(1<<n) == 0 {
		return pairNone
	}
	var word [9]byte
	n := copy(word[:], name[start:])
	for i, c := range word[:n] {
		word[i] = fold(c)
	}
	part := pairParts[string(word[:n])]
	if start > 0 && part != pairName && part != pairValue {
		return pairNone // userType, passwordText
	}
	return part
}

func isUpper(b []byte) bool {
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// isColumns reports whether an array under this name names the columns of a table.
func isColumns(name []byte) bool {
	switch string(name) {
	case "columns", "fields", "header", "headers", "cols", "names", "keys":
		return true
	}
	return false
}

// minKeyPart is the least length of a secret part of a JSON Web Key: 32 bytes in base64,
// or one prime number of the shortest RSA keys.
const minKeyPart = 40

// isKeyPart reports whether a member is a secret part of a JSON Web Key (RFC 7518,
// section 6).
func isKeyPart(name []byte) bool {
	switch string(name) {
	case "d", "p", "q", "dp", "dq", "qi", "k":
		return true
	}
	return false
}

// maxColumns is the number of columns of a table that are looked at.
const maxColumns = 64

// A jsonTable finds tables in JSON: an array of names of columns, and rows, which are
// arrays of values. Depths are numbers of open objects and arrays.
type jsonTable struct {
	row    int     // depth of the array whose strings are collected
	cells  []class // what they are as names
	whole  bool    // the array holds nothing else so far
	listed bool    // it stands under a name such as "columns"

	columns []class
	rows    int // depth of the rows
	column  int // the number of the next value of a row
}

// open notes that an object or array opens.
func (t *jsonTable) open(j *jsonWalk, object bool) {
	if t.whole = !object; object {
		return
	}
	t.row, t.cells, t.listed = j.depth+1, t.cells[:0], j.lists
	if t.rows == t.row {
		t.column = 0
	}
}

// other notes a value that is no string.
func (t *jsonTable) other(j *jsonWalk) { t.whole = t.whole && j.depth != t.row }

// next notes that another value follows.
func (t *jsonTable) next(j *jsonWalk) {
	if j.depth == t.rows {
		t.column++
	}
}

// cell returns the class of a string in an array.
func (t *jsonTable) cell(j *jsonWalk, f *jsonFrame, b []byte) class {
	own := plain
	if len(b) <= 40 {
		own = j.w.scope.field(b)
	}
	nested := j.depth > 1 && j.depth <= maxNesting && !j.stack[j.depth-2].object
	c := plain
	if t.columns != nil && j.depth == t.rows && t.column < len(t.columns) && own < token {
		c = min(t.columns[t.column], loose)
	}
	if t.row != j.depth || !t.whole {
		return c
	}
	if t.whole = len(b) <= 40 && len(t.cells) < maxColumns || len(t.cells) == 1; t.whole {
		t.cells = append(t.cells, own)
	}
	if len(t.cells) == 2 && t.cells[0] >= likely && own < likely {
		first := likely
		if nested {
			first = loose
		}
		c = max(c, min(t.cells[0], first))
	}
	return c
}

// close notes that an object or array closes.
func (t *jsonTable) close(j *jsonWalk) {
	if t.columns != nil && j.depth <= t.rows-2 {
		t.columns, t.rows = nil, 0
	}
	if !t.whole || j.depth != t.row || t.columns != nil || !slices.ContainsFunc(t.cells, class.secret) {
		return
	}
	t.whole = false
	nested := j.depth > 1 && j.depth <= maxNesting && !j.stack[j.depth-2].object
	switch {
	case t.listed:
		t.columns, t.rows = slices.Clone(t.cells), j.depth+1
	case nested:
		t.columns, t.rows = slices.Clone(t.cells), j.depth
	}
}

// minWord is the least length of a value that is a secret because it says nothing.
const minWord = 8

// wordlike reports whether b may be a secret that a person or a machine made up: it is one
// word, and no name of something.
func wordlike(b []byte) bool {
	if len(b) < minWord || len(b) > maxCachedLen {
		return false
	}
	if distinctive(b) && bytes.IndexByte(b, ' ') < 0 {
		return true
	}
	t := traitsOf(b)
	return t.space == 0 && t.digits == 0 && t.other == 0 && t.upper == 0 && t.lower == len(b)
}
