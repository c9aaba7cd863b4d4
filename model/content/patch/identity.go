package patch

import "strings"

// self is the key of elements that are identified by what they are: "~".
const self = "~"

// keys are names of members that identify a record among others, the surest first.
// The first surest of them identify a record anywhere.
var keys = [...]string{"id", "_id", "uuid", "guid", "key", "slug", "code", "sku", "name"}

const surest = 6

// identity returns the name of the member that identifies the elements of both
// arrays, self for different strings or numbers, or "" if nothing does. Elements of b
// that lack it are new.
func identity(a, b *node) string {
	if len(a.children) == 0 {
		return ""
	}
	if complete(a, self) && complete(b, self) {
		return self
	}
	for _, key := range keys {
		if complete(a, key) && unique(b, key) {
			return key
		}
	}
	for _, key := range a.children[0].names {
		if strings.HasSuffix(strings.ToLower(key), "id") && complete(a, key) && unique(b, key) {
			return key
		}
	}
	if len(a.children) == len(b.children) {
		return "" // see element
	}
	for k, key := range a.children[0].names {
		if _, isText := a.children[0].children[k].scalar.(string); isText && complete(a, key) && complete(b, key) && 2*common(a, b, key) > len(b.children) {
			return key
		}
	}
	return ""
}

// common returns how many elements of b have the identity of one of a.
func common(a, b *node, key string) (n int) {
	have := byIdentity(a, key)
	for _, c := range b.children {
		if _, ok := have[identityOf(c, key)]; ok {
			n++
		}
	}
	return n
}

// element returns the step to an element of an array without identities: by a text that it
// alone has and that the client left alone, wherever a live array has it, or else by its
// index.
func element(a, b *node, i int) Step {
	x, y := a.children[i], b.children[i]
	for k, name := range x.names {
		text, ok := x.children[k].scalar.(string)
		if !ok || text == "" || identityOf(y, name) != text {
			continue
		}
		if n := len(having(a, name, text)); n == 1 {
			return byKey(name, x.children[k])
		}
	}
	return index(i)
}

// having returns the indices of the elements whose member of a name is a text.
func having(n *node, name, text string) (at []int) {
	for i, c := range n.children {
		if identityOf(c, name) == text {
			at = append(at, i)
		}
	}
	return at
}

// complete reports whether every element of an array has an identity of its own.
func complete(n *node, key string) bool {
	return unique(n, key) && len(byIdentity(n, key)) == len(n.children)
}

// unique reports whether no two elements of an array have one identity.
func unique(n *node, key string) bool {
	seen := make(map[any]bool, len(n.children))
	for _, c := range n.children {
		id := identityOf(c, key)
		if id == nil {
			continue
		}
		if seen[id] {
			return false
		}
		seen[id] = true
	}
	return true
}

// identityOf returns what identifies an element; nil if it lacks it.
func identityOf(n *node, key string) any {
	if key != self {
		if n = n.member(key); n == nil {
			return nil
		}
	}
	if n.kind != 0 || n.scalar == nil {
		return nil
	}
	return n.scalar
}

// byIdentity returns the indices of the elements that have an identity.
func byIdentity(n *node, key string) map[any]int {
	out := make(map[any]int, len(n.children))
	for i, c := range n.children {
		if id := identityOf(c, key); id != nil {
			out[id] = i
		}
	}
	return out
}
