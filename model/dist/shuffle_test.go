package dist

import (
	"math"
	"testing"
)

func TestAShuffledOrderHoldsEveryNumberOnce(t *testing.T) {
	for n := uint64(1); n < 300; n++ {
		for k := range uint64(3) {
			seen := make([]bool, n)
			for i := range n {
				x := Shuffled(7, k, i, n)
				if x >= n || seen[x] {
					t.Fatalf("order %d of %d numbers: %d at place %d is beyond, or there twice", k, n, x, i)
				}
				seen[x] = true
			}
		}
	}
}

// Each number comes to each place about equally often.
func TestShuffledOrdersAreFair(t *testing.T) {
	const n, orders = 10, 20_000
	var count [n][n]float64
	for k := range uint64(orders) {
		for i := range uint64(n) {
			count[i][Shuffled(1, k, i, n)]++
		}
	}
	for i := range n {
		for x, c := range count[i] {
			if sd := math.Sqrt(orders * 0.1 * 0.9); math.Abs(c-orders/n) > 5*sd {
				t.Errorf("%d stands at place %d in %.0f of %d orders, want about %d", x, i, c, orders, orders/n)
			}
		}
	}
}
