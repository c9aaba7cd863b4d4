package spill

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestASorterGivesItsRecordsInOrder(t *testing.T) {
	for _, n := range []int{0, 1, inMemory/8 - 1, inMemory / 8, inMemory/8 + 1, 3 * inMemory / 8} {
		t.Run(fmt.Sprint(n, " records"), func(t *testing.T) {
			s := New(8)
			defer s.Close()
			random := rand.New(rand.NewPCG(1, uint64(n)))
			want := make([]uint64, n)
			for i := range want {
				want[i] = random.Uint64() >> 40
				if err := s.Add(binary.BigEndian.AppendUint64(nil, want[i])); err != nil {
					t.Fatal(err)
				}
			}
			slices.Sort(want)
			for range 2 { // it can be asked again
				got := make([]uint64, 0, n)
				for b, err := range s.Sorted() {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, binary.BigEndian.Uint64(b))
				}
				if !slices.Equal(want, got) {
					t.Fatalf("%d records came out of %d, or in another order", len(got), n)
				}
			}
		})
	}
}
