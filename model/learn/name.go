package learn

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model/session"
)

const (
	// setsApart is how much more of the sessions of a type must do something than of
	// any other type, so that the type is named after it.
	setsApart = 0.2

	// allDo is the share of sessions that do what all do.
	allDo = 0.95

	// maxTypeName bounds the length of the name of a type.
	maxTypeName = 80
)

// A deed is something that sessions do: a step, or two steps in a row.
type deed struct{ first, second string }

// typeNames names each type after what sets it apart most from other users: a step that
// its sessions make and other sessions do not, or two steps in a row where all make the
// same steps. Writes are preferred to reads. Robots and pollers are named so.
func (l *learner) typeNames(groups [][]int) []string {
	var shares []map[deed]float64 // of the groups of persons
	var order []deed
	seen := map[deed]bool{}
	for _, g := range groups {
		if l.sessions[g[0]].kind != session.Person {
			continue
		}
		share := map[deed]float64{}
		for _, v := range g {
			for _, d := range l.deeds(v) {
				share[d] += 1 / float64(len(g))
				if !seen[d] {
					seen[d] = true
					order = append(order, d)
				}
			}
		}
		shares = append(shares, share)
	}
	telling := map[string]float64{}
	for _, d := range order {
		if d.second == "" {
			telling[d.first] = l.telling(d.first)
		}
	}
	names, taken, persons := make([]string, len(groups)), map[string]bool{}, 0
	for i, g := range groups {
		var list []string
		if kind := l.sessions[g[0]].kind; kind != session.Person {
			list = []string{kind.String()}
		} else {
			for _, d := range apart(persons, shares, order, telling) {
				list = append(list, l.deedName(d))
			}
			persons++
		}
		names[i] = unused(list, taken)
		taken[names[i]] = true
	}
	return names
}

// deeds returns the steps of a session and what follows what, each once.
func (l *learner) deeds(v int) (out []deed) {
	seen := map[deed]bool{}
	add := func(d deed) {
		if !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	last := ""
	for _, v := range l.sessions[v].visits {
		if l.assets[v.step] {
			continue
		}
		add(deed{v.step, ""})
		if last != "" && last != v.step {
			add(deed{last, v.step})
		}
		last = v.step
	}
	return out
}

// apart lists the deeds of a type, those first that set it apart most.
func apart(of int, shares []map[deed]float64, order []deed, telling map[string]float64) []deed {
	type ranked struct {
		deed
		lift, score float64
	}
	var steps, rows []ranked
	for _, d := range order {
		if shares[of][d] == 0 {
			continue
		}
		other := 0.0
		for j := range shares {
			if j != of {
				other = max(other, shares[j][d])
			}
		}
		r := ranked{deed: d, lift: shares[of][d] - other}
		if len(shares) == 1 && r.lift > allDo {
			r.lift -= 3 * setsApart // what all do tells less of one type than what some do
		}
		if r.score = r.lift; d.second == "" {
			r.score += telling[d.first]
			steps = append(steps, r)
		} else if r.lift >= setsApart {
			rows = append(rows, r)
		}
	}
	if slices.ContainsFunc(steps, func(r ranked) bool { return r.lift >= setsApart }) {
		rows = nil
	}
	slices.Reverse(steps) // of equal scores the last comes first: users pass the others to get there
	byScore := func(a, b ranked) int { return cmp.Compare(b.score, a.score) }
	slices.SortStableFunc(steps, byScore)
	slices.SortStableFunc(rows, byScore)
	var out []deed
	for _, r := range append(rows, steps...) {
		out = append(out, r.deed)
	}
	return out
}

// unused returns the first name of a list that is not taken, or two of them, or the first
// with a number.
func unused(list []string, taken map[string]bool) string {
	if len(list) == 0 {
		list = []string{"visitor"}
	}
	if !taken[list[0]] {
		return list[0]
	}
	for _, further := range list[1:] {
		if name := list[0] + "-and-" + further; further != list[0] && !taken[name] && len(name) <= maxTypeName {
			return name
		}
	}
	for k := 2; ; k++ {
		if name := list[0] + "-" + strconv.Itoa(k); !taken[name] {
			return name
		}
	}
}

// telling returns what to add to the score of an endpoint for what it says about the
// purpose of users. Writes say more than reads. Logging in and out say less.
func (l *learner) telling(name string) float64 {
	score := 0.0
	switch method, _, _ := strings.Cut(name, " "); method {
	case "GET":
	case "HEAD", "OPTIONS":
		score -= 0.4 // programs ask so, whoever uses them
	default:
		score += 0.2
	}
	if l.comesOrGoes(name) {
		score -= 0.3
	}
	return score
}

// comesOrGoes reports whether users log in or out, or the like, at an endpoint. It
// takes it for that if nearly all its answers set cookies, or if nearly all sessions
// that visit it visit nothing new afterwards.
func (l *learner) comesOrGoes(name string) bool {
	if l.crossings == nil {
		l.crossings = l.findCrossings()
	}
	return l.crossings[name]
}

// findCrossings returns the endpoints at which users come or go.
func (l *learner) findCrossings() map[string]bool {
	type count struct{ answers, cookies, visits, ends int }
	counts := map[string]*count{}
	for _, name := range l.endpoints {
		counts[name] = &count{}
	}
	for i := range l.sessions {
		last, fresh := map[string]int{}, 0 // the last step at an endpoint; the last step to a new one
		for k, s := range l.sessions[i].steps {
			c := counts[s.endpoint]
			if c.answers++; s.is&cookies != 0 {
				c.cookies++
			}
			if _, seen := last[s.endpoint]; !seen && !l.assets[s.endpoint] {
				fresh = k
			}
			last[s.endpoint] = k
		}
		for name, k := range last {
			if counts[name].visits++; fresh <= k {
				counts[name].ends++
			}
		}
	}
	found := map[string]bool{}
	for name, c := range counts {
		found[name] = 10*c.cookies >= 9*c.answers || 10*c.ends >= 9*c.visits
	}
	return found
}
