package patch

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Limits on the search for a document that was written back.
const (
	maxParts = 2000    // parts of an answer that are looked at
	maxBytes = 1 << 20 // of an answer, and of a request
	minKept  = 3       // scalars that a client leaves alone
	maxWrap  = 2       // levels around the document in a request
	maxDeep  = 6       // levels around it in an answer
)

// A Copy is a document of an answer that a client sent back with changes.
type Copy struct {
	Path  string   // of the document in the answer, as in a selector: "items[]"
	Match int      // which of the parts at Path, from 0
	Sent  []string // way to it in the request, from the top
	Ops   []Op
	Kept  int // scalars that the client left alone
}

// A Document is a JSON document in which others are looked for, and which is looked for in
// others.
type Document struct{ top *node }

// Parse reads a document. It refuses one of more than 1 MiB.
func Parse(body []byte) (*Document, error) {
	if len(body) > maxBytes {
		return nil, errLong
	}
	n, err := parse(body)
	return &Document{n}, err
}

var errLong = errors.New("the document is longer than 1 MiB")

// Find returns the part of shown that comes back in sent with more than least scalars left
// alone, and what the client did to it. A part is known by the member that identifies it. same
// tells that both have the same address, so that the document as a whole needs no such member.
func (sent *Document) Find(shown *Document, same bool, least int) (c Copy, ok bool) {
	c.Kept = max(least, minKept-1)
	all := partsOf(shown.top)
	for _, there := range wrapped(sent.top, nil) {
		leaves := there.node.leaves()
		for _, i := range all.near(there.node, same) {
			here := &all.list[i]
			if min(leaves, here.leaves) <= c.Kept {
				continue
			}
			kept := count(here.node, there.node)
			if 2*kept < leaves || kept <= c.Kept {
				continue
			}
			if ops, fine := between(here.node, there.node); fine {
				c, ok = Copy{here.path, here.match, there.way, ops, kept}, true
			}
		}
	}
	return c, ok
}

// A part is an object or array of an answer.
type part struct {
	node   *node
	path   string
	match  int
	depth  int
	leaves int
}

// Parts are an answer and the objects and arrays in it, in document order.
type parts struct {
	list   []part
	arrays []int          // indices
	by     map[mark][]int // indices of objects
}

// A mark is what identifies a record anywhere: a member, and its value.
type mark struct {
	key string
	id  any
}

// marks returns the marks of an object.
func (n *node) marks() (out []mark) {
	for _, key := range keys[:surest] {
		if id := identityOf(n, key); id != nil {
			out = append(out, mark{key, id})
		}
	}
	return out
}

// near returns which parts may be states of the record or list that n is.
func (p *parts) near(n *node, same bool) (at []int) {
	for i := range p.list {
		if same && p.list[i].depth <= 1 {
			at = append(at, i)
		}
	}
	if n.kind == '{' {
		for _, m := range n.marks() {
			at = append(at, p.by[m]...)
		}
	} else {
		for _, i := range p.arrays {
			if listsAlike(p.list[i].node, n) {
				at = append(at, i)
			}
		}
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// listsAlike reports whether two arrays are states of one list of records. Of one from which
// a client sends less than half, it sends what it chose.
func listsAlike(a, b *node) bool {
	if 2*len(a.children) <= len(b.children) || 2*len(b.children) < len(a.children) {
		return false
	}
	key := identity(a, b)
	if key == "" || key == self {
		return false
	}
	n := 2 * common(a, b, key)
	return n > len(b.children) && n >= len(a.children)
}

// partsOf returns n and the objects and arrays in it.
func partsOf(n *node) *parts {
	out := &parts{by: map[mark][]int{}}
	matches := map[string]int{}
	var walk func(n *node, path string, depth int)
	walk = func(n *node, path string, depth int) {
		if n.kind == 0 || len(out.list) >= maxParts {
			return
		}
		at := len(out.list)
		out.list = append(out.list, part{n, path, matches[path], depth, n.leaves()})
		if n.kind == '[' {
			out.arrays = append(out.arrays, at)
		} else {
			for _, m := range n.marks() {
				out.by[m] = append(out.by[m], at)
			}
		}
		matches[path]++
		if depth == maxDeep {
			return
		}
		next := path + "[]"
		for i, c := range n.children {
			if c.kind == 0 {
				continue
			}
			if n.kind == '{' {
				next = below(path, n.names[i])
			}
			walk(c, next, depth+1)
		}
	}
	walk(n, "", 0)
	return out
}

// escape puts a backslash before the marks of selectors.
var escape = strings.NewReplacer(`\`, `\\`, ".", `\.`, "[", `\[`, "]", `\]`, "{}", `\{}`)

// below returns the path of a member of the object at a path.
func below(path, name string) string {
	if path == "" {
		return escape.Replace(name)
	}
	return path + "." + escape.Replace(name)
}

// A wrap is an object or array of a request with the way to it.
type wrap struct {
	node *node
	way  []string
}

// wrapped returns n and the objects and arrays in it that may be a whole document.
func wrapped(n *node, way []string) []wrap {
	if n.kind == 0 {
		return nil
	}
	out := []wrap{{n, way}}
	if len(way) == maxWrap {
		return out
	}
	for i, c := range n.children {
		name := strconv.Itoa(i)
		if n.kind == '{' {
			name = n.names[i]
		}
		out = append(out, wrapped(c, append(way[:len(way):len(way)], name))...)
		if len(out) > 64 {
			break
		}
	}
	return out
}
