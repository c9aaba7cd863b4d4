package modelled

import (
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/model/content/lines"
	"github.com/starling-load/starling/model/content/patch"
	"github.com/starling-load/starling/record/flow"
)

// A change says that the request of a variant changes a live form or document.
type change struct {
	value   int    // index of the value that is the form or document
	binding string // that gives it
	form    bool   // else a document
}

// compileChange returns what the requests of a variant change; nil: nothing.
func compileChange(from *model.Variant, bindings []model.Binding) *change {
	for i, v := range from.Values {
		if v.Name != from.Request.Changes || v.Kind != model.Bound {
			continue
		}
		for _, b := range bindings {
			if b.Name == v.Ref && len(b.Sources) > 0 {
				return &change{value: i, binding: b.Name, form: strings.HasPrefix(b.Sources[0].Selector, "entries:")}
			}
		}
	}
	return nil
}

// apply makes a request that holds changes alone send the live form or document with
// these changes. ok is false if the changes do not fit it.
func (c *change) apply(q *flow.Request, live string) (ok bool) {
	if !c.form {
		open := patch.Open
		if lines.IsSealed(q.Body.Data) {
			open = lines.Open
		}
		body, err := open(q.Body.Data, []byte(live))
		if err != nil {
			return false
		}
		q.Body = flow.NewBody(body)
		return true
	}
	shown := content.DecodeEntries(live)
	if len(q.Body.Data) == 0 && q.Method != "GET" { // nothing was changed
		q.Body = flow.NewBody([]byte(content.EncodeEntries(shown)))
		return true
	}
	changes, ok := content.Entries(q)
	if !ok && len(q.Body.Data) > 0 {
		return false
	}
	content.SetEntries(q, form.Apply(shown, changes))
	return true
}
