package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestARefusedBodyIsNotAskedFor(t *testing.T) {
	const answer = "HTTP/1.1 417 No\r\nContent-Length: 3\r\n\r\nno\n" // and would keep the connection
	for _, p := range paths {
		if p.h2 || p.targetH2 {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			r, c, prefix, seen := p.open1(t, "\r\n\r\n", answer)
			fmt.Fprintf(c, "POST %s/ HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", prefix)
			within(t, seen, "the request")
			got, want := until(t, c, "no\n"), strings.Replace(answer, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)
			if got != want {
				t.Errorf("the client was sent %q, want %q", got, want)
			}
			io.WriteString(c, "body!") // all the same
			if rest := within(t, seen, "the end of the connection"); rest != "" {
				t.Errorf("the target was sent %q", rest)
			}
			if f := r.sink.next(t); f.Error != "" || f.Request.Body.Size != 0 || len(f.Interim) != 0 {
				t.Errorf("recorded with error %q, %d bytes and %v", f.Error, f.Request.Body.Size, f.Interim)
			}
		})
	}
}

func TestContinueAndHintsAtOncePassOneByOne(t *testing.T) {
	const hint, many = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", 50
	const proceed = "HTTP/1.1 100 Continue\r\n\r\n"
	r, c, prefix, _ := paths[1].open1(t, "\r\n\r\n", hint+proceed+strings.Repeat(hint, many-1))
	fmt.Fprintf(c, "POST %s/ HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n", prefix)
	var got string
	for range many + 1 {
		got += until(t, c, "\r\n\r\n")
	}
	if strings.Count(got, hint) != many || strings.Count(got, proceed) != 1 {
		t.Errorf("the client was sent %q", got)
	}
	c.Close()
	if f := r.sink.next(t); len(f.Interim) != many+1 || f.Interim[1].Status != 100 {
		t.Errorf("recorded %v", f.Interim)
	}
}

func TestInformationalResponsesWithoutEndAreNotAllKept(t *testing.T) {
	const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	const many = 3000
	r, c, prefix, _ := paths[0].open1(t, "\r\n\r\n", strings.Repeat(hint, many)+"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend")
	fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: h\r\n\r\n", prefix)
	if got := strings.Count(until(t, c, "end"), hint); got != many {
		t.Errorf("%d of %d passed", got, many)
	}
	f := r.sink.next(t)
	if len(f.Interim) != maxInterims || f.Response == nil || f.Error != "" {
		t.Errorf("%d recorded, then %v, %q", len(f.Interim), f.Response, f.Error)
	}
	if lost := r.sink.loss(flow.LossMemory).Messages; lost != many-maxInterims {
		t.Errorf("%d told as lost, want %d", lost, many-maxInterims)
	}
}

func TestAStatusThatIsNoneIsNoAnswer(t *testing.T) {
	r, c, prefix, _ := paths[0].open1(t, "\r\n\r\n", "HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok")
	fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: h\r\n\r\n", prefix)
	if got := until(t, c, "valid HTTP\n"); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("the client was sent %q", got)
	}
	if f := r.sink.next(t); f.Error != failInvalid {
		t.Errorf("recorded with error %q, want %q", f.Error, failInvalid)
	}
}

func TestABodyIsReadWhenItIsAskedFor(t *testing.T) {
	for _, continued := range []bool{false, true} {
		x := &exchange{interims: interims{continued: continued}, headDone: continued}
		x.wire.Store(&wireHead{first: "HTTP/1.1 200 OK", status: 200})
		b := &expected{ReadCloser: io.NopCloser(strings.NewReader("body")), x: x, over: make(chan struct{})}
		b.end() // as the exchange does; a refused Read waits for it
		got, err := io.ReadAll(b)
		if want := map[bool]string{true: "body"}[continued]; string(got) != want || (err == errRefused) == continued {
			t.Errorf("asked for %t: read %q, %v", continued, got, err)
		}
	}
}

func TestAnOldClientIsToldNothingInBetween(t *testing.T) {
	const answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"
	r, c, prefix, seen := paths[1].open1(t, "body", answer)
	fmt.Fprintf(c, "POST %s/ HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody", prefix)
	within(t, seen, "the request")
	if got, want := until(t, c, "end"), "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nend"; got != want {
		t.Errorf("the client was sent %q, want %q", got, want)
	}
	r.sink.next(t)
}

func TestAHeadWithoutEndIsNoAnswer(t *testing.T) {
	r, c, prefix, _ := paths[0].open1(t, "\r\n\r\n", "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("long", http.DefaultMaxHeaderBytes/4)+"\r\nContent-Length: 2\r\n\r\nok")
	fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: h\r\n\r\n", prefix)
	if got := until(t, c, "valid HTTP\n"); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("the client was sent %q", got)
	}
	if f := r.sink.next(t); f.Error != failInvalid {
		t.Errorf("recorded with error %q, want %q", f.Error, failInvalid)
	}
}
