package patch

import (
	"encoding/json"
	"errors"

	"github.com/starling-load/starling/model/content/lines"
)

// An Op is one change. At is the way to the value from the top of the document.
type Op struct {
	At   []Step
	Kind Kind
	Text string // of After and Before, and the new text of Replaced
	Find string // of Replaced

	value  *node    // of Set and Add
	names  []string // of Keep
	order  []*node  // of Order: the identities of elements
	key    string   // of Order: what identifies them
	lines  []lines.Op
	within []Op // of Within
}

// lessens reports whether a change only takes away or arranges, so that it is done where
// there is nothing.
func (o *Op) lessens() bool { return o.Kind == Drop || o.Kind == Keep || o.Kind == Order }

// A Kind is a way to change a document.
type Kind string

// The kinds of changes.
const (
	Set      Kind = "set"     // the value is this
	Drop     Kind = "drop"    // the member or element is not sent
	Add      Kind = "add"     // the array gets this element at its end
	Keep     Kind = "keep"    // of the object only these members are sent
	Order    Kind = "order"   // the elements stand in this order
	After    Kind = "after"   // the text is followed by this one
	Before   Kind = "before"  // the text is preceded by this one
	Replaced Kind = "replace" // these lines of the text become others
	Lines    Kind = "lines"   // lines of the text change in several places
	Within   Kind = "within"  // the text is a JSON document, to which these changes are done
)

// A Step leads from a value to one in it: to a member, to the element with an index,
// to the element that has an identity, or to every element.
type Step struct {
	Member string // where Key is "" and Index is -1
	Index  int    // -1: none
	Key    string // name of the member that identifies elements
	every  bool

	id *node // the identity
}

func member(name string) Step         { return Step{Member: name, Index: -1} }
func index(i int) Step                { return Step{Index: i} }
func byKey(key string, id *node) Step { return Step{Index: -1, Key: key, id: id} }
func every() Step                     { return Step{Index: -1, every: true} }

// node writes a step: "name", 3, {"id": 7} or {}.
func (s Step) node() *node {
	switch {
	case s.every:
		return object()
	case s.Key != "":
		return object(s.Key, s.id)
	case s.Index >= 0:
		return &node{scalar: s.Index}
	}
	return &node{scalar: s.Member}
}

var errOp = errors.New("this is no list of changes of a document")

// step reads what node writes.
func step(n *node) (Step, error) {
	switch v := n.scalar.(type) {
	case string:
		return member(v), nil
	case json.Number:
		i, err := v.Int64()
		if err != nil || i < 0 || i > 1<<30 {
			return Step{}, errOp
		}
		return index(int(i)), nil
	}
	switch {
	case n.kind == '{' && len(n.names) == 0:
		return every(), nil
	case n.kind == '{' && len(n.names) == 1 && n.children[0].kind == 0:
		return byKey(n.names[0], n.children[0]), nil
	}
	return Step{}, errOp
}

// node writes an operation: {"at": ["items", {"id": 7}, "name"], "set": "x"}.
func (o *Op) node() *node {
	at := &node{kind: '['}
	for _, s := range o.At {
		at.children = append(at.children, s.node())
	}
	value := &node{scalar: o.Text}
	switch o.Kind {
	case Set, Add:
		value = o.value
	case Drop:
		value = &node{scalar: true}
	case Keep:
		value = &node{kind: '['}
		for _, name := range o.names {
			value.children = append(value.children, &node{scalar: name})
		}
	case Order:
		return object("at", at, "by", &node{scalar: o.key}, string(Order), &node{kind: '[', children: o.order})
	case Lines:
		value = linesNode(o.lines)
	case Within:
		value = opsNode(o.within)
	case Replaced:
		return object("at", at, "find", &node{scalar: o.Find}, string(Replaced), value)
	}
	return object("at", at, string(o.Kind), value)
}

// opsNode writes a list of operations.
func opsNode(ops []Op) *node {
	list := &node{kind: '['}
	for i := range ops {
		list.children = append(list.children, ops[i].node())
	}
	return list
}

// readOps reads a list of operations.
func readOps(n *node) ([]Op, error) {
	if n.kind != '[' {
		return nil, errOp
	}
	out := make([]Op, 0, len(n.children))
	for _, c := range n.children {
		o, err := readOp(c)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func readOp(n *node) (o Op, err error) {
	at := n.member("at")
	if at == nil || at.kind != '[' {
		return o, errOp
	}
	for _, c := range at.children {
		s, err := step(c)
		if err != nil {
			return o, err
		}
		o.At = append(o.At, s)
	}
	for _, kind := range []Kind{Set, Drop, Add, Keep, Order, Lines, Within, After, Before, Replaced} {
		if value := n.member(string(kind)); value != nil {
			o.Kind = kind
			return o, o.read(n, value)
		}
	}
	return o, errOp
}

// read takes the value of an operation.
func (o *Op) read(n, value *node) error {
	switch o.Kind {
	case Set, Add:
		o.value = value
	case Keep:
		for _, c := range value.children {
			name, ok := c.scalar.(string)
			if !ok {
				return errOp
			}
			o.names = append(o.names, name)
		}
	case Order:
		o.order = value.children
		if by := n.member("by"); by != nil {
			o.key, _ = by.scalar.(string)
		}
	case Lines:
		if json.Unmarshal(value.text(), &o.lines) != nil {
			return errOp
		}
	case Within:
		var err error
		o.within, err = readOps(value)
		return err
	case After, Before, Replaced:
		var ok bool
		if o.Text, ok = value.scalar.(string); !ok {
			return errOp
		}
		if find := n.member("find"); o.Kind == Replaced && find != nil {
			o.Find, _ = find.scalar.(string)
		}
	}
	return nil
}

// linesNode is a list of changes of lines as JSON.
func linesNode(ops []lines.Op) *node {
	b, err := json.Marshal(ops)
	if err != nil {
		return &node{kind: '['}
	}
	n, err := parse(b)
	if err != nil {
		return &node{kind: '['}
	}
	return n
}
