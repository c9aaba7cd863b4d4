package dist

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// The known answers are those that the authors of Philox publish with their
// reference implementation (Random123, kat_vectors, "philox4x64 10").
func TestPhiloxGivesThePublishedAnswers(t *testing.T) {
	const ones = math.MaxUint64
	for _, tt := range []struct {
		name string
		ctr  [4]uint64
		key  [2]uint64
		want [4]uint64
	}{
		{"all bits zero", [4]uint64{}, [2]uint64{},
			[4]uint64{0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
		{"all bits one", [4]uint64{ones, ones, ones, ones}, [2]uint64{ones, ones},
			[4]uint64{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}},
		{"digits of pi",
			[4]uint64{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
			[2]uint64{0x452821e638d01377, 0xbe5466cf34e90c6c},
			[4]uint64{0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := philox(tt.ctr, tt.key); got != tt.want {
				t.Errorf("philox(%x, %x) = %x, want %x", tt.ctr, tt.key, got, tt.want)
			}
		})
	}
}

// The numbers are part of what a seed means: if they changed, a run of an older
// version could not be repeated.
func TestAStreamIsTheSameForEver(t *testing.T) {
	r := Keyed(1, 2, 3)
	want := philox([4]uint64{0, 3, 2, 0}, [2]uint64{1, 0})
	for n, w := range want {
		if got := r.Uint64(); got != w {
			t.Errorf("word %d = %x, want %x", n, got, w)
		}
	}
	if got, want := r.Uint64(), philox([4]uint64{1, 3, 2, 0}, [2]uint64{1, 0})[0]; got != want {
		t.Errorf("word 4 = %x, want the first of the second block, %x", got, want)
	}
}

func TestAStreamDependsOnNothingButItsName(t *testing.T) {
	other := Keyed(7, 0, 0)
	for range 1000 {
		other.Uint64()
	}
	var s Source
	s.Reset(99, 1, 1)
	s.Uint64()
	s.Reset(7, 5, 5)
	a, b, c := Keyed(7, 5, 5), Keyed(7, 5, 5), rand.New(&s)
	for n := range 100 {
		if x, y, z := a.Uint64(), b.Uint64(), c.Uint64(); x != y || x != z {
			t.Fatalf("word %d: %x, %x and %x from one name", n, x, y, z)
		}
	}
}

// Neighbouring names are what the engine uses. Their first words must look like
// independent coin tosses: each output bit flips with probability one half.
func TestStreamsOfNeighbouringNamesAreIndependent(t *testing.T) {
	const n = 4096
	for _, tt := range []struct {
		name string
		at   func(x uint64) uint64
	}{
		{"neighbouring seeds", func(x uint64) uint64 { return Keyed(x, 3, 4).Uint64() }},
		{"neighbouring sessions", func(x uint64) uint64 { return Keyed(9, x, 4).Uint64() }},
		{"neighbouring steps", func(x uint64) uint64 { return Keyed(9, 3, x).Uint64() }},
		{"words of one stream", func(x uint64) uint64 {
			r := Keyed(9, 3, x/8)
			for range x % 8 {
				r.Uint64()
			}
			return r.Uint64()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var flips [64]int
			var total int
			var sum float64
			last := tt.at(0)
			for x := uint64(1); x <= n; x++ {
				v := tt.at(x)
				for b := range 64 {
					flips[b] += int((v ^ last) >> b & 1)
				}
				total += bits.OnesCount64(v ^ last)
				sum += (float64(v>>11)/(1<<53) - 0.5) * (float64(last>>11)/(1<<53) - 0.5)
				last = v
			}
			// Five standard deviations of n fair coins, over 64 bits.
			for b, f := range flips {
				if d := math.Abs(float64(f) - n/2); d > 5*math.Sqrt(n)/2 {
					t.Errorf("bit %d flips %d times of %d", b, f, n)
				}
			}
			if d := math.Abs(float64(total) - n*32); d > 5*math.Sqrt(n*64)/2 {
				t.Errorf("%d bits of %d flip", total, n*64)
			}
			// The correlation of two uniform variables has deviation 1/√n; their variance is 1/12.
			if corr := 12 * sum / n; math.Abs(corr) > 5/math.Sqrt(n) {
				t.Errorf("correlation %.4f", corr)
			}
		})
	}
}

func BenchmarkKeyed(b *testing.B) {
	b.ReportAllocs()
	var sum uint64
	for i := range b.N {
		sum += Keyed(1, uint64(i), 0).Uint64()
	}
	_ = sum
}
