package edit

import (
	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

// A Refuse takes a binding for a coincidence: what was bound is sent as recorded. Only
// learning can do that where the model does not hold what was recorded.
type Refuse struct {
	Binding string
}

func (x Refuse) apply(e *editor) {
	names := make([]string, len(e.m.Bindings))
	found := false
	for i := range e.m.Bindings {
		b := &e.m.Bindings[i]
		names[i] = b.Name
		if b.Name == x.Binding {
			found, b.Refused = true, true
		}
	}
	if !found {
		e.addf("there is no binding %s%s", problem.Quote(x.Binding), problem.Suggest(x.Binding, names))
		return
	}
	for i := range e.m.Endpoints {
		p := &e.m.Endpoints[i]
		for k := range p.Variants {
			v := &p.Variants[k]
			for at := range v.Values {
				if v.Values[at].Kind != model.Bound || v.Values[at].Ref != x.Binding {
					continue
				}
				if !e.owned(p.Name, v, at) {
					e.addf("the model does not hold what was recorded in place of %s: learn again over it, with --onto or --overwrite", x.Binding)
					return
				}
				e.replace(p.Name, v, at, model.Value{Name: v.Values[at].Name, Kind: model.Row, Codec: v.Values[at].Codec})
			}
		}
	}
}
