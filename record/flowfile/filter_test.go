package flowfile

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/filter"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

var genFilter = rapid.Custom(func(t *rapid.T) string {
	start := flowtest.ShopFlow(0).Start
	parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		at := start.Add(time.Duration(rapid.IntRange(-5, 125).Draw(t, "time")) * 10 * time.Millisecond).Format(time.RFC3339Nano)
		n := rapid.IntRange(0, 21).Draw(t, "n")
		return rapid.SampledFrom([]string{
			"time < " + at, "time >= " + at, "time > " + at, "time <= " + at, fmt.Sprint("conn = ", n), fmt.Sprint("session = ", n),
			fmt.Sprintf("session = %016x", flowtest.ShopFlow(n*5).Identity().Hash), fmt.Sprintf("path = /products/%d", n%5), "method = GET", "method = POST",
			fmt.Sprintf("cookie.session ~ %x$", n), "path = /other", "not complete",
		}).Draw(t, "part")
	}), 1, 5).Draw(t, "parts")
	expr := parts[0]
	for _, part := range parts[1:] {
		word := rapid.SampledFrom([]string{" and ", " or ", " and not ", " or not "}).Draw(t, "word")
		if rapid.Bool().Draw(t, "inside") {
			expr = "(" + expr + ")"
		}
		expr += word + part
	}
	return expr
})

// A filter must find behind block heads and the index what Match finds in all
// flows.
func TestFilterWhileReadingFindsWhatMatches(t *testing.T) {
	var rs []flow.Record
	for i, r := range flowtest.Shop(120) {
		if f, ok := r.(*flow.Flow); ok && i%7 == 0 {
			f.Start = f.Start.Add(-300 * time.Millisecond)
		}
		rs = append(rs, r)
	}
	data := writeAll(t, WriterOptions{BlockSize: 2500}, rs...)
	ends, _ := blockEnds(t, data)
	all, _ := readAll(t, data)
	rapid.Check(t, func(t *rapid.T) {
		f, err := filter.Parse(genFilter.Draw(t, "filter"))
		if err != nil {
			t.Fatal(err)
		}
		var want []uint64 // numbers
		for _, r := range all {
			if fl, ok := r.(*flow.Flow); ok && f.Match(fl) {
				want = append(want, fl.Number)
			}
		}
		for _, data := range [][]byte{data, data[:ends[len(ends)-1]]} {
			r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{Filter: f})
			if err != nil {
				t.Fatal(err)
			}
			var got []uint64
			for rec, err := r.Next(); ; rec, err = r.Next() {
				if err == nil {
					got = append(got, rec.(*flow.Flow).Number)
				} else if !errors.Is(err, ErrTruncated) {
					break
				}
			}
			if !slices.Equal(want, got) {
				t.Fatalf("%s: flows %v, want %v", f, got, want)
			}
			r.Close()
		}
	})
}

// countingFile counts the bytes read, from any goroutine.
type countingFile struct {
	*bytes.Reader
	n atomic.Int64
}

func (c *countingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(p, off)
	c.n.Add(int64(n))
	return n, err
}

func TestFilterReadsNoBlockThatItsHeadRulesOut(t *testing.T) {
	var rs []flow.Record
	for i := range 4000 {
		f := flowtest.ShopFlow(i)
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "X-Noise", Value: fmt.Sprintf("%x", noiseOf(i))})
		if i == 2000 {
			f.Request.Method, f.Request.Target = "POST", "/checkout"
		}
		rs = append(rs, f)
	}
	data := writeAll(t, WriterOptions{BlockSize: 50_000}, rs...)
	at := func(i int) string { return flowtest.ShopFlow(i).Start.Format(time.RFC3339Nano) }
	for _, test := range []struct {
		expr  string
		flows int
		share float64 // of the file that may be read at most
	}{
		{"time >= " + at(3900), 100, 0.08},
		{"time < " + at(100), 100, 0.2},
		{"time >= " + at(2000) + " and time < " + at(2010), 10, 0.1},
		{"conn = 500", 6, 0.2},
		{"number = 3217", 1, 0.08},
		{"number >= 100 and number < 140", 40, 0.08},
		{"number != 5 and number <= 9", 9, 0.08},
		{"method = POST and path = /checkout", 1, 0.2},
	} {
		f, err := filter.Parse(test.expr)
		if err != nil {
			t.Fatal(err)
		}
		file := &countingFile{Reader: bytes.NewReader(data)}
		r, err := newReader("mem", file, int64(len(data)), ReaderOptions{Filter: f})
		if err != nil {
			t.Fatal(err)
		}
		records, errs := drain(t, r, len(data))
		r.Close()
		if share := float64(file.n.Load()) / float64(len(data)); len(records) != test.flows || len(errs) > 0 || share > test.share {
			t.Errorf("%s: %d flows, %v; %.0f %% of the file was read, want at most %.0f %%", test.expr, len(records), errs, 100*share, 100*test.share)
		}
	}
}

func noiseOf(i int) []byte {
	b := make([]byte, 0, 200)
	for x := uint64(i) + 1; len(b) < 200; x = x*6364136223846793005 + 1442695040888963407 {
		b = append(b, byte(x>>33))
	}
	return b
}
