package stats

import (
	"errors"
	"fmt"
	"time"
)

// A History builds a Run from what a run file holds: a Timeline that also keeps
// the endpoints of each few seconds. Its memory is bounded like that of a
// Timeline. It is used by one goroutine at a time.
type History struct {
	timeline *Timeline
	spans    *series
}

// NewHistory returns an empty history whose Run has Spans of the given width.
func NewHistory(width time.Duration) *History {
	return &History{NewTimeline(), newSeries(width, true)}
}

// Add merges the totals and errors of iv. Adding iv again changes nothing. Add refuses
// an interval that contradicts itself.
func (h *History) Add(iv *Interval) error {
	if err := checkSpan(iv.Start, iv.End); err != nil {
		return err
	}
	if err := iv.Total.check(); err != nil {
		return err
	}
	totals := *iv
	totals.Endpoints = nil // these come by AddEndpoints
	if h.timeline.Add(&totals) && !iv.Drain {
		h.spans.add(&totals)
	}
	return nil
}

// AddEndpoints merges the endpoints of w. It uses only Start, End, Drain and Endpoints.
// Adding them twice counts them twice.
func (h *History) AddEndpoints(w *Interval) error {
	if err := checkSpan(w.Start, w.End); err != nil {
		return err
	}
	for name, c := range w.Endpoints {
		if c == nil {
			return fmt.Errorf("endpoint %q has no cell", name)
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	MergeEndpoints(h.timeline.part(w.Drain).endpoints, w.Endpoints)
	if !w.Drain {
		h.spans.add(&Interval{Start: w.Start, End: w.End, Endpoints: w.Endpoints})
	}
	return nil
}

// Run returns what was added, with a Summary computed from it. m is the manifest of the
// run, nil when it is not known. The history must not be used afterwards.
func (h *History) Run(m *Manifest) *Run {
	if m != nil {
		h.timeline.Of(m)
	}
	return &Run{
		Intervals: h.timeline.seconds.intervals(), Spans: h.spans.intervals(),
		Points: h.timeline.Seconds(0), Summary: h.timeline.Summary(),
	}
}

// maxOffset bounds the times in an interval: some three years.
const maxOffset = 1e8 * time.Second

func checkSpan(start, end time.Duration) error {
	if start < 0 || end < start || end > maxOffset {
		return fmt.Errorf("the span %d to %d ns is not possible", start, end)
	}
	return nil
}

// check refuses a cell that contradicts itself.
func (c *Cell) check() error {
	if !c.Counts.Holds() {
		return errors.New("started is not ok + failed + timed_out + aborted + in_flight")
	}
	if len(c.Status) > 1000 {
		return errors.New("more than 1000 different status codes")
	}
	return nil
}

// intervals returns the slots as intervals in order of time.
func (s *series) intervals() []*Interval {
	var list []*Interval
	var open int64
	for n, i := range s.indexes() {
		sl := s.slots[i]
		open += sl.cell.InFlight
		iv := &Interval{
			Seq: uint64(n), Start: time.Duration(i) * s.width, End: time.Duration(i+1) * s.width,
			Total: sl.cell, InFlight: open, Users: sl.usersSum(), Due: sl.due, Arrived: sl.arrived, Machine: sl.machine,
		}
		if s.detail {
			iv.Endpoints = sl.endpoints
			iv.Errors = groupList(sl.errors, ErrorGroup.compare)
		}
		list = append(list, iv)
	}
	return list
}
