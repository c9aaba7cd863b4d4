package load

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// dispersion is the index of dispersion for counts: Var N/E N of the arrivals in windows
// of width w.
func dispersion(at []time.Duration, span, w time.Duration) float64 {
	counts := make([]float64, span/w)
	for _, a := range at {
		if i := int(a / w); i < len(counts) {
			counts[i]++
		}
	}
	mean, squares := 0.0, 0.0
	for _, c := range counts {
		mean += c / float64(len(counts))
	}
	for _, c := range counts {
		squares += (c - mean) * (c - mean) / float64(len(counts))
	}
	return squares / mean
}

// scaledDispersion is the mean index over several seeds.
func scaledDispersion(t *testing.T, offsets []time.Duration, span time.Duration, scale float64, w time.Duration) float64 {
	t.Helper()
	const seeds = 5
	sum := 0.0
	for seed := range uint64(seeds) {
		a, err := Recorded(offsets, span, scale, 0, seed)
		if err != nil {
			t.Fatal(err)
		}
		sum += dispersion(all(a), span, w) / seeds
	}
	return sum
}

// nasaSessions are the session starts of a day at a public web server. The log has whole
// seconds: each start lies somewhere within its second.
func nasaSessions(t *testing.T) (offsets []time.Duration, span time.Duration) {
	t.Helper()
	const name = "../../../shared/data/logs/nasa-1995-08-01.tsv"
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("SKIPPED: no %s", name)
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	last := map[string]int64{}
	var first, end int64
	draw := stream(1, 2, 3)
	lines := bufio.NewScanner(file)
	lines.Scan() // the header
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		at, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if first == 0 {
			first = at
		}
		if seen, ok := last[fields[0]]; !ok || at-seen > 1800 {
			offsets = append(offsets, time.Duration((float64(at-first)+draw())*float64(time.Second)))
		}
		last[fields[0]], end = at, max(end, at)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	for i := 1; i < len(offsets); i++ { // starts of one second are in any order
		for k := i; k > 0 && offsets[k] < offsets[k-1]; k-- {
			offsets[k], offsets[k-1] = offsets[k-1], offsets[k]
		}
	}
	return offsets, time.Duration(end-first+1) * time.Second
}

func TestScaledArrivalsAreAsBurstyAsMoreUsersWouldBe(t *testing.T) {
	offsets, span := nasaSessions(t)
	for _, scale := range []float64{1, 2, 4} {
		for w := 2 * time.Second; w <= 30*time.Minute; w *= 2 {
			want := 1 + scale*(dispersion(offsets, span, w)-1)
			got := scaledDispersion(t, offsets, span, scale, w)
			t.Logf("scale %g, windows of %s: %.2f, %+.1f %%", scale, w, got, 100*(got/want-1))
			if math.Abs(got/want-1) > 0.1 {
				t.Errorf("scale %g, windows of %s: index of dispersion %.2f, want %.2f within 10 %%", scale, w, got, want)
			}
		}
	}
}

// Independent users stay independent: their counts have a variance like their mean.
func TestClonesOfIndependentUsersAreIndependent(t *testing.T) {
	draw := stream(7, 7, 7)
	var offsets []time.Duration
	at := 0.0
	for len(offsets) < 3000 {
		at -= math.Log(1 - draw())
		offsets = append(offsets, time.Duration(at*float64(time.Second)))
	}
	span := offsets[len(offsets)-1] + time.Second
	for _, scale := range []float64{1, 4, 10} {
		for _, w := range []time.Duration{time.Second, 10 * time.Second} {
			// The rate of √n starts is known to 1/√n only: that much of chance is repeated.
			repeated := (scale - 1) * w.Seconds() / math.Sqrt(float64(len(offsets)))
			if got := scaledDispersion(t, offsets, span, scale, w); math.Abs(got-1) > 0.2+repeated {
				t.Errorf("scale %g, windows of %s: index of dispersion %.2f, want 1 to %.2f", scale, w, got, 1+repeated)
			}
		}
	}
}

func TestEveryStartIsRepeatedAsOftenAsAnyOther(t *testing.T) {
	var offsets []time.Duration
	for i := range 50 {
		offsets = append(offsets, time.Duration(i*i)*time.Second)
	}
	for _, scale := range []float64{0.5, 1, 3, 7.5} {
		a, err := Recorded(offsets, time.Hour, scale, 2*time.Hour, 3)
		if err != nil {
			t.Fatal(err)
		}
		times := map[int]int{}
		for i := range all(a) {
			original, _ := a.Repeats(uint64(i))
			times[original]++
		}
		for k := range offsets {
			if n := float64(times[k]); math.Abs(n-2*scale) > 1 {
				t.Errorf("scale %g: start %d is played %g times in two rounds", scale, k, n)
			}
		}
	}
}

func TestTooManyArrivalsAreAnError(t *testing.T) {
	_, err := Recorded([]time.Duration{0, time.Second}, 2*time.Second, 1e8, 0, 1)
	if err == nil || !strings.Contains(err.Error(), "lower the scale") {
		t.Errorf("a schedule of 200 million arrivals: %v", fmt.Sprint(err))
	}
}
