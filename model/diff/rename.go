package diff

import (
	"maps"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
)

// Rename gives the endpoints and types of users of now the names that they have in was:
// an endpoint whose method and fixed parts are the same, a type that does the same. So
// what people wrote about them still fits.
func Rename(was, now *model.Model) {
	renameEndpoints(was, now)
	a, b := profileOf(was), profileOf(now)
	names := map[string]string{}
	for name, old := range sameTypes(a, b) {
		if name != old {
			names[name] = old
		}
	}
	for i := range now.Behaviors {
		now.Behaviors[i].Name = renamed(names, now.Behaviors[i].Name)
	}
	for i := range now.Sessions {
		now.Sessions[i].Behavior = renamed(names, now.Sessions[i].Behavior)
	}
}

func renamed(names map[string]string, name string) string {
	if to, ok := names[name]; ok {
		return to
	}
	return name
}

// sameTypes returns, by the name of a type of b, the name of the type of a that it is. A
// name that both have counts; another is that of the type that it is most like, if they
// have enough in common.
func sameTypes(a, b *profile) map[string]string {
	same := map[string]string{}
	left := maps.Clone(a.types)
	for name := range b.types {
		if left[name] != nil {
			same[name] = name
			delete(left, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.types)) {
		if same[name] != "" {
			continue
		}
		best, most := "", leastLike
		for _, was := range slices.Sorted(maps.Keys(left)) {
			if l := likeness(left[was], b.types[name]); l > most {
				best, most = was, l
			}
		}
		if best != "" {
			same[name] = best
			delete(left, best)
		}
	}
	return same
}

// renameEndpoints gives endpoints the names of was that differ from theirs only in the
// words within braces, where there is one such name on either side.
func renameEndpoints(was, now *model.Model) {
	old, current := byShape(was), byShape(now)
	names := map[string]string{}
	for shape, list := range current {
		if before := old[shape]; len(list) == 1 && len(before) == 1 && list[0] != before[0] {
			names[list[0]] = before[0]
		}
	}
	if len(names) == 0 {
		return
	}
	to := func(name *string) { *name = renamed(names, *name) }
	for i := range now.Endpoints {
		e := &now.Endpoints[i]
		to(&e.Name)
		for k := range e.Needs {
			to(&e.Needs[k].Endpoint)
			to(&e.Needs[k].Since)
		}
	}
	for i := range now.Bindings {
		for k := range now.Bindings[i].Sources {
			to(&now.Bindings[i].Sources[k].Endpoint)
		}
	}
	for i := range now.Unresolved {
		to(&now.Unresolved[i].Endpoint)
	}
	for i := range now.Sessions {
		for k := range now.Sessions[i].Entry {
			to(&now.Sessions[i].Entry[k].Endpoint)
		}
		for k := range now.Sessions[i].Acts {
			to(&now.Sessions[i].Acts[k].Endpoint)
			to(&now.Sessions[i].Acts[k].Step)
		}
	}
	for i := range now.Behaviors {
		renameSteps(&now.Behaviors[i], to)
	}
}

// renameSteps renames the endpoints of a learned behavior, and its steps, which are called
// after them.
func renameSteps(b *model.Behavior, to func(*string)) {
	for i := range b.Start {
		to(&b.Start[i].To)
	}
	for i := range b.Steps {
		s := &b.Steps[i]
		to(&s.ID)
		for k := range s.Next {
			to(&s.Next[k].To)
		}
		if s.Page == nil {
			continue
		}
		to(&s.Page.Endpoint)
		for k := range s.Page.Loads {
			to(&s.Page.Loads[k].Endpoint)
		}
	}
}

// byShape lists the names of endpoints by the name with empty braces.
func byShape(m *model.Model) map[string][]string {
	list := map[string][]string{}
	for i := range m.Endpoints {
		name := m.Endpoints[i].Name
		shape := shapeOf(name)
		list[shape] = append(list[shape], name)
	}
	return list
}

// shapeOf empties the braces of a name.
func shapeOf(name string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(name, "{")
		b.WriteString(before)
		_, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return b.String() + rest
		}
		b.WriteString("{}")
		name = after
	}
}
