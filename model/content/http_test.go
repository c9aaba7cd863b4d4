package content

import (
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// A request within a request within a request … is read so deep as other values within values.
func TestRequestsWithinRequestsAreReadToABoundedDepth(t *testing.T) {
	text := strings.Repeat("PUT /trees/7 HTTP/1.1\r\n\r\n", 500)
	r := &flow.Request{Method: "POST", Target: "/batch", Headers: flow.Headers{{Name: "Content-Type", Value: "text/plain"}}, Body: flow.NewBody([]byte(text))}
	n := 0
	for _, sp := range Spans(r) {
		if strings.HasPrefix(sp.Selector, "body:*|path:0") {
			n++
		}
	}
	if n < 1 || n > maxNest+1 {
		t.Errorf("%d of 500 requests are read, want 1 to %d", n, maxNest+1)
	}
}
