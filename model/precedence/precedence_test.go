package precedence

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The rule word by word: an act follows exactly the acts that were over when it began,
// directly or through others. An act that another one implies is not named.
func TestAnActWaitsForWhatWasOverAndForNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type span struct{ start, done time.Duration }
		spans := make([]span, rapid.IntRange(1, 30).Draw(t, "acts"))
		at := time.Duration(0)
		var order Order
		follows := make([]map[int]bool, len(spans)) // through others as well
		for i := range spans {
			at += time.Duration(rapid.IntRange(0, 5).Draw(t, "pause"))
			spans[i] = span{at, at + time.Duration(rapid.IntRange(0, 12).Draw(t, "length"))}
			after, delay := order.Add(i, spans[i].start, spans[i].done)
			follows[i] = map[int]bool{}
			end := time.Duration(0)
			for _, a := range after {
				if slices.ContainsFunc(after, func(b int) bool { return b != a && follows[b][a] }) {
					t.Fatalf("act %d of %v names %v, of which another implies %d", i, spans[:i+1], after, a)
				}
				follows[i][a] = true
				for b := range follows[a] {
					follows[i][b] = true
				}
				end = max(end, spans[a].done)
			}
			if !slices.IsSorted(after) || delay != spans[i].start-end {
				t.Fatalf("act %d of %v: after %v, delay %d", i, spans[:i+1], after, delay)
			}
			for b := range i {
				if follows[i][b] != (spans[b].done <= spans[i].start) {
					t.Fatalf("act %d of %v follows %d: %v", i, spans[:i+1], b, follows[i][b])
				}
			}
		}
	})
}

func TestAnOrderRemembersWhatIsUnderWayAlone(t *testing.T) {
	var order Order
	for i := range 100_000 {
		at := time.Duration(i/6) * 10 // six at a time
		order.Add(i, at, at+9)
		if len(order.recent) > 12 {
			t.Fatalf("%d acts are remembered", len(order.recent))
		}
	}
}
