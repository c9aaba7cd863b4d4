package client

import (
	"io"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A Request is a flow.Request, and what else the client has to know. Its Authority is
// sent as Host if the Route names no host.
type Request struct {
	flow.Request

	// Upload, if not nil, opens the source of the body in place of Body.Data. The
	// source must give Body.Size bytes. It is called again when the request is
	// sent once more.
	Upload func() (io.ReadCloser, error)

	// Events is the number of server-sent events after which the client closes
	// the stream and calls the answer complete. 0 reads to the end.
	Events int

	// Keep is how many bytes of the answer's body are wanted; the rest is read
	// and counted. 0 means Options.MaxBody, a negative number none.
	Keep int64
}

// A Response is the answer to a Request. Its Body.Data is valid until Release,
// or until the Response is given to another exchange; all else is the caller's.
type Response struct {
	flow.Response

	// Protocol is "HTTP/1.0", "HTTP/1.1" or "HTTP/2.0".
	Protocol string

	body keeper
}

// Release gives the memory of the body back to the Dialer. Body.Data is nil
// afterwards. It may be called more than once.
func (r *Response) Release() {
	r.body.release()
	r.Body.Data = nil
}

// reset prepares r for the next answer.
func (r *Response) reset(b *buffers, keep int64) {
	r.Release()
	r.Response = flow.Response{}
	r.Protocol = ""
	r.body = keeper{buffers: b, want: keep}
}

// finish hands the body that was kept to the caller.
func (r *Response) finish() {
	r.Body = flow.Body{Data: r.body.bytes(), Size: r.body.size}
}

// Timing holds the instants of one exchange, on the monotonic clock. An exchange that
// needs a new connection counts as sent when it begins to connect: the time that the
// target takes to accept is the target's. An exchange that waits for a connection in
// use counts as sent when it has got that.
type Timing struct {
	Sent      time.Time     // just before the first byte, or the first packet of a new connection, was handed to the kernel
	FirstByte time.Time     // first byte of the response; zero: none came
	Done      time.Time     // last byte, or the instant of the error
	Connect   time.Duration // TCP and TLS set-up within this exchange; 0: connection reused

	// Bytes on the wire, TLS included. When several exchanges use a connection at
	// the same time, each byte is counted for only one of them.
	BytesOut int64
	BytesIn  int64
}
