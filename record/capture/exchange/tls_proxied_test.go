package exchange_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/capture/exchange"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/proxy"
	"github.com/starling-load/starling/record/proxy/authority"
)

// A way is how a client reaches the origin through the proxy.
type way struct {
	name    string
	version uint16 // of TLS; 0: no TLS
	h2      bool
	forward bool // CONNECT and MITM; else a reverse proxy
}

var ways = []way{
	{"HTTP/1.1 in clear", 0, false, false},
	{"HTTP/2 in clear", 0, true, false},
	{"HTTP/1.1 over TLS 1.2", tls.VersionTLS12, false, false},
	{"HTTP/2 over TLS 1.2", tls.VersionTLS12, true, false},
	{"HTTP/1.1 over TLS 1.3", tls.VersionTLS13, false, false},
	{"HTTP/2 over TLS 1.3", tls.VersionTLS13, true, false},
	{"HTTP/1.1 through CONNECT", tls.VersionTLS13, false, true},
	{"HTTP/2 through CONNECT", tls.VersionTLS12, true, true},
}

// A secretLog is a key log in memory.
type secretLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *secretLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// shop answers with what the tests look at: bodies, trailers, events, an interim
// response.
func shop(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch r.URL.Path {
	case "/events":
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
		}
	case "/trailers":
		w.Header().Set("Trailer", "Sum")
		fmt.Fprint(w, strings.Repeat("t", 3000))
		w.Header().Set("Sum", fmt.Sprint(len(body)))
	case "/hints":
		w.Header().Set("Link", "</style>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, "after hints")
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
	case "/large":
		w.Write(bytes.Repeat([]byte("0123456789abcdef"), 5_000))
	default:
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(len(r.URL.Path) + 205)
		fmt.Fprintf(w, "%s %s %d", r.Method, r.URL, len(body))
	}
}

// visit makes the requests of one user.
func visit(t *testing.T, c *http.Client, base string) int {
	t.Helper()
	requests := []struct{ method, path, body string }{
		{"GET", "/", ""}, {"HEAD", "/x", ""}, {"POST", "/form?a=b", strings.Repeat("form=1&", 5000)}, {"GET", "/events", ""},
		{"PUT", "/trailers", "five."}, {"GET", "/hints", ""}, {"DELETE", "/empty", ""}, {"GET", "/large", ""}, {"GET", "/a%2Fb?q=%20&r", ""},
	}
	for i, q := range requests {
		r, err := http.NewRequest(q.method, base+q.path, strings.NewReader(q.body))
		if err != nil {
			t.Fatal(err)
		}
		if q.body == "" {
			r.Body, r.ContentLength = http.NoBody, 0
		}
		r.Header.Set("X-Number", fmt.Sprint(i))
		r.Header.Add("X-Same", "always")
		r.AddCookie(&http.Cookie{Name: "session", Value: "blue"})
		r.AddCookie(&http.Cookie{Name: "theme", Value: "dark"})
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	return len(requests)
}

// TestCaptureEqualsProxy records the same session twice: by the proxy, and from the bytes
// of the client's connection.
func TestCaptureEqualsProxy(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			proxied, captured, counts := w.record(t)
			if len(captured.losses) != 0 || counts.Partial.Load() != 0 {
				t.Errorf("losses %v, %d partial flows: want none", captured.losses, counts.Partial.Load())
			}
			var flows []*flow.Flow
			for _, f := range captured.flows {
				if f.Request.Method != "CONNECT" {
					flows = append(flows, f)
				}
			}
			sorted := w.h2 || w.version != 0 && !w.forward
			want, got := plain(proxied.flows, sorted), plain(flows, sorted)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("captured flows differ from those of the proxy (-proxy +capture):\n%s", diff)
			}
			if diff := gocmp.Diff(proxied.conns[0].TLS, captured.conns[0].TLS); diff != "" {
				t.Errorf("connections differ (-proxy +capture):\n%s", diff)
			}
			for i, f := range flows {
				times(t, f, proxied.flows[i])
			}
		})
	}
}

// times compares the order of the instants.
func times(t *testing.T, got, want *flow.Flow) {
	t.Helper()
	if got.RequestDone <= 0 || got.FirstByte <= 0 || got.Done < got.FirstByte || got.Start.IsZero() {
		t.Errorf("%s: times %v %v %v, proxy %v %v %v", got.Request.Target, got.RequestDone, got.FirstByte, got.Done, want.RequestDone, want.FirstByte, want.Done)
	}
	for i := 1; i < len(got.Messages); i++ {
		if got.Messages[i].At < got.Messages[i-1].At {
			t.Errorf("%s: messages out of order", got.Request.Target)
		}
	}
}

// plain removes what cannot be equal. These are times, names of connections, and the
// order in which the proxy passes on the fields of a response. If the proxy opens HTTP/2
// or TLS to its origin, the order of the request fields goes too, because the proxy does
// not know it then. The proxy also does not keep which trailers HTTP/2 announces, nor the
// case of interim fields there.
func plain(flows []*flow.Flow, sorted bool) (list []flow.Flow) {
	for _, f := range flows {
		g := flow.Flow{
			Scheme: f.Scheme, Protocol: f.Protocol, Request: f.Request, Error: f.Error,
			Interim: slices.Clone(f.Interim), Messages: slices.Clone(f.Messages),
		}
		if f.Response != nil {
			r := *f.Response
			g.Response = &r
		}
		for i := range g.Messages {
			g.Messages[i].At = 0
		}
		sortFields(&g, sorted)
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b flow.Flow) int {
		return cmp.Compare(a.Request.Headers.Value("X-Number"), b.Request.Headers.Value("X-Number"))
	})
	return list
}

func sortFields(f *flow.Flow, request bool) {
	var all []*flow.Headers
	if request {
		all = append(all, &f.Request.Headers, &f.Request.Trailers)
	}
	for i := range f.Interim {
		all = append(all, &f.Interim[i].Headers)
	}
	if f.Response != nil {
		all = append(all, &f.Response.Headers, &f.Response.Trailers)
	}
	for _, h := range all {
		*h = slices.Clone(*h)
		if f.Protocol == "HTTP/2.0" {
			*h = slices.DeleteFunc(*h, func(f flow.Header) bool { return f.Name == "trailer" })
			for i := range *h {
				(*h)[i].Name = strings.ToLower((*h)[i].Name)
			}
		}
		slices.SortStableFunc(*h, func(a, b flow.Header) int { return cmp.Compare(a.Name, b.Name) })
	}
}

// record makes a visit and returns both recordings.
func (w way) record(t *testing.T) (proxied, captured *basket, counts *exchange.Counts) {
	t.Helper()
	origin := httptest.NewUnstartedServer(http.HandlerFunc(shop))
	origin.Config.ErrorLog = log.New(io.Discard, "", 0)
	origin.EnableHTTP2 = w.h2 && w.version != 0
	if w.version != 0 {
		origin.StartTLS()
	} else {
		origin.Config.Protocols = new(http.Protocols)
		origin.Config.Protocols.SetHTTP1(!w.h2)
		origin.Config.Protocols.SetUnencryptedHTTP2(w.h2)
		origin.Start()
	}
	t.Cleanup(origin.Close) // after the proxy, which keeps connections to it
	proxied = newBasket()
	addr, ca := w.proxy(t, origin, proxied)

	secrets, wire := &secretLog{}, &tap{}
	transport := &http.Transport{
		DialContext: wire.dial, DisableCompression: true, Protocols: new(http.Protocols),
		TLSClientConfig: &tls.Config{MinVersion: w.version, MaxVersion: w.version, RootCAs: ca, KeyLogWriter: secrets},
	}
	transport.Protocols.SetHTTP1(!w.h2)
	transport.Protocols.SetHTTP2(w.h2 && w.version != 0)
	transport.Protocols.SetUnencryptedHTTP2(w.h2 && w.version == 0)
	base := "http://" + addr
	if w.version != 0 {
		base = "https://" + strings.Replace(addr, "127.0.0.1", "localhost", 1)
	}
	if w.forward {
		base = origin.URL
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: addr})
	}
	n := visit(t, &http.Client{Transport: transport}, base)
	proxied.wait(t, n)
	transport.CloseIdleConnections()
	captured, counts = wire.parse(secrets.b.Bytes(), 1<<20)
	if again, _ := wire.parse(secrets.b.Bytes(), 1); !gocmp.Equal(plain(again.flows, false), plain(captured.flows, false)) {
		t.Error("cut into single bytes the capture gives other flows")
	}
	return proxied, captured, counts
}

// proxy starts the proxy of a way until the test ends.
func (w way) proxy(t *testing.T, origin *httptest.Server, sink *basket) (addr string, roots *x509.CertPool) {
	t.Helper()
	o := proxy.Options{Listen: "127.0.0.1:0", Sink: sink}
	roots = x509.NewCertPool()
	if w.version != 0 {
		ca, err := authority.Load(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		roots.AppendCertsFromPEM(ca.CertPEM())
		o.CA = ca
		o.UpstreamRoots = x509.NewCertPool()
		o.UpstreamRoots.AddCert(origin.Certificate())
	}
	if !w.forward {
		u, err := url.Parse(origin.URL)
		if err != nil {
			t.Fatal(err)
		}
		o.Upstream, o.ListenTLS = u, w.version != 0
	}
	p, err := proxy.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), roots
}
