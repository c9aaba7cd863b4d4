package load

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Recorded returns the session starts of a recording, scaled. The offsets are
// ascending and lie within the span, the length of the recording.
//
// With scale 1 they are repeated as they are. With scale s every start is played s
// times: once at its own instant, and as clones elsewhere. So the rate rises and falls
// as recorded, and the clones come as independent users would. The seed decides the
// instants.
//
//	recorded   |      |  |          |
//	scale 3    | · ·  |··|·  · ·    |·
//
// Users who come independently of each other at a rate λ(t) that they share have an
// index of dispersion of I(w) = Var N/E N in windows of w, and k times as many of them
// one of 1 + k(I−1). Clones that stay near their original exceed that, since they
// repeat what was chance. So a clone is moved by about half of √n places in the order of
// the n starts, and time runs evenly between every √n-th start and the next. A pause
// of more than eight mean distances is no chance: no clone falls into it. What remains
// of chance is the number of starts between two knots: (k−1)·N/√n in windows of N starts.
//
// With a scale such as 2.5, some starts are played once more than others; these are
// spread evenly.
//
// The schedule ends at d; 0 means after one span. When d is longer than the span, the
// recording starts over, with other clones. A round lasts at least a second: a very
// short recording does not tell how often its users come back.
//
// The arrivals are kept in memory, 16 bytes each. There are maxArrivals at most: a
// schedule of more is an error.
func Recorded(offsets []time.Duration, span time.Duration, scale float64, d time.Duration, seed uint64) (*Recording, error) {
	return RecordedApart(offsets, nil, span, scale, d, seed)
}

// RecordedApart is Recorded, but for the starts that once marks: they have no clones. Each is
// played once a round, at its own instant, whatever the scale. nil marks none.
func RecordedApart(offsets []time.Duration, once []bool, span time.Duration, scale float64, d time.Duration, seed uint64) (*Recording, error) {
	switch {
	case once != nil && len(once) != len(offsets):
		return nil, fmt.Errorf("%d marks of %d session starts", len(once), len(offsets))
	case len(offsets) == 0:
		return nil, errors.New("the recording has no session start to repeat")
	case !(scale > 0) || scale > 1e9:
		return nil, fmt.Errorf("scale %g: it must be above 0", scale)
	case d < 0:
		return nil, fmt.Errorf("duration %s: it must not be negative", d)
	case !slices.IsSorted(offsets) || offsets[0] < 0:
		return nil, errors.New("the recorded session starts are not ascending offsets")
	}
	if last := offsets[len(offsets)-1]; span <= last {
		// A span that ends with the last start would let the next round begin on it.
		span = last + max(last/time.Duration(len(offsets)), time.Millisecond)
	}
	if d == 0 {
		d = span
	}
	if d > span {
		span = max(span, minRound)
	}
	if n := float64(len(offsets)) * scale * math.Ceil(float64(d)/float64(span)); n > maxArrivals {
		return nil, fmt.Errorf("scale %g for %s: %.0f sessions are more than %d; lower the scale, or give a rate or a number of users", scale, d, n, maxArrivals)
	}
	r := &Recording{}
	var users []time.Duration
	for i, at := range offsets {
		if once == nil || !once[i] {
			users = append(users, at)
		}
	}
	played := make([]uint32, len(offsets))
	var spread *spread
	if len(users) > 0 {
		spread = newSpread(users, span)
	}
	for round := uint64(0); time.Duration(round)*span < d; round++ {
		start := time.Duration(round) * span
		r.play(offsets, once, spread, round, scale, seed, start, played)
	}
	r.sort(d)
	return r, nil
}

const (
	// minRound is the least time between the beginnings of two rounds.
	minRound = time.Second

	// maxArrivals is the greatest number of arrivals of a Recording.
	maxArrivals = 20_000_000
)

// A Recording is the session starts of a recording, scaled.
type Recording struct {
	at       []time.Duration
	original []uint32 // the recorded start that each arrival repeats, within its round
	before   []uint32 // how many others repeat that start in earlier rounds, or as earlier clones
}

// At implements Arrivals.
func (r *Recording) At(i uint64) (time.Duration, bool) {
	if i >= uint64(len(r.at)) {
		return 0, false
	}
	return r.at[i], true
}

// Repeats returns the recorded start that arrival i repeats, counted from 0 within the
// recording, and how many repetitions of it came before: the one with 0 has the instant
// of the recording. There must be such an arrival.
func (r *Recording) Repeats(i uint64) (original int, before uint64) {
	return int(r.original[i]), uint64(r.before[i])
}

// play adds a round of the recording that begins at start.
// played counts the arrivals of each start of the rounds before.
func (r *Recording) play(offsets []time.Duration, once []bool, s *spread, round uint64, scale float64, seed uint64, start time.Duration, played []uint32) {
	user := uint64(0) // number of the start among those with clones
	for k := range offsets {
		copies := uint64(1)
		var draw func() float64
		if once == nil || !once[k] {
			j := round*uint64(len(s.offsets)) + user
			copies, draw = startsBefore(j+1, scale)-startsBefore(j, scale), stream(seed, j, 2)
			user++
		}
		for c := range copies {
			at := offsets[k]
			if c > 0 {
				at = s.clone(user-1, draw)
			}
			r.at, r.original, r.before = append(r.at, start+at), append(r.original, uint32(k)), append(r.before, played[k])
			played[k]++
		}
	}
}

// sort puts the arrivals in order and cuts them at the end d.
func (r *Recording) sort(d time.Duration) {
	order := make([]uint32, len(r.at))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(r.at[a], r.at[b]) })
	sorted := Recording{at: make([]time.Duration, 0, len(order)), original: make([]uint32, 0, len(order)), before: make([]uint32, 0, len(order))}
	for _, i := range order {
		if r.at[i] < d {
			sorted.at = append(sorted.at, r.at[i])
			sorted.original, sorted.before = append(sorted.original, r.original[i]), append(sorted.before, r.before[i])
		}
	}
	*r = sorted
}

// startsBefore is the number of arrivals that come from starts 0 … j−1, counted over
// all rounds.
func startsBefore(j uint64, scale float64) uint64 {
	return uint64(math.Floor(float64(j)*scale + 1e-9))
}
