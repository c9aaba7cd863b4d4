package mixture

import (
	"cmp"
	"math"
	"slices"
)

const (
	maxSample = 8000    // sessions among which types are sought
	maxSteps  = 150_000 // steps of these
	minGain   = 3.0     // logarithm of the odds that are asked for another type (Kass and Raftery 1995: strong)
	fewest    = 4       // sessions that can be divided
)

// Divide returns the sessions of each type as indices, the largest type first. A
// session is the pages that it visits, in order, as small numbers from 0. There are
// at most as many types as most says, and one at least.
func Divide(sessions [][]int, most int) [][]int {
	all := make([]int, len(sessions))
	for i := range all {
		all[i] = i
	}
	var out [][]int
	apart := components(sessions, all)
	if len(apart) > most {
		apart = [][]int{all}
	}
	for i, group := range apart {
		spare := most - len(out) - (len(apart) - i - 1)
		out = append(out, split(sessions, group, spare)...)
	}
	slices.SortStableFunc(out, func(a, b []int) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0])) })
	return out
}

// split divides sessions that have pages in common.
func split(sessions [][]int, group []int, most int) [][]int {
	if len(group) < fewest || most < 2 {
		return [][]int{group}
	}
	best := divide(sampled(sessions, group), most)
	if best == nil {
		return [][]int{group}
	}
	out := make([][]int, best.types())
	for _, i := range group {
		z := best.typeOf(sessions[i])
		out[z] = append(out[z], i)
	}
	return slices.DeleteFunc(out, func(g []int) bool { return len(g) == 0 })
}

// divide returns the types of the sessions, nil if they are of one. One type is the best of
// one chain in all codings and of pages in any order, and several must explain the sessions
// better than that.
func divide(sessions [][]int, most int) divider {
	all := codings(sessions)
	top := unordered(sessions)
	for _, c := range all {
		top = max(top, c.cost)
	}
	top += minGain
	var found *mix
	tried := map[int][]*mix{}
	for _, c := range all {
		if m := c.best(most, tried); m != nil && c.cost+m.score > top {
			found, top = m, c.cost+m.score
		}
	}
	if found != nil {
		return found
	}
	if s := setsOf(sessions, most, all); s != nil {
		return s
	}
	return nil
}

// codings are the sessions as chains: of pages, with steps back, and both with the page
// before where that tells more. Those that are like one before are left out.
func codings(sessions [][]int) (all []*chains) {
	for _, way := range []coder{{}, {back: true}} {
		c := newChains(sessions, &way)
		if len(all) > 0 && c.cost == all[0].cost {
			continue // nobody goes back
		}
		all = append(all, c)
		if wide, gain := way.narrowed(sessions); gain > 0 {
			w := newChains(sessions, wide)
			w.cost = c.cost + gain
			all = append(all, w)
		}
	}
	return all
}

// A divider tells the type of any session.
type divider interface {
	types() int
	typeOf(session []int) int
}

// sampled takes at most maxSample of the sessions, evenly, and fewer if they are long.
func sampled(sessions [][]int, group []int) [][]int {
	steps := 0
	for _, i := range group {
		steps += len(sessions[i]) + 1
	}
	n := min(maxSample, maxSteps*len(group)/steps)
	out := pick(sessions, strided(group, max(fewest, n)))
	for i := range out {
		out[i] = out[i][:min(len(out[i]), maxSteps/fewest)]
	}
	return out
}

// strided takes at most n of a list, evenly.
func strided(list []int, n int) []int {
	if len(list) <= n {
		return list
	}
	out := make([]int, n)
	for i := range out {
		out[i] = list[i*len(list)/n]
	}
	return out
}

func pick(sessions [][]int, of []int) [][]int {
	out := make([][]int, len(of))
	for i, at := range of {
		out[i] = sessions[at]
	}
	return out
}

// components returns the sets of sessions that share no page with others. A page
// that nearly all sessions visit links nothing, and neither do rare visits in common.
func components(sessions [][]int, all []int) [][]int {
	visits := map[int]int{}
	for _, s := range sessions {
		for _, p := range distinct(s) {
			visits[p]++
		}
	}
	links := linked(sessions, visits)
	groups := map[int][]int{}
	var order []int
	loose := []int{}
	for _, i := range all {
		root := -1
		for _, p := range distinct(sessions[i]) {
			if r, ok := links[p]; ok && (root < 0 || visits[r] > visits[root]) {
				root = r
			}
		}
		if root < 0 {
			loose = append(loose, i)
			continue
		}
		if groups[root] == nil {
			order = append(order, root)
		}
		groups[root] = append(groups[root], i)
	}
	least := max(2, len(sessions)/100)
	var out [][]int
	for _, root := range order {
		if g := groups[root]; len(g) >= least {
			out = append(out, g)
		} else {
			loose = append(loose, g...)
		}
	}
	if len(out) < 2 {
		return [][]int{all}
	}
	if len(loose) > 0 {
		largest := 0
		for k := range out {
			if len(out[k]) > len(out[largest]) {
				largest = k
			}
		}
		out[largest] = append(out[largest], loose...)
		slices.Sort(out[largest])
	}
	return out
}

// linked joins pages that sessions visit together and returns, for each page, one
// that stands for all that are joined with it.
func linked(sessions [][]int, visits map[int]int) map[int]int {
	pairs := map[[2]int]int{}
	for _, s := range sessions {
		pages := distinct(s)
		pages = slices.DeleteFunc(pages, func(p int) bool { return common(visits[p], len(sessions)) })
		for i, a := range pages[:min(len(pages), maxPages)] {
			for _, b := range pages[i+1 : min(len(pages), maxPages)] {
				pairs[[2]int{a, b}]++
			}
		}
	}
	parent := map[int]int{}
	for p, n := range visits {
		if !common(n, len(sessions)) {
			parent[p] = p
		}
	}
	find := func(p int) int {
		for parent[p] != p {
			p = parent[p]
		}
		return p
	}
	for pair, n := range pairs {
		if n >= 2 && 20*n >= min(visits[pair[0]], visits[pair[1]]) {
			a, b := find(pair[0]), find(pair[1])
			if visits[a] < visits[b] || visits[a] == visits[b] && a > b {
				a, b = b, a
			}
			parent[b] = a
		}
	}
	out := map[int]int{}
	for p := range parent {
		out[p] = find(p)
	}
	return out
}

// maxPages bounds the pages of a session that are compared with each other.
const maxPages = 64

// common reports whether nearly all sessions visit a page.
func common(visits, sessions int) bool { return 20*visits >= 19*sessions }

// distinct returns the pages of a session, sorted, each once.
func distinct(session []int) []int {
	out := slices.Clone(session)
	slices.Sort(out)
	return slices.Compact(out)
}

// criterion is the Bayesian information criterion.
func criterion(likelihood float64, parameters, n int) float64 {
	return -2*likelihood + float64(parameters)*math.Log(float64(n))
}
