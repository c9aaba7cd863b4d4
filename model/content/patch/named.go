package patch

import (
	"encoding/json"
	"strconv"
)

// A Named is an element of the answer's arrays that a change names by what identifies it.
type Named struct {
	Place string // of the identity in the changes: "~document[2].at[1].id"
	Path  string // of the identities of such elements in the answer: "items[].parts[].id"
	Value string
}

// Named returns the elements that the changes of a copy name by strings or numbers.
func (c *Copy) Named() []Named {
	var out []Named
	for i := range c.Ops {
		o, path := &c.Ops[i], c.Path
		place := sealName + "[" + strconv.Itoa(i) + "]."
		for k, s := range o.At {
			switch {
			case s.Key == "" && s.Index < 0 && !s.every:
				path = below(path, s.Member)
				continue
			case s.Key != "" && s.Key != self:
				out = s.id.named(out, place+below("at["+strconv.Itoa(k)+"]", s.Key), below(path+"[]", s.Key))
			}
			path += "[]"
		}
		for k, id := range o.order {
			if o.key != "" && o.key != self {
				out = id.named(out, place+string(Order)+"["+strconv.Itoa(k)+"]", below(path+"[]", o.key))
			}
		}
	}
	return out
}

func (n *node) named(list []Named, place, path string) []Named {
	switch v := n.scalar.(type) {
	case string:
		list = append(list, Named{place, path, v})
	case json.Number:
		list = append(list, Named{place, path, v.String()})
	}
	return list
}
