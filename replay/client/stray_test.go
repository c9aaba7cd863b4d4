package client

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// strays are what a target sends behind some of its answers. Those that look like
// an answer come in the same write; whether one that comes later was meant for
// the next request cannot be known.
var strays = []struct {
	text  string
	later bool // in a write of its own
}{
	{"\r\n", false}, {"\r\n", true}, {"x", true}, {"<p>more than its length</p>", false}, {"0\r\n\r\n", true},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwro", false},
	{strings.Repeat("y", 20_000), false},
}

// straying answers each request with its target, and every third answer is
// followed by a stray.
func straying(c net.Conn) {
	r := bufio.NewReader(c)
	for n := 0; ; n++ {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		body := req.URL.Path
		answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		stray := strays[(n/3+len(body)+int(body[len(body)-1]))%len(strays)]
		switch {
		case n%3 != 2:
			io.WriteString(c, answer)
		case stray.later:
			io.WriteString(c, answer)
			io.WriteString(c, stray.text)
		default:
			io.WriteString(c, answer+stray.text)
		}
	}
}

func TestBytesBehindAnAnswerAreNeverTakenForTheNext(t *testing.T) {
	const exchanges, users = 37_000, 4
	var conns atomic.Int64
	at := listen(t, func(c net.Conn) {
		conns.Add(1)
		straying(c)
	})
	d, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wrong, failed atomic.Int64
	var all sync.WaitGroup
	for u := range users {
		all.Go(func() {
			p := d.Pool(1)
			defer p.Close()
			for i := range exchanges / users {
				target := fmt.Sprintf("/%d/%d", u, i)
				var resp Response
				if _, err := p.Do(t.Context(), Route{Origin: "http://" + at}, 0, get(target), &resp); err != nil {
					if failed.Add(1) == 1 {
						t.Errorf("%s: %v", target, err)
					}
				} else if string(resp.Body.Data) != target && wrong.Add(1) == 1 {
					t.Errorf("%s: got the answer %.100q", target, resp.Body.Data)
				}
				resp.Release()
			}
		})
	}
	all.Wait()
	if wrong.Load() > 0 || failed.Load() > 0 {
		t.Errorf("%d of %d answers are wrong, %d failed", wrong.Load(), exchanges, failed.Load())
	}
	if got := conns.Load(); got < exchanges/4 || got > exchanges/2 {
		t.Errorf("%d connections, want one for three exchanges", got)
	}
}

func TestAStrayBeforeAnAnswerThatMustNotBeRepeatedIsNamed(t *testing.T) {
	asked := make(chan struct{})
	at := listen(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		http.ReadRequest(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		http.ReadRequest(r)
		io.WriteString(c, "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		<-asked
	})
	defer close(asked)
	c := dial(t, Options{}, "http://"+at)
	post := get("/")
	post.Method = "POST"
	var resp Response
	if _, err := c.do(t.Context(), post, &resp); err != nil {
		t.Fatal(err)
	}
	if _, err := c.do(t.Context(), post, &resp); ErrorName(err) != "stray bytes" {
		t.Errorf("got %v, want stray bytes", err)
	}
}

func TestAConnectionThatIsNotAsItWasLeftIsNotUsed(t *testing.T) {
	good := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	for name, behind := range map[string]func(c net.Conn){
		"an answer that nobody asked for": func(c net.Conn) { io.WriteString(c, good("wrong")) },
		"closed":                          func(c net.Conn) { c.Close() },
		"half closed":                     func(c net.Conn) { c.(*net.TCPConn).CloseWrite() },
		"reset":                           func(c net.Conn) { c.(*net.TCPConn).SetLinger(0); c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			left := make(chan struct{})
			var conns atomic.Int64
			at := listen(t, func(c net.Conn) {
				conns.Add(1)
				r := bufio.NewReader(c)
				for {
					if _, err := http.ReadRequest(r); err != nil {
						return
					}
					io.WriteString(c, good("right"))
					behind(c)
					left <- struct{}{}
				}
			})
			c := dial(t, Options{}, "http://"+at)
			post := get("/")
			post.Method = "POST" // which is not sent again
			for range 3 {
				var resp Response
				if _, err := c.do(t.Context(), post, &resp); err != nil || string(resp.Body.Data) != "right" {
					t.Errorf("got %q, %v", resp.Body.Data, err)
				}
				<-left
			}
			if got := conns.Load(); got != 3 {
				t.Errorf("%d connections, want 3", got)
			}
		})
	}
}

func TestBytesThatTLSHoldsBehindAnAnswerAreFound(t *testing.T) {
	for _, later := range []bool{false, true} {
		findBehindTLS(t, later)
	}
}

// findBehindTLS asks a target that sends an answer too many, in the same record or
// in one of its own.
func findBehindTLS(t *testing.T, later bool) {
	t.Helper()
	read, left := make(chan struct{}, 3), make(chan struct{}, 3)
	var conns atomic.Int64
	own := certified(t)
	pair, err := tls.X509KeyPair([]byte(own.cert), []byte(own.key))
	if err != nil {
		t.Fatal(err)
	}
	at := listen(t, func(raw net.Conn) {
		conns.Add(1)
		c := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{pair}, DynamicRecordSizingDisabled: true})
		r := bufio.NewReader(c)
		for {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			head := "HTTP/1.1 200 OK\r\nContent-Length: 8000\r\nX-Filler: "
			head += strings.Repeat("y", readSize-8000-len(head)-4) + "\r\n\r\n"
			answer, behind := head+strings.Repeat("x", 8000), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
			if later {
				io.WriteString(c, answer)
				<-read
				io.WriteString(c, behind)
			} else { // the answer fills the client's buffer, and the rest of the record stays in TLS
				io.WriteString(c, answer+behind)
			}
			left <- struct{}{}
		}
	})
	c := dial(t, Options{Insecure: true}, "https://"+at)
	for range 3 {
		var resp Response
		if _, err := c.do(t.Context(), get("/"), &resp); err != nil || len(resp.Body.Data) != 8000 {
			t.Errorf("got %.20q, %v", resp.Body.Data, err)
		}
		read <- struct{}{}
		<-left
	}
	if got := conns.Load(); got != 3 {
		t.Errorf("%d connections, want 3", got)
	}
}

func TestAConnectionThatTheTargetWillCloseIsNotUsed(t *testing.T) {
	for name, answer := range map[string]string{
		"close":         "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.0":      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"close, chunks": "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	} {
		var conns atomic.Int64
		at := listen(t, func(c net.Conn) {
			conns.Add(1)
			r := bufio.NewReader(c)
			for {
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				io.WriteString(c, answer) // and it does not close after all
			}
		})
		c := dial(t, Options{}, "http://"+at)
		for range 3 {
			var resp Response
			if _, err := c.do(t.Context(), get("/"), &resp); err != nil || string(resp.Body.Data) != "ok" {
				t.Errorf("%s: %q, %v", name, resp.Body.Data, err)
			}
		}
		if got := conns.Load(); got != 3 {
			t.Errorf("%s: %d connections, want 3", name, got)
		}
	}
}
