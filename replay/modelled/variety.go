package modelled

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay/faithful"
)

// Limits of what is told of the variety of requests.
const (
	leastVariety = 10  // different requests of an endpoint
	leastGrowth  = 1.5 // times as many as recorded
	mostVaried   = 5   // endpoints
)

// Varieties says of which endpoints so many sessions of users ask for more different things
// than were recorded, those that lack the most first.
//
// Copies of recorded sessions ask for the same things again, each as often as its share of
// the recording. Of n recorded requests, V ask for different things, and v of these were
// asked for once. Where the popularity has a long tail, V grows as a power of n (Heaps), whose
// exponent is v/V, since the next request is new with a chance of v/n (Good and Turing):
//
//	V(k·n) = V · k^(v/V)
func Varieties(m *model.Model, sessions uint64) (list []faithful.Variety) {
	users, apart := len(m.Sessions), sessionsApart(m)
	for i := range apart {
		if apart[i] {
			users--
		}
	}
	k := float64(sessions) / float64(max(1, users))
	if k < leastGrowth {
		return nil
	}
	for endpoint, times := range asked(m) {
		once := 0
		for _, n := range times {
			if n == 1 {
				once++
			}
		}
		v := float64(len(times))
		expected := v * math.Pow(k, float64(once)/v)
		if len(times) >= leastVariety && expected >= leastGrowth*v {
			list = append(list, faithful.Variety{Endpoint: endpoint, Recorded: uint64(len(times)), Expected: uint64(math.Round(expected))})
		}
	}
	slices.SortFunc(list, func(a, b faithful.Variety) int {
		return cmp.Or(cmp.Compare(b.Expected-b.Recorded, a.Expected-a.Recorded), cmp.Compare(a.Endpoint, b.Endpoint))
	})
	return list[:min(len(list), mostVaried)]
}

// asked counts how often each endpoint was asked for each thing. A thing is known by what
// the target of the request holds: recorded contents, and places of answers to requests for
// things, such as the third link of a page. What a session makes anew, or gets from
// what it changed, is not counted.
func asked(m *model.Model) map[string]map[uint64]int {
	type key struct{ endpoint, variant string }
	variants, parts := map[key]*model.Variant{}, map[key][]part{}
	for i := range m.Endpoints {
		e := &m.Endpoints[i]
		for j := range e.Variants {
			v := &e.Variants[j]
			if list, ok := partsOf(v); ok {
				variants[key{e.Name, v.Name}], parts[key{e.Name, v.Name}] = v, list
			}
		}
	}
	counts := map[string]map[uint64]int{}
	for i := range m.Endpoints {
		if e := &m.Endpoints[i]; !e.Asset {
			counts[e.Name] = map[uint64]int{}
		}
	}
	apart := sessionsApart(m)
	for i := range m.Sessions {
		if apart[i] {
			continue // it asks for the same at any scale
		}
		acts := m.Sessions[i].Acts
		things := make([]uint64, len(acts)) // 0: not known
		for at := range acts {
			a := &acts[at]
			of := key{a.Endpoint, a.Variant}
			v := variants[of]
			if v == nil {
				continue
			}
			text := a.Endpoint + "\x00" + a.Variant
			known := true
			for _, p := range parts[of] {
				where, ok := p.of(v, a, things)
				known = known && ok
				text += "\x00" + where
			}
			if !known {
				continue
			}
			things[at] = hashOf(text) | 1<<63
			if count := counts[a.Endpoint]; count != nil {
				count[things[at]]++
			}
		}
	}
	return counts
}

// A part is a hole of a target: a column of the recorded rows, a taker, or both. -1 is none.
type part struct{ column, taker int }

var holes = regexp.MustCompile(`\$\{([^}]+)\}`)

// partsOf returns the holes of the target of a variant. ok is false if a request is no GET,
// or a content is made anew.
func partsOf(v *model.Variant) (list []part, ok bool) {
	if v.Request.Method != "GET" {
		return nil, false
	}
	columns, takers := v.RowColumns(), v.Takers()
	text := v.Request.Target
	for depth := 0; depth < 4 && text != ""; depth++ {
		inner := ""
		for _, hole := range holes.FindAllStringSubmatch(text, -1) {
			i := slices.IndexFunc(v.Values, func(x model.Value) bool { return x.Name == hole[1] })
			if i < 0 {
				return nil, false
			}
			switch v.Values[i].Kind {
			case model.Row, model.Bound:
				list = append(list, part{slices.Index(columns, hole[1]), slices.Index(takers, i)})
			case model.Template:
				inner += v.Values[i].Ref
			default:
				return nil, false
			}
		}
		text = inner
	}
	return list, true
}

// of says what an act has in the hole. things are those of the acts before it.
func (p part) of(v *model.Variant, a *model.Act, things []uint64) (where string, ok bool) {
	if p.taker >= 0 && p.taker < len(a.Takes) {
		switch take := a.Takes[p.taker]; {
		case take.Act >= 0:
			return fmt.Sprint(things[take.Act], take.Source, take.Match), things[take.Act] != 0
		case take.Act == model.Latest:
			return "", false
		}
	}
	if p.column < 0 || a.Row == 0 {
		return "", false
	}
	return v.Rows[a.Row-1][p.column], true
}
