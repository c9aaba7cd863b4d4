package stats

import "maps"

// Counts tells what became of exchanges. Counts of two replayers, or of two
// intervals, are added up.
//
// InFlight is a change: exchanges started minus exchanges ended. In one interval
// it may be negative. Added up from the start of a run it is the number of
// exchanges under way. So the identity
//
//	Started = OK + Failed + TimedOut + Aborted + InFlight
//
// holds in every interval and in every sum.
type Counts struct {
	Started  uint64 `json:"started"`
	OK       uint64 `json:"ok"`
	Failed   uint64 `json:"failed"`
	TimedOut uint64 `json:"timed_out"`
	Aborted  uint64 `json:"aborted"`
	InFlight int64  `json:"in_flight"`
}

// Ended is the number of exchanges that have an outcome.
func (c Counts) Ended() uint64 { return c.OK + c.Failed + c.TimedOut + c.Aborted }

// Requests is the number of exchanges that the target could answer: all that
// ended, without the aborted ones.
func (c Counts) Requests() uint64 { return c.OK + c.Failed + c.TimedOut }

// Failures is the number of exchanges that ended badly: failed and timed out.
func (c Counts) Failures() uint64 { return c.Failed + c.TimedOut }

// Holds reports whether the identity of the type holds.
func (c Counts) Holds() bool {
	return int64(c.Started) == int64(c.Ended())+c.InFlight
}

// plus returns the sum of both.
func (c Counts) plus(o Counts) Counts {
	c.add(o)
	return c
}

// add sums o into c.
func (c *Counts) add(o Counts) {
	c.Started += o.Started
	c.OK += o.OK
	c.Failed += o.Failed
	c.TimedOut += o.TimedOut
	c.Aborted += o.Aborted
	c.InFlight += o.InFlight
}

// A Cell is everything counted of one endpoint, or of all of them, over some time. A
// nil Histogram and a nil map are empty.
//
// Response holds every exchange that was not aborted. Service and Lateness hold
// those that were sent. Status counts whole answers by status code.
//
// Writes counts the exchanges among OK that change something at the target.
//
// Undone counts those among Writes of which a later answer showed that nothing came.
//
// Repeated counts the exchanges beyond OK whose request the user sent once more, so that the
// last one counts as the step.
//
// Skipped counts acts that were not made because a value was missing. They are no
// exchanges, so they are not in Counts.
//
// Expected counts the answers of 400 or more among OK: they were the rule at their steps.
//
// Shaped is the number of answers whose body was looked at: they passed their
// check, or their body did not. Redirects and answers without a body are not among
// them. Fields counts the features found in these bodies (see Result.Fields).
type Cell struct {
	Counts
	Response *Histogram        `json:"response,omitempty"`
	Service  *Histogram        `json:"service,omitempty"`
	Lateness *Histogram        `json:"lateness,omitempty"`
	Status   map[int]uint64    `json:"status,omitempty"`
	BytesIn  int64             `json:"bytes_in"`
	BytesOut int64             `json:"bytes_out"`
	Writes   uint64            `json:"writes,omitempty"`
	Undone   uint64            `json:"undone,omitempty"`
	Repeated uint64            `json:"repeated,omitempty"`
	Skipped  uint64            `json:"skipped,omitempty"`
	Expected uint64            `json:"errors_expected,omitempty"`
	Shaped   uint64            `json:"shaped,omitempty"`
	Fields   map[string]uint64 `json:"fields,omitempty"`
}

// Merge adds o to c. o is only read, and shares nothing with c afterwards.
func (c *Cell) Merge(o *Cell) {
	if o == nil {
		return
	}
	c.Counts.add(o.Counts)
	c.Response = merged(c.Response, o.Response)
	c.Service = merged(c.Service, o.Service)
	c.Lateness = merged(c.Lateness, o.Lateness)
	c.Status = addMap(c.Status, o.Status)
	c.BytesIn += o.BytesIn
	c.BytesOut += o.BytesOut
	c.Writes += o.Writes
	c.Undone += o.Undone
	c.Repeated += o.Repeated
	c.Skipped += o.Skipped
	c.Expected += o.Expected
	c.Shaped += o.Shaped
	c.Fields = addMap(c.Fields, o.Fields)
}

// Clone returns a copy that shares nothing with c.
func (c *Cell) Clone() *Cell {
	n := new(Cell)
	n.Merge(c)
	return n
}

// merged adds src to dst, which is made on demand.
func merged(dst, src *Histogram) *Histogram {
	if src.Count() == 0 {
		return dst
	}
	if dst == nil {
		dst = NewHistogram()
	}
	dst.Merge(src)
	return dst
}

func addMap[K comparable](dst, src map[K]uint64) map[K]uint64 {
	if dst == nil {
		return maps.Clone(src)
	}
	for k, n := range src {
		dst[k] += n
	}
	return dst
}
