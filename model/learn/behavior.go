package learn

import (
	"cmp"
	"slices"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/session"
)

// thinkSteps is the number of quantiles kept of a think time.
const thinkSteps = 17

// maxLoads is the number of loads of a page that a behavior names.
const maxLoads = 50

// behaviors groups the sessions into types of users and describes each type. Each
// session is marked with its type. Robots and pollers come last, apart from the users
// and without a weight, unless nobody else came.
func (l *learner) behaviors(most int) (out []model.Behavior) {
	byKind := map[session.Kind][]int{}
	for v := range l.sessions {
		byKind[l.sessions[v].kind] = append(byKind[l.sessions[v].kind], v)
	}
	var groups [][]int
	users := len(byKind[session.Person])
	if persons := byKind[session.Person]; len(persons) > 0 {
		groups = l.cluster(most, persons)
	}
	for _, k := range [...]session.Kind{session.Robot, session.Poller} {
		if g := byKind[k]; len(g) > 0 {
			groups = append(groups, g)
		}
	}
	apart := func(group []int) model.Apart {
		if kind := l.sessions[group[0]].kind; users > 0 && kind != session.Person {
			return model.Apart(kind.String())
		}
		return ""
	}
	slices.SortStableFunc(groups, func(a, b []int) int {
		return cmp.Or(cmp.Compare(apart(a), apart(b)), cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0]))
	})
	names := l.typeNames(groups)
	for i, g := range groups {
		b := l.behavior(g)
		b.Name, b.Sessions, b.Apart = names[i], len(g), apart(g)
		switch {
		case users == 0:
			b.Weight = float64(len(g)) / float64(len(l.sessions))
		case b.Apart == "":
			b.Weight = float64(len(g)) / float64(users)
		}
		for _, v := range g {
			l.sessions[v].behavior = b.Name
		}
		out = append(out, b)
	}
	return out
}

// A move leads from one step to another, with the pauses seen before it.
type move struct {
	to     string
	count  int
	thinks []time.Duration
}

// moves counts where users went from one step.
type moves struct {
	list  []*move
	byTo  map[string]*move
	total int
	cut   int // sessions that the recording cut here
}

func (m *moves) add(to string, think time.Duration) {
	m.total++
	x := m.byTo[to]
	if x == nil {
		if m.byTo == nil {
			m.byTo = map[string]*move{}
		}
		x = &move{to: to}
		m.byTo[to] = x
		m.list = append(m.list, x)
	}
	x.count++
	x.thinks = append(x.thinks, think)
}

// edges returns where users go, the likeliest step first.
func (m *moves) edges(pauses bool) []model.Edge {
	list := slices.Clone(m.list)
	slices.SortStableFunc(list, func(a, b *move) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.to, b.to)) })
	var out []model.Edge
	for _, x := range list {
		e := model.Edge{To: x.to, Odds: float64(x.count) / float64(m.total)}
		if pauses && x.to != model.End {
			e.Think = thinkOf(x.thinks)
		}
		out = append(out, e)
	}
	return out
}

// thinkOf describes pauses: none, one time, or quantiles in microseconds.
func thinkOf(pauses []time.Duration) model.Think {
	q := dist.Quantiles(pauses, thinkSteps)
	for i := range q {
		q[i] = q[i].Round(time.Microsecond)
	}
	if q[0] == q[len(q)-1] {
		return model.Think{Fixed: q[0]}
	}
	return model.Think{Quantiles: q}
}

// behavior describes the sessions of one type: the steps that users make, with what
// loads beside them, and where they go next. Where the recording cut a session, nobody
// came or left.
func (l *learner) behavior(group []int) model.Behavior {
	starts, cut := &moves{}, &moves{}
	from := map[string]*moves{}
	pages := map[string]*pageLoads{}
	var order []string
	for _, g := range group {
		s := &l.sessions[g]
		for i, v := range s.visits {
			if i == 0 && s.cut&session.CutStart == 0 {
				starts.add(v.step, 0)
			} else if i == 0 {
				cut.add(v.step, 0)
			}
			m := from[v.step]
			if m == nil {
				m = &moves{}
				from[v.step], pages[v.step] = m, &pageLoads{}
				order = append(order, v.step)
			}
			pages[v.step].add(s.steps[v.first:v.next], v.step)
			if i+1 < len(s.visits) {
				m.add(s.visits[i+1].step, s.visits[i+1].think)
			} else if s.cut&session.CutEnd == 0 {
				m.add(model.End, 0)
			} else {
				m.cut++
			}
		}
	}
	if starts.total == 0 {
		starts = cut
	}
	everyStepIsReached(starts, cut, from)
	everyStepEnds(from)
	b := model.Behavior{Start: starts.edges(false)}
	for _, name := range order {
		page := &model.Page{Endpoint: name, Loads: pages[name].list()}
		b.Steps = append(b.Steps, model.Step{ID: name, Page: page, Next: from[name].edges(true)})
	}
	return b
}

// everyStepIsReached lets users begin where the recording cut their sessions, as far as
// nothing else leads there.
func everyStepIsReached(starts, cut *moves, from map[string]*moves) {
	reached := map[string]bool{}
	reach := func(name string) {
		for open := []string{name}; len(open) > 0; open = open[1:] {
			if m := from[open[0]]; m != nil && !reached[open[0]] {
				reached[open[0]] = true
				for _, x := range m.list {
					open = append(open, x.to)
				}
			}
		}
	}
	for _, x := range starts.list {
		reach(x.to)
	}
	for _, x := range cut.list {
		if reached[x.to] {
			continue
		}
		for range x.count {
			starts.add(x.to, 0)
		}
		reach(x.to)
	}
}

// everyStepEnds lets users leave where the recording cut their sessions, as far as no way
// leads to an end otherwise.
func everyStepEnds(from map[string]*moves) {
	before := map[string][]string{} // the steps that lead to a step
	for name, m := range from {
		for _, x := range m.list {
			before[x.to] = append(before[x.to], name)
		}
	}
	ends := map[string]bool{model.End: true}
	for reached := []string{model.End}; len(reached) > 0; reached = reached[1:] {
		for _, name := range before[reached[0]] {
			if !ends[name] {
				ends[name] = true
				reached = append(reached, name)
			}
		}
	}
	for name, m := range from {
		for n := m.cut; n > 0 && !ends[name]; n-- {
			m.add(model.End, 0)
		}
	}
}

// pageLoads collects what loads beside the visits to one page.
type pageLoads struct {
	visits int
	loads  []*pageLoad
	byName map[string][]*pageLoad // one for each time that a visit loads it
}

type pageLoad struct {
	endpoint string
	delays   []time.Duration
}

// add takes the steps of one visit. One of them is the page itself, or else the first is
// what the others load beside.
func (p *pageLoads) add(steps []step, page string) {
	if p.byName == nil {
		p.byName = map[string][]*pageLoad{}
	}
	p.visits++
	at := slices.IndexFunc(steps, func(x step) bool { return x.endpoint == page })
	end := steps[max(0, at)].over()
	times := map[string]int{}
	for i, x := range steps {
		if i == at {
			continue
		}
		n := times[x.endpoint]
		times[x.endpoint]++
		if n >= len(p.byName[x.endpoint]) {
			if len(p.loads) == maxLoads {
				continue
			}
			load := &pageLoad{endpoint: x.endpoint}
			p.loads = append(p.loads, load)
			p.byName[x.endpoint] = append(p.byName[x.endpoint], load)
		}
		load := p.byName[x.endpoint][n]
		load.delays = append(load.delays, min(max(0, x.start.Sub(end)), model.MaxThink))
	}
}

// list returns the loads, those that begin first before the others.
func (p *pageLoads) list() []model.Load {
	var out []model.Load
	for _, x := range p.loads {
		out = append(out, model.Load{Endpoint: x.endpoint, Share: float64(len(x.delays)) / float64(p.visits), Delay: thinkOf(x.delays)})
	}
	slices.SortStableFunc(out, func(a, b model.Load) int { return cmp.Compare(a.Delay.Draw(0), b.Delay.Draw(0)) })
	return out
}
