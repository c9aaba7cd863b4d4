package trail

import "math/bits"

// A Pace is how long users look at a page before they go on, as a histogram of the
// logarithm of the time.
type Pace struct {
	count [4 * 64]float64 // four bins for each doubling, in nanoseconds
	all   float64
	sum   float64 // of the times, in nanoseconds
}

// leave is the share of pages from which users do not go on, and drop that of those which
// ask for something, of the users who then have a name.
const (
	leave = 0.2
	drop  = 0.05
)

// usual is a time that users look at a page, where the recording does not tell it.
const usual = 5e9

func bin(age int64) int {
	if age < 4 {
		return 0
	}
	top := bits.Len64(uint64(age)) - 1
	return 4*top + int(age>>(top-2)&3)
}

// Add counts one user who went on after a time in nanoseconds.
func (p *Pace) Add(age int64) {
	b := bin(age)
	for i := max(0, b-2); i <= min(b+14, len(p.count)-1); i++ {
		if i <= b+2 { // times close by are as likely
			p.count[i] += 0.16
		} else { // and some take longer
			p.count[i] += 0.0167
		}
	}
	p.all++
	p.sum += float64(age)
}

// Likely is how many times likelier than on average it is that a user goes on just now.
// named says that what the user does gives a name.
func (p *Pace) Likely(age int64, named bool) float64 {
	switch {
	case p.all == 0:
		return min(1, usual/float64(max(age, 1)))
	case named:
		return p.hazard(age, drop) * p.sum / p.all
	}
	return p.hazard(age, leave) * p.sum / p.all
}

// Hazard tells how likely it is that a user goes on just now who has looked at a page
// for a time. Of several who look at one page, it is the one with the greatest hazard.
//
//	hazard = f(age) / S(age)    f: density of the times, S: share of users who are still there
func (p *Pace) Hazard(age int64) float64 { return p.hazard(age, leave) }

func (p *Pace) hazard(age int64, leave float64) float64 {
	if p.all == 0 {
		return 1 / float64(max(age, 1))
	}
	b := bin(age)
	gone := 0.0
	for _, n := range p.count[:b] {
		gone += n
	}
	stay := leave + (1-leave)*(1-gone/p.all)
	width := float64(int64(1) << max(0, b/4-2))
	return (p.count[b]/p.all + 1e-6) / width / max(stay, leave)
}
