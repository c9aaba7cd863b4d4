package http1_test

import (
	"testing"

	"github.com/starling-load/starling/record/http1"
)

func TestAppending(t *testing.T) {
	b := http1.AppendRequestLine(nil, "POST", "/a b", "HTTP/1.1")
	b = http1.AppendField(b, "Host", "shop.test")
	b = http1.AppendField(b, "X", "")
	b = http1.AppendEnd(b)
	b = http1.AppendChunk(b, []byte("0123456789abcdef"))
	b = http1.AppendChunk(b, nil)
	b = http1.AppendLastChunk(b)
	b = http1.AppendField(b, "Sum", "1")
	b = http1.AppendEnd(b)
	if want := "POST /a b HTTP/1.1\r\nHost: shop.test\r\nX: \r\n\r\n10\r\n0123456789abcdef\r\n0\r\nSum: 1\r\n\r\n"; string(b) != want {
		t.Errorf("%q, want %q", b, want)
	}
	if b, want := http1.AppendStatusLine(nil, "HTTP/1.0", 404, "Not Found"), "HTTP/1.0 404 Not Found\r\n"; string(b) != want {
		t.Errorf("%q, want %q", b, want)
	}
}

func TestWhatWouldEndALineIsASpace(t *testing.T) {
	b := http1.AppendRequestLine(nil, "GET\r\n", "/\nA: b", "HTTP/1.1\x00")
	b = http1.AppendField(b, "A\r\nB", "c\r\nD: e\x00")
	b = http1.AppendStatusLine(b, "HTTP/1.1\n", 200, "O\rK")
	if want := "GET   / A: b HTTP/1.1 \r\nA  B: c  D: e \r\nHTTP/1.1  200 O K\r\n"; string(b) != want {
		t.Errorf("%q, want %q", b, want)
	}
}

// FuzzFieldsComeBack appends a head and parses it.
func FuzzFieldsComeBack(f *testing.F) {
	f.Add("Host", "a", "X", "b\r\nc", uint16(200))
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string, status uint16) {
		status = 100 + status%900
		b := http1.AppendStatusLine(nil, "HTTP/1.1", int(status), value1)
		b = http1.AppendField(b, "A"+name1, value1)
		b = http1.AppendField(b, "A"+name2, value2)
		b = http1.AppendEnd(b)
		var h http1.Head
		n, err := h.ParseResponse(b, 0, http1.Rules{})
		if n != len(b) || err != nil || h.Status != int(status) || len(h.Fields) != 2 || h.Odd&(http1.BareLF|http1.Folded|http1.NoColon) != 0 {
			t.Errorf("%q: %d bytes, error %v, %+v", b, n, err, h)
		}
	})
}
