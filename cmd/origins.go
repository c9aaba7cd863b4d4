package cmd

import (
	"cmp"
	"maps"
	"slices"

	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/verbatim"
)

// furtherOrigin tells which flows of sessions went to another origin than the main one,
// and to which. The main origin is the one with the most flows.
func furtherOrigin(sessions []session.Session) func(*flow.Flow) string {
	flows := map[string]int{}
	for _, s := range sessions {
		for _, f := range s.Flows {
			flows[verbatim.OriginOf(f)]++
		}
	}
	main := ""
	if len(flows) > 0 {
		main = slices.MinFunc(slices.Collect(maps.Keys(flows)), func(a, b string) int {
			return cmp.Or(cmp.Compare(flows[b], flows[a]), cmp.Compare(a, b))
		})
	}
	return func(f *flow.Flow) string {
		if o := verbatim.OriginOf(f); o != main {
			return o
		}
		return ""
	}
}
