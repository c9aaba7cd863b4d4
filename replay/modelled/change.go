package modelled

import (
	"errors"

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
	another bool   // the live form may be another one than that which was recorded
}

// compileChange returns what the requests of a variant change; nil: nothing.
func compileChange(from *model.Variant, bindings []model.Binding) *change {
	for i, v := range from.Values {
		if v.Name != from.Request.Changes || v.Kind != model.Bound {
			continue
		}
		for _, b := range bindings {
			if b.Name == v.Ref && len(b.Sources) > 0 {
				s, err := content.ParseSelector(b.Sources[0].Selector)
				return &change{value: i, binding: b.Name, form: err == nil && s.IsForm()}
			}
		}
	}
	return nil
}

// missing names what err of apply says is missing: the form or document, or what was changed
// of it.
func (c *change) missing(err error) string {
	if errors.Is(err, lines.ErrGone) {
		return likeRecorded(c.binding)
	}
	return c.binding
}

// apply makes a request that holds changes alone send the live form or document with
// these changes. The error says that they do not fit it.
func (c *change) apply(q *flow.Request, live string) error {
	if !c.form {
		open := patch.Open
		if lines.IsSealed(q.Body.Data) {
			open = lines.Open
		}
		body, err := open(q.Body.Data, []byte(live))
		if err != nil {
			return err
		}
		q.Body = flow.NewBody(body)
		return nil
	}
	shown := content.DecodeEntries(live)
	if len(q.Body.Data) == 0 && q.Method != "GET" { // nothing was changed
		q.Body = flow.NewBody([]byte(content.EncodeEntries(shown)))
		return nil
	}
	changes, ok := content.Entries(q)
	if !ok && len(q.Body.Data) > 0 {
		return errors.New("the content has no entries of a form")
	}
	if c.another && form.Overwrites(shown, changes) {
		return lines.ErrGone
	}
	entries, err := form.Apply(shown, changes)
	if err != nil {
		return err
	}
	content.SetEntries(q, entries)
	return nil
}
