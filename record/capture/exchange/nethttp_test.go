package exchange

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// A wire remembers what the connections of a server carried, in order.
type wire struct {
	mu    sync.Mutex
	conns [][]step
}

// A wired is one of these connections, seen from the server.
type wired struct {
	net.Conn
	w *wire
	n int
}

type wiredListener struct {
	net.Listener
	w *wire
}

func (l wiredListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.w.conns = append(l.w.conns, nil)
	return &wired{Conn: c, w: l.w, n: len(l.w.conns) - 1}, nil
}

func (c *wired) note(s step) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.conns[c.n] = append(c.w.conns[c.n], s)
}

func (c *wired) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.note(client(string(p[:n])))
	}
	if err == io.EOF {
		c.note(clientFIN)
	}
	return n, err
}

// Write notes the bytes before they can be answered.
func (c *wired) Write(p []byte) (int, error) {
	c.note(server(string(p)))
	return c.Conn.Write(p)
}

func (c *wired) Close() error {
	c.note(serverFIN)
	return c.Conn.Close()
}

// A seen is what a handler saw of a request, and what the client saw of its answer.
type seen struct {
	method, uri, host, body, trailer string
	status                           int
	answer, answerTrailer            string
}

// TestAgainstNetHTTP lets a client and a server of net/http talk. It compares the flows
// with what both have seen.
func TestAgainstNetHTTP(t *testing.T) {
	w := new(wire)
	var mu sync.Mutex
	saw := map[string]*seen{} // by number
	handler := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		refused := r.URL.Query().Has("refuse")
		var body []byte
		if !refused {
			body, _ = io.ReadAll(r.Body)
		}
		mu.Lock()
		saw[r.Header.Get("X-Number")] = &seen{method: r.Method, uri: r.RequestURI, host: r.Host, body: string(body), trailer: r.Trailer.Get("Sum")}
		mu.Unlock()
		serveCase(rw, r)
	})
	srv := httptest.NewUnstartedServer(handler)
	srv.Listener = wiredListener{srv.Listener, w}
	srv.Start()
	transport := &http.Transport{DisableCompression: true}
	n := 0
	for _, method := range []string{"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"} {
		for _, query := range []string{"", "size=3", "size=100000", "chunks=3", "chunks=200", "trailers", "status=304", "status=204", "status=404&size=9", "hints", "close", "refuse"} {
			for _, send := range []string{"", "small", "large", "chunked", "trailers", "expect"} {
				if send != "" && (method == "GET" || method == "HEAD" || method == "OPTIONS") {
					continue
				}
				s, number := exchangeWith(t, transport, srv.URL, method, query, send, n)
				mu.Lock()
				saw[number].status, saw[number].answer, saw[number].answerTrailer = s.status, s.answer, s.answerTrailer
				mu.Unlock()
				n++
			}
		}
	}
	transport.CloseIdleConnections()
	srv.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	found := 0
	for _, steps := range w.conns {
		for _, cut := range []func(string) []string{whole, randomly(5)} {
			g := play(steps, false, Options{}, cut)
			if g.counts.Unparsed.Load() != 0 || len(g.losses) != 0 {
				t.Errorf("losses: %s", g)
			}
			for _, f := range g.flows {
				checkFlow(t, f)
				compareSeen(t, f, saw[f.Request.Headers.Value("X-Number")], strings.TrimPrefix(srv.URL, "http://"))
			}
			found += len(g.flows)
		}
	}
	if found != 2*n {
		t.Errorf("%d flows, want %d", found/2, n)
	}
}

// exchangeWith sends one request and reads the answer.
func exchangeWith(t *testing.T, transport *http.Transport, url, method, query, send string, n int) (s seen, number string) {
	t.Helper()
	var body io.Reader
	switch send {
	case "small", "expect":
		body = strings.NewReader("small body")
	case "large":
		body = bytes.NewReader(bytes.Repeat([]byte("large "), 20_000))
	case "chunked", "trailers":
		body = io.MultiReader(strings.NewReader("in "), strings.NewReader("chunks"))
	}
	r, err := http.NewRequest(method, url+"/case?"+query, body)
	if err != nil {
		t.Fatal(err)
	}
	number = fmt.Sprint(n)
	r.Header.Set("X-Number", number)
	switch send {
	case "expect":
		r.Header.Set("Expect", "100-continue")
	case "trailers":
		r.Trailer = http.Header{"Sum": {"abc"}}
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s %s: %v", method, query, send, err)
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s %s: %v", method, query, send, err)
	}
	resp.Body.Close()
	return seen{status: resp.StatusCode, answer: string(answer), answerTrailer: resp.Trailer.Get("Sum")}, number
}

// serveCase answers as the query says.
func serveCase(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	count := func(name string) (n int) {
		_, _ = fmt.Sscan(q.Get(name), &n)
		return n
	}
	switch {
	case q.Has("hints"):
		rw.Header().Set("Link", "</style.css>")
		rw.WriteHeader(http.StatusEarlyHints)
	case q.Has("close"):
		rw.Header().Set("Connection", "close")
	case q.Has("refuse"):
		rw.WriteHeader(http.StatusForbidden)
		return
	case q.Has("trailers"):
		rw.Header().Set("Trailer", "Sum")
		defer rw.Header().Set("Sum", "xyz")
	}
	if status := count("status"); status > 0 {
		rw.WriteHeader(status)
		if status < 400 {
			return
		}
	}
	_, _ = io.WriteString(rw, strings.Repeat("x", count("size")))
	for i := range count("chunks") {
		fmt.Fprintf(rw, "chunk %d;", i)
		rw.(http.Flusher).Flush()
	}
}

func compareSeen(t *testing.T, f *flow.Flow, want *seen, host string) {
	t.Helper()
	if want == nil {
		t.Fatalf("nobody sent %+v", f)
	}
	got := seen{
		method: f.Request.Method, uri: f.Request.Target, host: f.Request.Authority,
		body: string(f.Request.Body.Data), trailer: f.Request.Trailers.Value("Sum"),
	}
	if f.Response != nil {
		got.status, got.answer, got.answerTrailer = f.Response.Status, string(f.Response.Body.Data), f.Response.Trailers.Value("Sum")
	}
	expected := *want
	if strings.Contains(want.uri, "refuse") {
		got.body, got.trailer = "", "" // the handler did not read them
	} else if f.Error != "" {
		t.Errorf("%s %s: error %q", got.method, got.uri, f.Error)
	}
	if got != expected || got.host != host {
		t.Errorf("got  %.300v\nwant %.300v", got, expected)
	}
	if hints := strings.Contains(want.uri, "hints"); hints && (len(f.Interim) == 0 || f.Interim[len(f.Interim)-1].Status != 103) {
		t.Errorf("%s %s: interim %v", got.method, got.uri, f.Interim)
	}
	if f.Response == nil {
		return
	}
	if b := f.Response.Body; b.Truncated() {
		t.Errorf("%s %s: body of %d bytes, %d of them kept", got.method, got.uri, b.Size, len(b.Data))
	}
}

var _ tcp.Stream = (*Parser)(nil)
