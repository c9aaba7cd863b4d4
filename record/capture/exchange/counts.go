package exchange

import "sync/atomic"

// Counts tell what the parsers that share them have found. They may be read at any time.
// As far as holes allow it, found messages and lost messages add up to those that were
// sent:
//
//	requests sent  = Requests + RequestsLost
//	responses sent = Responses + ResponsesLost
type Counts struct {
	Requests  atomic.Uint64 // request heads found
	Responses atomic.Uint64 // final response heads found, with or without their request
	Interim   atomic.Uint64 // 1xx heads found that are not the final response

	// An exchange that is hidden whole in a hole counts in both. Each hole in which a
	// message must have begun hides at least one.
	RequestsLost  atomic.Uint64 // requests not seen
	ResponsesLost atomic.Uint64 // responses not seen

	Flows   atomic.Uint64 // given to the Sink
	Partial atomic.Uint64 // of these, flows with an Error

	Gaps     atomic.Uint64 // holes in the streams
	Missing  atomic.Uint64 // bytes in holes, where known
	Unparsed atomic.Uint64 // bytes seen and not understood
	Skipped  atomic.Uint64 // bytes before the first message of a connection whose beginning was not seen

	BodiesCut   atomic.Uint64 // bodies of which only the beginning was kept
	MessagesCut atomic.Uint64 // messages of streams that were cut or left out
	FlowsShed   atomic.Uint64 // exchanges given up because the Budget was empty
}
