package trail

import (
	"cmp"
	"math"
	"slices"

	"github.com/starling-load/starling/model/session/identity"
)

// A Site is what is known of the pages.
type Site struct {
	// Refers reports whether a page refers to a target. Nil: nobody knows.
	Refers func(page, target identity.Mark) bool

	// Pace is how many times likelier than on average a reader goes on just now who has
	// looked at a page for a time in nanoseconds. named says that the reader gets a name.
	Pace func(age int64, named bool) float64

	Idle int64 // the pause after which nobody is looked for, in nanoseconds
}

// Bounds of the search.
const (
	window = 48 // trails of a group, the latest, that one may go on
	tried  = 8  // of them, those for which most speaks
	rounds = 3
	chain  = 4 // trails of one reader that are looked at
)

// What speaks for one reader of two trails rather than two, as logarithms of how many
// times likelier it is. They were fitted to recordings of browsers whose readers are known.
const (
	goesOn   = 2.5  // a reader who is there goes on rather than leaves while another comes
	alone    = 2.0  // the address is one reader's
	came     = 1.6  // a page that it comes from was loaded
	just     = 1.5  // it is the last one
	notCame  = -1.3 // it was not
	was      = 2.0  // its client had something before
	rarest   = 4.0  // what its client had was fetched, at most
	lacked   = -0.8 // it was not
	twice    = -2.5 // what a client keeps is fetched again
	same     = 1.6  // it loads the last page again
	again    = 1.1  // it loads an earlier page again
	likewise = -4.0 // it begins as the other one began, with nothing kept
	refers   = 0.8  // the last page refers to what it begins with
	overlap  = -0.6 // the first goes on by itself
	slowest  = -6.0 // bounds of the pace
	fastest  = 1.5
	times    = 3    // that one kind of evidence counts
	never    = -1e6 // it is not one reader
)

// Join returns for each trail the place of the one that it goes on, or -1. Trails are in
// the order of their first request.
//
// In the first round each pair of trails is judged alone. Later rounds also compare what
// comes before the first of them with what comes after the second.
func Join(trails []*Trail, s Site) []int32 {
	j := joiner{trails: trails, before: none(len(trails)), after: none(len(trails)), size: map[uint32]int{}, holders: map[holding]int{}}
	j.count()
	groups := map[uint32][]int32{}
	for i, t := range trails {
		group := groups[t.Group]
		if t.Doubtful {
			j.pairs = append(j.pairs, j.likeliest(s, group[max(0, len(group)-window):], int32(i))...)
		}
		if !t.Named {
			groups[t.Group] = append(group, int32(i))
		}
	}
	for range rounds {
		if !j.round() {
			break
		}
	}
	return j.before
}

// A joiner joins trails to chains.
type joiner struct {
	trails        []*Trail
	pairs         []pair
	before, after []int32
	size          map[uint32]int  // trails of a group
	holders       map[holding]int // of them, with something that clients keep
	earlier       []*Trail        // memory that is used again
}

// A pair is two trails that may be one reader's.
type pair struct {
	before, after int32
	alone         float64 // odds but for what browsers keep
	odds          float64 // with that
}

func none(n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = -1
	}
	return list
}

// likeliest pairs a trail with those earlier ones for which most speaks.
func (j *joiner) likeliest(s Site, earlier []int32, i int32) (pairs []pair) {
	for _, b := range earlier {
		if odds := s.odds(j.trails[b], j.trails[i]); odds+was+rarest > 0 {
			pairs = append(pairs, pair{before: b, after: i, alone: odds})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(b.alone, a.alone), cmp.Compare(b.before, a.before)) })
	return pairs[:min(len(pairs), tried)]
}

// round joins the pairs for which most speaks first. It reports whether anything is
// joined otherwise than before.
func (j *joiner) round() (changed bool) {
	var likely []pair
	for _, p := range j.pairs {
		if p.odds = p.alone + j.around(p.before, p.after); p.odds > 0 {
			likely = append(likely, p)
		}
	}
	slices.SortFunc(likely, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.odds, a.odds), cmp.Compare(a.after, b.after), cmp.Compare(b.before, a.before))
	})
	before, after := none(len(j.trails)), none(len(j.trails))
	for _, p := range likely {
		if before[p.after] < 0 && after[p.before] < 0 {
			before[p.after], after[p.before] = p.before, p.after
		}
	}
	cross(likely, before, after)
	changed = !slices.Equal(before, j.before)
	j.before, j.after = before, after
	return changed
}

// cross lets two trails go on what the other one goes on, where more speaks for both
// together in this way.
func cross(likely []pair, before, after []int32) {
	odds := map[[2]int32]float64{}
	for _, p := range likely {
		odds[[2]int32{p.before, p.after}] = p.odds
	}
	for _, p := range likely {
		a, b := before[p.after], after[p.before]
		if a < 0 || b < 0 || a == p.before {
			continue
		}
		if other, ok := odds[[2]int32{a, b}]; ok && p.odds+other > odds[[2]int32{a, p.after}]+odds[[2]int32{p.before, b}] {
			before[p.after], after[p.before] = p.before, p.after
			before[b], after[a] = a, b
		}
	}
}

// around sums what speaks for one reader of what comes up to a and from b on, from what
// browsers keep.
func (j *joiner) around(a, b int32) (odds float64) {
	earlier := j.earlier[:0]
	for x := a; x >= 0 && len(earlier) < chain; x = j.before[x] {
		if x == b {
			return never
		}
		earlier = append(earlier, j.trails[x])
	}
	has := func(m identity.Mark) bool {
		return slices.ContainsFunc(earlier, func(t *Trail) bool { return t.Fetched.Has(m) || t.Had.Has(m) })
	}
	known, missing, fetched := 0.0, 0, 0
	for y, n := b, 0; y >= 0 && n < 2; y, n = j.after[y], n+1 {
		t := j.trails[y]
		for _, m := range t.Had {
			if has(m) {
				known += j.rarity(t.Group, m)
			} else if y == b || !j.trails[b].Fetched.Has(m) {
				missing++
			}
		}
		for _, m := range t.Fetched {
			if has(m) {
				fetched++
			}
		}
	}
	if len(j.trails[b].Had) > 0 {
		odds += was
	}
	return odds + min(rarest, known) + lacked*float64(min(times, missing)) + twice*float64(min(times, fetched))
}

// rarity is how much it says that a reader of a group has what clients keep.
func (j *joiner) rarity(group uint32, m identity.Mark) float64 {
	return math.Log(float64(j.size[group]) / float64(max(1, j.holders[holding{group, m}])))
}

// A holding is something that clients of a group keep.
type holding struct {
	group uint32
	mark  identity.Mark
}

// count counts who has what.
func (j *joiner) count() {
	for _, t := range j.trails {
		j.size[t.Group]++
		for _, set := range [...]Set{t.Fetched, t.Had} {
			for _, m := range set {
				j.holders[holding{t.Group, m}]++
			}
		}
	}
}

// odds is what speaks for one reader of both trails, the second after the first, but for
// what browsers keep.
func (s Site) odds(a, b *Trail) float64 {
	page, opened, ok := a.Pages.Before(b.First)
	if !ok {
		opened = a.First
	}
	if b.First-max(opened, min(a.Last, b.First)) > s.Idle || a.Process != 0 && b.Process != 0 && a.Process != b.Process {
		return never
	}
	odds := goesOn + min(fastest, max(slowest, math.Log(s.Pace(b.First-opened, b.Named))))
	if len(b.Came)+len(b.Had) == 0 && a.Entry == b.Entry {
		return odds + likewise
	}
	loaded := slices.ContainsFunc(b.Came, func(m identity.Mark) bool { return a.Pages.Has(m) })
	for _, e := range [...]struct {
		holds bool
		odds  float64
	}{
		{a.Alone && b.Alone, alone}, {loaded, came}, {len(b.Came) > 0 && !loaded, notCame}, {ok && b.Came.Has(page), just},
		{ok && page == b.Entry, same}, {a.Pages.Has(b.Entry), again}, {ok && s.Refers != nil && s.Refers(page, b.Entry), refers}, {a.Last > b.First, overlap},
	} {
		if e.holds {
			odds += e.odds
		}
	}
	return odds
}
