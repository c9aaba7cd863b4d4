package prose

import "strings"

// maxSimilar is the length of a text in which similar lines are looked for.
const maxSimilar = 64 << 10

// similar returns the lines of s that have more than half of the words of find in the
// same places, and more than any others; from == to if there are none.
func similar(s, find string) (from, to int) {
	wanted := split(find)
	if len(s) > maxSimilar || len(find) > maxFind {
		return 0, 0
	}
	total := 0
	for _, line := range wanted {
		total += len(strings.Fields(line))
	}
	have := split(s)
	best, twice, at := total/2, false, 0
	for i := 0; i+len(wanted) <= len(have); i++ {
		n := 0
		for k, line := range wanted {
			n += sameWords(have[i+k], line)
		}
		if n > best {
			best, twice = n, false
			from, to = at, at
			for k := range wanted {
				to += len(have[i+k])
			}
		} else if n == best && to > from {
			twice = true
		}
		at += len(have[i])
	}
	if twice {
		return 0, 0
	}
	return from, to
}

// split returns the lines of a text with their ends.
func split(s string) []string {
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// sameWords counts the words that two lines have in the same places.
func sameWords(a, b string) int {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) != len(y) {
		return 0
	}
	n := 0
	for i := range x {
		if x[i] == y[i] {
			n++
		}
	}
	return n
}
