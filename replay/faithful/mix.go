package faithful

import (
	"maps"
	"math"
	"slices"
)

// reach names the endpoints to which nothing was sent.
func (j *judge) reach() {
	var steps int
	var names []loser
	for _, e := range j.rec.Endpoints {
		if j.run.Endpoints[e.Name].Sent > 0 {
			continue
		}
		j.out.Unreached = append(j.out.Unreached, e.Name)
		if j.expected(e) >= leastExpected {
			steps += e.Steps
			names = append(names, loser{e.Name, uint64(e.Steps)})
		}
	}
	if lost := float64(steps) / float64(j.rec.Steps); len(names) > 0 {
		verdict := Partly
		if lost > unreachedNot {
			verdict = Not
		}
		j.find(verdict, lost, "never reached%s", named(names))
	}
}

// mix judges the distance between the shares that endpoints have of the requests, in
// the recording p and in the run q:
//
//	d = ½ Σ |p − q|
func (j *judge) mix() {
	var sent uint64
	for name, a := range j.run.Endpoints {
		if !j.asked(name) {
			sent += a.Sent
		}
	}
	if sent == 0 || len(j.rec.Endpoints) == 0 {
		return
	}
	type change struct {
		name string
		p, q float64
	}
	var most change
	distance, known := 0.0, map[string]bool{}
	all := j.rec.Steps
	for _, e := range j.rec.Endpoints {
		all += e.Entries
	}
	see := func(c change) {
		distance += math.Abs(c.p-c.q) / 2
		if math.Abs(c.p-c.q) > math.Abs(most.p-most.q) {
			most = c
		}
	}
	for _, e := range j.rec.Endpoints {
		known[e.Name] = true
		see(change{e.Name, float64(e.Steps+e.Entries) / float64(all), share(j.run.Endpoints[e.Name].Sent, sent)})
	}
	for _, name := range slices.Sorted(maps.Keys(j.run.Endpoints)) {
		if !known[name] && !j.asked(name) {
			see(change{name, 0, share(j.run.Endpoints[name].Sent, sent)})
		}
	}
	j.out.MixDistance = distance
	chance := j.rec.MixSpread / math.Sqrt(float64(max(j.run.Started, 1)))
	j.find(level(distance-chance, mixPartly, mixNot), distance, "the mix of requests is another (distance %.2f): %s is %s of them instead of %s",
		distance, most.name, percent(most.q), percent(most.p))
}

// asked reports whether all requests to an endpoint are sent only if the target asks.
func (j *judge) asked(name string) bool {
	_, asked := slices.BinarySearch(j.rec.Asked, name)
	return asked && !slices.ContainsFunc(j.rec.Endpoints, func(e Endpoint) bool { return e.Name == name })
}

// overlap judges whether requests that overlapped overlap again. A fast target answers
// before the next request begins; so what counts are the requests that did not wait
// for each other.
func (j *judge) overlap() {
	r := &j.run
	if r.Sent == 0 {
		return
	}
	j.out.Overlap = Pair{j.rec.Overlap, share(r.UnderWay, r.Sent)}
	recorded, replayed := j.rec.Overlap-1, share(r.Ready, r.Sent)-1
	if recorded < overlapLeast || replayed >= overlapPartly*recorded {
		return
	}
	j.find(Partly, (1-replayed/recorded)/2, "requests overlapped less: each found %s of its session beside it, in the recording %s",
		figure(max(replayed, 0)), figure(recorded))
}

// pages judges the structure of pages: how many requests come together, and how many at
// most. It says nothing of how long they take, which is the target's.
func (j *judge) pages() {
	r, rec := &j.run, j.rec
	if r.Alone == 0 || rec.Alone == 0 || r.Ended == 0 {
		return
	}
	j.out.PageRequests = Pair{perSession(rec.Steps, rec.Alone), share(r.Sent, r.Alone)}
	j.out.Peak = Pair{rec.Peak, share(r.Peaks, r.Ended)}
	for _, f := range []struct {
		of   Pair
		text string
	}{
		{j.out.PageRequests, "pages were smaller: %s requests came together, in the recording %s"},
		{j.out.Peak, "a session had %s requests at once at most, in the recording %s"},
	} {
		recorded, replayed := f.of.Recorded-1, f.of.Replayed-1
		if recorded >= overlapLeast && replayed < overlapPartly*recorded {
			j.find(Partly, (1-max(replayed, 0)/recorded)/4, f.text, figure(f.of.Replayed), figure(f.of.Recorded))
			return
		}
	}
}
