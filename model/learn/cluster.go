package learn

import (
	"math"
	"slices"
)

// minGain is how much the criterion must fall for another type to count. 10 is called
// very strong evidence (Kass and Raftery 1995).
const minGain = 10

// maxRounds bounds the iterations of one mixture.
const maxRounds = 200

// cluster divides the sessions into types by what they visit. A type is a
// probability for each endpoint; sessions are a mixture of types, fitted by EM
// and with the number of types chosen by the Bayesian information criterion
//
//	BIC(K) = -2 ln L + (K·features + K - 1) ln sessions
//
// The number is 1 unless more types pay for their parameters. Files that always come
// together with others count once. Endpoints that every session visits do not count.
// of lists the sessions that are divided.
func (l *learner) cluster(most int, of []int) [][]int {
	x := l.features(of)
	n := len(x)
	if n < 4 || len(x[0]) == 0 {
		return [][]int{of}
	}
	best, groups := bic(x, make([]int, n), 1)
	seeds := farthest(x, most)
	types := 1
	for k := 2; k <= min(most, len(seeds), n/2); k++ {
		assigned := nearest(x, seeds[:k])
		if score, g := bic(x, assigned, k); g != nil && score < best-minGain*float64(k-types) {
			best, groups, types = score, g, k
		}
	}
	for _, g := range groups {
		for i := range g {
			g[i] = of[g[i]]
		}
	}
	return groups
}

// features returns a row for each session of a list: for each endpoint, whether it was
// visited.
func (l *learner) features(of []int) [][]bool {
	columns := map[string]bool{}
	var kept [][]bool
	for _, name := range l.endpoints {
		column := make([]bool, len(of))
		key := make([]byte, len(of))
		count := 0
		for v, at := range of {
			key[v] = '0'
			for _, s := range l.sessions[at].exchanges {
				if s.Endpoint == name {
					column[v], key[v] = true, '1'
				}
			}
			if column[v] {
				count++
			}
		}
		if count == len(of) || l.assets[name] && columns[string(key)] {
			continue
		}
		columns[string(key)] = true
		kept = append(kept, column)
	}
	rows := make([][]bool, len(of))
	for v := range rows {
		rows[v] = make([]bool, len(kept))
		for c := range kept {
			rows[v][c] = kept[c][v]
		}
	}
	return rows
}

// jaccard returns the Jaccard distance of two sessions: 0 if they visit the same, 1 if
// they share nothing.
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

// farthest picks seeds, each as far as possible from those before.
func farthest(x [][]bool, k int) []int {
	seeds := []int{0}
	// The first is the session that is nearest to all others.
	least := math.Inf(1)
	for i := range x {
		sum := 0.0
		for j := range x {
			sum += jaccard(x[i], x[j])
		}
		if sum < least-1e-12 {
			least, seeds[0] = sum, i
		}
	}
	for len(seeds) < k {
		far, at := 0.0, -1
		for i := range x {
			d := 1.0
			for _, s := range seeds {
				d = min(d, jaccard(x[i], x[s]))
			}
			if d > far+1e-12 {
				far, at = d, i
			}
		}
		if at < 0 {
			break
		}
		seeds = append(seeds, at)
	}
	return seeds
}

// nearest assigns each session to a seed.
func nearest(x [][]bool, seeds []int) []int {
	out := make([]int, len(x))
	for i := range x {
		best := math.Inf(1)
		for k, s := range seeds {
			if d := jaccard(x[i], x[s]); d < best {
				best, out[i] = d, k
			}
		}
	}
	return out
}

// bic fits a mixture of k types, beginning with the types assigned. It returns the
// criterion and the sessions of each type, nil if a type has fewer than two.
func bic(x [][]bool, assigned []int, k int) (float64, [][]int) {
	n, d := len(x), len(x[0])
	r := make([][]float64, n) // responsibilities
	for i := range r {
		r[i] = make([]float64, k)
		r[i][assigned[i]] = 1
	}
	likelihood := math.Inf(-1)
	for range maxRounds {
		weight, p := maximise(x, r, k)
		next := expect(x, r, weight, p)
		if next-likelihood < 1e-6 {
			likelihood = next
			break
		}
		likelihood = next
	}
	groups := make([][]int, k)
	for i := range r {
		best := 0
		for j := range r[i] {
			if r[i][j] > r[i][best] {
				best = j
			}
		}
		groups[best] = append(groups[best], i)
	}
	if slices.ContainsFunc(groups, func(g []int) bool { return len(g) < 2 }) && k > 1 {
		return 0, nil
	}
	return -2*likelihood + float64(k*d+k-1)*math.Log(float64(n)), groups
}

// maximise returns weights and probabilities from responsibilities. It adds half a
// session that visits and half a session that does not, so that nothing is impossible.
func maximise(x [][]bool, r [][]float64, k int) (weight []float64, p [][]float64) {
	weight, p = make([]float64, k), make([][]float64, k)
	for j := range k {
		p[j] = make([]float64, len(x[0]))
		for i := range x {
			weight[j] += r[i][j]
			for c, on := range x[i] {
				if on {
					p[j][c] += r[i][j]
				}
			}
		}
		for c := range p[j] {
			p[j][c] = (p[j][c] + 0.1) / (weight[j] + 0.2)
		}
		weight[j] = (weight[j] + 0.1) / (float64(len(x)) + 0.1*float64(k))
	}
	return weight, p
}

// expect renews the responsibilities and returns the log-likelihood.
func expect(x [][]bool, r [][]float64, weight []float64, p [][]float64) float64 {
	total := 0.0
	for i := range x {
		top := math.Inf(-1)
		for j := range weight {
			s := math.Log(weight[j])
			for c, on := range x[i] {
				if on {
					s += math.Log(p[j][c])
				} else {
					s += math.Log(1 - p[j][c])
				}
			}
			r[i][j] = s
			top = max(top, s)
		}
		sum := 0.0
		for j := range weight {
			r[i][j] = math.Exp(r[i][j] - top)
			sum += r[i][j]
		}
		for j := range weight {
			r[i][j] /= sum
		}
		total += top + math.Log(sum)
	}
	return total
}
