package stats

import (
	"cmp"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/starling-load/starling/replay/faithful"
)

// How many names a Collector tells apart. All further ones are counted as Other. So
// memory is bounded, whatever a target answers.
const (
	maxEndpoints   = 2000
	maxErrorGroups = 2000
	maxFields      = 512 // per endpoint
	maxSamples     = 3   // per error group, over the whole run
	maxDetail      = 300 // bytes of one sample
)

// A Collector counts the exchanges of one replayer and hands them out as
// Intervals. All methods may be called from any goroutine. Recording takes a few
// additions under a lock. There are as many shards as cores, and an idle one is
// picked, so that hardly anybody waits for the lock.
type Collector struct {
	replayer string
	window   atomic.Int64 // end of the window in ns; 0: there is none
	shards   []*shard
	names    sync.Map // endpoint name → *entry

	mu       sync.Mutex // guards entries and the gauges; held for moments
	entries  []*entry
	users    int
	usersMax int // since the last tick
	due      uint64
	arrived  uint64
	sessions Sessions
	work     faithful.Work
	paused   time.Duration

	groupsMu sync.RWMutex // guards groups and what they hold
	groups   map[groupKey]*group

	tickMu   sync.Mutex // one tick at a time; guards what follows
	inFlight int64
	seq      uint64
	last     time.Duration
}

// NewCollector returns a collector whose intervals carry the replayer's name.
// window is the planned duration of the run; 0 means that the run has none and
// lasts until its work is done. What ends after the window is handed out apart,
// in intervals marked as Drain.
func NewCollector(replayer string, window time.Duration) *Collector {
	c := &Collector{replayer: replayer, groups: map[groupKey]*group{}}
	c.window.Store(int64(window))
	for range runtime.GOMAXPROCS(0) {
		c.shards = append(c.shards, new(shard))
	}
	return c
}

// EndWindow ends the window at offset at, if it would end later or had no end: the run
// was stopped. What ends after that is drained.
func (c *Collector) EndWindow(at time.Duration) {
	at = max(at, 1)
	for {
		old := c.window.Load()
		if old > 0 && old <= int64(at) || c.window.CompareAndSwap(old, int64(at)) {
			return
		}
	}
}

// over reports whether offset at lies after the end of the window.
func (c *Collector) over(at time.Duration) bool {
	w := time.Duration(c.window.Load())
	return w > 0 && at > w
}

// Started counts an exchange that begins now. It must come before the Record of
// the same exchange.
func (c *Collector) Started(endpoint string) {
	e := c.entry(endpoint)
	s := c.take()
	cell := s.now.cell(e)
	cell.Started++
	cell.InFlight++
	s.mu.Unlock()
}

// Record counts an exchange that has ended. r is only read; its strings may be
// kept, its Fields slice is not.
func (c *Collector) Record(r *Result) {
	e := c.entry(r.Endpoint)
	var g *group
	if r.Outcome != OK {
		g = c.group(groupKey{e.name, cut(r.Error), r.Status, ""}, cut(r.Detail))
	}
	late := c.over(r.Done)
	s := c.take()
	t := &s.now
	if late {
		t = &s.late
	}
	t.cell(e).record(r, e)
	t.count(g)
	s.mu.Unlock()
}

// Skipped counts an act that could not be made because value is missing. value is a
// name for people, such as that of a binding.
func (c *Collector) Skipped(endpoint, value string) {
	e := c.entry(endpoint)
	g := c.group(groupKey{e.name, ErrorSkipped, 0, cut(value)}, "")
	s := c.take()
	s.now.cell(e).Skipped++
	s.now.count(g)
	s.mu.Unlock()
}

// Undone counts a write that was recorded as OK and of which later answers showed that
// nothing came.
func (c *Collector) Undone(endpoint string) {
	e := c.entry(endpoint)
	s := c.take()
	s.now.cell(e).Undone++
	s.mu.Unlock()
}

// Repeated counts an exchange that was recorded as another than OK and whose request is sent
// once more.
func (c *Collector) Repeated(endpoint string) {
	e := c.entry(endpoint)
	s := c.take()
	s.now.cell(e).Repeated++
	s.mu.Unlock()
}

// SessionOver counts a session that has ended.
func (c *Collector) SessionOver(r SessionResult) {
	c.mu.Lock()
	c.sessions.count(r)
	c.work.Add(r.Work)
	c.mu.Unlock()
	if r.Stuck == "" {
		return
	}
	g := c.group(groupKey{cut(r.Stuck), ErrorStuck, 0, ""}, "")
	s := c.take()
	s.now.count(g)
	s.mu.Unlock()
}

// Users sets the number of virtual users that are in a session.
func (c *Collector) Users(n int) {
	c.mu.Lock()
	c.users = n
	c.usersMax = max(c.usersMax, n)
	c.mu.Unlock()
}

// Due counts n sessions that the schedule wants started by now.
func (c *Collector) Due(n int) {
	c.mu.Lock()
	c.due += uint64(n)
	c.mu.Unlock()
}

// Arrived counts n sessions that have started.
func (c *Collector) Arrived(n int) {
	c.mu.Lock()
	c.arrived += uint64(n)
	c.mu.Unlock()
}

// Paused counts a time for which the run was paused. Offsets do not include it.
func (c *Collector) Paused(d time.Duration) {
	c.mu.Lock()
	c.paused += d
	c.mu.Unlock()
}

// Tick ends the interval that began at the last tick, or at 0, and returns it.
// An interval never crosses the end of the window: the first tick after that end
// returns what belongs to the window, and the next tick what ended later. The
// last call of a run is Last, which returns both. Merging happens in the caller's
// goroutine, while others go on recording.
func (c *Collector) Tick(end time.Duration, m Machine) *Interval {
	c.tickMu.Lock()
	defer c.tickMu.Unlock()
	return c.tick(end, m)
}

// Last ends the run at offset end and returns what no tick has handed out: one
// interval, or two when the end of the window lies in between.
func (c *Collector) Last(end time.Duration, m Machine) []*Interval {
	c.tickMu.Lock()
	defer c.tickMu.Unlock()
	list := []*Interval{c.tick(end, m)}
	if list[0].End < end || !list[0].Drain && c.anyLate() {
		list = append(list, c.tick(max(end, c.last), m))
	}
	return list
}

// tick is called with tickMu held.
func (c *Collector) tick(end time.Duration, m Machine) *Interval {
	window := time.Duration(c.window.Load())
	drain := window > 0 && c.last >= window
	if window > 0 && !drain {
		end = min(end, window)
	}
	iv := &Interval{
		Replayer: c.replayer, Seq: c.seq, Start: c.last, End: end, Drain: drain, Machine: m,
		Endpoints: map[string]*Cell{},
	}
	full := c.swap(drain)
	c.mu.Lock()
	entries := c.entries // only ever appended to
	iv.Users, iv.Due, iv.Arrived, iv.Sessions, iv.Work, iv.Paused = c.usersMax, c.due, c.arrived, c.sessions, c.work, c.paused
	c.usersMax, c.due, c.arrived, c.sessions, c.work, c.paused = c.users, 0, 0, Sessions{}, faithful.Work{}, 0
	c.mu.Unlock()

	errors := map[*group]uint64{}
	for _, t := range full {
		iv.gather(t, entries)
		for g, n := range t.errors {
			errors[g] += n
		}
	}
	for _, cell := range iv.Endpoints {
		iv.Total.Merge(cell)
	}
	iv.Total.Fields = nil
	iv.Errors = c.errorGroups(errors)
	c.inFlight += iv.Total.Counts.InFlight
	iv.InFlight = c.inFlight
	c.seq++
	c.last = end
	return iv
}

// swap empties all shards at one instant: it holds every lock, so that no
// interval shows the end of an exchange before its start. What ended after the
// window is only taken when late is true.
func (c *Collector) swap(late bool) []tally {
	var full []tally
	for _, s := range c.shards {
		s.mu.Lock()
	}
	for _, s := range c.shards {
		full = append(full, s.now)
		s.now = tally{}
		if late {
			full = append(full, s.late)
			s.late = tally{}
		}
	}
	for _, s := range c.shards {
		s.mu.Unlock()
	}
	return full
}

// anyLate reports whether exchanges that ended after the window wait in the
// shards.
func (c *Collector) anyLate() bool {
	for _, s := range c.shards {
		s.mu.Lock()
		some := len(s.late.cells) > 0
		s.mu.Unlock()
		if some {
			return true
		}
	}
	return false
}

// errorGroups turns counted groups into a list, with the samples that are new.
func (c *Collector) errorGroups(counts map[*group]uint64) []ErrorGroup {
	c.groupsMu.Lock()
	defer c.groupsMu.Unlock()
	var list []ErrorGroup
	for g, n := range counts {
		slices.Sort(g.fresh)
		list = append(list, ErrorGroup{
			Endpoint: g.endpoint, Name: g.name, Status: g.status, Value: g.value, Count: n, Samples: g.fresh,
		})
		g.fresh = nil
	}
	slices.SortFunc(list, ErrorGroup.compare)
	return list
}

// take returns a locked shard: an idle one if the first few tries find one.
func (c *Collector) take() *shard {
	n := uint32(len(c.shards))
	i := rand.Uint32N(n)
	for range 3 {
		if s := c.shards[i]; s.mu.TryLock() {
			return s
		}
		i = (i + 1) % n
	}
	c.shards[i].mu.Lock()
	return c.shards[i]
}

// entry returns the endpoint of that name, or Other when there are too many.
func (c *Collector) entry(name string) *entry {
	if e, ok := c.names.Load(name); ok {
		return e.(*entry)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(name)
}

// add is called with mu held.
func (c *Collector) add(name string) *entry {
	if len(c.entries) >= maxEndpoints && name != Other {
		name = Other
	}
	if e, ok := c.names.Load(name); ok {
		return e.(*entry)
	}
	e := &entry{name: name, index: len(c.entries), fields: map[string]bool{}}
	c.entries = append(c.entries, e)
	c.names.Store(name, e)
	return e
}

// group returns the error group of k and keeps detail as a sample.
func (c *Collector) group(k groupKey, detail string) *group {
	c.groupsMu.RLock()
	g := c.groups[k]
	done := g != nil && !g.wants(detail)
	c.groupsMu.RUnlock()
	if done {
		return g
	}
	c.groupsMu.Lock()
	defer c.groupsMu.Unlock()
	if g = c.groups[k]; g == nil {
		if len(c.groups) >= maxErrorGroups {
			k = groupKey{endpoint: Other, name: Other}
		}
		if g = c.groups[k]; g == nil {
			g = &group{groupKey: k}
			c.groups[k] = g
		}
	}
	if g.wants(detail) {
		g.samples = append(g.samples, detail)
		g.fresh = append(g.fresh, detail)
	}
	return g
}

// cut shortens s to maxDetail bytes at a character boundary.
func cut(s string) string {
	if len(s) <= maxDetail {
		return s
	}
	end := maxDetail
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// compare orders by endpoint, name, status, value.
func (g ErrorGroup) compare(o ErrorGroup) int {
	return cmp.Or(
		cmp.Compare(g.Endpoint, o.Endpoint),
		cmp.Compare(g.Name, o.Name),
		cmp.Compare(g.Status, o.Status),
		cmp.Compare(g.Value, o.Value),
	)
}
