package capture

import "github.com/starling-load/starling/record/capture/tcp"

// Counts tell how a capture goes. Numbers of packets may be some hundred behind.
type Counts struct {
	Packets     uint64 // captured
	PacketBytes uint64 // captured, headers included
	KernelDrops uint64 // packets that the capture had no room for
	Segments    uint64 // TCP segments among them that the filter wanted
	Malformed   uint64 // packets whose headers make no sense
	Cut         uint64 // segments of which the capture kept only a beginning
	Damaged     uint64 // places at which a file is damaged

	Connections uint64 // that said something
	Open        int    // of these, not over yet
	MidStream   uint64 // of these, met in their middle
	Evicted     uint64 // of these, given up because there were too many
	Gaps        uint64 // holes in what connections carried, as loss records declare them
	Missing     uint64 // bytes in them

	Requests  uint64 // found
	Responses uint64 // found, without interim ones
	Interim   uint64 // 1xx responses found

	RequestsLost  uint64 // responses were found for them
	ResponsesLost uint64 // requests were found for them

	Flows    uint64 // given to the sink
	Partial  uint64 // of these, not complete
	Shed     uint64 // flows given up because memory was short
	Unparsed uint64 // bytes seen and not understood
	Skipped  uint64 // bytes before the first message of a connection met in its middle
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
