package trail

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/starling-load/starling/model/session/identity"
)

// of makes a trail that begins at a time, with the loads of pages, one each 10 units.
func of(first int64, doubtful bool, pages ...identity.Mark) *Trail {
	t := &Trail{First: first, Last: first, Doubtful: doubtful}
	for i, p := range pages {
		at := first + 10*int64(i)
		t.Pages.Add(p, at)
		t.Last = at + 5
		if i == 0 {
			t.Entry = p
		}
	}
	return t
}

func keeps(t *Trail, fetched, had []identity.Mark) *Trail {
	for _, m := range fetched {
		t.Fetched.Add(m)
	}
	for _, m := range had {
		t.Had.Add(m)
	}
	return t
}

func TestTrailsAreJoinedByWhatSpeaksForOneReader(t *testing.T) {
	type marks = []identity.Mark
	comes := func(t *Trail, from ...identity.Mark) *Trail {
		for _, m := range from {
			t.Came.Add(m)
		}
		return t
	}
	in := func(t *Trail, group, process uint32) *Trail { t.Group, t.Process = group, process; return t }
	for _, c := range []struct {
		name   string
		trails []*Trail
		want   []int32
	}{
		{"one who goes on", []*Trail{of(0, false, 1), of(20, true, 2)}, []int32{-1, 0}},
		{"what is certain stays", []*Trail{of(0, false, 1), of(20, false, 2)}, []int32{-1, -1}},
		{"another address", []*Trail{in(of(0, false, 1), 1, 0), in(of(20, true, 2), 2, 0)}, []int32{-1, -1}},
		{"another process", []*Trail{in(of(0, false, 1), 1, 8), in(of(20, true, 2), 1, 9)}, []int32{-1, -1}},
		{"after a long pause", []*Trail{of(0, false, 1), of(2000, true, 2)}, []int32{-1, -1}},
		{"the page that it comes from", []*Trail{of(0, false, 1), of(1, false, 2), comes(of(20, true, 3), 1)}, []int32{-1, -1, 0}},
		{"the last page before an earlier one", []*Trail{of(0, false, 1, 2), of(0, false, 2, 1), comes(of(20, true, 3), 1)}, []int32{-1, -1, 1}},
		{"what was kept", []*Trail{keeps(of(0, false, 1), marks{50}, nil), keeps(of(1, false, 1), marks{51}, nil), keeps(of(20, true, 3), nil, marks{50})}, []int32{-1, -1, 0}},
		{"what was fetched again", []*Trail{keeps(of(0, false, 1), marks{50, 51}, nil), keeps(of(20, true, 3), marks{50, 51}, nil)}, []int32{-1, -1}},
		{"one who begins as the other began", []*Trail{of(0, false, 1, 2), of(20, true, 1)}, []int32{-1, -1}},
		{"one who begins so again, and had what that one fetched", []*Trail{keeps(of(0, false, 1, 2), marks{50}, nil), keeps(of(20, true, 1), nil, marks{50})}, []int32{-1, 0}},
		{"two cannot go on one", []*Trail{of(0, false, 1), of(20, true, 2), of(20, true, 3)}, []int32{-1, 0, 1}},
		{"what the reader had on the trail before the last one",
			[]*Trail{keeps(of(0, false, 1), marks{50}, nil), keeps(of(1, false, 9), marks{51}, nil), comes(of(20, true, 2), 1), comes(of(20, true, 3), 9), keeps(of(40, true, 4), nil, marks{50})},
			[]int32{-1, -1, 0, 1, 2}},
	} {
		pace := func(age int64, _ bool) float64 { return 1 }
		if got := Join(c.trails, Site{Pace: pace, Idle: 1000}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestThePaceDecidesWhoGoesOn(t *testing.T) {
	pace := func(age int64, _ bool) float64 {
		if age > 30 && age < 50 {
			return 4
		}
		return 0.5
	}
	trails := []*Trail{of(0, false, 1), of(30, false, 2), of(40, true, 3)}
	if got := Join(trails, Site{Pace: pace, Idle: 1000}); got[2] != 0 {
		t.Errorf("%v, want the one who has looked at a page for as long as readers do", got)
	}
}

// The second reader alone is a little likelier to go on with the third trail. Then hardly
// anybody would go on with the fourth.
func TestTwoTrailsGoOnWhatIsLikeliestForBothTogether(t *testing.T) {
	pace := func(age int64, _ bool) float64 {
		return map[int64]float64{20: 2.1, 21: 2, 30: 2, 31: 0.1}[age]
	}
	trails := []*Trail{of(0, false, 1), of(10, false, 2), of(30, true, 3), of(31, true, 4)}
	if got := Join(trails, Site{Pace: pace, Idle: 1000}); !slices.Equal(got, []int32{-1, -1, 0, 1}) {
		t.Errorf("%v, want the third to go on the first, and the fourth the second", got)
	}
}

// However many trails there are, each is compared with few.
func TestManyTrailsAreJoinedInBoundedTime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var trails []*Trail
	for i := range 1_500 {
		x := of(int64(i), i > 0, identity.Mark(random.Uint64N(50)))
		for range maxSet + 9 {
			x.Fetched.Add(identity.Mark(random.Uint64N(1 << 20)))
			x.Had.Add(identity.Mark(random.Uint64N(1 << 20)))
		}
		for k := range maxPages + 9 {
			x.Pages.Add(identity.Mark(k), int64(i+k))
		}
		trails = append(trails, x)
	}
	compared := 0
	pace := func(int64, bool) float64 { compared++; return 1 }
	before := Join(trails, Site{Pace: pace, Idle: 1 << 40})
	if compared > window*len(trails) || len(trails[0].Fetched) > maxSet || len(trails[0].Pages.of) > maxPages {
		t.Errorf("%d comparisons of %d trails, sets of %d, %d pages", compared, len(trails), len(trails[0].Fetched), len(trails[0].Pages.of))
	}
	used := map[int32]bool{}
	for i, b := range before {
		if b >= int32(i) || b >= 0 && used[b] {
			t.Fatal(fmt.Sprint("trail ", i, " goes on ", b))
		}
		used[b] = true
	}
}
