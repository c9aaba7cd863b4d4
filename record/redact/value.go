package redact

import (
	"net/url"

	"github.com/starling-load/starling/record/flow"
)

// Value returns what stands in a redacted recording where a form field of this
// name held value: its pseudonym, or value itself if it is no secret. Whoever
// has the key of a recording finds the values that he knows in it.
func (r *Redactor) Value(field, value string) string {
	f := &flow.Flow{Request: flow.Request{Method: "POST", Target: "/?" + url.QueryEscape(field) + "=" + url.QueryEscape(value)}}
	r.Flow(f)
	values, err := url.ParseQuery(f.Request.Query())
	if err != nil {
		return value
	}
	return values.Get(field)
}
