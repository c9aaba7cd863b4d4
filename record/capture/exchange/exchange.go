package exchange

import (
	"slices"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// An exchange is one request and all that belongs to it, while it is open. The flow and
// its response are parts of it, so a whole exchange is one allocation.
type exchange struct {
	f        flow.Flow
	response flow.Response // f.Response points to it once there is a response

	begun int64 // time of the first byte of the request
	start int64 // time at which the head of the request was complete
	taken int64 // bytes taken from the budget
	sent  int64 // bytes taken from the budget for messages

	asked    bool // the request is over, whole or not
	answered bool // the head of the final response was found or given up
	done     bool // the response is over, whole or not
	shed     bool // there was no memory for it, so it only keeps its place
	expects  bool // Expect: 100-continue
	upgrade  bool // the client wants another protocol
	unheard  bool // from here on the response was in a hole
	turn     uint32
}

// headCost is the memory of an exchange without its heads, in bytes.
const headCost = 1 << 10

// since returns the offset of a time in the flow. It is never 0, because 0 means that the
// event did not happen.
func (x *exchange) since(at int64) time.Duration { return max(time.Duration(at-x.start), 1) }

// fail notes why the exchange is not complete. The first reason counts.
func (x *exchange) fail(name string) {
	if x.f.Error == "" {
		x.f.Error = name
	}
}

// responseHidden reports whether a response was sent and nothing of it was seen.
func (x *exchange) responseHidden() bool {
	return x.f.Response == nil && (x.unheard || x.f.Error == failResponseGap)
}

// over marks the request and the response as over.
func (x *exchange) over() { x.asked, x.answered, x.done = true, true, true }

const (
	maxMessage  = 1 << 20 // most bytes kept of one message
	maxMessages = 100_000 // most messages kept of one exchange
	messageCost = 64      // memory of a message beside its data, in bytes
)

// message records a message of the exchange. Its last byte came at the offset at. data is
// copied.
func (p *Parser) message(x *exchange, at time.Duration, kind flow.MessageKind, fromClient bool, data []byte, size int64) {
	keep := int64(min(len(data), maxMessage))
	cost := keep + messageCost
	if len(x.f.Messages) >= maxMessages || x.sent+cost > p.o.MaxBody+maxMessages*messageCost || !p.o.Budget.Take(cost) {
		p.o.Counts.MessagesCut.Add(1)
		return
	}
	if keep < size {
		p.o.Counts.MessagesCut.Add(1)
	}
	x.sent += cost
	x.taken += cost
	i := len(x.f.Messages) // a reassembler may tell one direction before the other
	for i > 0 && x.f.Messages[i-1].At > at {
		i--
	}
	x.f.Messages = slices.Insert(x.f.Messages, i, flow.Message{
		At:         at,
		FromClient: fromClient,
		Kind:       kind,
		Data:       append(make([]byte, 0, keep), data[:keep]...),
		Size:       size,
	})
}
