package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/proxy/authority"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds the waits of tests for what must happen; nothing depends on
// its length.
const patience = 20 * time.Second

// memory is a Sink that keeps everything.
type memory struct {
	mu    sync.Mutex
	conns []*flow.Conn
	seen  map[uint64]bool
	early []uint64 // connections of flows that came before their record
	flows chan *flow.Flow

	losses map[string]flow.Loss // sums by reason
}

func newMemory() *memory {
	return &memory{seen: make(map[uint64]bool), flows: make(chan *flow.Flow, 10_000)}
}

func (m *memory) Conn(c *flow.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns, m.seen[c.ID] = append(m.conns, c), true
}

func (m *memory) Flow(f *flow.Flow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.seen[f.Conn] {
		m.early = append(m.early, f.Conn)
	}
	m.flows <- f
}

func (m *memory) Loss(l *flow.Loss) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.losses == nil {
		m.losses = make(map[string]flow.Loss)
	}
	sum := m.losses[l.Reason]
	sum.Flows += l.Flows
	sum.Bytes += l.Bytes
	sum.Messages += l.Messages
	m.losses[l.Reason] = sum
}

// loss returns what was lost for a reason.
func (m *memory) loss(reason string) flow.Loss {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.losses[reason]
}

// conn returns the record of a connection.
func (m *memory) conn(t *testing.T, id uint64) *flow.Conn {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.conns {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no record of connection %d", id)
	return nil
}

// next waits for one flow.
func (m *memory) next(t *testing.T) *flow.Flow {
	t.Helper()
	select {
	case f := <-m.flows:
		return f
	case <-time.After(patience):
		t.Fatal("no flow reached the sink")
		return nil
	}
}

// quietLog collects what is logged, to look for what must not be there.
type quietLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (q *quietLog) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.b.Write(p)
}

func (q *quietLog) String() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.b.String()
}

func (q *quietLog) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(q, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// captureStandardLog collects what libraries print by themselves.
func captureStandardLog(t testing.TB, q *quietLog) {
	old := log.Writer()
	log.SetOutput(q)
	t.Cleanup(func() { log.SetOutput(old) })
}

// A rig is a proxy between a client and an origin.
type rig struct {
	p      *Proxy
	addr   string // of the proxy
	sink   *memory
	log    *quietLog
	ca     *authority.Authority
	origin *httptest.Server // nil: none
	base   string           // URL of the origin as the client uses it
	client *http.Client
	stop   func() error // ends Serve and returns its error
}

// start serves a proxy with o until the test ends.
func start(t testing.TB, o Options) *rig {
	t.Helper()
	r := &rig{sink: newMemory(), log: new(quietLog), ca: o.CA}
	if o.Sink == nil {
		o.Sink = r.sink
	}
	if o.Grace == 0 {
		o.Grace = time.Second
	}
	o.Logger = r.log.logger()
	o.Listen = "127.0.0.1:0"
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	r.p, r.addr = p, l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if r.client != nil {
			r.client.CloseIdleConnections()
		}
		if err := r.stop(); err != nil {
			t.Errorf("Serve: %v", err)
		}
		if len(r.sink.early) > 0 {
			t.Errorf("flows before the record of their connection: %v", r.sink.early)
		}
		if free := p.budget.Free(); free != p.o.MaxInFlight {
			t.Errorf("budget after the end: %d free of %d", free, p.o.MaxInFlight)
		}
		if n := p.n.panics.Load(); n > 0 {
			t.Errorf("%d panics:\n%s", n, r.log)
		}
	})
	return r
}

func testCA(t testing.TB) *authority.Authority {
	t.Helper()
	ca, err := authority.Load(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func (r *rig) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	if r.ca == nil {
		return pool
	}
	pool.AppendCertsFromPEM(r.ca.CertPEM())
	return pool
}

// A path is a way of a request through the proxy.
type path struct {
	name     string
	tls      bool // client to proxy, inside any tunnel
	h2       bool // client to proxy
	targetH2 bool
	reverse  bool
	tunnel   bool // plain HTTP in a CONNECT tunnel
}

var paths = []path{
	{name: "forward"},
	{name: "reverse", reverse: true},
	{name: "plain in a tunnel", tunnel: true},
	{name: "MITM HTTP/1.1", tls: true},
	{name: "MITM HTTP/2", tls: true, h2: true, targetH2: true},
	{name: "MITM HTTP/2 to HTTP/1.1", tls: true, h2: true},
	{name: "MITM HTTP/1.1 to HTTP/2", tls: true, targetH2: true},
	{name: "reverse with TLS and HTTP/1.1", tls: true, reverse: true},
	{name: "reverse with TLS and HTTP/2", tls: true, h2: true, targetH2: true, reverse: true},
	{name: "reverse in clear HTTP/2", h2: true, targetH2: true, reverse: true},
}

// eachPath runs f for every path, with an origin that serves h.
func eachPath(t *testing.T, h http.HandlerFunc, f func(t *testing.T, p path, r *rig)) {
	for _, p := range paths {
		t.Run(p.name, func(t *testing.T) { f(t, p, p.open(t, h, Options{})) })
	}
}

// open makes origin, proxy and client of a path.
func (p path) open(t testing.TB, h http.HandlerFunc, o Options) *rig {
	t.Helper()
	origin := httptest.NewUnstartedServer(h)
	origin.Config.ErrorLog = log.New(io.Discard, "", 0)
	origin.EnableHTTP2 = p.targetH2
	if p.targetH2 && !p.tls {
		origin.Config.Protocols = new(http.Protocols)
		origin.Config.Protocols.SetUnencryptedHTTP2(true)
		origin.EnableHTTP2 = false
	}
	if p.tls {
		origin.StartTLS()
		o.UpstreamRoots = x509.NewCertPool()
		o.UpstreamRoots.AddCert(origin.Certificate())
	} else {
		origin.Start()
	}
	t.Cleanup(origin.Close)
	if o.CA == nil {
		o.CA = testCA(t)
	}
	if p.reverse {
		o.Upstream, _ = url.Parse(origin.URL)
		o.ListenTLS = p.tls
	}
	r := start(t, o)
	r.origin, r.base = origin, origin.URL
	if p.reverse {
		r.base = "http://" + r.addr
		if p.tls {
			r.base = "https://" + r.addr
		}
	}
	r.client = &http.Client{
		Transport:     p.transport(r),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return r
}

// transport is that of a client for this path.
func (p path) transport(r *rig) *http.Transport {
	t := &http.Transport{
		TLSClientConfig:       &tls.Config{RootCAs: r.roots()},
		ForceAttemptHTTP2:     p.h2,
		DisableCompression:    true,
		ExpectContinueTimeout: time.Hour,
	}
	switch {
	case p.tunnel:
		t.DialContext = func(_ context.Context, _, addr string) (net.Conn, error) { return connectTo(r.addr, addr) }
	case !p.reverse:
		t.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: r.addr})
	}
	if p.h2 && !p.tls {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	return t
}

// connectTo opens a CONNECT tunnel.
func connectTo(proxy, target string) (net.Conn, error) {
	c, err := net.Dial("tcp", proxy)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target)
	br := bufio.NewReaderSize(c, 16)
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
	if err != nil || resp.StatusCode != http.StatusOK || br.Buffered() > 0 {
		c.Close()
		return nil, fmt.Errorf("CONNECT %s: %v, %v", target, resp, err)
	}
	return c, nil
}

// get sends a request and reads the answer.
func (r *rig) get(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func request(t testing.TB, method, url string, body io.Reader, fields ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		req.Header.Add(fields[i], fields[i+1])
	}
	return req
}

// within fails the test when ch is not closed or sent to.
func within[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("%s did not happen", what)
		panic("unreachable")
	}
}

func names(h flow.Headers) string {
	var list []string
	for _, f := range h {
		list = append(list, f.Name+": "+f.Value)
	}
	return strings.Join(list, "\n")
}

func mustParse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
