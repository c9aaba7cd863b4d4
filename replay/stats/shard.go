package stats

import "sync"

// A shard holds what was counted since the last tick by whoever took it.
type shard struct {
	mu     sync.Mutex
	cells  []*Cell // by entry index; nil: nothing counted
	errors map[*group]uint64
	_      [64]byte // keeps neighbours off this cache line
}

// cell returns the shard's cell of e. It is called with mu held.
func (s *shard) cell(e *entry) *Cell {
	if e.index >= len(s.cells) {
		s.cells = append(s.cells, make([]*Cell, e.index+1-len(s.cells))...)
	}
	if s.cells[e.index] == nil {
		s.cells[e.index] = &Cell{
			Response: NewHistogram(), Service: NewHistogram(), Lateness: NewHistogram(),
			Status: map[int]uint64{},
		}
	}
	return s.cells[e.index]
}

// record adds one result to c.
func (c *Cell) record(r *Result, e *entry) {
	c.InFlight--
	c.BytesIn += r.BytesIn
	c.BytesOut += r.BytesOut
	switch r.Outcome {
	case OK:
		c.OK++
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
	case "shape", "content", "error block":
		return true
	}
	return r.Outcome == OK
}
