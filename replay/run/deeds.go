package run

import (
	"container/heap"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/verbatim"
)

// deeds remember of each flow of a recording, in 32 bytes, what a run is compared with.
type deeds struct {
	byNumber []deed
	names    []string       // of endpoints
	index    map[string]int // in names
}

type deed struct {
	start, done int64 // ns since 1970
	endpoint    int32
	write, bare bool
}

// see takes a flow.
func (d *deeds) see(f *flow.Flow) {
	name := verbatim.Endpoint(f)
	i, known := d.index[name]
	if !known {
		if d.index == nil {
			d.index = map[string]int{}
		}
		i = len(d.names)
		d.index[name] = i
		d.names = append(d.names, name)
	}
	for uint64(len(d.byNumber)) <= f.Number {
		d.byNumber = append(d.byNumber, deed{})
	}
	start := f.Start.UnixNano()
	d.byNumber[f.Number] = deed{start, start + int64(max(f.Done, 0)), int32(i), verbatim.Writes(f), verbatim.Bare(f)}
}

// steps are the deeds of a session, in order of their start.
func (d *deeds) steps(flows []uint64) []faithful.Step {
	list := make([]faithful.Step, len(flows))
	var underWay ends
	for i, n := range flows {
		x := &d.byNumber[n]
		for len(underWay) > 0 && underWay[0] <= x.start {
			heap.Pop(&underWay)
		}
		list[i] = faithful.Step{Endpoint: d.names[x.endpoint], Write: x.write, Bare: x.bare, Beside: len(underWay)}
		heap.Push(&underWay, x.done)
	}
	return list
}

// ends is a heap of instants, the earliest first.
type ends []int64

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i] < e[j] }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(int64)) }
func (e *ends) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
