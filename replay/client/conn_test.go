package client

import (
	"bufio"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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

func TestHostileTargetsEndAsNamedErrors(t *testing.T) {
	answer := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, text)
		}
	}
	endless := func(head, piece string) func(net.Conn) {
		return func(c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, head)
			for {
				if _, err := io.WriteString(c, piece); err != nil {
					return
				}
			}
		}
	}
	for name, tt := range map[string]struct {
		handle func(net.Conn)
		want   string
	}{
		"closes at once": {func(net.Conn) {}, "closed"},
		"resets": {func(c net.Conn) {
			http.ReadRequest(bufio.NewReader(c))
			c.(*net.TCPConn).SetLinger(0)
		}, "reset"},
		"never answers":              {func(c net.Conn) { io.Copy(io.Discard, c) }, "timeout"},
		"answers garbage":            {answer("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "bad response"},
		"cuts the body":              {answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), "closed"},
		"cuts the head":              {answer("HTTP/1.1 200 OK\r\nContent-Le"), "bad response"},
		"sends a bad chunk size":     {answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"), "bad response"},
		"cuts a chunked body":        {answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), "closed"},
		"sends two lengths":          {answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "bad response"},
		"sends an endless body":      {endless("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 1<<16)), "timeout"},
		"sends endless headers":      {endless("HTTP/1.1 200 OK\r\n", "X-Filler: "+strings.Repeat("y", 1000)+"\r\n"), "bad response"},
		"sends a flood of 1xx":       {endless("", "HTTP/1.1 103 Early Hints\r\n\r\n"), "bad response"},
		"switches protocols unasked": {answer("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), "bad upgrade"},
	} {
		t.Run("target "+name, func(t *testing.T) {
			c := dial(t, Options{MaxBody: 1 << 16}, "http://"+listen(t, tt.handle))
			limit := time.Minute
			if tt.want == "timeout" {
				limit = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			var resp Response
			timing, err := c.do(ctx, get("/"), &resp)
			if got := ErrorName(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
			if timing.Sent.IsZero() || timing.Done.Before(timing.Sent) {
				t.Errorf("implausible timing %+v", timing)
			}
			if len(resp.Body.Data) > 1<<16 {
				t.Errorf("kept %d bytes", len(resp.Body.Data))
			}
		})
	}
}

func TestConnectFailuresAreNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	l.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = nil
	defer secure.Close()
	for name, tt := range map[string]struct{ origin, want string }{
		"nobody listens":                 {"http://" + free, "connect refused"},
		"TLS to a plain server":          {"https://" + plain.Listener.Addr().String(), "tls"},
		"certificate that nobody signed": {secure.URL, "tls"},
		"name without an address":        {"http://starling-test.invalid", "dns"},
	} {
		t.Run(name, func(t *testing.T) {
			var resp Response
			_, err := dial(t, Options{}, tt.origin).do(t.Context(), get("/"), &resp)
			if got := ErrorName(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
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
