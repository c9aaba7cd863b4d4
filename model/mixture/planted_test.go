package mixture

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// A planting is a recording with known types of users.
type planting struct {
	name    string
	n       int // sessions
	weights []float64
	kinds   func(t *testing.T, r *rand.Rand) []kind
}

// ratio is the least part of the adjusted Rand index of the truth that is asked for. Types
// that are hardly different cannot be learned so well from few sessions.
func (p planting) ratio() float64 {
	if p.n <= 400 {
		return 0.9
	}
	return 0.95
}

func ten() []int { return []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9} }

// over plants random chains over these pages, one for each set.
func over(pages ...[]int) func(*testing.T, *rand.Rand) []kind {
	return func(_ *testing.T, r *rand.Rand) (out []kind) {
		for _, of := range pages {
			out = append(out, random(r, 20, of))
		}
		return out
	}
}

func plantings() []planting {
	all := ten()
	return []planting{
		{"three orders of the same pages", 2000, []float64{0.4, 0.3, 0.3}, over(all, all, all)},
		{"three orders of the same pages, few", 300, []float64{0.4, 0.3, 0.3}, over(all, all, all)},
		{"disjoint pages", 2000, []float64{0.6, 0.4}, over(all[:5], all[5:])},
		{"disjoint pages, few", 60, []float64{0.6, 0.4}, over(all[:5], all[5:])},
		{"some pages in common", 2000, []float64{0.7, 0.3}, over(all[:7], all[4:])},
		{"some pages in common, few", 200, []float64{0.7, 0.3}, over(all[:7], all[4:])},
		{"one within the other", 2000, []float64{0.5, 0.5}, nested},
		{"one within the other, few", 400, []float64{0.5, 0.5}, nested},
		{"a rare one", 2000, []float64{0.6, 0.37, 0.03}, over(all[:6], all[4:], []int{0, 1, 8, 9, 10, 11, 12})},
		{"a type of five sessions", 160, []float64{0.6, 0.36875, 0.03125}, five},
		{"four tasks behind one login", 400, []float64{0.4, 0.3, 0.2, 0.1}, tasks},
		{"four tasks behind one login, few", 60, []float64{0.4, 0.3, 0.2, 0.1}, tasks},
		{"pages in any order", 2000, []float64{0.6, 0.4}, pickings},
		{"pages in any order, few", 100, []float64{0.6, 0.4}, pickings},
		{"pages in any order, very few", 40, []float64{0.6, 0.4}, pickings},
		{"dealers of SPECj", 2000, []float64{0.5005, 0.2521, 0.2474}, func(t *testing.T, _ *rand.Rand) []kind {
			names := map[string]int{}
			return []kind{specj(t, 0, names), specj(t, 1, names), specj(t, 2, names)}
		}},
		{"dealers of SPECj, few", 100, []float64{0.5005, 0.2521, 0.2474}, func(t *testing.T, _ *rand.Rand) []kind {
			names := map[string]int{}
			return []kind{specj(t, 0, names), specj(t, 1, names), specj(t, 2, names)}
		}},
		{"bidders and browsers of RUBiS", 2000, []float64{0.5, 0.5}, auction},
		{"bidders and browsers of RUBiS", 8000, []float64{0.5, 0.5}, auction},
	}
}

// A picking is a type whose users visit some pages, each by its own odds, in any order.
type picking []float64

func (p picking) session(r *rand.Rand) (out []int) {
	for page, odds := range p {
		if r.Float64() < odds {
			out = append(out, page)
		}
	}
	r.Shuffle(len(out), func(i, k int) { out[i], out[k] = out[k], out[i] })
	return out
}

func (p picking) log(session []int) (log float64) {
	for page, odds := range p {
		if slices.Contains(session, page) {
			log += math.Log(odds)
		} else {
			log += math.Log(1 - odds)
		}
	}
	return log
}

// pickings plants two types that visit six pages each in any order, two of them the same.
func pickings(*testing.T, *rand.Rand) []kind {
	a, b := slices.Repeat([]float64{0.02}, 12), slices.Repeat([]float64{0.02}, 12)
	for i := range 6 {
		a[i], b[4+i] = 0.6, 0.6
	}
	return []kind{picking(a), picking(b)}
}

// nested plants readers, and writers who read as they do.
func nested(_ *testing.T, r *rand.Rand) []kind {
	reader := random(r, 20, []int{0, 1, 2, 3, 4})
	writer := table{slices.Clone(reader.start), nil}
	for _, row := range reader.rows {
		writer.rows = append(writer.rows, slices.Clone(row))
	}
	for i := range 5 {
		writer.rows[i][5] += 1 // edit, preview, save
	}
	writer.rows[5] = odds(20, 6, 1, 7, 0.5)
	writer.rows[6] = odds(20, 7, 1, 5, 0.3)
	writer.rows[7] = odds(20, 0, 0.5, 20, 0.5)
	return []kind{reader, writer}
}

// five plants customers, suppliers, and a few who keep the shop. All begin at page 0 and
// come back to it, and have some pages of their own.
func five(*testing.T, *rand.Rand) (out []kind) {
	for _, own := range [][]int{{1, 2, 3, 4}, {1, 6, 7, 8, 9}, {2, 12, 13, 14}} {
		t := table{odds(20, 0, 1), make([][]float64, 20)}
		for i := range t.rows {
			t.rows[i] = odds(20, 0, 0.5, 20, 0.15)
		}
		t.rows[0][0] = 0
		for k, page := range own {
			t.rows[0][page] = 1
			t.rows[page][own[(k+1)%len(own)]] += 0.6
		}
		out = append(out, t)
	}
	return out
}

// auction plants users of RUBiS who bid, and some who only look. They do nearly the same.
func auction(t *testing.T, _ *rand.Rand) []kind {
	return []kind{rubis(t, "default_transitions"), rubis(t, "browse_only_transitions")}
}

// odds is a row with the given pairs of page and odds.
func odds(pages int, pairs ...float64) []float64 {
	row := make([]float64, pages+1)
	for i := 0; i < len(pairs); i += 2 {
		row[int(pairs[i])] = pairs[i+1]
	}
	return row
}

// tasks plants users who log in, do one of four things, and log out.
func tasks(*testing.T, *rand.Rand) (out []kind) {
	const in, home, bye = 16, 17, 18
	for k := range 4 {
		t := table{odds(20, in, 1), make([][]float64, 20)}
		for i := range t.rows {
			t.rows[i] = odds(20, 20, 1)
		}
		a := float64(4 * k)
		t.rows[in] = odds(20, home, 1)
		t.rows[home] = odds(20, a, 1, bye, 0.1)
		t.rows[4*k] = odds(20, a+1, 0.7, a+2, 0.3)
		t.rows[4*k+1] = odds(20, a+3, 0.6, a, 0.4)
		t.rows[4*k+2] = odds(20, a+3, 1)
		t.rows[4*k+3] = odds(20, home, 0.6, bye, 0.4)
		out = append(out, t)
	}
	return out
}

// singles are recordings with one type of user.
func singles() []planting {
	all := ten()
	one := func(k func(t *testing.T, r *rand.Rand) kind) func(*testing.T, *rand.Rand) []kind {
		return func(t *testing.T, r *rand.Rand) []kind { return []kind{k(t, r)} }
	}
	var out []planting
	for _, n := range []int{40, 300, 2000} {
		out = append(out,
			planting{"a random chain", n, []float64{1}, over(all)},
			planting{"even odds", n, []float64{1}, one(func(*testing.T, *rand.Rand) kind { return anywhere(10) })},
			planting{"a hub with chores", n, []float64{1}, one(func(*testing.T, *rand.Rand) kind { return hub() })},
			planting{"some pages more popular", n, []float64{1}, one(func(*testing.T, *rand.Rand) kind { return popular() })},
			planting{"fixed sequences with an option", n, []float64{1}, one(func(*testing.T, *rand.Rand) kind { return optional() })},
			planting{"pages in any order", n, []float64{1}, one(func(*testing.T, *rand.Rand) kind {
				return picking{0.9, 0.8, 0.5, 0.5, 0.3, 0.3, 0.2, 0.1, 0.1, 0.05, 0.05, 0.05}
			})},
			planting{"bidders of RUBiS", n, []float64{1}, one(func(t *testing.T, _ *rand.Rand) kind { return rubis(t, "default_transitions") })},
			planting{"browsers of RUBiS", n, []float64{1}, one(func(t *testing.T, _ *rand.Rand) kind { return rubis(t, "browse_only_transitions") })},
			planting{"dealers 0 of SPECj", n, []float64{1}, one(func(t *testing.T, _ *rand.Rand) kind { return specj(t, 0, map[string]int{}) })},
			planting{"dealers 1 of SPECj", n, []float64{1}, one(func(t *testing.T, _ *rand.Rand) kind { return specj(t, 1, map[string]int{}) })},
			planting{"dealers 2 of SPECj", n, []float64{1}, one(func(t *testing.T, _ *rand.Rand) kind { return specj(t, 2, map[string]int{}) })},
		)
	}
	return out
}

func anywhere(pages int) table {
	t := table{make([]float64, pages+1), nil}
	for i := range pages {
		t.start[i] = 1
		t.rows = append(t.rows, slices.Repeat([]float64{1}, pages+1))
	}
	return t
}

// hub is a page that leads to chores, which lead back.
func hub() table {
	t := table{odds(9, 0, 1), nil}
	for i := range 9 {
		switch {
		case i == 0:
			t.rows = append(t.rows, odds(9, 1, 1, 3, 1, 5, 1, 7, 1, 9, 0.5))
		case i%2 == 1:
			t.rows = append(t.rows, odds(9, float64(i+1), 1))
		default:
			t.rows = append(t.rows, odds(9, 0, 1))
		}
	}
	return t
}

// popular is a site whose visitors go anywhere, and to few pages most.
func popular() table {
	const pages = 60
	t := table{make([]float64, pages+1), nil}
	for i := range pages {
		t.start[i] = 1 / float64(i+1)
	}
	for range pages {
		row := slices.Clone(t.start)
		row[pages] = 0.8
		t.rows = append(t.rows, row)
	}
	return t
}

// optional is a sequence of eight pages, of which three may be left out.
func optional() table {
	t := table{odds(8, 0, 1), nil}
	for i := range 8 {
		if next := float64(i + 1); i == 1 || i == 3 || i == 5 {
			t.rows = append(t.rows, odds(8, next, 0.5, next+1, 0.5))
		} else {
			t.rows = append(t.rows, odds(8, next, 1))
		}
	}
	return t
}

// long names the variable of the environment that says how many recordings are drawn of
// each planting, as 100. Without it they are few, and small.
const long = "STARLING_LONG"

func seeds(few uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(long), 10, 16); err == nil {
		return max(n, few)
	}
	if underRace {
		return few / 2
	}
	return few
}

// A found is what Divide made of a planting.
type found struct {
	types         int
	index, ideal  float64 // adjusted Rand index of Divide, and of who knows the kinds
	off, idealOff float64 // greatest difference of a weight from its share of the sessions
}

// draw returns the sessions of a recording and their types.
func (p planting) draw(kinds []kind, r *rand.Rand) (sessions [][]int, truth []int) {
	for z, w := range p.weights {
		for n := int(math.Round(w * float64(p.n))); n > 0; {
			if s := kinds[z].session(r); len(s) > 0 {
				sessions, truth = append(sessions, s), append(truth, z)
				n--
			}
		}
	}
	r.Shuffle(len(sessions), func(i, k int) {
		sessions[i], sessions[k], truth[i], truth[k] = sessions[k], sessions[i], truth[k], truth[i]
	})
	return sessions, truth
}

func (p planting) find(t *testing.T, seed uint64) found {
	r := rand.New(rand.NewPCG(seed, 11))
	kinds := p.kinds(t, r)
	sessions, truth := p.draw(kinds, r)
	groups := Divide(sessions, 8)
	best := make([][]int, len(kinds))
	for i, s := range sessions {
		top, at := math.Inf(-1), 0
		for z, k := range kinds {
			if log := math.Log(p.weights[z]) + k.log(s); log > top {
				top, at = log, z
			}
		}
		best[at] = append(best[at], i)
	}
	return found{
		types: len(groups), index: adjusted(truth, groups), ideal: adjusted(truth, best),
		off: weightsOff(truth, groups, len(kinds)), idealOff: weightsOff(truth, best, len(kinds)),
	}
}

// weightsOff is the greatest difference between the share of a planted type and that of
// the group that holds most of it.
func weightsOff(truth []int, groups [][]int, kinds int) float64 {
	cells := make([][]int, kinds)
	total := make([]int, kinds)
	for z := range cells {
		cells[z] = make([]int, len(groups))
	}
	for g, list := range groups {
		for _, i := range list {
			cells[truth[i]][g]++
			total[truth[i]]++
		}
	}
	off := 0.0
	for z := range cells {
		g := slices.Index(cells[z], slices.Max(cells[z]))
		off = max(off, math.Abs(float64(len(groups[g])-total[z]))/float64(len(truth)))
	}
	return off
}

// bounded leaves out recordings that take long, unless the environment asks for all.
func bounded(list []planting) []planting {
	if os.Getenv(long) != "" {
		return list
	}
	return slices.DeleteFunc(list, func(p planting) bool { return p.n > 400 })
}

func TestPlantedTypesAreFound(t *testing.T) {
	for _, p := range bounded(plantings()) {
		t.Run(p.name, func(t *testing.T) {
			n := seeds(4)
			var right, like, weights uint64
			var sum found
			for seed := range n {
				f := p.find(t, seed)
				if f.types == len(p.weights) {
					right++
				}
				if f.index >= p.ratio()*f.ideal {
					like++
				}
				if f.off <= f.idealOff+max(0.01, 1/float64(p.n)) {
					weights++
				}
				sum.index, sum.ideal, sum.off, sum.idealOff = sum.index+f.index, sum.ideal+f.ideal, sum.off+f.off, sum.idealOff+f.idealOff
			}
			m := float64(n)
			t.Logf("%d sessions: right number %d of %d, like the truth %d, weights within a point %d; index %.3f, of the truth %.3f; weights off %.3f, of the truth %.3f",
				p.n, right, n, like, weights, sum.index/m, sum.ideal/m, sum.off/m, sum.idealOff/m)
			most := n - max(1, n/10)
			if right < most {
				t.Errorf("the number of types is right in %d of %d recordings, want %d", right, n, most)
			}
			if sum.index < p.ratio()*sum.ideal {
				t.Errorf("the adjusted Rand index is %.3f, want %.2f of the %.3f that the truth reaches", sum.index/m, p.ratio(), sum.ideal/m)
			}
			if n >= 20 && weights < n-n/10 {
				t.Errorf("weights are as good as those of who knows the types, within a point or a session, in %d of %d recordings, want %d", weights, n, n-n/10)
			}
		})
	}
}

func TestOneTypeStaysOne(t *testing.T) {
	wrong, runs := 0, 0
	for _, p := range bounded(singles()) {
		t.Run(p.name, func(t *testing.T) {
			counts := map[int]int{}
			for seed := range seeds(2) {
				r := rand.New(rand.NewPCG(seed, 12))
				sessions, _ := p.draw(p.kinds(t, r), r)
				types := len(Divide(sessions, 8))
				counts[types]++
				if runs++; types > 1 {
					wrong++
				}
			}
			t.Logf("%d sessions: recordings by number of types: %v", p.n, counts)
		})
	}
	if 20*wrong > runs {
		t.Errorf("%d of %d recordings of one type were divided, want at most one in twenty", wrong, runs)
	}
}
