// Package distance says how far two distributions are from each other. A distribution is
// a histogram: what was counted in each cell, all cells of both in the same order.
//
//	d := distance.Kolmogorov([]float64{1, 1, 2}, []float64{2, 1, 1})
//	fmt.Println(d)
//
// A [Grid] cuts numbers into cells.
package distance
