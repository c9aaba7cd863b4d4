package patch

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// A node is a JSON value. Objects keep the order of their members, numbers their
// digits.
type node struct {
	kind     byte // '{', '[', or 0 for a scalar
	scalar   any  // string, json.Number, bool or nil
	names    []string
	children []*node // members or elements

	places map[string]int // of members, in a large object
}

// many is the number of members from which an object has an index.
const many = 16

// maxDepth is the nesting up to which documents are read.
const maxDepth = 200

var errDepth = errors.New("the document is nested too deep")

// parse reads one JSON value.
func parse(b []byte) (*node, error) {
	if !json.Valid(b) {
		return nil, errors.New("the document is not JSON")
	}
	r := reader{rest: string(b)}
	return r.value(0)
}

// A reader reads valid JSON. Its texts are parts of it.
type reader struct{ rest string }

// next returns the next byte that is no space.
func (r *reader) next() byte {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	return r.rest[0]
}

func (r *reader) value(depth int) (n *node, err error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	switch c := r.next(); c {
	case '{', '[':
		return r.children(&node{kind: c}, depth)
	case '"':
		return &node{scalar: r.text()}, nil
	}
	end := strings.IndexAny(r.rest, " \t\r\n,]}")
	if end < 0 {
		end = len(r.rest)
	}
	literal := r.rest[:end]
	r.rest = r.rest[end:]
	switch literal {
	case "true", "false":
		return &node{scalar: literal == "true"}, nil
	case "null":
		return &node{}, nil
	}
	return &node{scalar: json.Number(literal)}, nil
}

// children reads the members or elements of n.
func (r *reader) children(n *node, depth int) (*node, error) {
	for {
		r.rest = r.rest[1:] // what opens n, or a comma
		if r.next() == n.kind+2 {
			break
		}
		if n.kind == '{' {
			n.names = append(n.names, r.text())
			r.next()
			r.rest = r.rest[1:] // the colon
		}
		child, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, child)
		if r.next() == n.kind+2 {
			break
		}
	}
	r.rest = r.rest[1:]
	return n, nil
}

// text reads a string.
func (r *reader) text() (s string) {
	end := 1
	for r.rest[end] != '"' {
		if r.rest[end] == '\\' {
			end++
		}
		end++
	}
	quoted := r.rest[:end+1]
	r.rest = r.rest[end+1:]
	if strings.IndexByte(quoted, '\\') < 0 && utf8.ValidString(quoted) {
		return quoted[1:end]
	}
	_ = json.Unmarshal([]byte(quoted), &s) // it is valid
	return s
}

// write appends the JSON text of n.
func (n *node) write(b *bytes.Buffer) {
	switch n.kind {
	case '{', '[':
		b.WriteByte(n.kind)
		for i, c := range n.children {
			if i > 0 {
				b.WriteByte(',')
			}
			if n.kind == '{' {
				writeScalar(b, n.names[i])
				b.WriteByte(':')
			}
			c.write(b)
		}
		b.WriteByte(n.kind + 2) // } and ] stand two behind { and [
	default:
		writeScalar(b, n.scalar)
	}
}

func writeScalar(b *bytes.Buffer, v any) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err == nil { // a string, number, boolean or null
		b.Truncate(b.Len() - 1) // the line end
	}
}

// text returns the JSON text of n.
func (n *node) text() []byte {
	var b bytes.Buffer
	n.write(&b)
	return b.Bytes()
}

// member returns the value of a member; nil if there is none.
func (n *node) member(name string) *node {
	if i := n.place(name); i >= 0 {
		return n.children[i]
	}
	return nil
}

// place returns the index of a member; -1 if there is none.
func (n *node) place(name string) int {
	if len(n.names) < many {
		return slices.Index(n.names, name)
	}
	if len(n.places) == 0 {
		n.places = make(map[string]int, len(n.names))
		for i, have := range n.names {
			n.places[have] = i
		}
	}
	if i, ok := n.places[name]; ok {
		return i
	}
	return -1
}

// object returns an object with these members in turn: name, value, name, value.
func object(members ...any) *node {
	n := &node{kind: '{'}
	for i := 0; i+1 < len(members); i += 2 {
		n.names = append(n.names, members[i].(string))
		n.children = append(n.children, members[i+1].(*node))
	}
	return n
}

// equal reports whether two values are the same, whatever the order of members.
func equal(a, b *node) bool {
	if a.kind != b.kind || len(a.children) != len(b.children) {
		return false
	}
	switch a.kind {
	case '{':
		for i, name := range a.names {
			if x := b.member(name); x == nil || !equal(a.children[i], x) {
				return false
			}
		}
		return true
	case '[':
		for i := range a.children {
			if !equal(a.children[i], b.children[i]) {
				return false
			}
		}
		return true
	}
	return a.scalar == b.scalar
}

// leaves returns the number of scalars in n.
func (n *node) leaves() int {
	if n.kind == 0 {
		return 1
	}
	sum := 0
	for _, c := range n.children {
		sum += c.leaves()
	}
	return sum
}
