package exchange

import "sync/atomic"

// Counts tell what the parsers that share it have found. They may be read at any
// time. Messages of HTTP that were found and those that were lost add up to those that
// were sent, as far as holes let it be known:
//
//	requests sent  = Requests + RequestsLost
//	responses sent = Responses + ResponsesLost
type Counts struct {
	Requests  atomic.Uint64 // request heads found
	Responses atomic.Uint64 // final response heads found, also those paired with no request
	Interim   atomic.Uint64 // 1xx heads found that another response followed or was to follow

	// Exchanges that holes have hidden whole count in both, at least one for each
	// hole in which a message must have begun.
	RequestsLost  atomic.Uint64 // responses whose request was not seen
	ResponsesLost atomic.Uint64 // requests whose response a hole has hidden

	Flows   atomic.Uint64 // given to the Sink
	Partial atomic.Uint64 // of these, with an Error

	Gaps     atomic.Uint64 // holes in the streams
	Missing  atomic.Uint64 // bytes in holes, where known
	Unparsed atomic.Uint64 // bytes seen and not understood
	Skipped  atomic.Uint64 // bytes before the first message of a connection met in its middle

	BodiesCut   atomic.Uint64 // bodies of which only a beginning was kept
	MessagesCut atomic.Uint64 // messages of streams that were cut or left out
	FlowsShed   atomic.Uint64 // exchanges given up because the Budget was used up
}
