package learn

import (
	"slices"

	"github.com/starling-load/starling/model/mixture"
)

// cluster divides the sessions that of lists into at most so many types of users, by
// the pages that they visit and in which order. What pages load does not count, nor the order
// of what is asked for at once.
func (l *learner) cluster(most int, of []int) [][]int {
	numbers := map[string]int{}
	for i, name := range l.endpoints {
		numbers[name] = i
	}
	visits := make([][]int, len(of))
	for i, v := range of {
		s := &l.sessions[v]
		for _, x := range s.visits {
			first := len(visits[i])
			for _, step := range s.steps[x.first:x.next] {
				if !l.assets[step.endpoint] {
					visits[i] = append(visits[i], numbers[step.endpoint])
				}
			}
			slices.Sort(visits[i][first:])
		}
	}
	groups := mixture.Divide(visits, most)
	for _, g := range groups {
		for i := range g {
			g[i] = of[g[i]]
		}
	}
	return groups
}
