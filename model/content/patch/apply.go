package patch

import (
	"slices"

	"github.com/starling-load/starling/model/content/lines"
	"github.com/starling-load/starling/model/content/prose"
)

// Apply does the changes to another state of the document and returns its JSON text. The
// error is lines.ErrGone where that state has no place for what the client wrote. A list or
// text that it lacks is an empty one, and what the client took away may be gone already.
func Apply(live []byte, ops []Op) ([]byte, error) {
	n, err := parse(live)
	if err != nil {
		return nil, err
	}
	if n, err = applyOps(n, ops); err != nil {
		return nil, err
	}
	return n.text(), nil
}

// applyOps returns what n becomes. n stays as it is.
func applyOps(n *node, ops []Op) (*node, error) {
	top := &node{kind: '[', children: []*node{n.clone()}}
	for i := range ops {
		places := top.find(0, ops[i].At)
		done := len(places) > 0 || ops[i].lessens()
		for _, at := range places {
			done = at.apply(&ops[i]) && done
		}
		if !done {
			return nil, lines.ErrGone
		}
	}
	if len(top.children) == 0 {
		return nil, errOp
	}
	return top.children[0], nil
}

// clone returns a deep copy.
func (n *node) clone() *node {
	c := &node{kind: n.kind, scalar: n.scalar, names: slices.Clone(n.names)}
	for _, child := range n.children {
		c.children = append(c.children, child.clone())
	}
	return c
}

// A spot is a value by its place in the one around it. A member that does not exist
// yet has the index -1 and its name.
type spot struct {
	in    *node
	index int
	name  string
}

// find returns the places that steps lead to from child i of n.
func (n *node) find(i int, steps []Step) []spot {
	if len(steps) == 0 {
		return []spot{{in: n, index: i}}
	}
	s, child := steps[0], n.children[i]
	switch {
	case s.every:
		var out []spot
		for k := range child.children {
			out = append(out, child.find(k, steps[1:])...)
		}
		return out
	case s.Key != "":
		id := identityOf(object(s.Key, s.id), s.Key)
		if s.Key == self {
			id = s.id.scalar
		}
		for k, c := range child.children {
			if child.kind == '[' && id != nil && identityOf(c, s.Key) == id {
				return child.find(k, steps[1:])
			}
		}
		return nil
	case s.Index >= 0:
		if child.kind != '[' || s.Index >= len(child.children) {
			return nil
		}
		return child.find(s.Index, steps[1:])
	}
	if child.kind != '{' {
		return nil
	}
	if k := child.place(s.Member); k >= 0 {
		return child.find(k, steps[1:])
	}
	if len(steps) == 1 {
		return []spot{{child, -1, s.Member}}
	}
	return nil
}

// apply does one change. done is false if the value there is of another kind than the one
// that the client changed.
func (s spot) apply(o *Op) (done bool) {
	v := &node{} // what is not there is as null
	if s.index >= 0 {
		v = s.in.children[s.index]
	}
	null := v.kind == 0 && v.scalar == nil
	switch o.Kind {
	case Set:
		s.put(o.value.clone())
	case Drop:
		if s.index >= 0 {
			s.in.remove(s.index)
		}
	case Add:
		if null {
			v = &node{kind: '['}
			s.put(v)
		}
		if v.kind != '[' {
			return false
		}
		v.children = append(v.children, o.value.clone())
	case Keep:
		v.keep(o.names)
	case Order:
		v.arrange(o.order, o.key)
	default:
		text, isText := v.scalar.(string)
		now, ok := o.text(text)
		if ok && now != text {
			s.put(&node{scalar: now})
		}
		return ok && (isText || null)
	}
	return true
}

// put sets the value of a spot.
func (s spot) put(v *node) {
	if s.index >= 0 {
		s.in.children[s.index] = v
		return
	}
	s.in.names = append(s.in.names, s.name)
	s.in.children = append(s.in.children, v)
	s.in.places = nil
}

// text returns what a change makes of a text.
func (o *Op) text(live string) (text string, ok bool) {
	switch o.Kind {
	case Lines:
		return lines.Apply(live, o.lines)
	case Within:
		doc, err := Apply([]byte(live), o.within)
		return string(doc), err == nil
	}
	kind := map[Kind]prose.Kind{After: prose.After, Before: prose.Before, Replaced: prose.Replaced}[o.Kind]
	return prose.Change{Kind: kind, Find: o.Find, Text: o.Text}.Apply(live), true
}

// remove takes a member or element away.
func (n *node) remove(i int) {
	n.children = slices.Delete(n.children, i, i+1)
	if n.kind == '{' {
		n.names = slices.Delete(n.names, i, i+1)
		n.places = nil
	}
}

// keep takes the members away that have none of these names.
func (n *node) keep(names []string) {
	if n.kind != '{' {
		return
	}
	known := make(map[string]bool, len(names))
	for _, name := range names {
		known[name] = true
	}
	left := &node{kind: '{'}
	for i, name := range n.names {
		if known[name] {
			left.names = append(left.names, name)
			left.children = append(left.children, n.children[i])
		}
	}
	*n = *left
}

// arrange brings the elements with these identities into their order; null stands for
// the next one that has none. Others come behind them.
func (n *node) arrange(order []*node, key string) {
	if n.kind != '[' {
		return
	}
	rank := make(map[any]int, len(order))
	var without []int // places of elements that have no identity
	for i, id := range order {
		if id.kind != 0 || id.scalar == nil {
			without = append(without, i)
		} else {
			rank[id.scalar] = i
		}
	}
	at := make(map[*node]int, len(n.children))
	for _, c := range n.children {
		id := identityOf(c, key)
		i, ok := rank[id]
		if id == nil && len(without) > 0 {
			i, ok, without = without[0], true, without[1:]
		}
		if !ok {
			i = len(order)
		}
		at[c] = i
	}
	slices.SortStableFunc(n.children, func(a, b *node) int { return at[a] - at[b] })
}
