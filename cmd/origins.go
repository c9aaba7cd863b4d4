package cmd

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/verbatim"
)

// origins tell which flows of a recording went to another origin than the main one, and to
// which. The main origin is the one with the most flows. It is also that of flows without a
// host, as logs have them.
type origins struct {
	flows map[string]int
	main  string
}

// watch yields flows. The first time that it does, it counts them.
func (o *origins) watch(flows iter.Seq2[*flow.Flow, error]) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		counts := o.flows == nil
		if counts {
			o.flows = map[string]int{}
		}
		for f, err := range flows {
			if counts && err == nil && f.Request.Authority != "" {
				o.flows[verbatim.OriginOf(f)]++
			}
			if !yield(f, err) {
				return
			}
		}
		if counts && len(o.flows) > 0 {
			o.main = slices.MinFunc(slices.Collect(maps.Keys(o.flows)), func(a, b string) int {
				return cmp.Or(cmp.Compare(o.flows[b], o.flows[a]), cmp.Compare(a, b))
			})
		}
	}
}

// further returns the origin of a flow, "" for the main one.
func (o *origins) further(f *flow.Flow) string {
	if of := verbatim.OriginOf(f); of != o.main && f.Request.Authority != "" {
		return of
	}
	return ""
}
