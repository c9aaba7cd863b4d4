package outcome

import (
	"maps"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// maxKnown is the number of optional features that a check lists.
const maxKnown = content.MaxFeatures

// Evidence that something belongs to every answer of a kind.
const (
	minSources  = 3  // users and addresses that had it
	manySources = 30 // so many, of a form that comes and goes elsewhere
	nearTop     = 2  // names in the path of a JSON member that is believed without
)

// Of the fewest links that a page had, this part is asked for, if that many were there.
const (
	linksAsked = 4
	minLinks   = 8
)

// A learned is a check that was learned of answers of one kind.
type learned struct{ model.Check }

// requireSent requires the forms that all answers have and somebody sent. What a step
// requires besides is then only what the check does not require already.
func (c *learned) requireSent(of []*seen) {
	looked := map[string]bool{}
	for _, s := range of {
		for _, f := range s.forms {
			if looked[f] {
				continue
			}
			looked[f] = true
			if !slices.Contains(c.Require, f) && slices.Contains(c.Known, f) && !slices.ContainsFunc(of, func(s *seen) bool { return !s.has(f) }) {
				c.Require = append(c.Require, f)
				c.Known = slices.DeleteFunc(c.Known, func(k string) bool { return k == f })
			}
		}
	}
	slices.Sort(c.Require)
	for _, s := range of {
		s.extra = slices.DeleteFunc(s.extra, func(f string) bool { return slices.Contains(c.Require, f) })
	}
}

// with returns the check for a step that requires more.
func (c learned) with(s *seen) model.Check {
	out := c.Check
	if s.fact != nil {
		out.Facts = []model.Fact{*s.fact}
	}
	if len(s.extra) > 0 {
		out.Require = slices.Concat(out.Require, s.extra)
		slices.Sort(out.Require)
		out.Require = slices.Compact(out.Require)
		out.Known = slices.DeleteFunc(slices.Clone(out.Known), func(f string) bool { return slices.Contains(s.extra, f) })
	}
	return out
}

// learnCheck learns what answers of one kind, or of all kinds that a step may expect,
// look like.
func learnCheck(of []*seen, volatile map[string]bool) learned {
	var c model.Check
	bare, unjudged := false, false
	for _, s := range of {
		switch {
		case s.status >= 400:
			add(&c.Status, s.status)
		case s.status == 304:
			add(&c.Status, 3)
			add(&c.Status, 2) // the answer to a user whose cache is empty
			continue
		default:
			add(&c.Status, s.status/100)
		}
		if s.redirect != "" {
			add(&c.Redirect, s.redirect)
		}
		if s.media != "" {
			add(&c.Content, s.media)
		}
		bare = bare || s.bare
		unjudged = unjudged || s.unjudged
	}
	if bare && len(c.Content) > 0 {
		add(&c.Content, "")
	}
	slices.Sort(c.Status)
	slices.Sort(c.Redirect)
	slices.Sort(c.Content)
	if unjudged {
		return learned{c} // a replayed answer is whole, so it has features that were not recorded
	}
	c.Require, c.Known = features(of, volatile)
	c.Links = leastLinks(of)
	return learned{c}
}

func add[T comparable](list *[]T, v T) {
	if !slices.Contains(*list, v) {
		*list = append(*list, v)
	}
}

// leastLinks returns the number of links to ask for.
func leastLinks(of []*seen) int {
	least, any := 0, false
	for _, s := range of {
		if s.status == 304 {
			continue
		}
		if s.status/100 == 3 || !strings.Contains(s.media, "html") {
			return 0
		}
		if !any || s.links < least {
			least, any = s.links, true
		}
	}
	if least < minLinks {
		return 0
	}
	return least / linksAsked
}

// features returns the features that answers must have and those that they may have,
// sorted.
func features(of []*seen, volatile map[string]bool) (require, known []string) {
	counts, filled, sources := map[string]int{}, map[string]int{}, map[uint64]bool{}
	n := 0
	for _, s := range of {
		if s.status == 304 {
			continue
		}
		n++
		sources[s.source] = true
		for _, f := range s.features {
			counts[f]++
		}
		for _, array := range arraysOf(s.features) {
			filled[array]++
		}
	}
	for _, f := range slices.Sorted(maps.Keys(counts)) {
		all := counts[f] == n
		if array := arrayOf(f); array != "" {
			all = counts[f] == filled[array]
		}
		switch {
		case all && believed(f, len(sources)) && (!volatile[f] || len(sources) >= manySources):
			require = append(require, f)
		case len(known) < maxKnown:
			known = append(known, f)
		}
	}
	for _, array := range slices.Sorted(maps.Keys(filled)) {
		if filled[array] == n && plainArray(array) {
			require = append(require, array)
		}
	}
	slices.Sort(require)
	return require, known
}

// arrayOf returns the innermost array that a JSON feature is within, as "$.items[]", or
// "".
func arrayOf(feature string) string {
	if !strings.HasPrefix(feature, "$") {
		return ""
	}
	if i := strings.LastIndex(feature, "[]"); i >= 0 {
		return feature[:i+2]
	}
	return ""
}

// arraysOf returns the arrays that hold something, each once.
func arraysOf(features []string) []string {
	var arrays []string
	for _, f := range features {
		if array := arrayOf(f); array != "" && (len(arrays) == 0 || arrays[len(arrays)-1] != array) {
			arrays = append(arrays, array)
		}
	}
	slices.Sort(arrays)
	return slices.Compact(arrays)
}

// plainArray reports whether an array is in no other and in no map keyed by record.
func plainArray(array string) bool {
	return strings.Count(array, "[]") == 1 && !strings.Contains(array, "{}")
}

// believed reports whether a feature that all answers have is required of others, on
// the evidence of so many sources.
func believed(f string, sources int) bool {
	switch {
	case strings.HasPrefix(f, "error:"):
		return false
	case f == content.LoginFeature, strings.HasPrefix(f, "grpc:"):
		return true
	case strings.HasPrefix(f, "$"):
		return !strings.Contains(f, "{}") && (strings.Count(f, ".") <= nearTop || sources >= minSources)
	}
	return sources >= minSources
}
