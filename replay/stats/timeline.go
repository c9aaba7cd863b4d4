package stats

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/starling-load/starling/replay/faithful"
)

// A Timeline is a run as known so far: the merge of all intervals added. The order of
// adding does not matter. Adding an interval again changes nothing. Its memory is
// bounded by the number of endpoints and by two hours of seconds: in a longer run the
// points get wider. The methods may be called from any goroutine.
type Timeline struct {
	mu       sync.Mutex // guards what follows
	seen     map[string]*seqs
	window   sums
	drained  sums
	errors   map[groupKey]*ErrorGroup // of both
	seconds  *series
	sessions Sessions
	work     faithful.Work
	source   source
	paused   map[string]time.Duration // by replayer
	due      uint64
	arrived  uint64
	end      time.Duration // of the window so far
	machine  meter
	lost     map[string]bool
}

// sums are the exchanges of a part of the run.
type sums struct {
	total     Cell
	endpoints map[string]*Cell
}

// NewTimeline returns an empty timeline.
func NewTimeline() *Timeline {
	return &Timeline{
		seen:    map[string]*seqs{},
		window:  sums{endpoints: map[string]*Cell{}},
		drained: sums{endpoints: map[string]*Cell{}},
		errors:  map[groupKey]*ErrorGroup{},
		seconds: newSeries(time.Second, false),
		paused:  map[string]time.Duration{},
		lost:    map[string]bool{},
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
	MergeEndpoints(t.part(iv.Drain).endpoints, iv.Endpoints)
	return true
}

// part returns the sums that an interval belongs to.
func (t *Timeline) part(drain bool) *sums {
	if drain {
		return &t.drained
	}
	return &t.window
}

// addTotals merges all of iv except its endpoints. The caller holds mu.
func (t *Timeline) addTotals(iv *Interval) {
	t.part(iv.Drain).total.Merge(&iv.Total)
	addGroups(t.errors, iv.Errors, iv.Drain)
	t.sessions.add(iv.Sessions)
	t.work.Add(iv.Work)
	if iv.Paused > 0 {
		t.paused[iv.Replayer] += iv.Paused
	}
	t.due += iv.Due
	t.arrived += iv.Arrived
	if iv.Drain {
		return
	}
	t.seconds.add(iv)
	t.end = max(t.end, iv.End)
	t.machine.add(iv)
}

// Lose marks a replayer that fell silent before its end. Its intervals stay counted;
// what it had in flight stays in flight.
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

// Seconds returns the points that end after from, in order of time, merged over all
// replayers. Seconds in which nothing was reported are left out. The last point may
// still grow.
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

// Endpoints returns the totals of the window by endpoint so far, as copies.
func (t *Timeline) Endpoints() map[string]*Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := make(map[string]*Cell, len(t.window.endpoints))
	for name, c := range t.window.endpoints {
		m[name] = c.Clone()
	}
	return m
}

// Errors returns the error groups of the window so far, by endpoint, name,
// status and value.
func (t *Timeline) Errors() []ErrorGroup {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := groupList(t.errors, ErrorGroup.compare)
	list := make([]ErrorGroup, 0, len(all))
	for _, g := range all {
		g.Count, g.Drained = g.Count-g.Drained, 0
		if g.Count > 0 {
			list = append(list, g)
		}
	}
	return list
}

// Duration is the end of the latest interval of the window.
func (t *Timeline) Duration() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end
}

// open is how many sessions have started and not ended. It is called with mu held.
func (t *Timeline) open() uint64 {
	over := t.sessions.Ended + t.sessions.Cut
	return max(t.arrived, over) - over
}

// Summary returns the figures so far, judged, with the thresholds checked.
func (t *Timeline) Summary(thresholds ...Threshold) *Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	total, late := &t.window.total, &t.drained.total
	s := &Summary{
		Requests: total.Requests(), Failures: total.Failures(),
		Duration: t.end.Seconds(), Rate: perSecond(total.Requests(), t.end),
		Response: latency(total.Response), Service: latency(total.Service), Lateness: latency(total.Lateness),
		Status: map[int]uint64{},
		Counts: total.Counts.plus(late.Counts), Drained: late.drained(),
		BytesIn: total.BytesIn, BytesOut: total.BytesOut,
		Overflow:     total.Response.Overflow(),
		SessionMatch: t.sessions.match(), Sessions: t.sessions, Skipped: total.Skipped + late.Skipped, Expected: total.Expected + late.Expected,
		Due: t.due, Arrived: t.arrived, Open: t.open(),
		Replayers: sortedKeys(t.seen), Lost: sortedKeys(t.lost),
		Errors: groupList(t.errors, mostFrequent), Machine: t.machine.summary(),
	}
	maps.Copy(s.Status, total.Status)
	for _, sl := range t.seconds.slots {
		s.UsersMax = max(s.UsersMax, sl.usersSum())
	}
	for _, d := range t.paused {
		s.Paused = max(s.Paused, d.Seconds())
	}
	stopped := t.stopped()
	var all uint64
	for _, n := range stopped {
		all += n
	}
	s.OutcomeMatch = total.outcomeMatch(all)
	s.Endpoints = t.endpointSummaries(stopped)
	s.Faithful = faithful.Judge(t.source.recorded, t.replayed(s))
	s.Unresolved = t.source.sent(s)
	s.Check(thresholds)
	s.Judge()
	return s
}

// stopped counts by endpoint the exchanges that the end of the run cut short
// within the window.
func (t *Timeline) stopped() map[string]uint64 {
	m := map[string]uint64{}
	for _, g := range t.errors {
		if g.Name == ErrorStopped {
			m[g.Endpoint] += g.Count - g.Drained
		}
	}
	return m
}

// endpointSummaries lists the endpoints by name.
func (t *Timeline) endpointSummaries(stopped map[string]uint64) []EndpointSummary {
	names := maps.Clone(t.window.endpoints)
	maps.Copy(names, t.drained.endpoints)
	list := make([]EndpointSummary, 0, len(names))
	for _, name := range sortedKeys(names) {
		c, late := t.window.endpoints[name], t.drained.endpoints[name]
		if c == nil {
			c = new(Cell)
		}
		e := c.summary(name, t.end, stopped[name])
		if late != nil {
			e.Counts, e.Drained = e.Counts.plus(late.Counts), late.drained()
			e.Skipped += late.Skipped
			e.Expected += late.Expected
		}
		e.Asset = t.source.assets[name]
		list = append(list, e)
	}
	return list
}

// drained renders c as what ended after the window.
func (c *Cell) drained() Drained {
	return Drained{Requests: c.Requests(), Failures: c.Failures(), Aborted: c.Aborted, Response: latency(c.Response)}
}

// summary renders c as an endpoint of a run that lasted d.
func (c *Cell) summary(name string, d time.Duration, stopped uint64) EndpointSummary {
	e := EndpointSummary{
		Name: name, Requests: c.Requests(), Failures: c.Failures(), Rate: perSecond(c.Requests(), d),
		Response: latency(c.Response), Service: latency(c.Service), Lateness: latency(c.Lateness),
		Status: map[int]uint64{}, Counts: c.Counts, OutcomeMatch: c.outcomeMatch(stopped),
		Skipped: c.Skipped, Expected: c.Expected, BytesIn: c.BytesIn, BytesOut: c.BytesOut,
	}
	maps.Copy(e.Status, c.Status)
	return e
}

// outcomeMatch is the share of acts that were made and passed their check. The whole
// is the exchanges that ended and the acts that were skipped, without the exchanges
// that the end of the run stopped.
func (c *Cell) outcomeMatch(stopped uint64) float64 {
	n := c.Ended() - min(stopped, c.Aborted) + c.Skipped
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
// numbers, so that they do not depend on the order of adding.
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

// seqs is a set of numbers that come nearly in order: all numbers below next, and
// some above it.
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

// What comes from elsewhere is bounded: the replayers of a Timeline, and for each the
// numbers that wait for a smaller one. When too many wait, the smaller one counts as
// seen.
const (
	maxReplayers = 100_000
	maxAbove     = 100_000
)
