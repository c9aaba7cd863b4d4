package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// serve serves a proxy of o on l until the test ends.
func serve(t *testing.T, l net.Listener, o Options) (*Proxy, *memory) {
	t.Helper()
	sink := newMemory()
	o.Sink = sink
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return p, sink
}

func listen(t *testing.T, address string) (l net.Listener, port string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return l, port
}

func TestAReverseProxyToItselfUnderAnotherAddressAnswersOnce(t *testing.T) {
	ca := testCA(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.CertPEM())
	clear := new(http.Protocols)
	clear.SetUnencryptedHTTP2(true)
	for _, c := range []struct {
		name, scheme, host string
		client             *http.Transport
	}{
		{"another address of this machine", "http", "127.0.0.2", &http.Transport{}},
		{"a mapped address", "http", "[::ffff:127.0.0.1]", &http.Transport{}},
		{"a name", "http", "localhost", &http.Transport{}},
		{"clear HTTP/2", "h2c", "127.0.0.2", &http.Transport{Protocols: clear}},
		{"HTTP/1.1 in TLS", "https", "127.0.0.2", &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}},
		{"HTTP/2 in TLS", "https", "127.0.0.2", &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, port := listen(t, "0.0.0.0:0")
			p, sink := serve(t, l, Options{Upstream: &url.URL{Scheme: c.scheme, Host: c.host + ":" + port}, ListenTLS: c.scheme == "https", CA: ca, UpstreamRoots: roots})
			defer c.client.CloseIdleConnections()
			scheme := strings.Replace(c.scheme, "h2c", "http", 1)
			for n := range 2 {
				resp, err := (&http.Client{Transport: c.client}).Get(scheme + "://127.0.0.1:" + port + "/")
				if err != nil {
					t.Fatal(err)
				}
				text, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusLoopDetected || !strings.Contains(string(text), "loop") {
					t.Errorf("answered %d %q", resp.StatusCode, text)
				}
				if f := sink.next(t); f.Error != failItself || p.Counts().Flows != uint64(n+1) || p.Counts().Loops != uint64(n+1) {
					t.Errorf("recorded %d flows of %d loops, error %q", p.Counts().Flows, p.Counts().Loops, f.Error)
				}
			}
		})
	}
}

func TestALoopThroughAnotherProxyEnds(t *testing.T) {
	l, port := listen(t, "127.0.0.1:0")
	var passed atomic.Int64
	back := httputil.NewSingleHostReverseProxy(mustParse(t, "http://127.0.0.1:"+port))
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		passed.Add(1)
		back.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	p, sink := serve(t, l, Options{Upstream: mustParse(t, between.URL)})
	for _, most := range []int64{manyAlike + 1, 1} { // it is wary then
		passed.Store(0)
		resp, err := http.Get("http://127.0.0.1:" + port + "/a?b")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusLoopDetected || !strings.Contains(string(text), "loop") || passed.Load() != most {
			t.Errorf("answered %d %q after %d rounds, want %d", resp.StatusCode, text, passed.Load(), most)
		}
		for range most {
			if f := sink.next(t); f.Error != failItself || f.Request.Headers.Has(loopField) {
				t.Errorf("recorded with error %q: %v", f.Error, f.Request.Headers)
			}
		}
	}
	if n := p.Counts().Loops; n != 2 {
		t.Errorf("%d loops, want 2", n)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestForwardProxiesThatSendThroughEachOther(t *testing.T) {
	one, port1 := listen(t, "127.0.0.1:0")
	two, port2 := listen(t, "127.0.0.1:0")
	ca := testCA(t)
	tunnel := Lists{Tunnel: []string{"*"}}
	serve(t, one, Options{CA: ca, Lists: tunnel, Via: mustParse(t, "http://127.0.0.1:"+port2)})
	serve(t, two, Options{CA: ca, Lists: tunnel, Via: mustParse(t, "http://localhost:"+port1)})
	for _, ask := range []string{
		"GET http://app.test/ HTTP/1.1\r\nHost: app.test\r\n\r\n",
		"CONNECT app.test:443 HTTP/1.1\r\nHost: app.test:443\r\n\r\n",
	} {
		c, err := net.Dial("tcp", "127.0.0.1:"+port1)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, ask)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusLoopDetected || !strings.Contains(string(text), "loop") {
			t.Errorf("%q answered %d %q", ask, resp.StatusCode, text)
		}
		c.Close()
	}
}

func TestATunnelToTheProxyItself(t *testing.T) {
	for _, lists := range []Lists{{}, {Tunnel: []string{"*"}}} {
		l, port := listen(t, "0.0.0.0:0")
		serve(t, l, Options{CA: testCA(t), Lists: lists})
		own := "127.0.0.3:" + port
		c, err := connectTo("127.0.0.1:"+port, own)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n", own, own)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != http.StatusLoopDetected {
			t.Errorf("%v: answered %v, %v", lists, resp, err)
		}
		c.Close()
	}
}

func TestTargetsSeeNoToken(t *testing.T) {
	var told atomic.Int64
	entered, leave := make(chan struct{}), make(chan struct{})
	r := paths[1].open(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get(loopField) != "" {
			told.Add(1)
		}
		entered <- struct{}{}
		<-leave
	}, Options{})
	done := make(chan error, manyAlike)
	for i := range manyAlike {
		go func() {
			resp, err := r.client.Get(fmt.Sprint(r.base, "/poll?", i%2))
			if err == nil {
				resp.Body.Close()
			}
			done <- err
		}()
	}
	for range manyAlike {
		within(t, entered, "a request at the target")
	}
	close(leave)
	for range manyAlike {
		if err := within(t, done, "an answer"); err != nil {
			t.Error(err)
		}
	}
	if n := told.Load(); n != 0 {
		t.Errorf("%d requests carried the token of the proxy", n)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if n := len(r.p.loops.alike); n != 0 {
		t.Errorf("%d requests still under way", n)
	}
}

func TestAClientWithThePortOfAnOwnConnectionIsNoLoop(t *testing.T) {
	const opener = "127.0.0.1:40000"
	l := newLoops()
	c := l.opened(ends{from: opener, to: "127.0.0.1:9000"})
	for taker, want := range map[string]bool{"127.0.0.1:9000": true, "[::ffff:127.0.0.1]:9000": true, "127.0.0.1:8080": false} {
		far := ends{from: opener, to: taker}
		if got := l.back(link{addrPort(far.LocalAddr()), addrPort(far.RemoteAddr())}, nil); got != want {
			t.Errorf("from %s to %s: %t", opener, taker, got)
		}
	}
	c.Close()
	if len(l.ours) != 0 {
		t.Errorf("%d connections left", len(l.ours))
	}
}

// ends is a connection that has nothing but its ends.
type ends struct {
	net.Conn
	from, to string
}

func (e ends) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(e.from)) }
func (e ends) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(e.to)) }
func (e ends) Close() error         { return nil }
