package http1_test

import (
	"strings"
	"testing"

	"github.com/starling-load/starling/record/http1"
)

func TestNothingIsAllocated(t *testing.T) {
	request := []byte("POST /cart/items?x=1 HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n" +
		"Content-Length: 10\r\nConnection: keep-alive, Upgrade\r\n\r\n")
	response := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding:\r\n chunked\r\nSet-Cookie: a=b\r\n\r\n")
	broken := []byte("GET / HTTP/1.1\r\nA : b\r\n\r\n")
	body := []byte("5;x\r\nhello\r\n0\r\nA: b\r\n\r\n")
	out := make([]byte, 0, 1024)
	var h http1.Head
	found := 0
	for name, act := range map[string]func(){
		"a request": func() {
			if _, err := h.ParseRequest(request, 0, http1.Rules{}); err == nil && h.RequestBody().Length == 10 {
				found++
			}
		},
		"a response": func() {
			if _, err := h.ParseResponse(response, 0, http1.Rules{}); err == nil && h.ResponseBody("GET").Body == http1.Chunked && h.Version() == "HTTP/1.1" {
				found++
			}
		},
		"a head that is not complete": func() {
			if _, err := h.ParseRequest(request[:100], 90, http1.Rules{}); err == http1.ErrMore {
				found++
			}
		},
		"a head that is none": func() {
			if _, err := h.ParseRequest(response, 0, http1.Rules{}); err == http1.BadFirstLine {
				found++
			}
		},
		"a head that is refused": func() {
			if _, err := h.ParseRequest(broken, 0, http1.Rules{Refuse: http1.Strict}); err == http1.BadName {
				found++
			}
		},
		"a value": func() {
			if _, err := h.ParseResponse(response, 0, http1.Rules{}); err != nil {
				return
			}
			if v, ok := h.Value(response, "set-cookie"); ok && string(v) == "a=b" {
				found++
			}
		},
		"chunks": func() {
			var c http1.Chunks
			for p := body; len(p) > 0; {
				_, _, p, _ = c.Next(p)
			}
			if c.Done() {
				found++
			}
		},
		"broken chunks": func() {
			var c http1.Chunks
			if _, _, _, err := c.Next(request); err == http1.BadChunk {
				found++
			}
		},
		"writing": func() {
			b := http1.AppendRequestLine(out, "GET", "/", "HTTP/1.1")
			b = http1.AppendEnd(http1.AppendField(b, "Host", "shop.test"))
			if b = http1.AppendLastChunk(http1.AppendChunk(b, body)); len(b) > 0 {
				found++
			}
		},
	} {
		found = 0
		if n := testing.AllocsPerRun(100, act); n != 0 || found != 101 {
			t.Errorf("%s: %v allocations, %d of 101 as expected", name, n, found)
		}
	}
}

func BenchmarkParseResponse(b *testing.B) {
	head := []byte("HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 30 Nov 2026 16:00:00 GMT\r\nContent-Type: text/html\r\n" +
		"Content-Length: 65\r\nConnection: keep-alive\r\nETag: \"" + strings.Repeat("x", 16) + "\"\r\nAccept-Ranges: bytes\r\n\r\n")
	var h http1.Head
	b.ReportAllocs()
	b.SetBytes(int64(len(head)))
	for b.Loop() {
		if _, err := h.ParseResponse(head, 0, http1.Rules{}); err != nil {
			b.Fatal(err)
		}
	}
}
