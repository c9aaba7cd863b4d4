package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A scripted origin reads requests as net/http does, and answers each with what answer says.
// An empty answer ends the connection; last ends it behind the answer.
func scripted(t testing.TB, answer func(r *http.Request, body string, nth int) (bytes string, last bool)) (address string, conns, ended *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	conns, ended = new(atomic.Int32), new(atomic.Int32)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go func() {
				defer ended.Add(1)
				defer c.Close()
				br := bufio.NewReader(c)
				for nth := 0; ; nth++ {
					r, err := http.ReadRequest(br)
					if err != nil {
						return
					}
					body, _ := io.ReadAll(r.Body)
					b, last := answer(r, string(body), nth)
					if _, err := io.WriteString(c, b); err != nil || b == "" || last {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String(), conns, ended
}

// fastTo is a reverse proxy in front of address.
func fastTo(t testing.TB, address string) *rig {
	t.Helper()
	r := start(t, Options{Upstream: mustParse(t, "http://"+address)})
	r.base = "http://" + r.addr
	return r
}

// rawClient is a connection to the proxy, and what is read of it.
func rawClient(t testing.TB, r *rig) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c, bufio.NewReader(c)
}

// An answerSeen is what a client has read: the bytes of the heads, and the body.
type answerSeen struct{ heads, body, trailers, end string }

// readAnswers reads answers up to the final one, whose body may be chunked anew.
func readAnswers(br *bufio.Reader, method string) (a answerSeen) {
	for {
		var head bytes.Buffer
		for !bytes.HasSuffix(head.Bytes(), []byte("\r\n\r\n")) {
			b, err := br.ReadByte()
			if err != nil {
				return answerSeen{a.heads + head.String(), a.body, a.trailers, "no head"}
			}
			head.WriteByte(b)
		}
		a.heads += head.String()
		resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(&head, br)), &http.Request{Method: method})
		if err != nil {
			a.end = "bad head"
			return a
		}
		if resp.StatusCode < 200 {
			continue
		}
		switch {
		case method == "HEAD" || resp.StatusCode == 204 || resp.StatusCode == 304:
		case resp.ContentLength >= 0:
			b := make([]byte, resp.ContentLength)
			n, err := io.ReadFull(br, b)
			a.body, a.end = string(b[:n]), fmt.Sprint(err)
		case len(resp.TransferEncoding) > 0:
			b, trailers, err := unchunk(br)
			a.body, a.trailers, a.end = b, trailers, fmt.Sprint(err)
		}
		return a
	}
}

// unchunk reads a body in chunks.
func unchunk(br *bufio.Reader) (body, trailers string, err error) {
	var out strings.Builder
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return out.String(), "", err
		}
		var n int
		if _, err := fmt.Sscanf(line, "%x\r\n", &n); err != nil {
			return out.String(), "", fmt.Errorf("chunk of %q", line)
		}
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&out, br, int64(n)); err != nil {
			return out.String(), "", err
		}
		if end, err := br.ReadString('\n'); err != nil || end != "\r\n" {
			return out.String(), "", fmt.Errorf("end of chunk %q, %v", end, err)
		}
	}
	for {
		line, err := br.ReadString('\n')
		if err != nil || line == "\r\n" {
			return out.String(), trailers, err
		}
		trailers += line
	}
}

// told is what a flow says that does not depend on the time.
func told(f *flow.Flow) string {
	s := fmt.Sprintf("%s %s %s %s error=%q\n%s\n%q %v\n", f.Request.Method, f.Request.Target, f.Request.Authority, f.Scheme, f.Error, names(f.Request.Headers), f.Request.Body.Data, f.Request.Body.Kept())
	for _, i := range f.Interim {
		s += fmt.Sprintf("%d %s\n", i.Status, names(i.Headers))
	}
	if r := f.Response; r != nil {
		s += fmt.Sprintf("%d\n%s\n%d bytes, %x\n%s\n", r.Status, names(r.Headers), r.Body.Size, r.Body.Sum(), names(r.Trailers))
	}
	for _, m := range f.Messages {
		s += fmt.Sprintf("%v %q\n", m.FromClient, m.Data)
	}
	return s
}

// Through net/http and without it, peers are sent the same, and the same is recorded.
func TestOrdinaryExchangesAreWhatNetHTTPMakesOfThem(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 10_000)
	chunk := fmt.Sprintf("%x;ext=1\r\n%s\r\n", len(long), long)
	for _, c := range []struct {
		name, method, fields, body string
		answer                     string
		last                       bool
	}{
		{"a sized body", "GET", "Accept: */*\r\nX-a:1\r\nx-A:  2\r\n", "", "HTTP/1.1 200 Fine\r\nserver: x\r\nDate: today\r\nContent-Length: 5\r\nsEt-Cookie: a=b\r\n\r\nhello", false},
		{"a long one", "GET", "", "", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(long), long), false},
		{"no body", "GET", "", "", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
		{"a form", "POST", "Content-Type: application/x-www-form-urlencoded\r\n", "a=1&b=%20", "HTTP/1.1 302 Found\r\nLocation: /x?y#z\r\nContent-Length: 0\r\n\r\n", false},
		{"chunks", "GET", "", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n", false},
		{"long chunks", "GET", "", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n", false},
		{"no chunk", "GET", "", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
		{"trailers", "GET", "", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n", false},
		{"up to the end", "GET", "", "", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>" + long, true},
		{"HTTP/1.0", "GET", "", "", "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nabc", true},
		{"hints", "GET", "", "", "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Again\r\nlink: </b>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", false},
		{"a head alone", "HEAD", "", "", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", false},
		{"no content", "DELETE", "", "", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", false},
		{"not modified", "GET", "If-None-Match: \"a\"\r\n", "", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", false},
		{"fields of the connection", "GET", "Proxy-Connection: keep-alive\r\nKeep-Alive: 5\r\nConnection: keep-alive\r\n", "", "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx", false},
		{"the target ends it", "GET", "", "", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", true},
		{"the client ends it", "GET", "Connection: close\r\n", "", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", false},
		{"events", "GET", "", "", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n", false},
		{"a body that is cut", "GET", "", "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true},
		{"chunks that are cut", "GET", "", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", true},
		{"a bad chunk", "GET", "", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n", true},
		{"no HTTP", "GET", "", "", "what do you want\r\n\r\n", true},
		{"a length that is none", "GET", "", "", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx", true},
		{"a coding that is not known", "GET", "", "", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", true},
		{"an upgrade that nobody asked for", "GET", "", "", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", true},
		{"no answer", "POST", "", "a", "", true},
	} {
		for _, p := range []path{{name: "forward"}, {name: "reverse", reverse: true}, {name: "in a tunnel", tunnel: true}} {
			t.Run(c.name+"/"+p.name, func(t *testing.T) {
				address, _, _ := scripted(t, func(r *http.Request, _ string, _ int) (string, bool) {
					if r.URL.Path == "/first" {
						return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false
					}
					return c.answer, c.last
				})
				o := Options{CA: testCA(t)}
				if p.reverse {
					o.Upstream = mustParse(t, "http://"+address)
				}
				r := start(t, o)
				r.base = "http://" + address
				target := strings.TrimSuffix(p.rawTarget(r), "/")
				ask := func(conn net.Conn, br *bufio.Reader, path, fields, body string) answerSeen {
					if body != "" {
						fields += fmt.Sprintf("Content-Length: %d\r\n", len(body))
					}
					fmt.Fprintf(conn, "%s %s%s HTTP/1.1\r\nHost: %s\r\n%s\r\n%s", c.method, target, path, address, fields, body)
					return readAnswers(br, c.method)
				}
				var seen [2]answerSeen
				var flows [2]string
				for way := range 2 {
					conn := p.dial(t, r)
					defer conn.Close()
					_ = conn.SetDeadline(time.Now().Add(patience))
					br := bufio.NewReader(conn)
					if way == 1 { // a request that is not ordinary: the rest goes through net/http
						fmt.Fprintf(conn, "PUT %s/first HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", target, address)
						readAnswers(br, "PUT")
						r.sink.next(t)
					}
					seen[way] = ask(conn, br, "/it%20s?q=%zz&a='", c.fields, c.body)
					flows[way] = told(r.sink.next(t))
				}
				if seen[0] != seen[1] {
					t.Errorf("without net/http the client is sent\n%.400q\nwith it\n%.400q", seen[0], seen[1])
				}
				if flows[0] != flows[1] {
					t.Errorf("without net/http it is recorded\n%s\nwith it\n%s", flows[0], flows[1])
				}
			})
		}
	}
}

// A target may end a connection that is kept at any time.
func TestAConnectionThatTheTargetHasEndedCostsNoRequest(t *testing.T) {
	address, conns, ended := scripted(t, func(*http.Request, string, int) (string, bool) {
		return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true // without saying so
	})
	r := fastTo(t, address)
	c, br := rawClient(t, r)
	for i := range 40 {
		ask := "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
		if i%2 > 0 {
			for int(ended.Load()) < i { // what is not to be repeated comes when the end has come
				time.Sleep(time.Millisecond)
			}
			ask = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
		}
		io.WriteString(c, ask)
		if a := readAnswers(br, "GET"); a.body != "ok" {
			t.Fatalf("request %d got %+v", i, a)
		}
		if f := r.sink.next(t); f.Error != "" {
			t.Errorf("request %d is recorded with error %q", i, f.Error)
		}
	}
	if n := conns.Load(); n != 40 {
		t.Errorf("%d connections for 40 requests that each ended one", n)
	}
}

func TestConnectionsToATargetAreKept(t *testing.T) {
	address, conns, _ := scripted(t, func(*http.Request, string, int) (string, bool) {
		return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false
	})
	r := fastTo(t, address)
	for range 5 {
		c, br := rawClient(t, r)
		io.WriteString(c, strings.Repeat("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 20)) // all at once
		for i := range 20 {
			if a := readAnswers(br, "GET"); a.body != "ok" {
				t.Fatalf("request %d got %+v", i, a)
			}
			r.sink.next(t)
		}
		c.Close()
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections to the target, one after another; want 1", n)
	}
}

// While the target is silent, a client that goes away is noticed.
func TestAClientThatGoesAwayIsNoticedWhileTheTargetIsSilent(t *testing.T) {
	over := make(chan struct{})
	r := paths[1].open(t, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done() // the proxy ends the connection
		close(over)
	}, Options{})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	time.Sleep(3 * watchAfter / 2)
	c.Close()
	within(t, over, "the end of the request to the target")
	if f := r.sink.next(t); f.Error != failClient {
		t.Errorf("recorded with error %q, want %q", f.Error, failClient)
	}
}

// What a client sends while it waits is its next request.
func TestARequestThatComesWhileTheTargetIsSilentIsTheNext(t *testing.T) {
	address, _, _ := scripted(t, func(r *http.Request, _ string, _ int) (string, bool) {
		time.Sleep(2 * watchAfter)
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%s", r.URL.Path), false
	})
	r := fastTo(t, address)
	c, br := rawClient(t, r)
	io.WriteString(c, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
	time.Sleep(3 * watchAfter / 2)
	io.WriteString(c, "GET /2 HTTP/1.1\r\nHo")
	if a := readAnswers(br, "GET"); a.body != "/1" {
		t.Fatalf("the first got %+v", a)
	}
	io.WriteString(c, "st: h\r\n\r\n")
	if a := readAnswers(br, "GET"); a.body != "/2" {
		t.Fatalf("the second got %+v", a)
	}
	for _, want := range []string{"/1", "/2"} {
		if f := r.sink.next(t); f.Request.Target != want || f.Error != "" {
			t.Errorf("recorded %s, error %q; want %s", f.Request.Target, f.Error, want)
		}
	}
}

// Requests come in any pieces, and may become unordinary at any point.
func TestRequestsComeInPieces(t *testing.T) {
	address, _, _ := scripted(t, func(r *http.Request, body string, _ int) (string, bool) {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body), false
	})
	for name, ask := range map[string]string{
		"short":     "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody",
		"in chunks": "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
	} {
		for _, pause := range []time.Duration{0, 2 * fastPause} {
			for _, cut := range []int{1, 10, 20, len(ask) - 6, len(ask) - 2} {
				t.Run(fmt.Sprintf("%s/%v/%d", name, pause, cut), func(t *testing.T) {
					r := fastTo(t, address)
					c, br := rawClient(t, r)
					for range 2 {
						io.WriteString(c, ask[:cut])
						time.Sleep(pause)
						io.WriteString(c, ask[cut:])
						if a := readAnswers(br, "POST"); a.body != "body" {
							t.Fatalf("got %+v", a)
						}
						if f := r.sink.next(t); string(f.Request.Body.Data) != "body" || f.Error != "" {
							t.Errorf("recorded %q, error %q", f.Request.Body.Data, f.Error)
						}
					}
				})
			}
		}
	}
}

// FuzzOrdinaryRequests sends any bytes as requests: what the target reads, and nothing else, is
// recorded, whether net/http took part or not.
func FuzzOrdinaryRequests(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbodyGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /in HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\nGET /in HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET / HTTP/1.1\nHost: h\n\nGET /in HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://h/ HTTP/1.1\r\nHost: other\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "GET //x HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	var read atomic.Int32
	address, _, _ := scripted(f, func(*http.Request, string, int) (string, bool) {
		read.Add(1)
		return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false
	})
	r := fastTo(f, address)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(b)
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		_, _ = io.Copy(io.Discard, c)
		c.Close()
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			n := r.p.Counts()
			for len(r.sink.flows) > 0 {
				<-r.sink.flows
			}
			switch {
			case n.Panics > 0:
				t.Fatal("a panic")
			case uint64(read.Load()) <= n.Flows:
				return
			case time.Now().After(end):
				t.Fatalf("%d requests reached the target, %d are recorded", read.Load(), n.Flows)
			}
		}
	})
}
