package patch

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content/lines"
	"github.com/starling-load/starling/model/content/prose"
)

// maxOps bounds the changes of one document. A client that changed more wrote a
// document of its own.
const maxOps = 500

// Between returns what a client did to the document shown before it sent it back. An
// empty list means that it sent it unchanged. ok is false if one of them is not JSON,
// if they differ in more places than a list of changes is good for, or if the changes
// do not lead from one to the other.
func Between(shown, sent []byte) (ops []Op, ok bool) {
	a, err := parse(shown)
	if err != nil {
		return nil, false
	}
	b, err := parse(sent)
	if err != nil {
		return nil, false
	}
	return between(a, b)
}

func between(a, b *node) (ops []Op, ok bool) {
	d := &differ{}
	if !equal(a, b) {
		d.value(nil, a, b)
	}
	if len(d.ops) > maxOps {
		return nil, false
	}
	again, err := applyOps(a, d.ops)
	return d.ops, err == nil && equal(again, b)
}

// count returns how many scalars of b are in a in the same place.
func count(a, b *node) int {
	n := 0
	switch {
	case a.kind != b.kind:
	case b.kind == '{':
		for i, name := range b.names {
			if x := a.member(name); x != nil {
				n += count(x, b.children[i])
			}
		}
	case b.kind == '[' && equal(a, b):
		n = b.leaves()
	case b.kind == '[':
		key := identity(a, b)
		if key == "" {
			for i := range min(len(a.children), len(b.children)) {
				n += count(a.children[i], b.children[i])
			}
			return n
		}
		have := byIdentity(a, key)
		for _, c := range b.children {
			if i, ok := have[identityOf(c, key)]; ok {
				n += count(a.children[i], c)
			}
		}
	case a.scalar == b.scalar:
		n = 1
	}
	return n
}

// A differ collects changes.
type differ struct{ ops []Op }

func (d *differ) add(at []Step, o Op) {
	o.At = slices.Clone(at)
	d.ops = append(d.ops, o)
}

// value compares two values in the same place that are not equal.
func (d *differ) value(at []Step, a, b *node) {
	switch {
	case len(d.ops) > maxOps:
	case a.kind == '{' && b.kind == '{':
		d.object(at, a, b)
	case a.kind == '[' && b.kind == '[' && len(b.children) > 0:
		d.array(at, a, b)
	default:
		d.scalar(at, a, b)
	}
}

// scalar replaces a value, or tells which part of a text changed.
func (d *differ) scalar(at []Step, a, b *node) {
	shown, isText := a.scalar.(string)
	sent, areTexts := b.scalar.(string)
	if isText && areTexts {
		if ops := within(shown, sent); ops != nil {
			d.add(at, Op{Kind: Within, within: ops})
			return
		}
		if c, ok := prose.Between(shown, sent); ok {
			kind := map[prose.Kind]Kind{prose.After: After, prose.Before: Before, prose.Replaced: Replaced}[c.Kind]
			d.add(at, Op{Kind: kind, Text: c.Text, Find: c.Find})
			return
		}
		if ops, _, ok := lines.Between(shown, sent); ok {
			d.add(at, Op{Kind: Lines, lines: ops})
			return
		}
	}
	d.add(at, Op{Kind: Set, value: b})
}

// within returns what was done to a JSON document in a text, nil if the texts are none or are
// written in another way than changes would write them, or if one is not of the other.
func within(shown, sent string) []Op {
	if len(shown) > maxBytes || !strings.HasPrefix(shown, "{") || !strings.HasPrefix(sent, "{") {
		return nil
	}
	a, err := parse([]byte(shown))
	if err != nil {
		return nil
	}
	b, err := parse([]byte(sent))
	if err != nil || count(a, b) == 0 {
		return nil
	}
	ops, ok := between(a, b)
	again, err := applyOps(a, ops)
	if !ok || err != nil || string(again.text()) != sent {
		return nil
	}
	return ops
}

// object compares the members of two objects.
func (d *differ) object(at []Step, a, b *node) {
	d.less(at, a, b)
	d.members(at, a, b)
}

// less tells which members of a the client does not send back.
func (d *differ) less(at []Step, a, b *node) {
	var sent, gone []string
	for _, name := range a.names {
		if b.member(name) != nil {
			sent = append(sent, name)
		} else {
			gone = append(gone, name)
		}
	}
	d.without(at, sent, gone)
}

// without tells that some members are not sent: by their names, or, if they are the
// most, by those that are sent. So a member that only another state of the document
// has is sent if the client sends nearly all.
func (d *differ) without(at []Step, sent, gone []string) {
	if len(gone) > len(sent) {
		d.add(at, Op{Kind: Keep, names: sent})
		return
	}
	for _, name := range gone {
		d.add(under(at, member(name)), Op{Kind: Drop})
	}
}

// members compares the members that b has.
func (d *differ) members(at []Step, a, b *node) {
	for i, name := range b.names {
		switch x := a.member(name); {
		case x == nil:
			d.add(under(at, member(name)), Op{Kind: Set, value: b.children[i]})
		case !equal(x, b.children[i]):
			d.value(under(at, member(name)), x, b.children[i])
		}
	}
}

// array compares two arrays.
func (d *differ) array(at []Step, a, b *node) {
	key := identity(a, b)
	switch {
	case key != "":
		d.elements(at, a, b, key)
	case len(a.children) == len(b.children):
		for i := range b.children {
			if !equal(a.children[i], b.children[i]) {
				d.value(under(at, element(a, b, i)), a.children[i], b.children[i])
			}
		}
	case len(a.children) == 0:
		for _, y := range b.children {
			d.add(at, Op{Kind: Add, value: y})
		}
	case longer(a, b):
		last := len(a.children) - 1
		if x, y := a.children[last], b.children[last]; !equal(x, y) {
			d.value(under(at, element(a, b, last)), x, y)
		}
		for _, y := range b.children[last+1:] {
			d.add(at, Op{Kind: Add, value: y})
		}
	default:
		d.add(at, Op{Kind: Set, value: b})
	}
}

// longer reports whether b is a with more elements at its end. The last of a may have changed,
// as a paragraph that a writer went on with.
func longer(a, b *node) bool {
	last := len(a.children) - 1
	for i := range min(last, len(b.children)) {
		if !equal(a.children[i], b.children[i]) {
			return false
		}
	}
	return len(b.children) > len(a.children) && (equal(a.children[last], b.children[last]) || a.children[last].kind == '{' && count(a.children[last], b.children[last]) > 0)
}

// under returns the way to a value in the one at at.
func under(at []Step, s Step) []Step { return append(at[:len(at):len(at)], s) }

// elements compares two arrays whose elements have an identity.
func (d *differ) elements(at []Step, a, b *node, key string) {
	have, sent := byIdentity(a, key), byIdentity(b, key)
	agree := d.lessEvery(at, a, b, have, key)
	var order []any
	for _, x := range a.children {
		id := identityOf(x, key)
		i, ok := sent[id]
		if !ok {
			d.add(under(at, byKey(key, &node{scalar: id})), Op{Kind: Drop})
			continue
		}
		order = append(order, id)
		if y := b.children[i]; x.kind == '{' && !equal(x, y) {
			at := under(at, byKey(key, x.member(key)))
			if !agree {
				d.less(at, x, y)
			}
			d.members(at, x, y)
		}
	}
	for _, y := range b.children {
		id := identityOf(y, key)
		if _, ok := have[id]; !ok || id == nil {
			d.add(at, Op{Kind: Add, value: y})
			order = append(order, id)
		}
	}
	d.order(at, order, b, key)
}

// order tells the order of the elements of b, if it is not the one that its changed
// elements have already.
func (d *differ) order(at []Step, have []any, b *node, key string) {
	o := Op{Kind: Order, key: key}
	same := true
	for i, y := range b.children {
		id := identityOf(y, key)
		o.order = append(o.order, &node{scalar: id})
		same = same && have[i] == id
	}
	if !same {
		d.add(at, o)
	}
}

// lessEvery tells which members of every element the client does not send back, if
// the elements agree on that. It reports whether they do.
func (d *differ) lessEvery(at []Step, a, b *node, have map[any]int, key string) bool {
	var sent, gone []string
	known, unsent := map[string]bool{}, map[string]bool{}
	for _, y := range b.children {
		i, ok := have[identityOf(y, key)]
		if !ok {
			continue
		}
		for _, name := range a.children[i].names {
			switch {
			case y.member(name) == nil && !unsent[name]:
				unsent[name] = true
				gone = append(gone, name)
			case y.member(name) != nil && !known[name]:
				known[name] = true
				sent = append(sent, name)
			}
		}
	}
	for _, name := range sent {
		if unsent[name] {
			return false
		}
	}
	d.without(under(at, every()), sent, gone)
	return true
}
