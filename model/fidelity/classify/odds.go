package classify

import "math"

// Odds tell types apart by what things consist of: naive Bayes over parts that are
// numbered from 0.
type Odds struct {
	things []float64   // learned, by type
	parts  [][]float64 // counted, by type
}

// doubt is how often every type counts as having each part, and as having come, unseen.
const doubt = 0.1

// NewOdds returns odds of so many types, of things with so many different parts.
func NewOdds(types, parts int) *Odds {
	o := &Odds{things: make([]float64, types), parts: make([][]float64, types)}
	for k := range o.parts {
		o.parts[k] = make([]float64, parts)
	}
	return o
}

// Learn learns a thing of a type.
func (o *Odds) Learn(kind int32, parts []int32) {
	o.things[kind]++
	for _, p := range parts {
		o.parts[kind][p]++
	}
}

// Likeliest returns a function that gives the likeliest type of a thing, from what was
// learned by now.
func (o *Odds) Likeliest() func(parts []int32) int32 {
	prior := logs(o.things)
	table := make([][]float64, len(o.parts))
	for k := range o.parts {
		table[k] = logs(o.parts[k])
	}
	return func(parts []int32) int32 {
		best, most := 0, math.Inf(-1)
		for k := range table {
			l := prior[k]
			for _, p := range parts {
				l += table[k][p]
			}
			if l > most {
				best, most = k, l
			}
		}
		return int32(best)
	}
}

// logs are the logarithms of the shares of counts.
func logs(counts []float64) []float64 {
	all := doubt * float64(len(counts))
	for _, n := range counts {
		all += n
	}
	list := make([]float64, len(counts))
	for i, n := range counts {
		list[i] = math.Log((n + doubt) / all)
	}
	return list
}
