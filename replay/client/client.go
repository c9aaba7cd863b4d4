package client

import (
	"context"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A Conn carries the exchanges of one virtual user to one origin. It dials on
// first use and again when the target closed the connection. It is used by one
// goroutine at a time, but for Close.
type Conn interface {
	// Do sends req and reads the whole answer into resp, whose memory is the
	// caller's afterwards. The timing is filled also when Do fails. Redirects
	// are answers like any other. The error is nil exactly when a whole answer
	// was read; ErrorName gives it a short stable name.
	Do(ctx context.Context, req *Request, resp *flow.Response) (Timing, error)

	// Close gives the connection up, also in mid-exchange.
	Close() error
}

// A Request is a flow.Request with what the client has to know beside it.
// Authority is sent as Host; the connection goes to the origin of the Conn.
type Request struct {
	flow.Request

	// Events is the number of server-sent events after which the client closes
	// the stream and calls the answer complete. 0 reads to the end.
	Events int
}

// Timing holds the instants of one exchange, with their monotonic clock. An
// exchange that needs a new connection is sent when it begins to connect: a
// target that is slow to accept is slow, not the replayer late.
type Timing struct {
	Sent      time.Time     // just before the first byte, or the first packet of a new connection, was handed to the kernel
	FirstByte time.Time     // first byte of the response; zero: none came
	Done      time.Time     // last byte, or the instant of the error
	Connect   time.Duration // TCP and TLS set-up within this exchange; 0: connection reused
	BytesOut  int64         // on the wire, TLS included
	BytesIn   int64
}
