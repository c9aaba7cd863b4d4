package stats

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Timeline is a run as known so far: the merge of all intervals added. The
// order of adding does not matter, and neither does adding twice. Its memory is
// bounded by endpoints and by seconds, of which it keeps at most two hours' worth:
// in a longer run the points get wider. The methods may be called from any
// goroutine.
type Timeline struct {
	mu        sync.Mutex // guards what follows
	seen      map[string]*seqs
	total     Cell
	endpoints map[string]*Cell
	errors    map[groupKey]*ErrorGroup
	seconds   *series
	windows   *series // with endpoints; nil in a live timeline
	due       uint64
	arrived   uint64
	end       time.Duration
	machine   meter
	lost      map[string]bool
}

// NewTimeline returns an empty timeline.
func NewTimeline() *Timeline {
	return &Timeline{
		seen:      map[string]*seqs{},
		endpoints: map[string]*Cell{},
		errors:    map[groupKey]*ErrorGroup{},
		seconds:   newSeries(time.Second, false),
		lost:      map[string]bool{},
	}
}

// Add merges iv, which is only read, and reports whether it was new: false
// means that an interval of the same replayer and number was added before.
func (t *Timeline) Add(iv *Interval) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.seen[iv.Replayer]
	if s == nil {
		if len(t.seen) >= maxReplayers {
			return false
		}
		s = &seqs{}
		t.seen[iv.Replayer] = s
	}
	if !s.add(iv.Seq) {
		return false
	}
	t.addTotals(iv)
	addCells(t.endpoints, iv.Endpoints)
	return true
}

// addTotals merges all of iv but its endpoints. It is called with mu held.
func (t *Timeline) addTotals(iv *Interval) {
	t.total.Merge(&iv.Total)
	addGroups(t.errors, iv.Errors)
	t.seconds.add(iv)
	t.due += iv.Due
	t.arrived += iv.Arrived
	t.end = max(t.end, iv.End)
	t.machine.add(iv)
}

// Lose marks a replayer as fallen silent before its end. Its intervals stay
// counted; what it had in flight stays in flight.
func (t *Timeline) Lose(replayer string) {
	t.mu.Lock()
	t.lost[replayer] = true
	t.mu.Unlock()
}

// Found takes Lose back: the replayer was heard of again.
func (t *Timeline) Found(replayer string) {
	t.mu.Lock()
	delete(t.lost, replayer)
	t.mu.Unlock()
}

// Seconds returns the points from offset from on, in order of time, merged over
// all replayers; seconds in which nothing was reported are left out. The last
// point may still grow.
func (t *Timeline) Seconds(from time.Duration) []Point {
	t.mu.Lock()
	defer t.mu.Unlock()
	var points []Point
	var open int64
	for _, i := range t.seconds.indexes() {
		sl := t.seconds.slots[i]
		open += sl.cell.InFlight
		start := time.Duration(i) * t.seconds.width
		if start+t.seconds.width <= from {
			continue
		}
		points = append(points, sl.point(start, t.seconds.width, open))
	}
	return points
}

// Endpoints returns the totals by endpoint so far, as copies.
func (t *Timeline) Endpoints() map[string]*Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := make(map[string]*Cell, len(t.endpoints))
	for name, c := range t.endpoints {
		m[name] = c.Clone()
	}
	return m
}

// Errors returns the error groups so far, by endpoint, name and status.
func (t *Timeline) Errors() []ErrorGroup {
	t.mu.Lock()
	defer t.mu.Unlock()
	return groupList(t.errors, ErrorGroup.compare)
}

// Duration is the end of the latest interval.
func (t *Timeline) Duration() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end
}

// Summary returns the figures so far, judged, with the thresholds checked.
func (t *Timeline) Summary(thresholds ...Threshold) *Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &Summary{
		Requests: t.total.Requests(), Failures: t.total.Failures(),
		Duration: t.end.Seconds(),
		Response: latency(t.total.Response), Service: latency(t.total.Service), Lateness: latency(t.total.Lateness),
		Status: map[int]uint64{},
		Counts: t.total.Counts, BytesIn: t.total.BytesIn, BytesOut: t.total.BytesOut,
		Overflow: t.total.Response.Overflow(),
		Due:      t.due, Arrived: t.arrived,
		Replayers: sortedKeys(t.seen), Lost: sortedKeys(t.lost),
		Errors:    groupList(t.errors, mostFrequent),
		Endpoints: []EndpointSummary{}, Machine: t.machine.summary(),
	}
	maps.Copy(s.Status, t.total.Status)
	for _, sl := range t.seconds.slots {
		s.UsersMax = max(s.UsersMax, sl.usersSum())
	}
	stopped := map[string]uint64{}
	var all uint64
	for _, g := range t.errors {
		if g.Name == ErrorStopped {
			stopped[g.Endpoint] += g.Count
			all += g.Count
		}
	}
	s.Rate = perSecond(s.Requests, t.end)
	s.OutcomeMatch = t.total.outcomeMatch(all)
	for _, name := range slices.Sorted(maps.Keys(t.endpoints)) {
		s.Endpoints = append(s.Endpoints, t.endpoints[name].summary(name, t.end, stopped[name]))
	}
	s.Check(thresholds)
	s.Judge()
	return s
}

// summary renders c as an endpoint of a run that lasted d.
func (c *Cell) summary(name string, d time.Duration, stopped uint64) EndpointSummary {
	e := EndpointSummary{
		Name: name, Requests: c.Requests(), Failures: c.Failures(), Rate: perSecond(c.Requests(), d),
		Response: latency(c.Response), Service: latency(c.Service), Lateness: latency(c.Lateness),
		Status: map[int]uint64{}, Counts: c.Counts, OutcomeMatch: c.outcomeMatch(stopped),
		BytesIn: c.BytesIn, BytesOut: c.BytesOut,
	}
	maps.Copy(e.Status, c.Status)
	return e
}

// outcomeMatch is the share of exchanges that passed their check among those
// that had the chance to: all that ended but for the stopped ones.
func (c *Cell) outcomeMatch(stopped uint64) float64 {
	n := c.Ended() - min(stopped, c.Aborted)
	if n == 0 {
		return 0
	}
	return float64(c.OK) / float64(n)
}

func perSecond(n uint64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// latency renders h in seven figures.
func latency(h *Histogram) Latency {
	if h.Count() == 0 {
		return Latency{}
	}
	return Latency{
		P50: h.Quantile(0.50).Microseconds(), P90: h.Quantile(0.90).Microseconds(),
		P95: h.Quantile(0.95).Microseconds(), P99: h.Quantile(0.99).Microseconds(),
		P999: h.Quantile(0.999).Microseconds(), Max: h.Max().Microseconds(), Mean: h.Mean().Microseconds(),
	}
}

func groupList(m map[groupKey]*ErrorGroup, order func(a, b ErrorGroup) int) []ErrorGroup {
	list := make([]ErrorGroup, 0, len(m))
	for _, g := range m {
		list = append(list, *g)
	}
	slices.SortFunc(list, order)
	return list
}

func mostFrequent(a, b ErrorGroup) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), a.compare(b))
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := slices.AppendSeq(make([]K, 0, len(m)), maps.Keys(m))
	slices.Sort(keys)
	return keys
}

// A meter gathers the state of the replayers' machines. Its sums are whole
// numbers, so that the order of adding leaves no trace.
type meter struct {
	measured, busy time.Duration
	cpu            float64 // highest ratio
	peak           Machine // highest of each
}

// add enters the state of the machine in one interval.
func (m *meter) add(iv *Interval) {
	if iv.Machine.Cores == 0 {
		return
	}
	d := max(iv.End-iv.Start, 0)
	m.measured += d
	r := iv.Machine.ratio()
	if r >= busyRatio {
		m.busy += d
	}
	m.cpu = max(m.cpu, r)
	m.peak.raise(iv.Machine)
}

func (m *meter) summary() MachineSummary {
	return MachineSummary{
		CPUMax: m.cpu, Seconds: m.measured.Seconds(), BusySeconds: m.busy.Seconds(),
		GCPauseMaxUS: m.peak.GCPause.Microseconds(), OpenFilesMax: m.peak.OpenFiles, HeapMax: m.peak.HeapBytes,
	}
}

// seqs is a set of numbers that come nearly in order: all below next, and some
// above.
type seqs struct {
	next  uint64
	above map[uint64]bool
}

// add reports whether n is new.
func (s *seqs) add(n uint64) bool {
	if n < s.next || s.above[n] {
		return false
	}
	if s.above == nil {
		s.above = map[uint64]bool{}
	}
	s.above[n] = true
	if len(s.above) > maxAbove {
		s.next = slices.Min(slices.Collect(maps.Keys(s.above)))
	}
	for s.above[s.next] {
		delete(s.above, s.next)
		s.next++
	}
	return true
}

// What a Timeline keeps apart of names that come from elsewhere: replayers, and
// numbers of one replayer that came before a smaller one. A number missing for
// longer than that counts as seen.
const (
	maxReplayers = 100_000
	maxAbove     = 100_000
)
