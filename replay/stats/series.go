package stats

import (
	"maps"
	"slices"
	"time"
)

// What a series may hold before neighbours are merged. The result depends only on what
// was added: the order does not matter.
const (
	maxSlots     = 7200      // two hours of seconds
	maxSlotBytes = 192 << 20 // of histograms and names
)

// A series holds the cells of consecutive slots of time, all of one width. When
// it grows too large the width doubles.
type series struct {
	width  time.Duration
	slots  map[int]*slot
	size   int  // estimated bytes
	detail bool // keep the cells of endpoints
}

// A slot is everything that ended within its time, on all replayers.
type slot struct {
	cell      Cell
	endpoints map[string]*Cell
	errors    map[groupKey]*ErrorGroup
	users     map[string]int // highest, by replayer
	cpu       float64        // highest ratio
	machine   Machine        // highest of each
	due       uint64
	arrived   uint64
}

func newSeries(width time.Duration, detail bool) *series {
	return &series{width: width, slots: map[int]*slot{}, detail: detail}
}

// index returns the slot that the middle of an interval falls into.
func (s *series) index(start, end time.Duration) int {
	return int((start/2 + end/2) / s.width)
}

// add merges an interval into its slot.
func (s *series) add(iv *Interval) {
	i := s.index(iv.Start, iv.End)
	sl := s.slots[i]
	if sl == nil {
		sl = newSlot()
		s.slots[i] = sl
	}
	s.size -= sl.size()
	sl.add(iv, s.detail)
	s.size += sl.size()
	for (len(s.slots) > maxSlots || s.size > maxSlotBytes) && s.width < 24*time.Hour {
		s.coarsen()
	}
}

// coarsen merges each two neighbours.
func (s *series) coarsen() {
	old := s.slots
	s.width *= 2
	s.slots, s.size = map[int]*slot{}, 0
	for i, sl := range old {
		if have := s.slots[i/2]; have != nil {
			have.merge(sl)
		} else {
			s.slots[i/2] = sl
		}
	}
	for _, sl := range s.slots {
		s.size += sl.size()
	}
}

// indexes returns the slots in use in order.
func (s *series) indexes() []int { return slices.Sorted(maps.Keys(s.slots)) }

func newSlot() *slot {
	return &slot{
		endpoints: map[string]*Cell{}, errors: map[groupKey]*ErrorGroup{}, users: map[string]int{},
	}
}

func (sl *slot) add(iv *Interval, detail bool) {
	sl.cell.Merge(&iv.Total)
	sl.users[iv.Replayer] = max(sl.users[iv.Replayer], iv.Users)
	sl.cpu = max(sl.cpu, iv.Machine.ratio())
	sl.machine.raise(iv.Machine)
	sl.due += iv.Due
	sl.arrived += iv.Arrived
	if !detail {
		return
	}
	MergeEndpoints(sl.endpoints, iv.Endpoints)
	addGroups(sl.errors, iv.Errors, false)
}

func (sl *slot) merge(o *slot) {
	sl.cell.Merge(&o.cell)
	for r, n := range o.users {
		sl.users[r] = max(sl.users[r], n)
	}
	sl.cpu = max(sl.cpu, o.cpu)
	sl.machine.raise(o.machine)
	sl.due += o.due
	sl.arrived += o.arrived
	MergeEndpoints(sl.endpoints, o.endpoints)
	for _, g := range o.errors {
		addGroups(sl.errors, []ErrorGroup{*g}, false)
	}
}

// usersSum is the number of users of all replayers together.
func (sl *slot) usersSum() int {
	n := 0
	for _, k := range sl.users {
		n += k
	}
	return n
}

func (sl *slot) size() int {
	n := 512 + sl.cell.size() + 64*len(sl.users) + 512*len(sl.errors)
	for name, c := range sl.endpoints {
		n += len(name) + c.size()
	}
	return n
}

// size estimates the memory of c in bytes.
func (c *Cell) size() int {
	return 256 + c.Response.size() + c.Service.size() + c.Lateness.size() + 32*len(c.Status) + 96*len(c.Fields)
}

// ratio is the CPU use as a share of all cores, 0 when not measured.
func (m Machine) ratio() float64 {
	if m.Cores <= 0 {
		return 0
	}
	return m.CPU / float64(m.Cores)
}

// raise sets each field to the larger of the two.
func (m *Machine) raise(o Machine) {
	m.CPU = max(m.CPU, o.CPU)
	m.Cores = max(m.Cores, o.Cores)
	m.GCPause = max(m.GCPause, o.GCPause)
	m.Goroutines = max(m.Goroutines, o.Goroutines)
	m.OpenFiles = max(m.OpenFiles, o.OpenFiles)
	m.HeapBytes = max(m.HeapBytes, o.HeapBytes)
}

// MergeEndpoints merges src into dst. dst holds at most twice as many endpoints as one
// Collector; all others go to Other. So a hostile sender cannot fill the memory.
func MergeEndpoints(dst, src map[string]*Cell) {
	for name, c := range src {
		have := dst[name]
		if have == nil && len(dst) >= 2*maxEndpoints {
			name = Other
			have = dst[name]
		}
		if have == nil {
			have = new(Cell)
			dst[name] = have
		}
		have.Merge(c)
		have.bound()
	}
}

// bound counts as Other the features beyond a fixed number.
func (c *Cell) bound() {
	if len(c.Fields) <= 4*maxFields {
		return
	}
	names := slices.Sorted(maps.Keys(c.Fields))
	for _, f := range names[4*maxFields:] {
		if f != Other {
			c.Fields[Other] += c.Fields[f]
			delete(c.Fields, f)
		}
	}
}

// addGroups merges error groups into dst. drained says that all of src came
// after the window.
func addGroups(dst map[groupKey]*ErrorGroup, src []ErrorGroup, drained bool) {
	for _, g := range src {
		k := groupKey{g.Endpoint, g.Name, g.Status, g.Value}
		if dst[k] == nil && len(dst) >= 2*maxErrorGroups {
			k = groupKey{endpoint: Other, name: Other}
		}
		have := dst[k]
		if have == nil {
			have = &ErrorGroup{Endpoint: k.endpoint, Name: k.name, Status: k.status, Value: k.value}
			dst[k] = have
		}
		have.Count += g.Count
		if drained {
			have.Drained += g.Count
		}
		have.Samples = firstSamples(have.Samples, g.Samples)
	}
}

// firstSamples returns the first three different lines of both.
func firstSamples(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), maxSamples):min(len(all), maxSamples)]
}
