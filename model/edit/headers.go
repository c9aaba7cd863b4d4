package edit

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
)

// Headers sets header fields of requests, or leaves them out.
type Headers struct {
	Endpoints []string       // none: of all
	Set       []model.Header // values are templates, as in a request
	Drop      []string       // names
}

func (x Headers) apply(e *editor) {
	at := e.endpoints(x.Endpoints)
	for i := range e.m.Browsers {
		b := &e.m.Browsers[i]
		for _, name := range x.names() {
			if at != nil && hasHeader(b.Headers, name) {
				e.addf("browsers send %s with every request: leave out at", name)
				return
			}
		}
		b.Headers = x.change(b.Headers, false)
	}
	for i := range e.m.Endpoints {
		if p := &e.m.Endpoints[i]; at.has(p.Name) {
			for k := range p.Variants {
				p.Variants[k].Request.Headers = x.change(p.Variants[k].Request.Headers, true)
			}
		}
	}
}

func (x Headers) names() []string {
	names := slices.Clone(x.Drop)
	for _, h := range x.Set {
		names = append(names, h.Name)
	}
	return names
}

func hasHeader(list []model.Header, name string) bool {
	return slices.ContainsFunc(list, func(h model.Header) bool { return strings.EqualFold(h.Name, name) })
}

// change returns the header fields with the changes. With add, those that are not there
// are added.
func (x Headers) change(list []model.Header, add bool) []model.Header {
	var out []model.Header
	for _, h := range list {
		if !slices.ContainsFunc(x.names(), func(name string) bool { return strings.EqualFold(h.Name, name) }) {
			out = append(out, h)
		}
	}
	for _, h := range x.Set {
		if add || hasHeader(list, h.Name) {
			out = append(out, h)
		}
	}
	return out
}
