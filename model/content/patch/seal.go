package patch

import (
	"errors"
	"strconv"
	"strings"
)

// sealName is the only member of the object that stands in place of a document.
const sealName = "~document"

// Sealed returns a JSON body in which the value at path is replaced by the changes
// that lead to it. path leads through members and elements, from the top.
func Sealed(body []byte, path []string, ops []Op) ([]byte, error) {
	n, err := parse(body)
	if err != nil {
		return nil, err
	}
	top := &node{kind: '[', children: []*node{n}}
	in, at := top, 0
	for _, name := range path {
		child := in.children[at]
		i := child.place(name)
		if child.kind == '[' {
			if i, err = strconv.Atoi(name); err != nil || i >= len(child.children) {
				i = -1
			}
		}
		if i < 0 {
			return nil, errors.New("the body has nothing at " + strings.Join(path, "."))
		}
		in, at = child, i
	}
	in.children[at] = object(sealName, opsNode(ops))
	return top.children[0].text(), nil
}

// Open returns the body that Sealed wrote, with the changes done to the live document, as
// Apply does them.
func Open(sealed, live []byte) ([]byte, error) {
	n, err := parse(sealed)
	if err != nil {
		return nil, err
	}
	doc, err := parse(live)
	if err != nil {
		return nil, err
	}
	top := &node{kind: '[', children: []*node{n}}
	in, at := top.sealed()
	if in == nil {
		return nil, errors.New("the body changes no document: it has no " + sealName)
	}
	ops, err := readOps(in.children[at].children[0])
	if err != nil {
		return nil, err
	}
	if in.children[at], err = applyOps(doc, ops); err != nil {
		return nil, err
	}
	return top.children[0].text(), nil
}

// sealed returns where the first sealed document below n is.
func (n *node) sealed() (in *node, at int) {
	for i, c := range n.children {
		if c.kind == '{' && len(c.names) == 1 && c.names[0] == sealName {
			return n, i
		}
		if in, at := c.sealed(); in != nil {
			return in, at
		}
	}
	return nil, 0
}
