package load

import (
	"math"
	"slices"
	"time"
)

// A spread moves clones of recorded starts. Its time runs evenly from each knot to the
// next: it follows the rate of the recording, and not the chance of single starts.
type spread struct {
	offsets []time.Duration
	knots   []int // indices of offsets, ascending; the last is that of the last start
	sigma   float64
	end     time.Duration // a clone of the last start may come until then
}

// longPause is how many mean distances between starts no clone falls into.
const longPause = 8

func newSpread(offsets []time.Duration, span time.Duration) *spread {
	n := len(offsets)
	block := max(1, int(math.Sqrt(float64(n))))
	mean := span / time.Duration(n)
	s := &spread{offsets: offsets, sigma: float64(block) / 2, end: min(span, offsets[n-1]+mean)}
	for i := range n {
		pause := i+1 < n && offsets[i+1]-offsets[i] > longPause*mean
		after := i > 0 && offsets[i]-offsets[i-1] > longPause*mean
		if i%block == 0 || i+1 == n || pause || after {
			s.knots = append(s.knots, i)
		}
	}
	return s
}

// clone returns the instant of a clone of start k: about sigma places away in the order
// of the starts (Box and Muller 1958). Beyond the ends it comes back in.
func (s *spread) clone(k uint64, draw func() float64) time.Duration {
	n := float64(len(s.offsets))
	u, v, within := draw(), draw(), draw()
	x := float64(k) + within + s.sigma*math.Sqrt(-2*math.Log(1-u))*math.Cos(2*math.Pi*v)
	if x = math.Mod(math.Abs(x), 2*n); x >= n {
		x = 2*n - x
	}
	return s.at(x)
}

// at returns the instant at a place in the order of the starts, from 0 to their number.
func (s *spread) at(x float64) time.Duration {
	i, exact := slices.BinarySearch(s.knots, int(x))
	if !exact {
		i--
	}
	from := s.knots[i]
	to, end := len(s.offsets), s.end
	if i+1 < len(s.knots) {
		to = s.knots[i+1]
		end = s.offsets[to]
		if to == from+1 && end-s.offsets[from] > longPause*(s.end/time.Duration(len(s.offsets))) {
			end = s.offsets[from] // a long pause
		}
	}
	return s.offsets[from] + time.Duration(float64(end-s.offsets[from])*min(1, (x-float64(from))/float64(to-from)))
}
