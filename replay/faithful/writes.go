package faithful

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// writes judges what changes something at the target.
func (j *judge) writes() {
	r := &j.run
	if j.rec.Writes == 0 || r.Ended == 0 {
		return
	}
	verdict, lost := "", 0.0
	if r.WritesDue > 0 {
		lost = 1 - share(r.Work.Writes, r.WritesDue)
		verdict = level(lost, lostPartly, lostNot)
	}
	for _, e := range j.rec.Endpoints {
		verdict = worst(verdict, j.kind(e))
	}
	j.find(verdict, 1+lost, "writes %s of %s a session%s",
		figure(j.out.Writes.Replayed), figure(j.out.Writes.Recorded), j.losingWrites())
}

// kind judges the writes to one endpoint.
func (j *judge) kind(e Endpoint) string {
	a := j.run.Endpoints[e.Name]
	switch {
	case e.Writes == 0:
		return ""
	case a.Writes == 0 && (a.Due >= leastDue || j.expected(e) >= leastExpected):
		return Not
	case a.Due >= halfDue && 2*a.Done < a.Due:
		return Partly
	}
	// Other writes, such as logins, do not make up for these. Of an endpoint that is read,
	// too, a part of what failed may be reads.
	due := float64(a.Due) * float64(e.Writes) / float64(e.Steps)
	lost := min(float64(a.Due-min(a.Due, a.Done)), due-float64(a.Writes))
	if lost >= leastLost && lost/due > lostPartly {
		return Partly
	}
	return ""
}

// guesses judges writes that may have changed something else than in the recording.
func (j *judge) guesses() {
	var list []loser
	var writes uint64
	for name, a := range j.run.Endpoints {
		if a.Guessed && a.Writes > 0 {
			list, writes = append(list, loser{name, a.Writes}), writes+a.Writes
		}
	}
	if len(list) > 0 {
		j.find(Partly, 1+share(writes, j.run.Work.Writes), "%d writes were sent with identifiers of the recording, which may be of something else at this target (see the unresolved values)%s", writes, named(list))
	}
}

// losingWrites names the endpoints whose writes fail, the worst first.
func (j *judge) losingWrites() string {
	kinds := map[string]bool{}
	for _, e := range j.rec.Endpoints {
		if e.Writes > 0 {
			kinds[e.Name] = true
		}
	}
	var parts []loser
	for _, e := range j.rec.Endpoints {
		if a := j.run.Endpoints[e.Name]; e.Writes > 0 && a.Due == 0 && j.expected(e) >= leastExpected {
			parts = append(parts, loser{e.Name + " was never sent", uint64(j.expected(e))})
		}
	}
	return named(append(parts, j.failing(func(name string, a Asked) (done, due uint64) {
		if !kinds[name] {
			return 0, 0
		}
		return a.Done, a.Due
	})...))
}

// losers names the endpoints that lost the most of what done and due tell.
func (j *judge) losers(count func(Asked) (done, due uint64)) string {
	return named(j.failing(func(_ string, a Asked) (uint64, uint64) { return count(a) }))
}

// A loser is an endpoint that lost requests, in words.
type loser struct {
	text string
	lost uint64
}

// failing lists the endpoints that lost requests.
func (j *judge) failing(count func(string, Asked) (done, due uint64)) []loser {
	var list []loser
	for name, a := range j.run.Endpoints {
		done, due := count(name, a)
		if done >= due {
			continue
		}
		text := fmt.Sprintf("%s %d of %d", name, done, due)
		if done == 0 {
			text = name + " never succeeded"
		}
		if a.Why != "" {
			text += " (" + a.Why + ")"
		}
		list = append(list, loser{text, due - done})
	}
	return list
}

// named names the worst of a list: ": A, B, C and 4 more".
func named(list []loser) string {
	if len(list) == 0 {
		return ""
	}
	slices.SortFunc(list, func(a, b loser) int { return cmp.Or(cmp.Compare(b.lost, a.lost), cmp.Compare(a.text, b.text)) })
	var texts []string
	for _, l := range list[:min(len(list), namedEndpoints)] {
		texts = append(texts, l.text)
	}
	out := ": " + strings.Join(texts, ", ")
	if more := len(list) - namedEndpoints; more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}
