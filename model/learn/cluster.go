package learn

import "github.com/starling-load/starling/model/mixture"

// cluster divides the sessions that of lists into at most so many types of users, by
// the pages that they visit and in which order. What pages load does not count.
func (l *learner) cluster(most int, of []int) [][]int {
	numbers := map[string]int{}
	for i, name := range l.endpoints {
		numbers[name] = i
	}
	visits := make([][]int, len(of))
	for i, v := range of {
		for _, s := range l.sessions[v].steps {
			if !l.assets[s.endpoint] {
				visits[i] = append(visits[i], numbers[s.endpoint])
			}
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
