package patch

import (
	"encoding/json"
	"slices"
)

// Scalars are hashes of the scalars of a document with the names that they have, in order.
// They are small enough to be kept where documents are not.
type Scalars []uint32

// Scalars returns those of d.
func (d *Document) Scalars() Scalars {
	out := d.top.scalars("", make(Scalars, 0, d.top.leaves()))
	slices.Sort(out)
	return out
}

func (n *node) scalars(name string, to Scalars) Scalars {
	if n.kind == 0 {
		return append(to, hash(name, n.scalar))
	}
	name = ""
	for i, c := range n.children {
		if n.kind == '{' {
			name = n.names[i]
		}
		to = c.scalars(name, to)
	}
	return to
}

// hash is the 32-bit FNV-1a hash of a scalar.
func hash(name string, scalar any) uint32 {
	const offset, prime = 2166136261, 16777619
	h := uint32(offset)
	add := func(s string) {
		for i := range len(s) {
			h = (h ^ uint32(s[i])) * prime
		}
		h *= prime // after each text
	}
	add(name)
	switch v := scalar.(type) {
	case string:
		add("s")
		add(v)
	case json.Number:
		add("n")
		add(v.String())
	case bool:
		if v {
			add("t")
		}
	}
	return h
}

// Common returns how many scalars two documents have in common, wherever they stand, or more.
// Find finds no more of them left alone.
func (s Scalars) Common(t Scalars) (n int) {
	for len(s) > 0 && len(t) > 0 {
		switch {
		case s[0] < t[0]:
			s = s[1:]
		case s[0] > t[0]:
			t = t[1:]
		default:
			s, t, n = s[1:], t[1:], n+1
		}
	}
	return n
}
