package exchange

import (
	"bytes"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// The fuzzed input is a byte that is odd for a connection without a beginning, then a
// list of steps. A step is a byte of flags (1: server; 2: a hole; 4: an end; 8: a reset
// with it), a byte of length, and that many bytes of data.
func encodeSteps(steps []step, mid bool) []byte {
	b := []byte{0}
	if mid {
		b[0] = 1
	}
	for _, s := range steps {
		what := byte(s.d)
		switch {
		case s.end && s.reset:
			b = append(b, what|4|8, 0)
		case s.end:
			b = append(b, what|4, 0)
		case s.gap != 0:
			b = append(b, what|2, byte(s.gap))
		}
		for data := s.data; data != ""; {
			n := min(len(data), 255)
			b = append(append(b, what, byte(n)), data[:n]...)
			data = data[n:]
		}
	}
	return b
}

func decodeSteps(b []byte) (steps []step, mid bool) {
	if len(b) == 0 {
		return nil, false
	}
	mid, b = b[0]&1 == 1, b[1:]
	for len(b) >= 2 {
		what, n := b[0], int(b[1])
		b = b[2:]
		s := step{d: tcp.Dir(what & 1)}
		switch {
		case what&4 != 0:
			s.end, s.reset = true, what&8 != 0
		case what&2 != 0:
			if s.gap = int64(n); n == 255 || n == 0 {
				s.gap = -1
			}
		default:
			n = min(n, len(b))
			s.data, b = string(b[:n]), b[n:]
		}
		steps = append(steps, s)
	}
	return steps, mid
}

// FuzzParser feeds arbitrary bytes, holes and ends. The parser must not panic. No flow is
// impossible, every request is a flow, and it makes no difference where the bytes are
// cut.
func FuzzParser(f *testing.F) {
	for _, steps := range [][]step{
		{client(getting("a")), server(answering("1")), client(getting("b")), serverGap(9), server(answering("2")), serverFIN, clientFIN},
		{client("POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n"), server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nabc"), serverFIN},
		{client("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"), server("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), client("d\nta"), clientRST},
		{client("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"), server("HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n\x81\x01a"), client("\x81\x81\x00\x00\x00\x00b"), clientGap(2)},
		{client("CONNECT a:1 HTTP/1.1\r\n\r\n"), server("HTTP/1.1 200 OK\r\n\r\n"), client(getting("a")), serverRST},
		{client("T / HTTP\n\n"), server(answering("1")), clientGap(-1), client(getting("x") + getting("y")), server(answering("1") + answering("2"))},
	} {
		f.Add(encodeSteps(steps, false))
		f.Add(encodeSteps(steps, true))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<14 {
			return
		}
		steps, mid := decodeSteps(b)
		o := Options{MaxBody: 100}
		g := play(steps, mid, o, whole)
		for _, f := range g.flows {
			checkFlow(t, f)
			for _, body := range [][]byte{f.Request.Body.Data, responseData(f.Response)} {
				if len(body) > 100 {
					t.Errorf("%d bytes of a body", len(body))
				}
			}
		}
		c := &g.counts
		if bytes.Contains(b, []byte("PRI")) || bytes.Contains(b, []byte{0x16}) || mid || strings.Contains(strings.ToLower(string(b)), "h2c") {
			return // other layers have their own tests
		}
		if fromTheMiddle(steps) {
			return // HTTP/2 behind a hole is found within what has come, so cuts matter
		}
		if c.Flows.Load()+c.FlowsShed.Load() != c.Requests.Load() {
			t.Errorf("%d flows of %d requests", c.Flows.Load(), c.Requests.Load())
		}
		if strings.Contains(strings.ToLower(string(b)), "websocket") {
			return // a WebSocket that breaks is counted by pieces, so cuts matter
		}
		if got, want := play(steps, mid, o, bytewise).detailed(), g.detailed(); got != want {
			t.Errorf("byte by byte:\n%swhole:\n%s", got, want)
		}
		play(steps, mid, Options{MaxBody: 100, Budget: NewBudget(3000)}, whole)
	})
}

// fromTheMiddle reports whether the bytes after a hole at the beginning look like HTTP/2.
func fromTheMiddle(steps []step) bool {
	var said [2]string
	var holed [2]bool
	for _, s := range steps {
		holed[s.d] = holed[s.d] || s.gap != 0 && said[s.d] == ""
		said[s.d] += s.data
	}
	for d := range said {
		if holed[d] && frameSpeech([]byte(said[d])) == speaksFrames {
			return true
		}
	}
	return false
}

func responseData(r *flow.Response) []byte {
	if r == nil {
		return nil
	}
	return r.Body.Data
}
