package outcome

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// Evidence that a write brings something about.
const (
	minAfter    = 3    // answers after the write
	minSessions = 2    // in so many sessions
	maxChance   = 0.05 // that all of them have it by chance
	maxChecked  = 200  // features that are looked at
)

// findExtras finds what steps require besides what all answers of their kind have: the
// forms that the user sent, and what a write before them brought about. Forms that come
// and go without such a reason are added to volatile.
func findExtras(of []*seen, volatile map[string]bool) {
	for _, s := range of {
		s.extra = nil
		if !s.unjudged {
			s.extra = slices.Clone(s.forms)
		}
	}
	optional := optionalFeatures(of)
	if len(optional) == 0 {
		return
	}
	explained := map[string]int{} // answers that have a feature because of a write
	for _, c := range contextsOf(of, optional) {
		brought := c.brought(of, optional)
		for _, f := range brought {
			explained[f] += len(c.answers)
		}
		for _, s := range c.answers {
			s.extra = append(s.extra, brought...)
			slices.Sort(s.extra)
			s.extra = slices.Compact(s.extra)
		}
	}
	for f, had := range optional {
		if strings.HasPrefix(f, "form:") && explained[f] != had {
			volatile[f] = true
		}
	}
}

// A context is the answers of sessions in which one write was the last.
type context struct {
	answers  []*seen
	sessions map[int32]bool
	had      map[string]int // answers that have an optional feature
}

// contextsOf returns the contexts of answers, by the write.
func contextsOf(of []*seen, optional map[string]int) []*context {
	byWrite := map[string]*context{}
	for _, s := range of {
		if s.after == "" {
			continue
		}
		c := byWrite[s.after]
		if c == nil {
			c = &context{sessions: map[int32]bool{}, had: map[string]int{}}
			byWrite[s.after] = c
		}
		c.answers = append(c.answers, s)
		c.sessions[s.session] = true
		for _, f := range slices.Concat(s.features, arraysOf(s.features)) {
			if optional[f] > 0 {
				c.had[f]++
			}
		}
	}
	var list []*context
	for _, write := range slices.Sorted(maps.Keys(byWrite)) {
		list = append(list, byWrite[write])
	}
	return list
}

// optionalFeatures returns the features that some of the answers have and that a write
// can bring about: forms, members of JSON outside of arrays, and that an array holds
// something. With each stands how many answers have it.
func optionalFeatures(of []*seen) map[string]int {
	counts, n := map[string]int{}, 0
	for _, s := range of {
		if s.unjudged {
			return nil
		}
		n++
		for _, f := range s.features {
			if arrayOf(f) == "" && (strings.HasPrefix(f, "form:") || strings.HasPrefix(f, "$") && !strings.Contains(f, "{}")) {
				counts[f]++
			}
		}
		for _, array := range arraysOf(s.features) {
			if plainArray(array) {
				counts[array]++
			}
		}
	}
	maps.DeleteFunc(counts, func(_ string, had int) bool { return had == n })
	if len(counts) > maxChecked {
		return nil
	}
	return counts
}

// brought returns the features that all answers of the context have, if that is no chance
// and no other write takes them away. all are the answers of every context.
func (c *context) brought(all []*seen, optional map[string]int) (brought []string) {
	n := len(c.answers)
	if n < minAfter || len(c.sessions) < minSessions || n == len(all) {
		return nil
	}
	for _, f := range slices.Sorted(maps.Keys(c.had)) {
		elsewhere := float64(optional[f]-n) / float64(len(all)-n)
		if c.had[f] == n && math.Pow(elsewhere, float64(n)) < maxChance && stays(f, all) {
			brought = append(brought, f)
		}
	}
	return brought
}

// stays reports whether no session lost a feature that it had, unless sessions were seen
// to get it. What goes away in a session of one user may have gone by another's.
func stays(f string, all []*seen) bool {
	lost, got := 0, 0
	had := map[int32]bool{}
	for _, s := range all { // in the order of sessions and steps
		has := s.has(f)
		if before, known := had[s.session]; known && before != has {
			if has {
				got++
			} else {
				lost++
			}
		}
		had[s.session] = has
	}
	return lost == 0 || got >= minSessions
}
