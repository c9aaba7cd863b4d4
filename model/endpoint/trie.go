package endpoint

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

// A step is one segment of a path, matched.
type step struct {
	key    string // as it stands in names: a word, {id}, app.{}.js
	matrix string
}

// match finds the steps of a path.
func (t *Templates) match(path string) []step {
	segments := split(path)
	out := make([]step, len(segments))
	keys := make([]string, len(segments))
	for i, s := range segments {
		p := t.partOf(s)
		keys[i], out[i].matrix = p.key, p.matrix
	}
	calendar(keys, segments)
	at := t.root
	for i, s := range segments {
		out[i].key = keys[i]
		if at == nil {
			continue
		}
		at = at.follow(&out[i], s)
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

// follow returns the node behind a part and names the part. It returns nil if
// nothing is known of what follows.
func (n *node) follow(s *step, raw string) *node {
	if next, ok := n.literal[s.key]; ok {
		return next
	}
	if soft := withHoles(s.key, isNumber); soft != s.key && !whole(s.key) {
		if next, ok := n.literal[soft]; ok {
			s.key = soft
			return next
		}
	}
	if s.key == "" {
		return nil
	}
	for _, w := range n.wild {
		if w.takes(s.key, raw) {
			s.key = w.name
			return w.next
		}
	}
	return nil
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
