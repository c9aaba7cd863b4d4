package load

import (
	"math"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// all returns the whole schedule.
func all(a Arrivals) []time.Duration {
	var list []time.Duration
	for i := uint64(0); ; i++ {
		at, ok := a.At(i)
		if !ok {
			return list
		}
		list = append(list, at)
	}
}

// schedules draws arrivals of every kind.
func schedules() *rapid.Generator[Arrivals] {
	return rapid.Custom(func(t *rapid.T) Arrivals {
		duration := time.Duration(rapid.Int64Range(1, int64(20*time.Second)).Draw(t, "duration"))
		rate := rapid.Float64Range(0.1, 100).Draw(t, "rate")
		seed := rapid.Uint64().Draw(t, "seed")
		var a Arrivals
		var err error
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			a, err = Constant(rate, duration)
		case 1:
			a, err = Users(rapid.IntRange(1, 500).Draw(t, "users"), duration)
		case 2:
			offsets := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
				return time.Duration(rapid.Int64Range(0, int64(10*time.Second)).Draw(t, "offset"))
			}), 1, 30).Draw(t, "offsets")
			slices.Sort(offsets)
			a, err = Recorded(offsets, 10*time.Second, rapid.Float64Range(0.05, 20).Draw(t, "scale"), duration, seed)
		}
		if err != nil {
			t.Fatal(err)
		}
		return a
	})
}

func TestArrivalsNeverGoBackAndAreTheSameEachTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := schedules().Draw(t, "schedule")
		list := all(a)
		if !slices.IsSorted(list) {
			t.Fatalf("not ascending: %v", list)
		}
		if len(list) > 0 && list[0] < 0 {
			t.Fatalf("the first is at %s", list[0])
		}
		if !slices.Equal(list, all(a)) {
			t.Fatal("a second reading differs")
		}
		for _, i := range []uint64{uint64(len(list)), uint64(len(list)) + 1, uint64(len(list)) * 2} {
			if at, ok := a.At(i); ok {
				t.Fatalf("arrival %d of %d is at %s", i, len(list), at)
			}
		}
	})
}

func TestTheUnionOfTheSegmentsIsThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := schedules().Draw(t, "schedule")
		count := rapid.IntRange(1, 9).Draw(t, "count")
		var union []time.Duration
		seen := map[uint64]int{}
		for index := range count {
			s := Segment{index, count}
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			for k := uint64(0); ; k++ {
				i := s.Session(k)
				if !s.Owns(i) {
					t.Fatalf("%+v does not own its session %d", s, i)
				}
				at, ok := a.At(i)
				if !ok {
					break
				}
				seen[i]++
				union = append(union, at)
			}
		}
		slices.Sort(union)
		if !slices.Equal(union, all(a)) {
			t.Fatalf("%d segments give %d arrivals of %d", count, len(union), len(all(a)))
		}
		for i, n := range seen {
			if n != 1 {
				t.Fatalf("session %d is owned by %d segments", i, n)
			}
		}
	})
}

func TestAConstantRateHoldsInEveryWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.5, 1000).Draw(t, "rate")
		a, err := Constant(rate, 0)
		if err != nil {
			t.Fatal(err)
		}
		from := time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "from"))
		width := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "width"))
		got := float64(before(a, from+width) - before(a, from))
		if want := rate * width.Seconds(); math.Abs(got-want) > 1.001 {
			t.Fatalf("%g arrivals in %s at %g/s, want %g", got, width, rate, want)
		}
	})
}

func TestDifferentSeedsGiveDifferentArrivals(t *testing.T) {
	offsets := []time.Duration{0, time.Second, 3 * time.Second}
	c, _ := Recorded(offsets, 5*time.Second, 10, 0, 1)
	d, _ := Recorded(offsets, 5*time.Second, 10, 0, 2)
	if slices.Equal(all(c), all(d)) {
		t.Error("seeds 1 and 2 give the same clones")
	}
}

func TestARecordingAtScaleOneIsRepeatedAsItIs(t *testing.T) {
	offsets := []time.Duration{0, time.Second, time.Second, 3 * time.Second}
	a, err := Recorded(offsets, 5*time.Second, 1, 12*time.Second, 3)
	if err != nil {
		t.Fatal(err)
	}
	s := time.Second
	want := []time.Duration{0, s, s, 3 * s, 5 * s, 6 * s, 6 * s, 8 * s, 10 * s, 11 * s, 11 * s}
	if got := all(a); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestScaledRecordingsKeepTheirShape(t *testing.T) {
	// Ninety starts in the first second, ten in the other nine.
	var offsets []time.Duration
	for i := range 90 {
		offsets = append(offsets, time.Duration(i)*time.Second/90)
	}
	for i := range 10 {
		offsets = append(offsets, time.Second+time.Duration(i)*900*time.Millisecond)
	}
	for _, scale := range []float64{0.5, 1, 2.5, 10, 33.3} {
		a, err := Recorded(offsets, 10*time.Second, scale, 0, 5)
		if err != nil {
			t.Fatal(err)
		}
		first, whole := float64(before(a, time.Second)), float64(len(all(a)))
		if math.Abs(whole-100*scale) > 1 {
			t.Errorf("scale %g: %g arrivals, want %g", scale, whole, 100*scale)
		}
		// Some clones of the last starts come from the other side of the second.
		if want := 90 * scale; math.Abs(first-want) > 1+0.02*want {
			t.Errorf("scale %g: %g arrivals in the first second, want %g", scale, first, want)
		}
	}
}

func TestClonesOfASecondRoundDiffer(t *testing.T) {
	a, err := Recorded([]time.Duration{0, time.Second}, 2*time.Second, 5, 4*time.Second, 5)
	if err != nil {
		t.Fatal(err)
	}
	list := all(a)
	if len(list) != 20 || list[10] != 2*time.Second {
		t.Fatalf("got %v", list)
	}
	if list[11]-2*time.Second == list[1] {
		t.Error("the second round has the same clones as the first")
	}
}

func TestQuietStretchesStayQuiet(t *testing.T) {
	// A hundred starts in the first second of an hour: clones of the last must
	// not spread over the rest of it.
	var offsets []time.Duration
	for i := range 100 {
		offsets = append(offsets, time.Duration(i)*10*time.Millisecond)
	}
	a, err := Recorded(offsets, time.Hour, 20, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	list := all(a)
	if last := list[len(list)-1]; last > time.Second+4*time.Hour/100 {
		t.Errorf("the last clone comes at %s", last)
	}
}

func TestTheRecordingMayEndWithItsLastStart(t *testing.T) {
	a, err := Recorded([]time.Duration{time.Second, 2 * time.Second}, 0, 1, 10*time.Second, 1)
	if err != nil {
		t.Fatal(err)
	}
	list := all(a)
	if len(list) < 4 || list[2] <= list[1] {
		t.Errorf("the second round does not follow the first: %v", list)
	}
}

func TestUsersRampEvenly(t *testing.T) {
	a, err := Users(4, 8*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s := time.Second
	if got := all(a); !slices.Equal(got, []time.Duration{0, 2 * s, 4 * s, 6 * s}) {
		t.Errorf("got %v", got)
	}
	b, _ := Users(3, 0)
	if got := all(b); !slices.Equal(got, []time.Duration{0, 0, 0}) {
		t.Errorf("without a ramp: %v", got)
	}
}

func TestSchedulesThatAreNoneAreRefused(t *testing.T) {
	s := time.Second
	one := []time.Duration{0}
	for name, err := range map[string]error{
		"rate 0":             second(Constant(0, s)),
		"rate NaN":           second(Constant(math.NaN(), s)),
		"rate Inf":           second(Constant(math.Inf(1), s)),
		"negative duration":  second(Constant(1, -s)),
		"no users":           second(Users(0, 0)),
		"a negative ramp":    second(Users(1, -s)),
		"an empty recording": second(Recorded(nil, s, 1, 0, 0)),
		"scale 0":            second(Recorded(one, s, 0, 0, 0)),
		"scale NaN":          second(Recorded(one, s, math.NaN(), 0, 0)),
		"unsorted offsets":   second(Recorded([]time.Duration{2, 1}, s, 1, 0, 0)),
		"negative offsets":   second(Recorded([]time.Duration{-2, 1}, s, 1, 0, 0)),
		"negative end":       second(Recorded(one, s, 1, -s, 0)),
		"segment 3 of 3":     Segment{3, 3}.Validate(),
		"segment -1 of 3":    Segment{-1, 3}.Validate(),
		"segment 1 of 0":     Segment{1, 0}.Validate(),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if (Segment{}).Validate() != nil || !(Segment{}).Owns(7) || (Segment{}).Session(7) != 7 {
		t.Error("the zero segment does not own everything")
	}
}

func second(_ Arrivals, err error) error { return err }

func TestParsing(t *testing.T) {
	for s, want := range map[string]float64{"3x": 3, "0.5x": 0.5, " 2 ": 2, "1e2x": 100} {
		if got, err := ParseFactor(s); err != nil || got != want {
			t.Errorf("factor %q: got %g, %v", s, got, err)
		}
	}
	for s, want := range map[string]float64{"50/s": 50, "50": 50, "3000/m": 50, "3600/h": 1, "1.5 / sec": 1.5, "60/min": 1} {
		if got, err := ParseRate(s); err != nil || got != want {
			t.Errorf("rate %q: got %g, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "x", "0x", "-1x", "NaNx", "Infx", "3y", "three"} {
		if _, err := ParseFactor(s); err == nil || !strings.Contains(err.Error(), "such as 3x") {
			t.Errorf("factor %q: %v", s, err)
		}
	}
	for _, s := range []string{"", "/s", "0/s", "-1/s", "50/", "50/day", "NaN", "Inf/s", "fast"} {
		if _, err := ParseRate(s); err == nil || !strings.Contains(err.Error(), "such as 50/s") {
			t.Errorf("rate %q: %v", s, err)
		}
	}
}

// before returns the number of arrivals that are due before t.
func before(a Arrivals, t time.Duration) int {
	late := func(i int) bool {
		at, ok := a.At(uint64(i))
		return !ok || at >= t
	}
	return sort.Search(1<<40, late)
}

// Three sessions of one instant, asked for longer, come again once a second.
func TestARecordingOfAMomentDoesNotFlood(t *testing.T) {
	a, err := Recorded([]time.Duration{0, 0, 0}, 3*time.Microsecond, 1, 3*time.Second, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := all(a), []time.Duration{0, 0, 0, time.Second, time.Second, time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Second}; !slices.Equal(got, want) {
		t.Errorf("arrivals at %v, want %v", got, want)
	}
}

// A start that comes once has no clones, and leaves those of the others as they are.
func TestStartsThatComeOnce(t *testing.T) {
	offsets := []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second}
	once := []bool{false, true, false, false, true}
	users := []time.Duration{offsets[0], offsets[2], offsets[3]}
	for _, scale := range []float64{0.5, 1, 3, 2.5} {
		a, err := RecordedApart(offsets, once, 3*time.Second, scale, 6*time.Second, 7)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := Recorded(users, 3*time.Second, scale, 6*time.Second, 7)
		if err != nil {
			t.Fatal(err)
		}
		var apart, others, want []time.Duration
		for i := uint64(0); ; i++ {
			at, ok := a.At(i)
			if !ok {
				break
			}
			if original, _ := a.Repeats(i); once[original] {
				apart = append(apart, at)
			} else {
				others = append(others, at)
			}
		}
		for i := uint64(0); ; i++ {
			at, ok := alone.At(i)
			if !ok {
				break
			}
			want = append(want, at)
		}
		if due := []time.Duration{offsets[1], offsets[4], 3*time.Second + offsets[1], 3*time.Second + offsets[4]}; !slices.Equal(apart, due) {
			t.Errorf("scale %g: those that come once do so at %v, want %v", scale, apart, due)
		}
		if !slices.Equal(others, want) {
			t.Errorf("scale %g: the others come at %v, want %v", scale, others, want)
		}
	}
	if a, err := RecordedApart(offsets, []bool{true, true, true, true, true}, 3*time.Second, 4, 0, 1); err != nil || len(a.at) != len(offsets) {
		t.Errorf("%v: %d arrivals of nobody but those that come once, want %d", err, len(a.at), len(offsets))
	}
}
