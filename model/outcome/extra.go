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
	maxChecked  = 500  // features that are looked at
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
	after := map[string][]*seen{}
	for _, s := range of {
		if s.after != "" && !s.unjudged {
			after[s.after] = append(after[s.after], s)
		}
	}
	explained := map[string]int{} // answers that have a feature because of a write
	for _, write := range slices.Sorted(maps.Keys(after)) {
		if brought := broughtBy(after[write], of, optional); len(brought) > 0 {
			for _, f := range brought {
				explained[f] += len(after[write])
			}
			for _, s := range after[write] {
				s.extra = append(s.extra, brought...)
				slices.Sort(s.extra)
				s.extra = slices.Compact(s.extra)
			}
		}
	}
	for f, had := range optional {
		if strings.HasPrefix(f, "form:") && explained[f] != had {
			volatile[f] = true
		}
	}
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

// broughtBy returns the features that all answers after a write have, if that is no
// chance and no other write takes them away.
func broughtBy(after, all []*seen, optional map[string]int) (brought []string) {
	sessions := map[int]bool{}
	for _, s := range after {
		sessions[s.session] = true
	}
	if len(after) < minAfter || len(sessions) < minSessions || len(after) == len(all) {
		return nil
	}
	for _, f := range slices.Sorted(maps.Keys(optional)) {
		had := 0
		for _, s := range after {
			if s.has(f) {
				had++
			}
		}
		elsewhere := float64(optional[f]-had) / float64(len(all)-len(after))
		if had == len(after) && math.Pow(elsewhere, float64(had)) < maxChance && stays(f, all) {
			brought = append(brought, f)
		}
	}
	return brought
}

// stays reports whether no session lost a feature that it had, unless sessions were seen
// to get it. What goes away in a session of one user may have gone by another's.
func stays(f string, all []*seen) bool {
	lost, got := 0, 0
	had := map[int]bool{}
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
