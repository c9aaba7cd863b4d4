package diff

import (
	"math"
	"slices"
	"time"

	"github.com/starling-load/starling/model"
)

// A profile is what the sessions of a model do, in figures.
type profile struct {
	sessions  int
	types     map[string]*userType
	endpoints map[string]*visits
}

// A userType is one type of user.
type userType struct {
	weight    float64
	endpoints map[string]float64 // share of the requests
}

// visits are the requests to an endpoint.
type visits struct {
	sum, squares float64 // over sessions
	pauses       []time.Duration
}

// mean and variance of the requests of a session, of n sessions.
func (v *visits) mean(n int) float64 {
	if v == nil || n == 0 {
		return 0
	}
	return v.sum / float64(n)
}

func (v *visits) variance(n int) float64 {
	if v == nil || n == 0 {
		return 0
	}
	mean := v.mean(n)
	return max(v.squares/float64(n)-mean*mean, 1/float64(n)/float64(n))
}

// profileOf looks at the recorded sessions of m, or, where it has none, at its
// behaviors.
func profileOf(m *model.Model) *profile {
	p := &profile{sessions: len(m.Sessions), types: map[string]*userType{}, endpoints: map[string]*visits{}}
	for i := range m.Behaviors {
		b := &m.Behaviors[i]
		p.types[b.Name] = &userType{weight: b.Weight, endpoints: map[string]float64{}}
	}
	for i := range m.Sessions {
		p.add(&m.Sessions[i])
	}
	if p.sessions == 0 {
		p.sessions = m.Recorded.Sessions
		for i := range m.Behaviors {
			for k := range m.Behaviors[i].Steps {
				for _, e := range m.Behaviors[i].Steps[k].Endpoints() {
					p.types[m.Behaviors[i].Name].endpoints[e]++
				}
			}
		}
	}
	for _, t := range p.types {
		total := 0.0
		for _, n := range t.endpoints {
			total += n
		}
		for e := range t.endpoints {
			t.endpoints[e] /= total
		}
	}
	return p
}

// add counts a session.
func (p *profile) add(s *model.Session) {
	asked := map[string]float64{}
	for i := range s.Acts {
		a := &s.Acts[i]
		asked[a.Endpoint]++
		v := p.endpoints[a.Endpoint]
		if v == nil {
			v = &visits{}
			p.endpoints[a.Endpoint] = v
		}
		if i > 0 {
			v.pauses = append(v.pauses, a.Delay)
		}
		if t := p.types[s.Behavior]; t != nil {
			t.endpoints[a.Endpoint]++
		}
	}
	for e, n := range asked {
		p.endpoints[e].sum += n
		p.endpoints[e].squares += n * n
	}
}

// likeness of two types is what their requests have in common: 1 − ½ Σ |p − q|.
func likeness(a, b *userType) float64 {
	distance := 0.0
	for e, p := range a.endpoints {
		distance += math.Abs(p - b.endpoints[e])
	}
	for e, q := range b.endpoints {
		if _, both := a.endpoints[e]; !both {
			distance += q
		}
	}
	return 1 - distance/2
}

// median of times, which are sorted.
func median(sorted []time.Duration) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

// apart reports whether two samples of times are of different distributions: the test
// of Kolmogorov and Smirnov, at a level of 0.3 %.
func apart(a, b []time.Duration) bool {
	n, m := float64(len(a)), float64(len(b))
	if n == 0 || m == 0 {
		return false
	}
	var i, k int
	most := 0.0
	for i < len(a) && k < len(b) {
		at := min(a[i], b[k])
		for i < len(a) && a[i] == at {
			i++
		}
		for k < len(b) && b[k] == at {
			k++
		}
		most = max(most, math.Abs(float64(i)/n-float64(k)/m))
	}
	const level = 1.80 // sqrt(−½ ln(0.003/2))
	return most > level*math.Sqrt((n+m)/(n*m))
}

func sorted(list []time.Duration) []time.Duration {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
