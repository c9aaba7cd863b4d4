package diff

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/starling-load/starling/model"
)

// leastLike is what the requests of two types have in common if they are one type
// under two names.
const leastLike = 0.7

// compareTypes compares the weights of types. A type whose name is new is the one of
// the old model that it is most like, if they have enough in common.
func compareTypes(a, b *profile) []Change {
	old := sameTypes(a, b)
	left := maps.Clone(a.types)
	for _, was := range old {
		delete(left, was)
	}
	list := []Change{}
	for name, t := range b.types {
		c := Change{Name: name, Now: t.weight}
		if was := old[name]; was != "" {
			c.Was = a.types[was].weight
			if was != name {
				c.Renamed = was
			}
		}
		c.Kind = kindOf(c.Was, c.Now)
		if c.Renamed != "" || c.Kind == New || math.Abs(c.Was-c.Now) >= leastPoints &&
			differ(c.Was, c.Now, c.Was*(1-c.Was), c.Now*(1-c.Now), a.sessions, b.sessions) {
			list = append(list, c)
		}
	}
	for name, t := range left {
		list = append(list, Change{Kind: Gone, Name: name, Was: t.weight})
	}
	return byName(list)
}

// compareEndpoints compares how many requests a session makes to each endpoint.
func compareEndpoints(a, b *profile) []Change {
	list := []Change{}
	for _, name := range names(a.endpoints, b.endpoints) {
		was, now := a.endpoints[name], b.endpoints[name]
		c := Change{Name: name, Was: was.mean(a.sessions), Now: now.mean(b.sessions)}
		c.Kind = kindOf(c.Was, c.Now)
		if math.Abs(c.Now-c.Was) >= leastShare*max(c.Was, c.Now) &&
			differ(c.Was, c.Now, was.variance(a.sessions), now.variance(b.sessions), a.sessions, b.sessions) {
			list = append(list, c)
		}
	}
	return byName(list)
}

// compareThinks compares how long users pause before they ask for an endpoint.
func compareThinks(a, b *profile) []Think {
	list := []Think{}
	for _, name := range names(a.endpoints, b.endpoints) {
		if a.endpoints[name] == nil || b.endpoints[name] == nil {
			continue
		}
		was, now := sorted(a.endpoints[name].pauses), sorted(b.endpoints[name].pauses)
		t := Think{name, median(was), median(now)}
		if float64((t.Now-t.Was).Abs()) >= leastShare*float64(max(t.Was, t.Now)) && apart(was, now) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b Think) int {
		return cmp.Or(cmp.Compare((b.Now-b.Was).Abs(), (a.Now-a.Was).Abs()), cmp.Compare(a.Endpoint, b.Endpoint))
	})
	return list
}

// compareBindings compares bindings by name, and names the others whose sources are the
// same as one.
func compareBindings(was, now *model.Model) []Binding {
	old, current := sources(was), sources(now)
	list := []Binding{}
	for _, name := range names(old, current) {
		b := Binding{Kind: Changed, Name: name, Was: old[name], Now: current[name]}
		switch {
		case slices.Equal(b.Was, b.Now):
			continue
		case b.Was == nil:
			b.Kind = New
		case b.Now == nil:
			b.Kind = Gone
		}
		list = append(list, b)
	}
	slices.SortStableFunc(list, func(a, b Binding) int { return cmp.Compare(b.Kind, a.Kind) })
	return list
}

// sources lists where each binding is issued, sorted.
func sources(m *model.Model) map[string][]string {
	out := map[string][]string{}
	for _, b := range m.Bindings {
		list := []string{}
		for _, s := range b.Sources {
			list = append(list, s.Endpoint+" "+s.Selector)
		}
		slices.Sort(list)
		out[b.Name] = list
	}
	return out
}

// compareUnresolved compares the values that nothing explains.
func compareUnresolved(was, now *model.Model) []Unsolved {
	list := []Unsolved{}
	has := func(m *model.Model, u model.Unresolved) bool {
		return slices.ContainsFunc(m.Unresolved, func(x model.Unresolved) bool { return x.Endpoint == u.Endpoint && x.Place == u.Place })
	}
	for _, u := range now.Unresolved {
		if !has(was, u) {
			list = append(list, Unsolved{New, u.Endpoint, u.Place})
		}
	}
	for _, u := range was.Unresolved {
		if !has(now, u) {
			list = append(list, Unsolved{Gone, u.Endpoint, u.Place})
		}
	}
	return list
}

// names lists the keys of both maps, sorted.
func names[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
