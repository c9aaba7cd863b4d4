package exchange

import "github.com/starling-load/starling/record/capture/tcp"

// The names of flow.Flow.Error. A name that the proxy uses too means the same there.
const (
	failClient      = "client closed"    // the client went away
	failRequest     = "request cut"      // the request is not whole: the answer came before, or the capture ended
	failResponse    = "response cut"     // the server broke off, or the capture ended
	failReset       = "target reset"     // connection reset before an answer
	failClosed      = "target closed"    // connection closed before an answer
	failInvalid     = "response invalid" // the answer was not HTTP
	failBadRequest  = "request invalid"  // where the request ends cannot be known
	failNoResponse  = "no response"      // the capture ended before an answer
	failStopped     = "stopped"          // the capture ended while messages could still come
	failRequestGap  = "gap in request"   // bytes of the request never passed the capture
	failResponseGap = "gap in response"  // bytes of the response never passed the capture, or all of it
)

// gapIn returns the error name of a hole in one direction.
func gapIn(d tcp.Dir) string {
	if d == tcp.FromClient {
		return failRequestGap
	}
	return failResponseGap
}

// brokeOff returns the error name of a stream that its sender broke off.
func brokeOff(d tcp.Dir) string {
	if d == tcp.FromClient {
		return failClient
	}
	return failResponse
}
