package stats

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// The range and resolution of a Histogram. Values below minTime count as
// minTime. Values above maxTime count as overflow; quantiles show them as
// maxTime. In between a value is kept to three significant digits.
const (
	minTime = time.Microsecond
	maxTime = time.Hour

	digits = 3

	// overflowValue lies above maxTime, in the last bucket that there is. So
	// overflow is stored and merged like any other count.
	overflowValue = 1<<32 - 1

	// encodedLimit is the length of the largest encoded histogram: every bucket
	// with a count of nine bytes.
	encodedLimit = 512 << 10
)

// A Histogram counts durations from one microsecond to one hour with a
// relative error of at most 0.1 %. It takes memory by the number of distinct
// values, at most 300 KiB. Merging is exact: it adds counts.
//
// The quantile q is the value of rank ⌊q·n + ½⌋, at least 1, counted from the
// smallest, given as the upper end of its bucket. A nil Histogram reads as an
// empty one. A Histogram is not safe for concurrent use while it is written.
type Histogram struct{ h *hdr.PackedHistogram }

// NewHistogram returns an empty histogram.
func NewHistogram() *Histogram {
	return &Histogram{hdr.NewPacked(1, maxTime.Microseconds(), digits)}
}

// Record counts d once.
func (h *Histogram) Record(d time.Duration) { h.RecordN(d, 1) }

// RecordN counts d n times.
func (h *Histogram) RecordN(d time.Duration, n uint64) {
	us := max(d.Microseconds(), 1)
	if d > maxTime {
		us = overflowValue
	}
	// The value is in range, and 2^63 exchanges do not happen.
	_ = h.h.RecordValues(us, int64(n))
}

// Merge adds the counts of o, which is only read.
func (h *Histogram) Merge(o *Histogram) {
	if o.Count() > 0 {
		h.h.Merge(o.h)
	}
}

// Clone returns a copy that shares nothing with h.
func (h *Histogram) Clone() *Histogram {
	if h == nil {
		return NewHistogram()
	}
	return &Histogram{h.h.Clone()}
}

// Count is the number of values, overflow included.
func (h *Histogram) Count() uint64 {
	if h == nil {
		return 0
	}
	return uint64(h.h.TotalCount())
}

// Overflow is the number of values above maxTime.
func (h *Histogram) Overflow() uint64 {
	if h == nil {
		return 0
	}
	return uint64(h.h.CountAtValue(overflowValue))
}

// Quantile returns the value that a share q (0 to 1) of all values does not
// exceed, or 0 when h is empty.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return fromMicros(h.h.ValueAtPercentile(100 * q))
}

// Max returns the largest value, 0 when h is empty.
func (h *Histogram) Max() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return fromMicros(h.h.Max())
}

// Mean returns the arithmetic mean, 0 when h is empty. Overflow enters as
// maxTime.
func (h *Histogram) Mean() time.Duration {
	n := h.Count()
	if n == 0 {
		return 0
	}
	var sum float64
	for d, k := range h.Buckets() {
		sum += float64(d) * float64(k)
	}
	return time.Duration(sum / float64(n))
}

// Buckets yields the middle and the count of each bucket that is not empty, in
// ascending order. The width of a bucket is at most 0.1 % of its value, or one
// microsecond.
func (h *Histogram) Buckets() iter.Seq2[time.Duration, uint64] {
	return func(yield func(time.Duration, uint64) bool) {
		if h == nil {
			return
		}
		h.h.ForEachBucket(func(low, n int64) bool {
			return yield(fromMicros(low+width(low)/2), uint64(n))
		})
	}
}

// width returns the number of microseconds that share a bucket with the
// bucket's lowest value: 1 below 2048, and doubling with every power of two.
func width(low int64) int64 {
	w := int64(1)
	for low >= 2048 {
		low >>= 1
		w <<= 1
	}
	return w
}

func fromMicros(us int64) time.Duration {
	return min(time.Duration(us)*time.Microsecond, maxTime)
}

// size estimates the memory of h in bytes.
func (h *Histogram) size() int {
	if h == nil {
		return 0
	}
	return h.h.GetMemorySize()
}

// MarshalJSON writes the HdrHistogram V2 compressed encoding, in microseconds,
// as a base64 string.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	b, err := h.h.EncodeV2()
	if err != nil {
		return nil, fmt.Errorf("encode histogram: %w", err)
	}
	return json.Marshal(string(b))
}

// UnmarshalJSON reads what MarshalJSON wrote. A histogram of another range or
// resolution is refused, since it could not be merged exactly.
func (h *Histogram) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("decode histogram: %w", err)
	}
	if len(s) > base64.StdEncoding.EncodedLen(encodedLimit) {
		return fmt.Errorf("decode histogram: %d bytes are too long", len(s))
	}
	p, err := hdr.DecodePacked([]byte(s))
	if err != nil {
		return fmt.Errorf("decode histogram: %w", err)
	}
	if p.LowestTrackableValue() != 1 || p.HighestTrackableValue() != maxTime.Microseconds() || p.SignificantFigures() != digits {
		return errors.New("decode histogram: its range is not 1 µs to 1 h with 3 digits")
	}
	h.h = p
	return nil
}
