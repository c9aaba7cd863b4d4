package stats

import (
	"slices"
	"sync"
)

// A shard holds a part of what was counted since the last tick.
type shard struct {
	mu   sync.Mutex
	now  tally
	late tally    // of exchanges that ended after the window
	_    [64]byte // keeps neighbours off this cache line
}

// A tally is what was counted over some time.
type tally struct {
	cells  []*Cell // by entry index; nil: nothing counted
	errors map[*group]uint64
}

// cell returns the cell of e, which is made on demand.
func (t *tally) cell(e *entry) *Cell {
	if e.index >= len(t.cells) {
		t.cells = append(t.cells, make([]*Cell, e.index+1-len(t.cells))...)
	}
	if t.cells[e.index] == nil {
		t.cells[e.index] = &Cell{
			Response: NewHistogram(), Service: NewHistogram(), Lateness: NewHistogram(),
			Status: map[int]uint64{},
		}
	}
	return t.cells[e.index]
}

// count adds one to the group, if there is one.
func (t *tally) count(g *group) {
	if g == nil {
		return
	}
	if t.errors == nil {
		t.errors = map[*group]uint64{}
	}
	t.errors[g]++
}

// gather takes over the cells of a tally. The tally must not be used afterwards.
func (iv *Interval) gather(t tally, entries []*entry) {
	for i, cell := range t.cells {
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

// record adds one result to c.
func (c *Cell) record(r *Result, e *entry) {
	c.InFlight--
	c.BytesIn += r.BytesIn
	c.BytesOut += r.BytesOut
	switch r.Outcome {
	case OK:
		c.OK++
		if r.Status >= 400 {
			c.Expected++
		}
		if r.Write {
			c.Writes++
		}
	case TimedOut:
		c.TimedOut++
	case Aborted:
		c.Aborted++
		return
	default:
		c.Failed++
	}
	c.Response.Record(r.ResponseTime())
	if r.Sent > 0 || r.FirstByte > 0 {
		c.Service.Record(r.ServiceTime())
		c.Lateness.Record(r.Lateness())
	}
	if r.Status > 0 && r.Status < 1000 {
		c.Status[r.Status]++
	}
	if r.shaped() {
		c.Shaped++
		if c.Fields == nil && len(r.Fields) > 0 {
			c.Fields = map[string]uint64{}
		}
		for _, f := range r.Fields {
			c.Fields[e.field(f)]++
		}
	}
}

// shaped reports whether the body of the answer was looked at.
func (r *Result) shaped() bool {
	if r.Status/100 == 3 || r.Status == 204 || r.Status < 200 {
		return false
	}
	switch r.Error {
	case "shape", "content", "error block", "grpc status":
		return true
	}
	return r.Outcome == OK
}

// A group is an error group of the whole run.
type group struct {
	groupKey
	samples []string // kept so far
	fresh   []string // not handed out yet
}

type groupKey struct {
	endpoint, name string
	status         int
	value          string
}

// wants reports whether the line is a new sample.
func (g *group) wants(detail string) bool {
	return detail != "" && len(g.samples) < maxSamples && !slices.Contains(g.samples, detail)
}

// An entry is an endpoint that the collector tells apart.
type entry struct {
	name  string
	index int

	mu     sync.RWMutex // guards fields
	fields map[string]bool
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
