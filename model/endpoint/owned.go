package endpoint

import (
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// maxOwned is the number of different segments that are looked at.
const maxOwned = 100_000

// owned returns the segments of paths that hold a value of a data file beside other text,
// such as Diary_ada, with what is common to all of them: Diary_{user}. Two values have to
// stand there: a single one may be a word by chance.
func (t *Templates) owned(flows []*flow.Flow) map[string]string {
	patterns := map[string]string{} // by segment; "": none
	segments := map[string]int{}    // by pattern
	for _, f := range flows {
		for segment := range strings.SplitSeq(f.Request.Path(), "/") {
			if _, seen := patterns[segment]; seen || len(patterns) == maxOwned {
				continue
			}
			pattern := t.pattern(segment)
			if !beside(pattern) {
				pattern = ""
			}
			patterns[segment] = pattern
			segments[pattern]++
		}
	}
	for segment, pattern := range patterns {
		if pattern == "" || segments[pattern] < 2 {
			delete(patterns, segment)
		}
	}
	return patterns
}
