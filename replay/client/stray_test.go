package client

import (
	"bufio"
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
