package patch

import (
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

// Find returns the part of shown that comes back in sent, and what the client did to
// it. A part is known by the member that identifies it. same tells that both have the
// same address, so that the document as a whole needs no such member.
func Find(shown, sent []byte, same bool) (c Copy, ok bool) {
	if len(shown) > maxBytes || len(sent) > maxBytes {
		return Copy{}, false
	}
	a, errA := parse(shown)
	b, errB := parse(sent)
	if errA != nil || errB != nil {
		return Copy{}, false
	}
	all := partsOf(a)
	for _, there := range wrapped(b, nil) {
		for _, here := range all {
			if !alike(here.node, there.node) && !(same && here.depth <= 1) {
				continue
			}
			kept := count(here.node, there.node)
			if kept < minKept || 2*kept < there.node.leaves() || kept <= c.Kept {
				continue
			}
			if ops, fine := between(here.node, there.node); fine {
				c, ok = Copy{here.path, here.match, there.way, ops, kept}, true
			}
		}
	}
	return c, ok
}

// alike reports whether two values are states of one record, or lists of such.
func alike(a, b *node) bool {
	switch {
	case a.kind != b.kind:
	case a.kind == '{':
		for _, key := range keys[:surest] {
			if id := identityOf(a, key); id != nil && id == identityOf(b, key) {
				return true
			}
		}
	case a.kind == '[':
		key := identity(a, b)
		if key == "" || key == self {
			return false
		}
		return 2*common(a, b, key) > len(b.children)
	}
	return false
}

// A part is an object or array of an answer.
type part struct {
	node  *node
	path  string
	match int
	depth int
}

// partsOf returns n and the objects and arrays in it, in document order.
func partsOf(n *node) []part {
	var out []part
	matches := map[string]int{}
	var walk func(n *node, path string, depth int)
	walk = func(n *node, path string, depth int) {
		if n.kind == 0 || len(out) >= maxParts {
			return
		}
		out = append(out, part{n, path, matches[path], depth})
		matches[path]++
		if depth == maxDeep {
			return
		}
		for i, c := range n.children {
			if n.kind == '[' {
				walk(c, path+"[]", depth+1)
				continue
			}
			below := strings.NewReplacer(`\`, `\\`, ".", `\.`, "[", `\[`, "]", `\]`, "{}", `\{}`).Replace(n.names[i])
			if path != "" {
				below = path + "." + below
			}
			walk(c, below, depth+1)
		}
	}
	walk(n, "", 0)
	return out
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
