package capture

import "github.com/starling-load/starling/record/capture/tcp"

// Counts tell what a capture has found so far. Numbers of packets may be a few hundred
// behind.
type Counts struct {
	Packets     uint64 // captured
	PacketBytes uint64 // captured, headers included
	KernelDrops uint64 // packets dropped because the capture had no room for them
	Segments    uint64 // TCP segments in these packets that the filter lets pass
	Malformed   uint64 // packets whose headers make no sense
	Cut         uint64 // segments of which only the beginning was captured
	Damaged     uint64 // places where a file is damaged

	Connections uint64 // connections that carried something
	Open        int    // of these, still open
	MidStream   uint64 // of these, seen without their beginning
	Evicted     uint64 // of these, given up because there were too many
	Gaps        uint64 // holes in connections, as loss records declare them
	Missing     uint64 // bytes in them

	Requests  uint64 // found
	Responses uint64 // found, without interim ones
	Interim   uint64 // 1xx responses found

	RequestsLost  uint64 // requests never seen whose response was found
	ResponsesLost uint64 // responses never seen whose request was found

	Flows    uint64 // flows given to the sink
	Partial  uint64 // of these, not complete
	Shed     uint64 // flows given up because memory was short
	Unparsed uint64 // bytes seen and not understood
	Skipped  uint64 // bytes before the first message of a connection whose beginning was not seen
}

// Counts returns the numbers of this moment.
func (c *Capture) Counts() Counts {
	n := Counts{
		Damaged:  c.damage.Load(),
		Requests: c.found.Requests.Load(), Responses: c.found.Responses.Load(), Interim: c.found.Interim.Load(),
		RequestsLost: c.found.RequestsLost.Load(), ResponsesLost: c.found.ResponsesLost.Load(),
		Flows: c.found.Flows.Load(), Partial: c.found.Partial.Load(), Shed: c.found.FlowsShed.Load(),
		Gaps: c.found.Gaps.Load(), Missing: c.found.Missing.Load(),
		Unparsed: c.found.Unparsed.Load(), Skipped: c.found.Skipped.Load(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	counted := map[*tcp.Assembler]tcp.Counts{}
	for _, f := range c.feeds {
		p := f.src.Counts()
		n.Packets += p.Packets
		n.PacketBytes += p.Bytes
		n.KernelDrops += p.KernelDrops
		n.Segments += p.Segments
		n.Malformed += p.Malformed
		n.Cut += p.Cut
		if shown := f.shown.Load(); shown != nil {
			counted[f.a] = *shown // files share an assembler; the last one counts for all
		}
	}
	for _, t := range counted {
		n.Connections += t.Connections
		n.Open += t.Open
		n.MidStream += t.MidStream
		n.Evicted += t.Evicted
	}
	return n
}
