package http1_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/http1"
)

// parse parses the head of a request or of a response.
func parse(h *http1.Head, request bool, buf []byte, seen int, r http1.Rules) (int, error) {
	if request {
		return h.ParseRequest(buf, seen, r)
	}
	return h.ParseResponse(buf, seen, r)
}

// isRequest tells the two kinds of messages in the tables apart.
func isRequest(text string) bool { return !strings.HasPrefix(strings.ToUpper(text), "HTTP/") }

// describe writes out all that a head holds.
func describe(h *http1.Head, buf []byte) string {
	var b strings.Builder
	if h.Status == 0 {
		fmt.Fprintf(&b, "%s %q %s", h.Method.Bytes(buf), h.Target.Bytes(buf), h.Version())
	} else {
		fmt.Fprintf(&b, "%s %d %q", h.Version(), h.Status, h.Reason.Bytes(buf))
	}
	for _, f := range h.Fields {
		fmt.Fprintf(&b, "|%s=%s", f.Name.Bytes(buf), http1.Unfold(f.Value.Text(string(buf))))
	}
	if h.Skipped > 0 {
		fmt.Fprintf(&b, " skipped:%d", h.Skipped)
	}
	for bit := http1.Odd(1); bit != 0; bit <<= 1 {
		if h.Odd&bit != 0 {
			fmt.Fprintf(&b, " (%v)", bit)
		}
	}
	return b.String()
}

// outcome parses buf and writes out what comes of it.
func outcome(request bool, buf []byte, r http1.Rules) string {
	var h http1.Head
	n, err := parse(&h, request, buf, 0, r)
	if err != nil {
		return fmt.Sprintf("%d %v", n, err)
	}
	body := h.RequestBody()
	if !request {
		body = h.ResponseBody("GET")
	}
	return fmt.Sprintf("%d %s %+v %v", n, describe(&h, buf), body, h.Persistent())
}

// piecewise parses buf as it comes byte by byte. It must come to the same as outcome,
// and not before all bytes that outcome needed have come.
func piecewise(t *testing.T, request bool, buf []byte, r http1.Rules) {
	t.Helper()
	var h http1.Head
	want, seen := outcome(request, buf, r), 0
	for size := range len(buf) + 1 {
		n, err := parse(&h, request, buf[:size], seen, r)
		seen = size
		if err == http1.ErrMore {
			continue
		}
		if n != size && err == nil {
			t.Errorf("%.200q: a head of %d bytes was found only in %d bytes", buf, n, size)
		}
		if got := outcome(request, buf[:size], r); got != want {
			t.Errorf("%.200q: the first %d bytes: %s\nwhole: %s", buf, size, got, want)
		}
		if err == nil && !strings.HasPrefix(want, fmt.Sprint(n, " ", describe(&h, buf))) {
			t.Errorf("%.200q: byte by byte %d %s\nwhole: %s", buf, n, describe(&h, buf), want)
		}
		return
	}
	if want != "0 "+http1.ErrMore.Error() {
		t.Errorf("%.200q: byte by byte incomplete, whole: %s", buf, want)
	}
}

// decoded is what comes of a chunked body.
type decoded struct {
	data, trailer string
	taken         int
	done          bool
	err           error
}

// decode decodes a chunked body that comes in pieces of a size.
func decode(body []byte, size int) (d decoded) {
	var c http1.Chunks
	var all, trailers []byte
	defer func() { d.data, d.trailer, d.done = string(all), string(trailers), c.Done() }()
	for at := 0; at < len(body) && !c.Done(); at += size {
		piece := body[at:min(at+size, len(body))]
		for len(piece) > 0 && !c.Done() {
			data, trailer, rest, err := c.Next(piece)
			all = append(all, data...)
			trailers = append(trailers, trailer...)
			d.taken += len(piece) - len(rest)
			if piece = rest; err != nil {
				d.err = err
				return d
			}
		}
	}
	return d
}
