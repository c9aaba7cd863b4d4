package http1_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/http1"
)

var bodies = [...]string{"none", "sized", "chunked", "to close", "tunnel", "unknown"}

func show(f http1.Framing) string {
	s := bodies[f.Body]
	if f.Body == http1.Sized {
		s += fmt.Sprint(" ", f.Length)
	}
	if f.Coded {
		s += " coded"
	}
	return s
}

func TestFraming(t *testing.T) {
	const none = "none"
	for _, c := range []struct{ fields, request, response string }{
		{"", none, "to close"},
		{"Content-Length: 0", none, none},
		{"Content-Length: 5", "sized 5", "sized 5"},
		{"content-LENGTH:5", "sized 5", "sized 5"},
		{"Content-Length: 0000000000000000000000005", "sized 5", "sized 5"},
		{"Content-Length: 9223372036854775807", "sized 9223372036854775807", "sized 9223372036854775807"},
		{"Content-Length: 5, 5", "sized 5", "sized 5"},
		{"Content-Length: 5|Content-Length: 5", "sized 5", "sized 5"},
		{"Content-Length:|\t5", "sized 5", "sized 5"},

		{"Content-Length: 9223372036854775808", "unknown", "unknown"},
		{"Content-Length: 99999999999999999999", "unknown", "unknown"},
		{"Content-Length: -5", "unknown", "unknown"},
		{"Content-Length: +5", "unknown", "unknown"},
		{"Content-Length: 0x5", "unknown", "unknown"},
		{"Content-Length: 5 5", "unknown", "unknown"},
		{"Content-Length: 5|\t5", "unknown", "unknown"},
		{"Content-Length: 5\r", "unknown", "unknown"},
		{"Content-Length: 5\x00", "unknown", "unknown"},
		{"Content-Length: \u0665", "unknown", "unknown"},
		{"Content-Length:", "unknown", "unknown"},
		{"Content-Length: 5,", "unknown", "unknown"},
		{"Content-Length: 5, 6", "unknown", "unknown"},
		{"Content-Length: 5|Content-Length: 6", "unknown", "unknown"},
		{"Content-Length: 6|Content-Length: x|Content-Length: 6", "unknown", "unknown"},

		{"Transfer-Encoding: chunked", "chunked", "chunked"},
		{"transfer-encoding: Chunked ", "chunked", "chunked"},
		{"Transfer-Encoding: chunked;q=1", "chunked", "chunked"},
		{"Transfer-Encoding:|\tchunked", "chunked", "chunked"},
		{"Transfer-Encoding: gzip, chunked", "chunked coded", "chunked coded"},
		{"Transfer-Encoding: gzip|Transfer-Encoding: chunked", "chunked coded", "chunked coded"},
		{"Transfer-Encoding: chunked, chunked", "chunked coded", "chunked coded"},
		{"Transfer-Encoding: identity", none, "to close"},
		{"Transfer-Encoding: identity|Content-Length: 5", "sized 5", "sized 5"},
		{"Transfer-Encoding: gzip", "unknown coded", "to close coded"},
		{"Transfer-Encoding: chunked, gzip", "unknown coded", "to close coded"},
		{"Transfer-Encoding: xchunked", "unknown coded", "to close coded"},
		{"Transfer-Encoding: \vchunked", "unknown coded", "to close coded"},
		{"Transfer-Encoding: chun|\tked", "unknown coded", "to close coded"},

		{"Content-Length: 5|Transfer-Encoding: chunked", "chunked", "chunked"},
		{"Transfer-Encoding: chunked|Content-Length: 5", "chunked", "chunked"},
		{"Transfer-Encoding: chunked|Content-Length: x", "chunked", "chunked"},
		{"Transfer-Encoding: gzip|Content-Length: 5", "unknown coded", "to close coded"},
		{"Transfer-Encoding : chunked|Content-Length: 5", "chunked", "chunked"},
		{"X: y|Transfer-Encoding: chunked|Z: z", "chunked", "chunked"},
	} {
		fields := strings.ReplaceAll(c.fields, "|", "\r\n") + "\r\n"
		if c.fields == "" {
			fields = ""
		}
		var h http1.Head
		if _, err := h.ParseRequest([]byte("POST / HTTP/1.1\r\n"+fields+"\r\n"), 0, http1.Rules{}); err != nil || show(h.RequestBody()) != c.request {
			t.Errorf("request with %q: %s, error %v; want %s", c.fields, show(h.RequestBody()), err, c.request)
		}
		if _, err := h.ParseResponse([]byte("HTTP/1.1 200 OK\r\n"+fields+"\r\n"), 0, http1.Rules{}); err != nil || show(h.ResponseBody("GET")) != c.response {
			t.Errorf("response with %q: %s, error %v; want %s", c.fields, show(h.ResponseBody("GET")), err, c.response)
		}
	}
}

func TestFramingByMethodAndStatus(t *testing.T) {
	for _, c := range []struct {
		method, head, want string
	}{
		{"GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "sized 5"},
		{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "none"},
		{"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "none"},
		{"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "none"},
		{"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "none"},
		{"GET", "HTTP/1.1 100 Continue\r\n\r\n", "none"},
		{"GET", "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n", "none"},
		{"GET", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "tunnel"},
		{"CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "tunnel"},
		{"CONNECT", "HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n", "sized 5"},
		{"GET", "HTTP/1.1 205 Reset Content\r\n\r\n", "to close"},
	} {
		var h http1.Head
		if _, err := h.ParseResponse([]byte(c.head), 0, http1.Rules{}); err != nil || show(h.ResponseBody(c.method)) != c.want {
			t.Errorf("%s, %q: %s, error %v; want %s", c.method, c.head, show(h.ResponseBody(c.method)), err, c.want)
		}
	}
}

func TestConnections(t *testing.T) {
	for _, c := range []struct {
		version, fields     string
		persistent, upgrade bool
	}{
		{"1.1", "", true, false},
		{"1.1", "Connection: close\r\n", false, false},
		{"1.1", "Connection: x, CLOSE\r\n", false, false},
		{"1.1", "Connection: x\r\nConnection: close\r\n", false, false},
		{"1.1", "Connection: closed\r\n", true, false},
		{"1.1", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n", true, true},
		{"1.0", "", false, false},
		{"1.0", "Connection: Keep-Alive\r\n", true, false},
		{"1.0", "Connection: keep-alive, close\r\n", false, false},
	} {
		var h http1.Head
		head := "GET / HTTP/" + c.version + "\r\n" + c.fields + "\r\n"
		if _, err := h.ParseRequest([]byte(head), 0, http1.Rules{}); err != nil || h.Persistent() != c.persistent || h.Upgrades() != c.upgrade {
			t.Errorf("%q: persistent %v, upgrades %v, error %v", head, h.Persistent(), h.Upgrades(), err)
		}
	}
}
