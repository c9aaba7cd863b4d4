// Package series describes what comes one after another in time: how bursty counts are,
// how they go together with later ones, and what a cache would make of requests.
//
//	index := series.Dispersion([]float64{4, 0, 0, 4}, 2)
//	fmt.Println(index)
package series
