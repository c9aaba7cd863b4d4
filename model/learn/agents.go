package learn

import (
	"maps"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// agents hold which header fields the browsers of users sent.
type agents struct {
	users  []string // in the order of their first session
	byUser map[string]*agent
	sets   map[string]int
	list   []flow.Headers // the sets of fields, in the order of their first use
}

// An agent is the browser of one user.
type agent struct {
	flows int
	sets  []int // in the order of their first use
	times map[int]int
}

// maxSets is the number of different sets of header fields that are looked at.
const maxSets = 50_000

func newAgents() agents { return agents{byUser: map[string]*agent{}, sets: map[string]int{}} }

// add adds requests of a user.
func (a *agents) add(user string, flows []*flow.Flow) {
	u := a.byUser[user]
	if u == nil {
		u = &agent{times: map[int]int{}}
		a.byUser[user] = u
		a.users = append(a.users, user)
	}
	var key []byte
	for _, f := range flows {
		u.flows++
		key = key[:0]
		for _, h := range f.Request.Headers {
			if ofBrowser(h) {
				key = append(append(append(append(key, h.Name...), 0), h.Value...), 0)
			}
		}
		n, known := a.sets[string(key)]
		if !known {
			if len(a.list) == maxSets {
				continue
			}
			n = len(a.list)
			a.sets[string(key)] = n
			var set flow.Headers
			for _, h := range f.Request.Headers {
				if ofBrowser(h) {
					set = append(set, flow.Header{Name: strings.Clone(h.Name), Value: strings.Clone(h.Value)})
				}
			}
			a.list = append(a.list, set)
		}
		if u.times[n]++; u.times[n] == 1 {
			u.sets = append(u.sets, n)
		}
	}
}

func ofBrowser(h flow.Header) bool {
	return content.OfBrowser(h.Name) && !strings.ContainsAny(h.Value, "\r\n\x00")
}

// headers returns the header fields that tell of a user's browser, sorted by name, in the
// case of their first use. A field belongs to the browser if most of the requests have it.
// Its value is the commonest.
func (a *agents) headers(user string) []model.Header {
	names := map[string]string{}          // the first spelling, by the name in lower case
	values := map[string]map[string]int{} // how often each value occurs, by name
	u := a.byUser[user]
	for _, n := range u.sets {
		for _, h := range a.list[n] {
			low := strings.ToLower(h.Name)
			if values[low] == nil {
				names[low], values[low] = h.Name, map[string]int{}
			}
			values[low][h.Value] += u.times[n]
		}
	}
	var out []model.Header
	for _, low := range slices.Sorted(maps.Keys(values)) {
		most, best, n := 0, "", 0
		for _, v := range slices.Sorted(maps.Keys(values[low])) {
			n += values[low][v]
			if values[low][v] > most {
				most, best = values[low][v], v
			}
		}
		if 2*n > u.flows {
			out = append(out, model.Header{Name: names[low], Value: best})
		}
	}
	return out
}
