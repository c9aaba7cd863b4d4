package mixture

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	setRounds  = 80  // of EM
	draws      = 10  // recordings drawn from one chain that the sets are compared with
	distinctly = 4.0 // standard deviations above their mean that counts
	maxOfSets  = 500 // sessions whose sets are compared
	maxLength  = 500 // pages of a drawn session
	alike      = 0.2 // distance of pages that the same sessions visit
)

// setsOf divides the sessions by the sets of pages that they visit. It returns nil if
// sessions drawn from one of the chains look as divided as these.
func setsOf(sessions [][]int, most int, single []*chains) *sets {
	some := pick(sessions, strided(indices(len(sessions)), maxOfSets))
	columns := columnsOf(some)
	found, gain := divideSets(some, columns, most)
	if found == nil {
		return nil
	}
	for _, c := range single {
		w := newWalk(c)
		sum, squares := 0.0, 0.0
		for seed := range uint64(draws) {
			r := rand.New(rand.NewPCG(seed, 3))
			drawn := make([][]int, len(some))
			for i := range drawn {
				drawn[i] = w.session(r)
			}
			_, other := divideSets(drawn, columns, most)
			if other >= gain {
				return nil
			}
			sum += other
			squares += other * other
		}
		mean := sum / draws
		if gain <= mean+2*minGain+distinctly*math.Sqrt(max(0, squares/draws-mean*mean)) {
			return nil
		}
	}
	return found
}

// unordered is the logarithm of the evidence of sessions of one type that visits each page
// once at most, by odds of its own, in any order. It is that of nothing if a session comes to
// a page again.
func unordered(sessions [][]int) (log float64) {
	visits := map[int]float64{}
	for _, s := range sessions {
		if len(distinct(s)) < len(s) {
			return math.Inf(-1)
		}
		log -= lgamma(float64(len(s)) + 1)
		for _, p := range s {
			visits[p]++
		}
	}
	for _, p := range slices.Sorted(maps.Keys(visits)) {
		log += even([]float64{visits[p], float64(len(sessions)) - visits[p]}, []int{0, 1})
	}
	return log
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A walk draws sessions from one chain.
type walk struct {
	coder *coder
	next  map[row][]chance
}

// A chance is a step and its odds, added to those of the steps before it in its row.
type chance struct {
	to  int
	sum float64
}

func newWalk(c *chains) *walk {
	w := &walk{c.coder, map[row][]chance{}}
	for id, s := range c.steps {
		list := w.next[s.row]
		sum := c.base[id]
		if len(list) > 0 {
			sum += list[len(list)-1].sum
		}
		w.next[s.row] = append(list, chance{s.to, sum})
	}
	return w
}

func (w *walk) session(r *rand.Rand) []int {
	var out []int
	p := place{coder: w.coder, before: anyPage, at: outside}
	for len(out) < maxLength {
		list := w.next[p.row()]
		u := r.Float64() * list[len(list)-1].sum
		i, _ := slices.BinarySearchFunc(list, u, func(c chance, u float64) int { return cmp.Compare(c.sum, u) })
		page := p.page(list[i].to)
		if page == outside {
			break
		}
		p.follow(page)
		out = append(out, page)
	}
	return out
}

// sets is a mixture of independent visits.
type sets struct {
	column map[int]int // of the pages that count
	weight []float64
	visit  [][]float64 // by type and column: the logarithm of the odds of a visit
	none   [][]float64 // and of none
}

func (s *sets) types() int { return len(s.weight) }

func (s *sets) typeOf(session []int) int {
	best, top := 0, math.Inf(-1)
	row := s.row(session)
	for z := range s.weight {
		if log := s.log(row, z); log > top {
			best, top = z, log
		}
	}
	return best
}

// row tells which of the pages that count a session visits.
func (s *sets) row(session []int) []bool {
	out := make([]bool, len(s.column))
	for _, p := range session {
		if c, ok := s.column[p]; ok {
			out[c] = true
		}
	}
	return out
}

func (s *sets) log(row []bool, z int) float64 {
	sum := math.Log(s.weight[z])
	for c, on := range row {
		if on {
			sum += s.visit[z][c]
		} else {
			sum += s.none[z][c]
		}
	}
	return sum
}

// divideSets fits mixtures of 1 to most types to the visits of the pages that count. It
// returns the best one and by how much its criterion is below that of one type; nil and 0
// if that is one type.
func divideSets(sessions [][]int, columns map[int]int, most int) (*sets, float64) {
	if len(columns) == 0 {
		return nil, 0
	}
	first := &sets{column: columns}
	rows := make([][]bool, len(sessions))
	for i, s := range sessions {
		rows[i] = first.row(s)
	}
	one, _ := fitSets(columns, rows, make([]int, len(rows)), 1)
	best, least, types := (*sets)(nil), one, 1
	seeds := farthestRows(rows, most)
	for k := 2; k <= min(most, len(seeds), len(rows)/2); k++ {
		score, s := fitSets(columns, rows, nearestRows(rows, seeds[:k]), k)
		if s != nil && score < least-2*minGain*float64(k-types) {
			best, least, types = s, score, k
		}
	}
	return best, one - least
}

// columnsOf numbers the pages that some sessions visit and others do not. Pages that
// nearly the same sessions visit count once: they say one thing.
func columnsOf(sessions [][]int) map[int]int {
	visitors := map[int][]bool{}
	counts := map[int]int{}
	for i, s := range sessions {
		for _, p := range distinct(s) {
			if visitors[p] == nil {
				visitors[p] = make([]bool, len(sessions))
			}
			visitors[p][i] = true
			counts[p]++
		}
	}
	pages := slices.Collect(maps.Keys(visitors))
	slices.SortFunc(pages, func(a, b int) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	out := map[int]int{}
	var kept []int
	for _, p := range pages {
		same := func(k int) bool { return jaccard(visitors[p], visitors[k]) <= alike }
		if counts[p] < len(sessions) && len(kept) < maxPages && !slices.ContainsFunc(kept, same) {
			kept = append(kept, p)
			out[p] = len(out)
		}
	}
	return out
}

// fitSets fits k types by EM, beginning with the types assigned. It returns the
// criterion, and nil if a type has fewer than two sessions.
func fitSets(columns map[int]int, rows [][]bool, assigned []int, k int) (float64, *sets) {
	s := &sets{column: columns, weight: make([]float64, k), visit: make([][]float64, k), none: make([][]float64, k)}
	share := make([][]float64, len(rows))
	for i := range share {
		share[i] = make([]float64, k)
		share[i][assigned[i]] = 1
	}
	likelihood := math.Inf(-1)
	for range setRounds {
		s.maximise(rows, share)
		next := 0.0
		for i, row := range rows {
			next += s.expect(row, share[i])
		}
		done := next-likelihood < 1e-3
		likelihood = next
		if done {
			break
		}
	}
	members := make([]int, k)
	for i := range share {
		members[slices.Index(share[i], slices.Max(share[i]))]++
	}
	if k > 1 && slices.Min(members) < 2 {
		return 0, nil
	}
	return criterion(likelihood, k*len(columns)+k-1, len(rows)), s
}

// maximise adds a tenth of a session that visits and one that does not, so that
// nothing is impossible.
func (s *sets) maximise(rows [][]bool, share [][]float64) {
	for z := range s.weight {
		n, visit := 0.0, make([]float64, len(s.column))
		for i, row := range rows {
			n += share[i][z]
			for c, on := range row {
				if on {
					visit[c] += share[i][z]
				}
			}
		}
		none := make([]float64, len(visit))
		for c := range visit {
			p := (visit[c] + 0.1) / (n + 0.2)
			visit[c], none[c] = math.Log(p), math.Log(1-p)
		}
		s.visit[z], s.none[z] = visit, none
		s.weight[z] = (n + 0.1) / (float64(len(rows)) + 0.1*float64(len(s.weight)))
	}
}

// expect fills share with how likely a row is of each type and returns the logarithm
// of its likelihood.
func (s *sets) expect(row []bool, share []float64) float64 {
	top := math.Inf(-1)
	for z := range share {
		share[z] = s.log(row, z)
		top = max(top, share[z])
	}
	sum := 0.0
	for z := range share {
		share[z] = math.Exp(share[z] - top)
		sum += share[z]
	}
	for z := range share {
		share[z] /= sum
	}
	return top + math.Log(sum)
}

// jaccard is 0 for rows that visit the same, 1 if they share nothing.
func jaccard(a, b []bool) float64 {
	both, either := 0, 0
	for i := range a {
		if a[i] && b[i] {
			both++
		}
		if a[i] || b[i] {
			either++
		}
	}
	if either == 0 {
		return 0
	}
	return 1 - float64(both)/float64(either)
}

// farthestRows returns up to k rows, each as far as possible from those before. The
// first is the one that is nearest to all.
func farthestRows(rows [][]bool, k int) []int {
	some := strided(indices(len(rows)), 100)
	seeds, least := []int{0}, math.Inf(1)
	for i := range rows {
		sum := 0.0
		for _, j := range some {
			sum += jaccard(rows[i], rows[j])
		}
		if sum < least-1e-12 {
			least, seeds[0] = sum, i
		}
	}
	near := make([]float64, len(rows))
	for i := range near {
		near[i] = jaccard(rows[i], rows[seeds[0]])
	}
	for len(seeds) < k {
		far := 0
		for i := range near {
			if near[i] > near[far]+1e-12 {
				far = i
			}
		}
		if near[far] <= 1e-12 {
			break
		}
		seeds = append(seeds, far)
		for i := range near {
			near[i] = min(near[i], jaccard(rows[i], rows[far]))
		}
	}
	return seeds
}

func nearestRows(rows [][]bool, seeds []int) []int {
	out := make([]int, len(rows))
	for i := range rows {
		least := math.Inf(1)
		for k, s := range seeds {
			if d := jaccard(rows[i], rows[s]); d < least {
				least, out[i] = d, k
			}
		}
	}
	return out
}
