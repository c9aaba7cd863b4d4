package mixture

import (
	"maps"
	"math"
	"slices"
)

// contextCost is what a context costs to say that it counts.
const contextCost = 2

// narrowed returns the coder with the contexts in which the page before tells more about
// where users go next than it costs, and how much more all of them tell. The coder has
// none yet.
func (c coder) narrowed(sessions [][]int) (wide *coder, gain float64) {
	times, pages := map[row]map[int]float64{}, map[int]map[int]float64{}
	var order []row
	for _, s := range sessions {
		before := anyPage
		c.each(s, func(s step) {
			r := row{before, s.row.at}
			if before != anyPage && s.row.before == anyPage {
				if times[r] == nil {
					times[r] = map[int]float64{}
					order = append(order, r)
				}
				if pages[r.at] == nil {
					pages[r.at] = map[int]float64{}
				}
				times[r][s.to]++
				pages[r.at][s.to]++
			}
			before = r.at
		})
	}
	c.contexts = map[row]bool{}
	for _, r := range order {
		var n, base []float64
		plain, total := 0.0, 0.0
		for _, to := range slices.Sorted(maps.Keys(pages[r.at])) {
			total += pages[r.at][to]
		}
		for _, to := range slices.Sorted(maps.Keys(times[r])) {
			x, b := times[r][to], pages[r.at][to]/total
			n, base = append(n, x), append(base, b)
			plain += x * math.Log(b)
		}
		log, _ := evidence(n, base)
		if g := log - plain - contextCost; g > 0 {
			c.contexts[r] = true
			gain += g
		}
	}
	return &c, gain
}
