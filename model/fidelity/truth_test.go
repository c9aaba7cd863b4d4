package fidelity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/fidelity/distance"
)

// A truth is a world whose users are known: what a recording is taken of, and what other
// traffic is made from, right or wrong.
type truth struct {
	sessions int
	hours    float64

	// What a sabotage changes.
	normalThink bool
	geometric   bool
	shuffled    bool
	poisson     bool
	copies      int // exact copies of each session
	uniform     bool
	weightShift float64
	refused     float64 // share of requests that are answered 500
	bigger      float64 // factor on the bytes of answers
	dropped     string  // endpoint that is never asked for
	noPace      bool
}

const places = 12

// chain returns the odds of going from one place to the next, for a type of user.
func chain(kind int) [][]float64 {
	r := dist.Keyed(99, uint64(kind), 0)
	rows := make([][]float64, places)
	for i := range rows {
		rows[i] = make([]float64, places)
		for k := range 3 { // few ways on from each place
			rows[i][(i*(kind+2)+k*k+1)%places] += 0.2 + r.Float64()
		}
	}
	return rows
}

func pick(weights []float64, r *rand.Rand) int {
	u := r.Float64() * distance.Sum(weights)
	for i, w := range weights {
		if u -= w; u < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// starts are session starts with an intensity that changes in blocks of 20 s and slowly.
func (w *truth) starts(seed uint64) []float64 {
	r := dist.Keyed(seed, 1, 0)
	span := w.hours * 3600
	intensity := func(at float64) float64 {
		if w.poisson {
			return 1
		}
		block := dist.Keyed(7, uint64(at/20), 0).Float64() // the same world, whoever looks
		return (1 + 0.5*math.Sin(at/span*2*math.Pi)) * (0.15 + 1.7*block*block*block*2)
	}
	var list []float64
	for len(list) < w.sessions {
		if at := r.Float64() * span; r.Float64()*6 < intensity(at) {
			list = append(list, at)
		}
	}
	slices.Sort(list)
	return list
}

// generate makes traffic. Another seed gives other sessions of the same world.
func (w truth) generate(seed uint64) *Traffic {
	t := &Traffic{}
	chains := [][][]float64{chain(0), chain(1), chain(2)}
	weights := []float64{0.5 + w.weightShift, 0.3 - w.weightShift, 0.2}
	for i, at := range w.starts(seed) {
		r := dist.Keyed(seed, 2, uint64(i))
		kind := pick(weights, r)
		s := w.session(kind, chains[kind], at, r)
		for copied := range max(1, w.copies) {
			s.User, s.Type = fmt.Sprintf("u%d.%d", i, copied), fmt.Sprint("type", kind)
			t.Add(s)
		}
	}
	return t
}

func (w *truth) session(kind int, chain [][]float64, at float64, r *rand.Rand) *Session {
	n := 3 + kind + int(4*r.ExpFloat64()*r.Float64()) + r.IntN(3)
	if w.geometric {
		n = 1 + int(math.Log(1-r.Float64())/math.Log(1-1/(6.0+float64(kind))))
	}
	path := make([]int, n)
	place := kind
	for i := range path {
		path[i] = place
		place = pick(chain[place], r)
	}
	if w.shuffled {
		r.Shuffle(n, func(a, b int) { path[a], path[b] = path[b], path[a] })
	}
	user := r.NormFloat64()
	if w.noPace {
		user = 0
	}
	s := &Session{}
	now := at
	for _, place := range path {
		name := fmt.Sprintf("GET /p%d/{id}", place)
		took := 0.02 + 0.03*r.ExpFloat64()
		rank := int(math.Pow(4000, r.Float64())) // few values are asked for most
		if w.uniform {
			rank = r.IntN(4000)
		}
		think := math.Exp(0.5 + 0.7*(0.6*user+0.8*r.NormFloat64()) + 0.1*float64(place))
		if w.noPace {
			think = math.Exp(0.5 + 0.7*r.NormFloat64() + 0.1*float64(place))
		}
		if w.normalThink {
			mean, sd := math.Exp(0.5+0.1*float64(place)+0.245), math.Exp(0.5+0.1*float64(place)+0.245)*0.8
			think = math.Abs(mean + sd*r.NormFloat64())
		}
		q := Request{Endpoint: name, Value: uint64(place)<<32 | uint64(rank), Start: secs(now), End: secs(now + took), Status: 200,
			Sent: int64(20 + r.IntN(30)), Received: int64(500 * math.Exp(r.NormFloat64()/2) * max(w.bigger, 1))}
		if r.Float64() < w.refused {
			q.Status = 500
		}
		if name != w.dropped {
			s.Requests = append(s.Requests, q)
		}
		now += took + think
	}
	return s
}

func secs(s float64) time.Duration { return time.Duration(s * 1e9) }

// halfOf returns a half of a traffic, by user, and the other half.
func halfOf(t *Traffic, seed uint64) (a, b *Traffic) {
	a, b = &Traffic{}, &Traffic{}
	for i, v := range t.sessions {
		s := &Session{User: fmt.Sprint(v.user), Type: t.typeNames[v.kind]}
		for _, q := range t.requests[v.first:v.next] {
			s.Requests = append(s.Requests, Request{Endpoint: t.names[q.endpoint], Value: q.value, Start: q.start, End: q.end,
				Status: 100 * int(q.class), Sent: q.sent, Received: q.received})
		}
		if dist.Keyed(seed, 5, uint64(i)).Float64() < 0.5 {
			a.Add(s)
		} else {
			b.Add(s)
		}
	}
	return a, b
}
