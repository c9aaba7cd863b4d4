package route

import "strings"

// A node is what may follow one beginning of a path.
type node struct {
	literal map[string]*node // by the key of a part
	wild    []*wildcard      // the commonest first
}

// A wildcard is a position at which the values of a parameter stand.
type wildcard struct {
	name           string // "{id}", or with text around it, as "@{}"
	prefix, suffix string // of every value
	open           bool   // words are values, also those not seen
	words          map[string]bool
	forms          map[form]bool // of the identifiers
	next           *node
}

// A Trie knows the routes of a recording. It does not change once it is made and
// may be used concurrently.
type Trie struct {
	known known
	root  *node
}

// A Step is one segment of a path.
type Step struct {
	Name   string // a word, {id}, {COLUMN}, or a text with {} for what varies in it
	Matrix string // matrix parameters behind it, with {} for their values
}

// Value reports whether the whole segment is a value.
func (s Step) Value() bool { return whole(s.Name) }

// Varies reports whether some of the segment is a value.
func (s Step) Varies() bool { return holds(s.Name) }

// Match returns the segments of any path, also of one that was never added.
func (t *Trie) Match(path string) []Step {
	segments := split(path)
	out := make([]Step, len(segments))
	keys := make([]string, len(segments))
	for i, s := range segments {
		p := partOf(s, t.known)
		keys[i], out[i].Matrix = p.key, p.matrix
	}
	calendar(keys, segments)
	at := t.root
	for i, s := range segments {
		out[i].Name = keys[i]
		if at != nil {
			at, out[i].Name = at.follow(keys[i], s)
		}
	}
	return out
}

// split cuts a path into segments. Scheme and host of an absolute target are one.
func split(path string) []string {
	if i := strings.Index(path, "://"); i > 0 && !strings.Contains(path[:i], "/") {
		rest, host := path[i+3:], path
		if j := strings.IndexByte(rest, '/'); j >= 0 {
			host = path[:i+3+j]
			return append([]string{host}, strings.SplitN(rest[j+1:], "/", maxParts-1)...)
		}
		return []string{host}
	}
	return strings.SplitN(path, "/", maxParts)
}

// follow returns the node behind a part, and the name of the part. The node is nil
// if nothing is known of what follows.
func (n *node) follow(key, raw string) (*node, string) {
	if next, ok := n.literal[key]; ok {
		return next, key
	}
	if soft := withHoles(key, isNumber); soft != key && !whole(key) {
		if next, ok := n.literal[soft]; ok {
			return next, soft
		}
	}
	if key == "" {
		return nil, key
	}
	for _, w := range n.wild {
		if w.takes(key, raw) {
			return w.next, w.name
		}
	}
	return nil, key
}

// takes reports whether a part is a value of the wildcard.
func (w *wildcard) takes(key, raw string) bool {
	if whole(key) {
		return w.prefix == "" && w.suffix == ""
	}
	if w.words != nil && w.words[key] {
		return true
	}
	if w.open {
		return len(key) > len(w.prefix)+len(w.suffix) && strings.HasPrefix(key, w.prefix) && strings.HasSuffix(key, w.suffix)
	}
	f, ok := formOf(raw)
	f.digits = true
	return ok && w.forms[f]
}
