package proxy

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// serveTCP answers each connection with f.
func serveTCP(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); f(c) })
		}
	})
	return l.Addr().String()
}

func TestATunnelThatIsNeitherTLSNorHTTPPassesUntouched(t *testing.T) {
	echo := func(c net.Conn) { io.Copy(c, c); io.WriteString(c, "END") }
	greet := func(c net.Conn) { io.WriteString(c, "220 hello\r\n"); echo(c) }
	for _, c := range []struct {
		name, says, greeting string
		serve                func(net.Conn)
		withoutCA            bool
	}{
		{name: "binary", says: "\x00\x01\x02 binary", serve: echo},
		{name: "a text protocol", says: "EHLO example\r\n", serve: echo},
		{name: "lower case", says: "hello", serve: echo},
		{name: "a byte that looks like TLS", says: "\x16\x16", serve: echo},
		{name: "a target that speaks first", says: "GET nothing\r\n", greeting: "220 hello\r\n", serve: greet},
		{name: "without CA all pass", says: "GET / HTTP/1.1\r\n\r\n", serve: echo, withoutCA: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{}
			if !c.withoutCA {
				o.CA = testCA(t)
			}
			r := start(t, o)
			conn, err := connectTo(r.addr, serveTCP(t, c.serve))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			b := make([]byte, len(c.greeting))
			if _, err := io.ReadFull(conn, b); err != nil || string(b) != c.greeting {
				t.Fatalf("greeting %q, %v", b, err)
			}
			io.WriteString(conn, c.says)
			closeWrite(conn)
			got, err := io.ReadAll(conn)
			if err != nil || string(got) != c.says+"END" {
				t.Errorf("got %q, %v; want %q", got, err, c.says+"END")
			}
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			bytes := uint64(2*len(c.says) + len(c.greeting) + len("END"))
			if n := r.p.Counts(); n.Tunnels != 1 || n.TunnelBytes != bytes || n.Flows != 0 || n.Conns != 0 {
				t.Errorf("counts %+v, want one tunnel of %d bytes alone", n, bytes)
			}
			if c.withoutCA {
				bytes = 0 // was not to be read
			}
			if got := r.sink.loss(flow.LossUnparsed).Bytes; got != bytes {
				t.Errorf("%d bytes declared as not understood, want %d", got, bytes)
			}
		})
	}
}

func TestRecognise(t *testing.T) {
	for in, want := range map[string]speech{
		"":                                  speaksMore,
		"\x16":                              speaksMore,
		"\x16\x03":                          speaksTLS,
		"\x16\x02":                          speaksOpaque,
		"G":                                 speaksMore,
		"GET /":                             speaksMore,
		"GET / HTTP/1.1\r\n":                speaksHTTP,
		"M-SEARCH * HTTP/1.1\n":             speaksHTTP,
		"PRI * HTTP/2.0\r\n\r\nSM":          speaksHTTP,
		"GET /\r\n":                         speaksOpaque,
		"QUIT\r\n":                          speaksOpaque,
		" GET / HTTP/1.1\r\n":               speaksOpaque,
		"get / HTTP/1.1\r\n":                speaksOpaque,
		"GET /" + strings.Repeat("a", 4000): speaksHTTP,
		strings.Repeat("A", 25):             speaksOpaque,
	} {
		if got := recognise([]byte(in)); got != want {
			t.Errorf("recognise(%.40q) = %d, want %d", in, got, want)
		}
	}
}

func TestAClientThatSendsBeforeTheTunnelStandsLosesNothing(t *testing.T) {
	r := paths[2].open(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) }, Options{})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	host := r.origin.Listener.Addr()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\nGET /early HTTP/1.1\r\nHost: %s\r\n\r\n", host, host, host)
	br := bufio.NewReader(c)
	for _, want := range []string{"", "/early"} {
		resp, err := http.ReadResponse(br, &http.Request{Method: map[bool]string{true: "CONNECT", false: "GET"}[want == ""]})
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%q: %v, %v", want, resp, err)
		}
		if want != "" {
			if b, _ := io.ReadAll(resp.Body); string(b) != want {
				t.Errorf("got %q, want %q", b, want)
			}
		}
	}
	r.sink.next(t)
}

func TestACertificateIsForTheNameThatTheClientAsksFor(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, " ", r.TLS.ServerName) }
	for _, p := range []path{paths[3], paths[4]} {
		t.Run(p.name, func(t *testing.T) {
			r := p.open(t, handler, Options{})
			// The tunnel leads to an address, the name inside is another: example.com
			// is in the certificate of httptest.
			tr := p.transport(r)
			defer tr.CloseIdleConnections()
			tr.TLSClientConfig.ServerName = "example.com"
			r.client = &http.Client{Transport: tr}
			req := request(t, "GET", r.base+"/", nil)
			req.Host = "other.example.com"
			resp, body := r.get(t, req)
			if body != "other.example.com example.com" {
				t.Errorf("the target saw %q", body)
			}
			if leaf := resp.TLS.PeerCertificates[0]; fmt.Sprint(leaf.DNSNames) != "[example.com]" {
				t.Errorf("certificate for %v %v", leaf.DNSNames, leaf.IPAddresses)
			}
			f := r.sink.next(t)
			c := r.sink.conn(t, f.Conn)
			if f.Request.Authority != "other.example.com" || c.TLS.ServerName != "example.com" || c.Server != r.origin.Listener.Addr().String() {
				t.Errorf("recorded for %s, connection %+v with %+v", f.Request.Authority, c, c.TLS)
			}
		})
	}
}

func TestATargetThatIsNotTrustedIsA502ThatNamesIt(t *testing.T) {
	for _, p := range []path{paths[3], paths[4]} {
		for name, c := range map[string]struct{ server, want string }{
			"unknown authority": {"", "unknown authority"},
			"another host":      {"wrong.test", "for another host"},
		} {
			t.Run(p.name+", "+name, func(t *testing.T) {
				r := p.open(t, func(http.ResponseWriter, *http.Request) {}, Options{})
				tr := p.transport(r)
				defer tr.CloseIdleConnections()
				if c.server == "" {
					r.p.self.roots = x509.NewCertPool()
				} else {
					tr.TLSClientConfig.ServerName = c.server
				}
				r.client = &http.Client{Transport: tr}
				resp, body := r.get(t, request(t, "GET", r.base+"/", nil))
				if resp.StatusCode != 502 || !strings.Contains(body, "certificate of 127.0.0.1") || !strings.Contains(body, c.want) {
					t.Errorf("got %d %q", resp.StatusCode, body)
				}
				if f := r.sink.next(t); f.Error != "certificate untrusted" || f.Response != nil {
					t.Errorf("recorded with error %q", f.Error)
				}
			})
		}
	}
}

func TestATargetThatDoesNotSpeakTLSIsA502(t *testing.T) {
	target := serveTCP(t, func(c net.Conn) { io.WriteString(c, "not TLS at all\r\n") })
	r := start(t, Options{CA: testCA(t)})
	r.client = &http.Client{Transport: path{tls: true}.transport(r)}
	resp, body := r.get(t, request(t, "GET", "https://"+target+"/", nil))
	if f := r.sink.next(t); resp.StatusCode != 502 || f.Error != "tls failed" {
		t.Errorf("got %d %q, recorded with error %q", resp.StatusCode, body, f.Error)
	}
}

func TestAClientThatDoesNotTrustTheAuthorityIsCounted(t *testing.T) {
	r := paths[3].open(t, func(http.ResponseWriter, *http.Request) {}, Options{})
	r.client.Transport.(*http.Transport).TLSClientConfig = nil
	if _, err := r.client.Get(r.base + "/"); err == nil {
		t.Fatal("the client trusted the proxy")
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if n := r.p.Counts(); n.HandshakeErrors != 1 || n.Conns != 0 {
		t.Errorf("counts %+v", n)
	}
}

func TestRequestsWithoutTargetAreExplained(t *testing.T) {
	forward := start(t, Options{})
	reverse := paths[1].open(t, func(http.ResponseWriter, *http.Request) {}, Options{})
	for _, c := range []struct {
		name, addr, head string
		status           int
	}{
		{"origin form to a forward proxy", forward.addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"another scheme", forward.addr, "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"the proxy itself", forward.addr, "GET http://" + forward.addr + "/ HTTP/1.1\r\nHost: x\r\n\r\n", 508},
		{"CONNECT to a reverse proxy", reverse.addr, "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n", 405},
	} {
		conn, err := net.Dial("tcp", c.addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, c.head)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != c.status {
			t.Errorf("%s: %v, %v; want %d", c.name, resp, err, c.status)
		}
		conn.Close()
	}
}

func TestReverseKeepsTheHostOfTheClientUnlessToldOtherwise(t *testing.T) {
	for _, keep := range []bool{false, true} {
		r := paths[1].open(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) }, Options{UpstreamHost: !keep})
		req := request(t, "GET", r.base+"/", nil)
		req.Host = "shop.test"
		want := r.origin.Listener.Addr().String()
		if keep {
			want = "shop.test"
		}
		_, body := r.get(t, req)
		if f := r.sink.next(t); body != want || f.Request.Authority != want {
			t.Errorf("keeping %v: the target saw %q, recorded for %q; want %q", keep, body, f.Request.Authority, want)
		}
	}
}

func TestATargetsUnaskedBytesAreNotPrinted(t *testing.T) {
	target := serveTCP(t, func(c net.Conn) {
		br := bufio.NewReader(c)
		for {
			req, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			// in one piece, so that it cannot be the answer to the next request
			io.WriteString(c, "HTTP/1.1 200 OK\r\n"+map[string]string{
				"/length":  "Content-Length: 2\r\n\r\nok",
				"/chunked": "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
				"/head":    "Content-Length: 6\r\n\r\n",
			}[req.URL.Path]+"SECRET")
		}
	})
	r := start(t, Options{})
	captureStandardLog(t, r.log)
	r.client = &http.Client{Transport: paths[0].transport(r)}
	for range 20 {
		for path, method := range map[string]string{"/length": "GET", "/chunked": "GET", "/head": "HEAD"} {
			if _, body := r.get(t, request(t, method, "http://"+target+path, nil)); body != "ok" && method == "GET" {
				t.Errorf("%s: got %q", path, body)
			}
		}
	}
	r.client.CloseIdleConnections()
	r.stop()
	if strings.Contains(r.log.String(), "SECRET") {
		t.Errorf("printed: %s", r.log)
	}
}

func TestSecretsNeverReachTheLog(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "SECRET")
		io.WriteString(w, "SECRET")
		if r.URL.Path == "/cut" {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	}
	for _, p := range paths {
		t.Run(p.name, func(t *testing.T) {
			r := p.open(t, handler, Options{})
			captureStandardLog(t, r.log)
			for _, path := range []string{"/", "/cut", "/down"} {
				if path == "/down" {
					r.origin.Close()
				}
				req := request(t, "POST", r.base+path+"?token=SECRET", strings.NewReader("SECRET"), "Authorization", "SECRET", "Cookie", "SECRET")
				if resp, err := r.client.Do(req); err == nil {
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			}
			if !p.h2 {
				c := p.dial(t, r)
				io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nSECRET\r\nBad Header: SECRET\r\n\r\n")
				io.Copy(io.Discard, c)
				c.Close()
			}
			r.client.CloseIdleConnections()
			r.stop()
			if log := r.log.String(); strings.Contains(log, "SECRET") {
				t.Errorf("logged: %s", log)
			}
		})
	}
}

func TestEnvironmentProxiesAreNotUsed(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	r := paths[3].open(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "direct") }, Options{})
	if _, body := r.get(t, request(t, "GET", r.base+"/", nil)); body != "direct" {
		t.Errorf("got %q", body)
	}
	if r.p.engine.ConnectDial != nil || r.p.engine.Tr.Proxy != nil || r.p.engine.PreventCanonicalization {
		t.Error("goproxy is set up to use a proxy or to keep every byte")
	}
}

func TestFailureNames(t *testing.T) {
	for err, want := range map[error]string{
		&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host"}}:                     failNoHost,
		&net.OpError{Op: "dial", Err: errors.New("any")}:                                      failDial,
		&handshakeError{errors.New("any")}:                                                    failTLS,
		&handshakeError{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}: failUntrusted,
		io.ErrUnexpectedEOF:                          failClosed,
		errors.New("malformed HTTP response SECRET"): failInvalid,
	} {
		name, text := failure(err, "host:1")
		if name == failUntrusted && !strings.Contains(text, "--upstream-ca") {
			t.Errorf("%q does not say what to do about it", text)
		}
		if name != want || strings.Contains(text, "SECRET") || !strings.Contains(text, "host:1") {
			t.Errorf("failure(%v) = %q, %q; want %q", err, name, text, want)
		}
	}
}

func TestATunnelThatCannotBeConnectedIsRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	r := start(t, Options{CA: testCA(t), Lists: Lists{Tunnel: []string{"*"}}})
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address)
	got, err := io.ReadAll(c)
	if !strings.HasPrefix(string(got), "HTTP/1.1 502 ") || !strings.Contains(string(got), address+" refused the connection") || err != nil {
		t.Errorf("answered %q, %v", got, err)
	}
	if n := r.p.Counts().Tunnels; n != 0 {
		t.Errorf("%d tunnels counted", n)
	}
}
