package learn

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// alike is how much of their requests two bursts have in common if they are one step.
const alike = 0.5

// spread is the number of different steps from which on a write that is made along with
// them says nothing about what the user does: the program counts, marks or traces. Steps that
// it is always made along with count twice.
const spread = 3

// mostGroups is the number of groups that a burst is compared with for each endpoint: those
// that were visited most.
const mostGroups = 100

// A burst is what users asked for at once, in whatever order.
type burst struct {
	page   string  // that was opened; "": none
	of     []int32 // numbers of endpoints, ascending, without assets and what is asked only to be let in
	reads  []int32 // those of them that change nothing, or all if none does
	weight float64 // of the reads
	visits int
	group  int // those with about the same reads are one group
	step   string
}

// bursts are the steps of all sessions.
type bursts struct {
	l       *learner
	numbers map[string]int32
	visits  float64
	within  []float64 // visits by endpoint
	weights []float64 // by endpoint: what it says about a step, little if most steps ask for it
	list    []*burst  // in the order of their first visit
	known   map[string]*burst
	of      [][]*burst         // by session and visit
	with    map[int32][]*burst // by endpoint
	deeds   map[int32]bool     // by write: whether it says what the user does
}

// findVisits finds the steps of all sessions and names them: a page after itself, what
// changes something after the write. Other bursts are one step if most of what they ask for
// is the same. It has the name of the request that sets it apart.
func (l *learner) findVisits() {
	l.findQuickest()
	for i := range l.sessions {
		l.sessions[i].visits = l.visits(l.sessions[i].steps)
	}
	b := l.bursts()
	b.name()
	if b.join() {
		b = l.bursts()
		b.name()
	}
	for i := range b.of {
		for k, x := range b.of[i] {
			l.sessions[i].visits[k].step = x.step
		}
	}
}

func (l *learner) bursts() *bursts {
	b := &bursts{l: l, numbers: map[string]int32{}, within: make([]float64, len(l.endpoints)), known: map[string]*burst{}, of: make([][]*burst, len(l.sessions))}
	for i, name := range l.endpoints {
		b.numbers[name] = int32(i)
	}
	for i := range l.sessions {
		s := &l.sessions[i]
		for _, v := range s.visits {
			b.of[i] = append(b.of[i], b.add(s.steps[v.first:v.next]))
		}
	}
	for _, n := range b.within {
		b.weights = append(b.weights, 0.01-math.Log((n+0.5)/(b.visits+1)))
	}
	return b
}

// pageOf returns the page that the user opened with a step, "" if there is none.
func (l *learner) pageOf(steps []step) string {
	for i := range steps {
		if x := &steps[i]; x.is&opened != 0 {
			return x.endpoint
		}
	}
	return ""
}

// add counts a visit.
func (b *bursts) add(steps []step) *burst {
	x := &burst{page: b.l.pageOf(steps)}
	for i := range steps {
		if s := &steps[i]; s.is&(preflight|renewal) == 0 && !b.l.assets[s.endpoint] {
			x.of = append(x.of, b.numbers[s.endpoint])
		}
	}
	if len(x.of) == 0 {
		x.of = append(x.of, b.numbers[steps[0].endpoint])
	}
	slices.Sort(x.of)
	x.of = slices.Compact(x.of)
	b.visits++
	key := []byte(x.page)
	for _, e := range x.of {
		b.within[e]++
		key = append(key, 0, byte(e), byte(e>>8), byte(e>>16), byte(e>>24))
	}
	if old := b.known[string(key)]; old != nil {
		x = old
	} else {
		b.known[string(key)] = x
		b.list = append(b.list, x)
		for _, e := range x.of {
			if !b.writes(e) {
				x.reads = append(x.reads, e)
			}
		}
		if len(x.reads) == 0 {
			x.reads = x.of
		}
	}
	x.visits++
	return x
}

func (b *bursts) writes(e int32) bool { return b.l.uses[b.l.endpoints[e]].writes }

// name names all bursts.
func (b *bursts) name() {
	for _, x := range b.list {
		for _, e := range x.reads {
			x.weight += b.weights[e]
		}
	}
	names := b.telling(b.group())
	for _, x := range b.list {
		if x.step = x.page; x.page == "" {
			x.step = names[x.group]
		}
	}
	b.findDeeds()
	for _, x := range b.list {
		best := int32(-1)
		for _, e := range x.of {
			if b.deeds[e] && (best < 0 || cmp.Or(cmp.Compare(b.weights[e], b.weights[best]), b.compare(e, best)) > 0) {
				best = e
			}
		}
		if x.page == "" && best >= 0 {
			x.step = b.l.endpoints[best]
		}
	}
}

// group puts bursts that are no pages into groups and returns how many there are.
func (b *bursts) group() (n int) {
	order := slices.DeleteFunc(slices.Clone(b.list), func(x *burst) bool { return x.page != "" })
	slices.SortStableFunc(order, func(x, y *burst) int {
		return cmp.Or(cmp.Compare(y.visits, x.visits), cmp.Compare(len(y.of), len(x.of)))
	})
	first := map[int32][]*burst{} // of each group, by what they ask for
	for _, x := range order {
		x.group = n
		best := alike
		for _, y := range b.candidates(x, first) {
			if s := b.likeness(x, y); s > best {
				best, x.group = s, y.group
			}
		}
		if x.group < n {
			continue
		}
		n++
		for _, e := range x.reads {
			if len(first[e]) < mostGroups {
				first[e] = append(first[e], x)
			}
		}
	}
	return n
}

// candidates returns those of the bursts that may be alike to x: they have one of the
// endpoints that say most of it.
func (b *bursts) candidates(x *burst, first map[int32][]*burst) (list []*burst) {
	of := slices.Clone(x.reads)
	slices.SortStableFunc(of, func(d, e int32) int { return cmp.Compare(b.weights[e], b.weights[d]) })
	seen, said := map[*burst]bool{}, 0.0
	for _, e := range of {
		if said > (1-alike*alike)*x.weight {
			break
		}
		said += b.weights[e]
		for _, y := range first[e] {
			if !seen[y] {
				seen[y] = true
				list = append(list, y)
			}
		}
	}
	slices.SortFunc(list, func(x, y *burst) int { return cmp.Compare(x.group, y.group) })
	return list
}

// likeness is what two bursts have in common, as a share of what they ask for, on the
// geometric mean: a request more or less is no other step, as long as it says less than the
// rest.
func (b *bursts) likeness(x, y *burst) float64 {
	common := 0.0
	for _, e := range x.reads {
		if _, both := slices.BinarySearch(y.reads, e); both {
			common += b.weights[e]
		}
	}
	return common / math.Sqrt(x.weight*y.weight)
}

// telling names each of n groups after the endpoint that sets it apart: most of its visits
// ask for it and others do not. Of equal ones it is the one whose answers are longest.
func (b *bursts) telling(n int) []string {
	visits, within := make([]float64, n), make([]map[int32]float64, n)
	for _, x := range b.list {
		if x.page != "" {
			continue
		}
		if within[x.group] == nil {
			within[x.group] = map[int32]float64{}
		}
		visits[x.group] += float64(x.visits)
		for _, e := range x.reads {
			within[x.group][e] += float64(x.visits)
		}
	}
	names := make([]string, n)
	for i := range names {
		best, at := 0.0, int32(-1)
		for e, asked := range within[i] {
			score := asked/visits[i] - (b.within[e]-asked)/max(1, b.visits-visits[i])
			if score = math.Round(100 * score); at < 0 || cmp.Or(cmp.Compare(score, best), b.compare(e, at)) > 0 {
				best, at = score, e
			}
		}
		names[i] = b.l.endpoints[at]
	}
	return names
}

// compare says which of two endpoints has longer answers, or comes first by name.
func (b *bursts) compare(d, e int32) int {
	x, y := b.l.uses[b.l.endpoints[d]], b.l.uses[b.l.endpoints[e]]
	return cmp.Or(cmp.Compare(x.received/int64(x.all), y.received/int64(y.all)), cmp.Compare(y.name, x.name))
}

// findDeeds finds the writes that say what the user does: those that are not made along with
// many different steps.
func (b *bursts) findDeeds() {
	visits := map[string]float64{} // of each step
	beside := map[int32]map[string]float64{}
	for _, x := range b.list {
		visits[x.step] += float64(x.visits)
		for _, e := range x.of {
			if b.writes(e) {
				if beside[e] == nil {
					beside[e] = map[string]float64{}
				}
				beside[e][x.step] += float64(x.visits)
			}
		}
	}
	b.deeds = map[int32]bool{}
	for e, steps := range beside {
		entropy, always := 0.0, 0.0
		for _, step := range slices.Sorted(maps.Keys(steps)) {
			share := steps[step] / b.within[e]
			entropy -= share * math.Log(share)
			always += share * steps[step] / visits[step]
		}
		b.deeds[e] = math.Exp(entropy)*(1+always) < spread
	}
}

// join adds visits to those before them that a slow script of theirs made. It reports whether
// there are some.
func (b *bursts) join() (joined bool) {
	b.with = map[int32][]*burst{}
	for _, x := range b.list {
		for _, e := range x.of {
			b.with[e] = append(b.with[e], x)
		}
	}
	known := map[[2]*burst]bool{}
	for i := range b.l.sessions {
		s := &b.l.sessions[i]
		list := s.visits[:0]
		var last *burst // of the last in the list
		for k, v := range s.visits {
			x := b.of[i][k]
			if last != nil && v.think < hesitant && s.steps[v.first].is&scripted != 0 && x.page == "" {
				pair := [2]*burst{last, x}
				if _, is := known[pair]; !is {
					known[pair] = b.belongs(last, x)
				}
				if known[pair] {
					list[len(list)-1].next = v.next
					joined = true
					continue
				}
			}
			list, last = append(list, v), x
		}
		s.visits = list
	}
	return joined
}

// belongs reports whether most of what a burst asks for is what most visits that ask for all
// of x ask for at once, other writes apart, or whether it says nothing of what the user does.
func (b *bursts) belongs(x, late *burst) bool {
	if !slices.ContainsFunc(late.of, func(e int32) bool { return !b.writes(e) || b.deeds[e] }) {
		return true
	}
	rarest := slices.MinFunc(x.of, func(d, e int32) int { return cmp.Compare(b.within[d], b.within[e]) })
	visits, usual := 0, 0
	beside := map[int32]int{}
	for _, y := range b.with[rarest] {
		if y.page != x.page || slices.ContainsFunc(x.of, func(e int32) bool { return !y.has(e) }) ||
			slices.ContainsFunc(y.of, func(e int32) bool { return b.writes(e) && !x.has(e) && !late.has(e) }) {
			continue
		}
		visits += y.visits
		for _, e := range y.of {
			beside[e] += y.visits
		}
	}
	for _, e := range late.of {
		if !x.has(e) && 2*beside[e] > visits {
			usual++
		}
	}
	return 2*usual > len(late.of)
}

// has reports whether x asks for an endpoint.
func (x *burst) has(e int32) bool {
	_, found := slices.BinarySearch(x.of, e)
	return found
}
