package distance

import (
	"slices"
	"sort"
)

// mostCells bounds the cells of a grid. A distance between distributions is exact to
// 1/mostCells.
const mostCells = 2048

// A Grid cuts the numbers into cells that hold about as many of the values that it was
// made of. Where these are few different ones, each has a cell of its own.
type Grid struct {
	Tops    []float64 // the greatest value of each cell, ascending
	Middles []float64 // the mean of the values of each cell
}

// NewGrid sorts values and returns their grid.
func NewGrid(values []float64) *Grid {
	slices.Sort(values)
	g := &Grid{}
	step := max(1, len(values)/mostCells)
	for i := 0; i < len(values); {
		next := min(i+step, len(values))
		for next < len(values) && values[next] == values[next-1] {
			next++
		}
		g.Tops = append(g.Tops, values[next-1])
		g.Middles = append(g.Middles, Sum(values[i:next])/float64(next-i))
		i = next
	}
	if len(g.Tops) == 0 {
		g.Tops, g.Middles = []float64{0}, []float64{0}
	}
	return g
}

// Cell returns the index of the cell of x.
func (g *Grid) Cell(x float64) int { return min(sort.SearchFloat64s(g.Tops, x), len(g.Tops)-1) }

// Mean is that of a histogram.
func (g *Grid) Mean(h []float64) float64 {
	n, total := 0.0, 0.0
	for i, k := range h {
		n += k
		total += k * g.Middles[i]
	}
	if n == 0 {
		return 0
	}
	return total / n
}

// Quantile is that of a histogram at probability p, as if the values of a cell lay evenly
// between its greatest one and that of the cell before.
func (g *Grid) Quantile(h []float64, p float64) float64 {
	want, below := p*Sum(h), 0.0
	for i, n := range h {
		if below+n >= want && n > 0 {
			from := 0.0
			if i > 0 {
				from = g.Tops[i-1]
			}
			return from + (g.Tops[i]-from)*(want-below)/n
		}
		below += n
	}
	return g.Tops[len(g.Tops)-1]
}

// Typical is the mean of the cell that the quantile of a histogram at probability p is in.
func (g *Grid) Typical(h []float64, p float64) float64 {
	want := p * Sum(h)
	for i, n := range h {
		if want -= n; want <= 0 && n > 0 {
			return g.Middles[i]
		}
	}
	return g.Middles[len(g.Middles)-1]
}
