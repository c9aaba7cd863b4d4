package client

import (
	"bufio"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/starling-load/starling/record/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(target string) *Request {
	return &Request{Request: flow.Request{Method: "GET", Target: target, Authority: "shop.example"}}
}

// A conn is a pool with one route and one connection.
type conn struct {
	*Pool
	route Route
}

func (c conn) do(ctx context.Context, req *Request, resp *Response) (Timing, error) {
	return c.Do(ctx, c.route, 0, req, resp)
}

func dial(t *testing.T, o Options, origin string) conn {
	t.Helper()
	return conn{newPool(t, o, 1), Route{Origin: origin}}
}

func newPool(t *testing.T, o Options, perOrigin int) *Pool {
	t.Helper()
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	p := d.Pool(perOrigin)
	t.Cleanup(func() { p.Close() })
	return p
}

// rootOf returns the certificate of s as PEM text.
func rootOf(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

// protocolServers starts one server that answers every request by handler, over
// each protocol the package speaks.
func protocolServers(t *testing.T, handler http.Handler) map[string]func() conn {
	t.Helper()
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(handler)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(secure.Close)
	h2c := httptest.NewUnstartedServer(handler)
	h2c.Config.Protocols = new(http.Protocols)
	h2c.Config.Protocols.SetUnencryptedHTTP2(true)
	h2c.Start()
	t.Cleanup(h2c.Close)
	roots := rootOf(secure)
	return map[string]func() conn{
		"HTTP/1.1 plain":    func() conn { return dial(t, Options{}, plain.URL) },
		"HTTP/1.1 over TLS": func() conn { return dial(t, Options{Roots: roots, HTTP1: true}, secure.URL) },
		"HTTP/2 over TLS":   func() conn { return dial(t, Options{Roots: roots}, secure.URL) },
		"HTTP/2 plain":      func() conn { return dial(t, Options{H2C: true}, h2c.URL) },
	}
}

func TestEveryProtocolCarriesTheSameExchange(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("X-Proto", r.Proto)
		w.Header().Set("X-Agent", fmt.Sprint(r.Header["User-Agent"]))
		w.Header().Set("X-Twice", strings.Join(r.Header["X-Many"], "|"))
		w.Header().Set("X-Encoding", r.Header.Get("Accept-Encoding"))
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.URL.RequestURI(), body)
	})
	for name, open := range protocolServers(t, handler) {
		t.Run(name, func(t *testing.T) {
			c := open()
			req := get("/a%2Fb?x=1&y")
			req.Method = "POST"
			req.Headers = flow.Headers{{Name: "X-Many", Value: "1"}, {Name: "X-Many", Value: "2"}, {Name: "Connection", Value: "close"}}
			req.Body.Data = []byte("payload")
			for i := range 3 {
				var resp Response
				timing, err := c.do(t.Context(), req, &resp)
				if err != nil {
					t.Fatalf("exchange %d: %v", i, err)
				}
				if want := "POST shop.example /a%2Fb?x=1&y payload"; string(resp.Body.Data) != want || resp.Status != 201 {
					t.Errorf("exchange %d: got %d %q, want 201 %q", i, resp.Status, resp.Body.Data, want)
				}
				if got := resp.Headers.Values("set-cookie"); len(got) != 2 {
					t.Errorf("exchange %d: got cookies %q, want both", i, got)
				}
				for field, want := range map[string]string{"X-Agent": "[]", "X-Twice": "1|2", "X-Encoding": ""} {
					if got := resp.Headers.Value(field); got != want {
						t.Errorf("exchange %d: target saw %s %q, want %q", i, field, got, want)
					}
				}
				if wantH2, got := strings.HasPrefix(name, "HTTP/2"), resp.Headers.Value("X-Proto"); strings.HasPrefix(got, "HTTP/2") != wantH2 {
					t.Errorf("exchange %d: target saw %s", i, got)
				}
				if (timing.Connect == 0) != (i > 0) {
					t.Errorf("exchange %d: connect took %v", i, timing.Connect)
				}
				if timing.Connect > timing.Done.Sub(timing.Sent) {
					t.Errorf("exchange %d: connecting took %v, the whole exchange %v", i, timing.Connect, timing.Done.Sub(timing.Sent))
				}
				if timing.FirstByte.Before(timing.Sent) || timing.Done.Before(timing.FirstByte) || timing.BytesOut == 0 || timing.BytesIn == 0 {
					t.Errorf("exchange %d: implausible timing %+v", i, timing)
				}
			}
		})
	}
}

func TestRedirectsAreAnswers(t *testing.T) {
	for name, open := range protocolServers(t, http.RedirectHandler("/next", http.StatusSeeOther)) {
		t.Run(name, func(t *testing.T) {
			var resp Response
			if _, err := open().do(t.Context(), get("/"), &resp); err != nil {
				t.Fatal(err)
			}
			if got := resp.Headers.Value("Location"); resp.Status != 303 || got != "/next" {
				t.Errorf("got %d to %q, want 303 to /next", resp.Status, got)
			}
		})
	}
}

func TestBodyBeyondTheLimitIsCountedNotKept(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 100_000))
	}))
	defer s.Close()
	c := dial(t, Options{MaxBody: 1000}, s.URL)
	for range 2 {
		var resp Response
		if _, err := c.do(t.Context(), get("/"), &resp); err != nil {
			t.Fatal(err)
		}
		if len(resp.Body.Data) != 1000 || resp.Body.Size != 100_000 || !resp.Body.Truncated() {
			t.Errorf("got %d bytes kept of %d, want 1000 of 100000", len(resp.Body.Data), resp.Body.Size)
		}
	}
}

func TestEventStreamEndsAfterTheEventsAskedFor(t *testing.T) {
	left := make(chan struct{}, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "id: %d\r\ndata: x\r\n\r\n\r\n", i)
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
		left <- struct{}{}
	})
	for name, open := range protocolServers(t, handler) {
		t.Run(name, func(t *testing.T) {
			c := open()
			for range 2 { // the second exchange needs a connection that still works
				req := get("/events")
				req.Events = 3
				var resp Response
				if _, err := c.do(t.Context(), req, &resp); err != nil {
					t.Fatal(err)
				}
				if got := strings.Count(string(resp.Body.Data), "data: x"); got != 3 {
					t.Errorf("got %d events, want 3", got)
				}
				<-left
			}
		})
	}
}

func TestIdleConnectionClosedByTheTargetIsReplaced(t *testing.T) {
	var conns atomic.Int64
	l := listen(t, func(c net.Conn) {
		conns.Add(1)
		r := bufio.NewReader(c)
		if _, err := http.ReadRequest(r); err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	})
	c := dial(t, Options{}, "http://"+l)
	for i := range 5 {
		var resp Response
		if _, err := c.do(t.Context(), get("/"), &resp); err != nil {
			t.Fatalf("exchange %d: %v", i, err)
		}
	}
	if got := conns.Load(); got != 5 {
		t.Errorf("target saw %d connections, want 5", got)
	}
}

// listen serves each accepted connection with handle, then closes it.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func TestOriginsThatCannotBeDialledAreRefused(t *testing.T) {
	for _, origin := range []string{"", "shop", "ftp://x", "http://", "http://[::1", "://"} {
		var resp Response
		if _, err := dial(t, Options{}, origin).do(t.Context(), get("/"), &resp); ErrorName(err) != "bad request" {
			t.Errorf("origin %q: got %v", origin, err)
		}
	}
}

func TestClosedConnRefusesExchanges(t *testing.T) {
	c := dial(t, Options{}, "http://127.0.0.1:1")
	c.Close()
	var resp Response
	if _, err := c.do(t.Context(), get("/"), &resp); !errors.Is(err, errClosed) {
		t.Errorf("got %v, want %v", err, errClosed)
	}
}

func BenchmarkExchange(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	defer s.Close()
	d, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	c := conn{d.Pool(0), Route{Origin: s.URL}}
	defer c.Close()
	req := get("/")
	b.ReportAllocs()
	for b.Loop() {
		var resp Response
		if _, err := c.do(b.Context(), req, &resp); err != nil {
			b.Fatal(err)
		}
	}
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
