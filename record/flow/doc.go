// Package flow is the vocabulary of recorded traffic and the file that keeps it.
//
// A [Flow] is one request with its response, or one streamed exchange with its
// messages. A flow file (NAME.flow.zst) holds flows, the connections that they
// came over ([Conn]), how they came about ([Info]) and what is known to be missing
// ([Loss]), in independently compressed and checksummed blocks, which may be
// encrypted. FORMAT.md beside the code describes every byte of it, the text form
// that [Print] and [Parse] exchange, and the expressions of a [Filter].
//
//	w, err := flow.Create("shop.flow.zst", flow.WriterOptions{})
//	...
//	err = w.Write(&flow.Flow{Request: flow.Request{Method: "GET", Target: "/"}})
//	err = w.Close()
//
//	for f, err := range flow.Flows("shop.flow.zst") {
//		...
//	}
//
// A recording is readable at every instant: while it is written, after its
// writer was killed (up to the last sealed block), and around damage, which is
// reported as a [*CorruptError] before reading goes on at the next block.
//
// The package does not queue, rotate, redact or sample: package record does.
package flow
