package model

import (
	"slices"
	"testing"
)

func TestRoundKeepsTheSumAndWhatIsRare(t *testing.T) {
	for _, tt := range []struct {
		name     string
		in, want []float64
	}{
		{"thirds", []float64{1. / 3, 1. / 3, 1. / 3}, []float64{0.3334, 0.3333, 0.3333}},
		{"decimals stay", []float64{0.25, 0.7, 0.05}, []float64{0.25, 0.7, 0.05}},
		{"long decimals stay", []float64{0.123456789, 0.876543211}, []float64{0.123456789, 0.876543211}},
		{"rare ones get digits", []float64{1. / 30000, 29999. / 30000}, []float64{0.000033, 0.999967}},
		{"what is rarer than nine digits stays possible", []float64{1e-12, 1 - 1e-12}, []float64{1e-9, 0.999999999}},
		{"nearly 1 becomes 1", []float64{0.333, 0.333, 0.333}, []float64{0.3334, 0.3333, 0.3333}},
		{"zero stays zero", []float64{0, 1. / 7, 6. / 7}, []float64{0, 0.1429, 0.8571}},
		{"nonsense stays", []float64{0.5, 0.2}, []float64{0.5, 0.2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := slices.Clone(tt.in)
			shares := make([]*float64, len(got))
			for i := range got {
				shares[i] = &got[i]
			}
			roundShares(shares)
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v becomes %v, want %v", tt.in, got, tt.want)
			}
		})
	}
}
