package stats

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// durations draws times over the whole range and a little beyond.
func durations() *rapid.Generator[time.Duration] {
	return rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(math.Exp(rapid.Float64Range(0, math.Log(2*float64(time.Hour))).Draw(t, "ln")))
	})
}

func TestQuantilesAreWithinAThousandthOfTheTrueValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(durations(), 1, 300).Draw(t, "values")
		h := NewHistogram()
		for _, v := range values {
			h.Record(v)
		}
		slices.Sort(values)
		for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
			rank := max(int(q*float64(len(values))+0.5), 1)
			want := min(max(values[rank-1], minTime), maxTime)
			got := h.Quantile(q)
			if diff := (got - want).Abs(); diff > want/1000+time.Microsecond {
				t.Fatalf("quantile %g of %v: got %s, want %s", q, values, got, want)
			}
		}
	})
}

func TestMergeIsTheSameAsRecordingAllInOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, all := NewHistogram(), NewHistogram(), NewHistogram()
		for _, v := range rapid.SliceOf(durations()).Draw(t, "a") {
			a.Record(v)
			all.Record(v)
		}
		for _, v := range rapid.SliceOf(durations()).Draw(t, "b") {
			b.RecordN(v, 3)
			all.RecordN(v, 1)
			all.RecordN(v, 2)
		}
		ab, ba := a.Clone(), b.Clone()
		ab.Merge(b)
		ba.Merge(a)
		if got, want := encoded(t, ab), encoded(t, all); got != want {
			t.Fatalf("a+b: got %s, want %s", got, want)
		}
		if got, want := encoded(t, ba), encoded(t, all); got != want {
			t.Fatalf("b+a: got %s, want %s", got, want)
		}
	})
}

func encoded(t interface{ Fatal(...any) }, h *Histogram) string {
	b, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheEncodingIsTheStandardOneAndRoundTrips(t *testing.T) {
	h := NewHistogram()
	for _, d := range []time.Duration{0, 1, time.Microsecond, 1234 * time.Microsecond, time.Second, time.Hour, 2 * time.Hour} {
		h.Record(d)
	}
	b := encoded(t, h)
	var text string
	if err := json.Unmarshal([]byte(b), &text); err != nil {
		t.Fatal(err)
	}
	dense, err := hdr.Decode([]byte(text))
	if err != nil {
		t.Fatalf("another reader of HdrHistogram V2: %v", err)
	}
	if got := dense.TotalCount(); got != 7 {
		t.Errorf("another reader counts %d, want 7", got)
	}
	var back Histogram
	if err := json.Unmarshal([]byte(b), &back); err != nil {
		t.Fatal(err)
	}
	if got := encoded(t, &back); got != b {
		t.Errorf("round trip: got %s, want %s", got, b)
	}
	if h.Overflow() != 1 || back.Overflow() != 1 {
		t.Errorf("overflow is %d and %d after the round trip, want 1", h.Overflow(), back.Overflow())
	}
	if got := back.Max(); got != maxTime {
		t.Errorf("the largest value reads %s, want %s", got, maxTime)
	}
	if got := back.Quantile(0); got != minTime {
		t.Errorf("the smallest value reads %s, want %s", got, minTime)
	}
}

func TestExactlyOneHourIsNoOverflow(t *testing.T) {
	h := NewHistogram()
	h.Record(maxTime)
	if h.Overflow() != 0 {
		t.Error("one hour is counted as overflow")
	}
	h.Record(maxTime + 1)
	if h.Overflow() != 1 {
		t.Error("more than one hour is not counted as overflow")
	}
}

func TestForeignHistogramsAreRefused(t *testing.T) {
	coarse, err := hdr.NewPacked(1, 1000, 2).EncodeV2()
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"another resolution": `"` + string(coarse) + `"`,
		"not base64":         `"%%%"`,
		"empty":              `""`,
		"a number":           `7`,
	} {
		var h Histogram
		if err := json.Unmarshal([]byte(in), &h); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestBucketsGiveTheMiddleOfEach(t *testing.T) {
	h := NewHistogram()
	h.RecordN(1500*time.Microsecond, 2)
	h.RecordN(100*time.Millisecond, 3)
	var sum uint64
	for d, n := range h.Buckets() {
		sum += n
		if n == 3 && (d-100*time.Millisecond).Abs() > 50*time.Microsecond {
			t.Errorf("the bucket of 100 ms has its middle at %s", d)
		}
	}
	if sum != 5 {
		t.Errorf("buckets hold %d, want 5", sum)
	}
	if got, want := h.Mean(), 60600*time.Microsecond; (got - want).Abs() > want/1000 {
		t.Errorf("mean is %s, want %s", got, want)
	}
}

func TestANilHistogramReadsAsEmpty(t *testing.T) {
	var h *Histogram
	if h.Count() != 0 || h.Quantile(0.5) != 0 || h.Max() != 0 || h.Mean() != 0 || h.Overflow() != 0 {
		t.Error("a nil histogram is not empty")
	}
	NewHistogram().Merge(h)
}
