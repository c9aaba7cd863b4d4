package exchange

import "github.com/starling-load/starling/record/capture/tcp"

// The names in flow.Flow.Error. A name that the proxy uses has the same meaning there.
const (
	failClient      = "client closed"    // the client went away
	failRequest     = "request cut"      // the request is not whole: answered first, or the capture ended
	failResponse    = "response cut"     // the server stopped in the middle, or the capture ended
	failReset       = "target reset"     // connection reset before an answer
	failClosed      = "target closed"    // connection closed before an answer
	failInvalid     = "response invalid" // the answer was not HTTP
	failBadRequest  = "request invalid"  // the end of the request cannot be found
	failNoResponse  = "no response"      // the capture ended before an answer
	failStopped     = "stopped"          // the capture ended while messages could still come
	failRequestGap  = "gap in request"   // a part of the request was not captured
	failResponseGap = "gap in response"  // the response, or a part of it, was not captured
)

// gapIn returns the error name for a hole in one direction.
func gapIn(d tcp.Dir) string {
	if d == tcp.FromClient {
		return failRequestGap
	}
	return failResponseGap
}

// brokeOff returns the error name for a stream that its sender stopped in the middle.
func brokeOff(d tcp.Dir) string {
	if d == tcp.FromClient {
		return failClient
	}
	return failResponse
}
