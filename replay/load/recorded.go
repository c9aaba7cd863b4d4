package load

import (
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
// times: once at its own instant, and as clones at random instants before the next
// start. So the rate rises and falls as recorded, and clones arrive spread over
// time. The seed decides the instants.
//
//	recorded   |      |  |          |
//	scale 3    |  ·  ·|··|··  ·     |·  ·
//
// With a scale such as 2.5, some starts are played once more than others; these are
// spread evenly. A clone comes at most four mean distances after its original, so
// that a quiet time stays quiet.
//
// The schedule ends at d; 0 means after one span. When d is longer than the span, the
// recording starts over, with other clones. A round lasts at least a second: a very
// short recording does not tell how often its users come back.
func Recorded(offsets []time.Duration, span time.Duration, scale float64, d time.Duration, seed uint64) (Arrivals, error) {
	switch {
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
	return &recorded{
		offsets: slices.Clone(offsets), span: span, scale: scale, duration: d, seed: seed,
		reach: 4 * span / time.Duration(len(offsets)),
	}, nil
}

// minRound is the least time between the beginnings of two rounds.
const minRound = time.Second

type recorded struct {
	offsets  []time.Duration
	span     time.Duration
	scale    float64
	duration time.Duration
	seed     uint64
	reach    time.Duration // how far a clone may lie behind its original
}

// Original returns the recorded start that arrival i of a schedule with that
// scale belongs to, counted from 0 over all rounds.
func Original(i uint64, scale float64) uint64 {
	j := uint64(math.Ceil(float64(i+1)/scale)) - 1
	for j > 0 && startsBefore(j, scale) > i {
		j--
	}
	for startsBefore(j+1, scale) <= i {
		j++
	}
	return j
}

// startsBefore is the number of arrivals that come from starts 0 … j−1, counted over
// all rounds.
func startsBefore(j uint64, scale float64) uint64 {
	return uint64(math.Floor(float64(j)*scale + 1e-9))
}

func (r *recorded) At(i uint64) (time.Duration, bool) {
	j := Original(i, r.scale)
	n := uint64(len(r.offsets))
	round, k := j/n, j%n
	if float64(round)*float64(r.span) > float64(r.duration) {
		return 0, false
	}
	at := time.Duration(round)*r.span + r.offsets[k]
	at += r.shift(j, k, i-startsBefore(j, r.scale), startsBefore(j+1, r.scale)-startsBefore(j, r.scale))
	if at >= r.duration {
		return 0, false
	}
	return at, true
}

// shift returns how far clone number c of m lies behind its original, start k
// of the recording and j of all rounds. Clone 0 is the original.
func (r *recorded) shift(j, k, c, m uint64) time.Duration {
	if c == 0 {
		return 0
	}
	next := r.span + r.offsets[0]
	if k+1 < uint64(len(r.offsets)) {
		next = r.offsets[k+1]
	}
	gap := min(next-r.offsets[k], r.reach)
	draw := stream(r.seed, j, 2)
	places := make([]float64, m-1)
	for i := range places {
		places[i] = draw()
	}
	slices.Sort(places)
	return time.Duration(places[c-1] * float64(gap))
}
