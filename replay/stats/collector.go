package stats

import (
	"cmp"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// What a Collector tells apart. Beyond it counts go to Other, so that memory is
// bounded by these numbers and not by what a target answers.
const (
	maxEndpoints   = 2000
	maxErrorGroups = 2000
	maxFields      = 512 // per endpoint
	maxSamples     = 3   // per error group, over the whole run
	maxDetail      = 300 // bytes of one sample
)

// A Collector counts the exchanges of one replayer and hands them out as
// Intervals. All methods may be called from any goroutine. Recording is a few
// adds under a lock that is hardly ever contended: there are as many shards as
// cores, and an idle one is picked.
type Collector struct {
	replayer string
	shards   []*shard
	names    sync.Map // endpoint name → *entry

	mu       sync.Mutex // guards entries and the gauges; held for moments
	entries  []*entry
	users    int
	usersMax int // since the last tick
	due      uint64
	arrived  uint64

	groupsMu sync.RWMutex // guards groups and what they hold
	groups   map[groupKey]*group

	tickMu   sync.Mutex // one tick at a time; guards what follows
	inFlight int64
	seq      uint64
	last     time.Duration
}

// An entry is an endpoint that the collector tells apart.
type entry struct {
	name  string
	index int

	mu     sync.RWMutex // guards fields
	fields map[string]bool
}

type groupKey struct {
	endpoint, name string
	status         int
}

// A group is an error group of the whole run.
type group struct {
	groupKey
	samples []string // kept so far
	fresh   []string // not handed out yet
}

// NewCollector returns a collector whose intervals carry the replayer's name.
func NewCollector(replayer string) *Collector {
	c := &Collector{replayer: replayer, groups: map[groupKey]*group{}}
	for range runtime.GOMAXPROCS(0) {
		c.shards = append(c.shards, &shard{errors: map[*group]uint64{}})
	}
	return c
}

// Started counts an exchange that begins now. It must come before the Record of
// the same exchange.
func (c *Collector) Started(endpoint string) {
	e := c.entry(endpoint)
	s := c.take()
	s.cell(e).Started++
	s.cell(e).InFlight++
	s.mu.Unlock()
}

// Record counts an exchange that has ended. r is only read; its strings may be
// kept, its Fields slice is not.
func (c *Collector) Record(r *Result) {
	e := c.entry(r.Endpoint)
	var g *group
	if r.Outcome != OK {
		g = c.group(e.name, r)
	}
	s := c.take()
	s.cell(e).record(r, e)
	if g != nil {
		s.errors[g]++
	}
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

// Tick ends the interval that began at the last tick, or at 0, and returns it.
// All exchanges counted so far are in it or in an earlier one. The merging
// happens in the caller's goroutine, while others go on recording.
func (c *Collector) Tick(end time.Duration, m Machine) *Interval {
	c.tickMu.Lock()
	defer c.tickMu.Unlock()
	iv := &Interval{
		Replayer: c.replayer, Seq: c.seq, Start: c.last, End: end, Machine: m,
		Endpoints: map[string]*Cell{},
	}
	shards := c.swap()
	c.mu.Lock()
	entries := c.entries // only ever appended to
	iv.Users, iv.Due, iv.Arrived = c.usersMax, c.due, c.arrived
	c.usersMax, c.due, c.arrived = c.users, 0, 0
	c.mu.Unlock()

	errors := map[*group]uint64{}
	for _, s := range shards {
		iv.gather(s, entries)
		for g, n := range s.errors {
			errors[g] += n
		}
	}
	for _, cell := range iv.Endpoints {
		iv.Total.Merge(cell)
	}
	iv.Total.Fields = nil
	iv.Errors = c.drain(errors)
	c.inFlight += iv.Total.Counts.InFlight
	iv.InFlight = c.inFlight
	c.seq++
	c.last = end
	return iv
}

// swap empties all shards at one instant: with every lock held, so that no
// interval shows the end of an exchange before its start.
func (c *Collector) swap() []*shard {
	full := make([]*shard, len(c.shards))
	for _, s := range c.shards {
		s.mu.Lock()
	}
	for i, s := range c.shards {
		full[i] = &shard{cells: s.cells, errors: s.errors}
		s.cells, s.errors = nil, map[*group]uint64{}
	}
	for _, s := range c.shards {
		s.mu.Unlock()
	}
	return full
}

// drain turns counted groups into a list, with the samples that are new.
func (c *Collector) drain(counts map[*group]uint64) []ErrorGroup {
	c.groupsMu.Lock()
	defer c.groupsMu.Unlock()
	var list []ErrorGroup
	for g, n := range counts {
		slices.Sort(g.fresh)
		list = append(list, ErrorGroup{g.endpoint, g.name, g.status, n, g.fresh})
		g.fresh = nil
	}
	slices.SortFunc(list, ErrorGroup.compare)
	return list
}

// gather takes over the cells of a shard. The shard is not used afterwards.
func (iv *Interval) gather(s *shard, entries []*entry) {
	for i, cell := range s.cells {
		if cell == nil {
			continue
		}
		cell.trim()
		name := entries[i].name
		if iv.Endpoints[name] == nil {
			iv.Endpoints[name] = cell
		} else {
			iv.Endpoints[name].Merge(cell)
		}
	}
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

// group returns the error group of r and keeps its detail as a sample.
func (c *Collector) group(endpoint string, r *Result) *group {
	k := groupKey{endpoint, cut(r.Error), r.Status}
	detail := cut(r.Detail)
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

// wants reports whether the line is a new sample.
func (g *group) wants(detail string) bool {
	return detail != "" && len(g.samples) < maxSamples && !slices.Contains(g.samples, detail)
}

// field returns f, or Other when the endpoint has too many different ones.
func (e *entry) field(f string) string {
	e.mu.RLock()
	known := e.fields[f]
	e.mu.RUnlock()
	if known {
		return f
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.fields[f] {
		if len(e.fields) >= maxFields || len(f) > maxDetail {
			return Other
		}
		e.fields[f] = true
	}
	return f
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

// compare orders by endpoint, name, status.
func (g ErrorGroup) compare(o ErrorGroup) int {
	return cmp.Or(
		cmp.Compare(g.Endpoint, o.Endpoint),
		cmp.Compare(g.Name, o.Name),
		cmp.Compare(g.Status, o.Status),
	)
}

// trim drops what an interval need not carry: empty histograms and maps.
func (c *Cell) trim() {
	for _, h := range []**Histogram{&c.Response, &c.Service, &c.Lateness} {
		if (*h).Count() == 0 {
			*h = nil
		}
	}
	if len(c.Status) == 0 {
		c.Status = nil
	}
}
