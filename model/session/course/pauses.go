package course

import "math"

// pauses is a histogram of the logarithm of pauses. nil has none.
type pauses struct {
	count [octaves * 2]float32
	all   float64
}

// octaves is the number of doublings of least, the shortest pause that is told from none.
const (
	octaves = 24
	least   = 20e6 // nanoseconds
)

// place is where a pause stands in the histogram.
func place(pause int64) float64 {
	if pause <= least {
		return 0
	}
	return min(octaves*2-1, 1+2*math.Log2(float64(pause)/least))
}

func (p *pauses) add(pause int64) {
	p.count[int(place(pause))]++
	p.all++
}

// density is how likely a pause is by the second. usual counts for some pauses more.
func (p *pauses) density(pause int64, usual *float64, weight float64) float64 {
	all, here := weight, 0.0
	if usual != nil {
		here = weight * *usual
	}
	if p != nil && p.all > 0 {
		all += p.all
		if pause <= least {
			here += float64(p.count[0]) / (least / 1e9)
		} else {
			here += p.smooth(place(pause)) * 2 / math.Ln2 / (float64(pause) / 1e9)
		}
	}
	if all == 0 {
		return 0
	}
	return here / all
}

// smooth is the number of pauses in a bin around a place.
func (p *pauses) smooth(at float64) (n float64) {
	const (
		reach = 4
		width = 1.4
	)
	sum := 0.0
	for i := max(1, int(at)-reach); i <= min(len(p.count)-1, int(at)+reach); i++ {
		d := (float64(i) + 0.5 - at) / width
		w := math.Exp(-d * d / 2)
		n, sum = n+w*float64(p.count[i]), sum+w
	}
	return n / (width * math.Sqrt(2*math.Pi))
}
