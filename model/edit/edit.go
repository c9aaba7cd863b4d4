package edit

import (
	"slices"
	"strconv"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

// An Edit is one change of a model.
type Edit interface{ apply(*editor) }

// Apply makes the edits in m, which must be valid, one after another. Each sees what
// those before it made. The error joins a [problem.Problem] for each edit that does not
// fit, with the place ["edits", number from 1]; then m is of no use.
func Apply(m *model.Model, list []Edit) error {
	e := &editor{m: m}
	for i, x := range list {
		e.place = []string{"edits", strconv.Itoa(i + 1)}
		before := len(e.found.Found)
		x.apply(e)
		if len(e.found.Found) > before {
			continue
		}
		if problems := problem.All(m.Validate()); len(problems) > 0 {
			e.addf("makes a model that is not valid: %v", problems[0])
			break
		}
	}
	return e.found.Err()
}

// An editor makes one edit after another in a model.
type editor struct {
	m     *model.Model
	place []string
	found problem.List
}

func (e *editor) addf(format string, args ...any) { e.found.Addf(e.place, format, args...) }

// A set of names; nil holds all.
type set map[string]bool

func (s set) has(name string) bool { return s == nil || s[name] }

// endpoints returns the endpoints of these names, all if there are none. What is no
// endpoint is a problem.
func (e *editor) endpoints(names []string) set {
	all := make([]string, len(e.m.Endpoints))
	for i := range e.m.Endpoints {
		all[i] = e.m.Endpoints[i].Name
	}
	return e.known("endpoint", names, all)
}

// types returns the types of users of these names, all if there are none.
func (e *editor) types(names []string) set {
	all := make([]string, len(e.m.Behaviors))
	for i := range e.m.Behaviors {
		all[i] = e.m.Behaviors[i].Name
	}
	return e.known("type", names, all)
}

func (e *editor) known(what string, names, all []string) set {
	if len(names) == 0 {
		return nil
	}
	s := set{}
	for _, name := range names {
		if s[name] = true; !slices.Contains(all, name) {
			e.addf("there is no %s %s%s", what, problem.Quote(name), problem.Suggest(name, all))
		}
	}
	return s
}

// failed reports whether the edit at hand does not fit.
func (e *editor) failed() bool {
	return slices.ContainsFunc(e.found.Found, func(p *problem.Problem) bool { return slices.Equal(p.Place, e.place) })
}

// behaviors calls change for each behavior of the types.
func (e *editor) behaviors(of set, change func(b *model.Behavior)) {
	for i := range e.m.Behaviors {
		if of.has(e.m.Behaviors[i].Name) {
			change(&e.m.Behaviors[i])
		}
	}
}

// sessions gives the sessions of the types other acts. A session that has none left is
// no session any more.
func (e *editor) sessions(of set, change func(s *script) []model.Act) {
	pages := e.pages()
	kept := e.m.Sessions[:0]
	for _, s := range e.m.Sessions {
		if of.has(s.Behavior) {
			s.Acts = change(newScript(s.Acts, pages[s.Behavior]))
		}
		if len(s.Acts) > 0 {
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 && len(e.m.Sessions) > 0 {
		e.addf("nothing is left of the recorded sessions")
	}
	e.m.Sessions = kept
}

// pages returns, by type and step, the endpoint of the step's page.
func (e *editor) pages() map[string]map[string]string {
	all := map[string]map[string]string{}
	for i := range e.m.Behaviors {
		b := &e.m.Behaviors[i]
		all[b.Name] = map[string]string{}
		for k := range b.Steps {
			if p := b.Steps[k].Page; p != nil {
				all[b.Name][b.Steps[k].ID] = p.Endpoint
			}
		}
	}
	return all
}
