package mixture

import "math"

// A count is how often a session makes one step.
type count struct{ step, times int }

// chains are sessions as counts of numbered steps.
type chains struct {
	coder    *coder
	sessions [][]count
	ids      map[step]int
	steps    []step    // by number
	rows     [][]int   // the steps of each row
	row      []int     // by step
	to       []int     // by step: the number of where it leads to
	ends     int       // numbers of where steps lead to
	base     []float64 // by step: its share among all of its row
	pages    map[row]int
	plain    float64 // logarithm of the likelihood of all sessions by base
	cost     float64 // logarithm of the evidence of base
}

func newChains(sessions [][]int, coder *coder) *chains {
	c := &chains{coder: coder, ids: map[step]int{}, pages: map[row]int{}}
	for _, s := range sessions {
		c.sessions = append(c.sessions, c.counts(s, true))
	}
	times := make([]float64, len(c.row))
	for _, s := range c.sessions {
		for _, k := range s {
			times[k.step] += float64(k.times)
		}
	}
	c.base = make([]float64, len(c.row))
	numbers := map[int]int{}
	for _, s := range c.steps {
		if _, ok := numbers[s.to]; !ok {
			numbers[s.to] = len(numbers)
		}
		c.to = append(c.to, numbers[s.to])
	}
	c.ends = len(numbers)
	for _, steps := range c.rows {
		total := 0.0
		for _, s := range steps {
			total += times[s]
		}
		for _, s := range steps {
			c.base[s] = times[s] / total
			c.plain += times[s] * math.Log(c.base[s])
		}
		c.cost += even(times, steps)
	}
	return c
}

// counts returns the steps of a session. Unless they may be new, steps that no session
// of the sample made are left out.
func (c *chains) counts(session []int, may bool) []count {
	times := map[int]int{}
	var order []int
	c.coder.each(session, func(s step) {
		id, ok := c.ids[s]
		if !ok && may {
			id, ok = len(c.row), true
			c.ids[s] = id
			c.steps = append(c.steps, s)
			r, had := c.pages[s.row]
			if !had {
				r = len(c.rows)
				c.pages[s.row] = r
				c.rows = append(c.rows, nil)
			}
			c.row = append(c.row, r)
			c.rows[r] = append(c.rows[r], id)
		}
		if ok {
			if times[id]++; times[id] == 1 {
				order = append(order, id)
			}
		}
	})
	out := make([]count, len(order))
	for i, id := range order {
		out[i] = count{id, times[id]}
	}
	return out
}
