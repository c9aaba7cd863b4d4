package course

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/model/session/identity"
)

// acts makes acts of words: "SECOND USER SHAPE [aN] [nN] [<PAGE] [+KEPT] [-HAD]", in which a
// and n are an anchor and one that is a name. A shape from p to z is that of a page.
func acts(words ...string) (out []*Act) {
	for _, w := range words {
		f := strings.Fields(w)
		a := &Act{Shape: identity.Mark(f[2][0]), Target: identity.Mark(f[2][0])}
		var second float64
		_, _ = fmt.Sscan(f[0], &second)
		_, _ = fmt.Sscan(f[1], &a.User)
		a.At = int64(second * 1e9)
		a.Done, a.Page = a.At+1e6, f[2][0] >= 'p'
		for _, x := range f[3:] {
			switch x[0] {
			case 'a', 'n':
				_, _ = fmt.Sscan(x[1:], &a.Anchor)
				a.Named = x[0] == 'n'
			case '<':
				a.From = identity.Mark(x[1])
			case '+':
				a.Fetched = append(a.Fetched, identity.Mark(x[1]))
			case '-':
				a.Had = append(a.Had, identity.Mark(x[1]))
			}
		}
		out = append(out, a)
	}
	return out
}

// usual are the habits of users who do a, b five seconds later and c one second after that,
// and who load pages p, q and r, each from the one before, with what they need.
func usual() *Habits {
	h := NewHabits()
	for i := range 30 {
		at := 100 * float64(i)
		long := 5 + 0.2*float64(i%5)
		h.Learn(acts(fmt.Sprint(at, " 1 a"), fmt.Sprint(at+long, " 1 b"), fmt.Sprint(at+long+1, " 1 c")))
		h.Learn(acts(fmt.Sprint(at, " 1 p +S +T"), fmt.Sprint(at+long, " 1 q <p -S -T"), fmt.Sprint(at+2*long, " 1 r <q -S -T")))
	}
	return h
}

func TestCoursesBecomeLikely(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []string
		want  []int32
	}{
		{"what is right stays", []string{"0 1 a", "3 2 a", "5 1 b", "6 1 c", "8 2 b", "9 2 c"}, []int32{1, 2, 1, 1, 2, 2}},
		{"two who go on as the other one does", []string{"0 1 a", "3 2 a", "5 2 b", "6 2 c", "8 1 b", "9 1 c"}, []int32{1, 2, 1, 1, 2, 2}},
		{"who has a name keeps it", []string{"0 1 a", "3 2 a", "5 2 b n7", "6 2 c n7", "8 1 b n8", "9 1 c n8"}, []int32{2, 1, 2, 2, 1, 1}},
		{"an anchor holds", []string{"0 1 a a3", "3 2 a a4", "5 2 b a4", "6 2 c", "8 1 b a3", "9 1 c"}, []int32{1, 2, 2, 2, 1, 1}},
		{"an act of another one", []string{"0 1 a n7", "3 2 a n8", "5 2 b", "6 1 c n7", "8 2 b", "9 2 c n8"}, []int32{1, 2, 1, 1, 2, 2}},
		{"acts that change their users", []string{"0 1 a n7", "3 2 a n8", "5 2 b", "6 1 c n7", "8 1 b", "9 2 c n8"}, []int32{1, 2, 1, 1, 2, 2}},
		{"one who was taken for two", []string{"0 1 a", "5 2 b", "6 2 c"}, []int32{1, 1, 1}},
		{"two who were taken for one", []string{"0 1 a", "3 1 a", "5 1 b", "6 1 c", "8 1 b", "9 1 c"}, []int32{1, -1, 1, 1, -1, -1}},
		{"two who were mixed, of whom one was begun by a third", []string{"0 3 a", "3 1 a a5", "5 1 b a4", "6 1 c a4", "8 1 b a5", "9 1 c a5"}, []int32{3, 1, 3, 3, 1, 1}},
		{"the page that it comes from", []string{"0 1 p +S +T", "0.1 2 q -S -T", "5 2 q <p -S -T", "5.1 1 r <q -S -T"}, []int32{1, 2, 1, 2}},
		{"what is kept", []string{"0 1 p", "0 2 p +S +T", "5 1 q <p -S -T", "5 2 q <p"}, []int32{1, 2, 2, 1}},
	} {
		list := acts(c.words...)
		usual().Settle(list)
		var got []int32
		for _, a := range list {
			got = append(got, a.User)
		}
		named := slices.ContainsFunc(list, func(a *Act) bool { return a.Named })
		if !slices.Equal(got, c.want) && (named || !slices.Equal(swapped(got), c.want)) {
			t.Errorf("%s: users %v, want %v", c.name, got, c.want)
		}
	}
}

// swapped gives users 1 and 2 each the other one's number.
func swapped(users []int32) (out []int32) {
	for _, u := range users {
		out = append(out, map[int32]int32{1: 2, 2: 1, 3: 3, -1: -1}[u])
	}
	return out
}

func TestWhoCannotBeToldApartIsCounted(t *testing.T) {
	apart := usual().Settle(acts("0 1 a", "30 2 a", "5 1 b", "35 2 b"))
	alike := usual().Settle(acts("0 1 a", "0.01 2 a", "5 1 b", "5.01 2 b"))
	if apart != 0 || alike == 0 {
		t.Errorf("%d acts may as well be another user's where users are apart, and %d where they do the same at once", apart, alike)
	}
}

// However many acts there are, each is compared with few, and all with a bounded number.
func TestManyActsAreSettledInBoundedTime(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var list []*Act
	for i := range 3_000 {
		list = append(list, &Act{At: int64(i) * 1e7, Shape: identity.Mark(random.IntN(9) + 2), User: int32(random.IntN(500) + 1)})
	}
	h := NewHabits()
	for _, c := range Of(list) {
		h.Learn(c)
	}
	h.trials = 100_000
	h.Settle(list)
	if h.trials > 0 {
		t.Fatal("the bound was not reached")
	}
	seen := map[int32]int64{}
	for _, a := range list {
		if a.User == 0 || a.At < seen[a.User] {
			t.Fatalf("act at %d of user %d", a.At, a.User)
		}
		seen[a.User] = a.At
	}
}
