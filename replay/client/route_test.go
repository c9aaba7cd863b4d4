package client

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// pair is a certificate and its key as PEM text.
type pair struct{ cert, key string }

// certified makes a certificate that signs itself, for names and 127.0.0.1.
func certified(t *testing.T, names ...string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		cert: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
	}
}

// telling starts a TLS server with the certificate, which tells what it saw.
func telling(t *testing.T, p pair) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clients := 0
		if r.TLS != nil {
			clients = len(r.TLS.PeerCertificates)
			fmt.Fprintf(w, "sni=%s ", r.TLS.ServerName)
		}
		fmt.Fprintf(w, "host=%s clients=%d", r.Host, clients)
	}))
	own, err := tls.X509KeyPair([]byte(p.cert), []byte(p.key))
	if err != nil {
		t.Fatal(err)
	}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequestClientCert}
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, o Options, r Route) string {
	t.Helper()
	var resp Response
	req := get("/")
	req.Authority = ""
	if _, err := newPool(t, o, 1).Do(t.Context(), r, 0, req, &resp); err != nil {
		return ErrorName(err)
	}
	return string(resp.Body.Data)
}

func TestHostAndNameAreTheRoutes(t *testing.T) {
	own := certified(t, "shop.test")
	s := telling(t, own)
	port := s.Listener.Addr().(*net.TCPAddr).Port
	at := fmt.Sprintf("shop.test:%d", port)
	for _, tt := range []struct {
		name  string
		o     Options
		route Route
		want  string
	}{
		{"host of the route", Options{Roots: own.cert}, Route{Origin: s.URL, Host: "shop.test"}, "sni=shop.test host=shop.test clients=0"},
		{"host with a port", Options{Roots: own.cert}, Route{Origin: s.URL, Host: "shop.test:8443", Protocol: HTTP1}, "sni=shop.test host=shop.test:8443 clients=0"},
		{"name resolved by hand", Options{Roots: own.cert, Resolve: map[string]string{"shop.test": "127.0.0.1"}}, Route{Origin: "https://" + at}, "sni=shop.test host=" + at + " clients=0"},
		{"name and port resolved by hand", Options{Roots: own.cert, Resolve: map[string]string{"shop.test:443": s.Listener.Addr().String()}}, Route{Origin: "https://shop.test"}, "sni=shop.test host=shop.test clients=0"},
		{"a client certificate", Options{Roots: own.cert, Cert: own.cert, Key: own.key}, Route{Origin: s.URL, Host: "shop.test"}, "sni=shop.test host=shop.test clients=1"},
		{"any certificate", Options{Insecure: true}, Route{Origin: s.URL, Host: "other.test"}, "sni=other.test host=other.test clients=0"},
		{"roots that do not lead there", Options{Roots: certified(t).cert}, Route{Origin: s.URL, Host: "shop.test"}, "tls"},
	} {
		if got := ask(t, tt.o, tt.route); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// httpProxy is a proxy that counts what passes.
type httpProxy struct {
	*httptest.Server
	tunnels, plain atomic.Int64
}

func newHTTPProxy(t *testing.T, start func(*httptest.Server)) *httpProxy {
	t.Helper()
	p := &httpProxy{}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:s3cret"))
		switch {
		case r.Header.Get("Proxy-Authorization") != user:
			w.WriteHeader(http.StatusProxyAuthRequired)
		case r.Method == http.MethodConnect:
			p.tunnels.Add(1)
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			io.WriteString(c, "HTTP/1.1 200 Connected\r\n\r\n")
			relay(c, r.Host)
		default:
			p.plain.Add(1)
			r.RequestURI = ""
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer resp.Body.Close()
			io.Copy(w, resp.Body)
		}
	}))
	start(p.Server)
	t.Cleanup(p.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return p
}

func TestConnectionsPassTheProxy(t *testing.T) {
	own := certified(t, "shop.test")
	secure := telling(t, own)
	plain := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto+" "+r.RequestURI) }))
	plain.Config.Protocols = new(http.Protocols)
	plain.Config.Protocols.SetHTTP1(true)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Start()
	defer plain.Close()
	for name, start := range map[string]func(*httptest.Server){"http": (*httptest.Server).Start, "https": (*httptest.Server).StartTLS} {
		t.Run(name, func(t *testing.T) {
			p := newHTTPProxy(t, start)
			with := func(user string) Options {
				return Options{Insecure: true, Proxy: strings.Replace(p.URL, "://", "://"+user+"@", 1)}
			}
			if got := ask(t, with("ann:s3cret"), Route{Origin: secure.URL, Host: "shop.test"}); got != "sni=shop.test host=shop.test clients=0" {
				t.Errorf("TLS: %q", got)
			}
			if got := ask(t, with("ann:s3cret"), Route{Origin: plain.URL}); got != "HTTP/1.1 /" {
				t.Errorf("plain: %q", got)
			}
			if got := ask(t, with("ann:s3cret"), Route{Origin: plain.URL, Protocol: HTTP2}); got != "HTTP/2.0 /" {
				t.Errorf("plain HTTP/2: %q", got)
			}
			if got := ask(t, with("ann:s3cret"), Route{Origin: plain.URL, Host: "shop.invalid"}); got != "HTTP/1.1 /" {
				t.Errorf("plain under another name: %q", got)
			}
			moved := with("ann:s3cret")
			moved.Resolve = map[string]string{"shop.invalid": plain.Listener.Addr().String()}
			if got := ask(t, moved, Route{Origin: "http://shop.invalid"}); got != "HTTP/1.1 /" {
				t.Errorf("plain at another address: %q", got)
			}
			var resp Response
			elsewhere := get("/") // its Host is a name that has no address
			if _, err := newPool(t, with("ann:s3cret"), 1).Do(t.Context(), Route{Origin: plain.URL}, 0, elsewhere, &resp); err != nil || resp.Status != 200 {
				t.Errorf("plain with the Host of the request: %d, %v", resp.Status, err)
			}
			if p.tunnels.Load() != 4 || p.plain.Load() != 2 {
				t.Errorf("%d tunnels, %d plain requests; want 4, 2", p.tunnels.Load(), p.plain.Load())
			}
			if got := ask(t, with("ann:wrong"), Route{Origin: secure.URL}); got != "proxy" {
				t.Errorf("with a wrong password: %q", got)
			}
		})
	}
	t.Run("socks5", func(t *testing.T) {
		var passed atomic.Int64
		o := Options{Insecure: true, Proxy: "socks5://ann:s3cret@" + listen(t, func(c net.Conn) { socks5(c, &passed) })}
		if got := ask(t, o, Route{Origin: secure.URL, Host: "shop.test"}); got != "sni=shop.test host=shop.test clients=0" || passed.Load() != 1 {
			t.Errorf("%q, %d passed", got, passed.Load())
		}
	})
}

// socks5 serves one connection of a SOCKS5 proxy (RFC 1928, RFC 1929) to IPv4
// addresses.
func socks5(c net.Conn, passed *atomic.Int64) {
	r := bufio.NewReader(c)
	read := func(n int) []byte {
		b := make([]byte, n)
		io.ReadFull(r, b)
		return b
	}
	read(int(read(2)[1]))
	c.Write([]byte{5, 2})
	user := string(read(int(read(2)[1])))
	if password := string(read(int(read(1)[0]))); user != "ann" || password != "s3cret" {
		c.Write([]byte{1, 1})
		return
	}
	c.Write([]byte{1, 0})
	read(4)
	to := net.JoinHostPort(net.IP(read(4)).String(), fmt.Sprint(binary.BigEndian.Uint16(read(2))))
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	passed.Add(1)
	relay(c, to)
}

func TestSourcesTakeTurns(t *testing.T) {
	seen := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RemoteAddr) }))
	defer s.Close()
	d, err := New(Options{Sources: []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		p := d.Pool(1)
		var resp Response
		if _, err := p.Do(t.Context(), Route{Origin: s.URL}, 0, get("/"), &resp); err != nil {
			t.Skip("this system has one loopback address:", err)
		}
		host, _, _ := net.SplitHostPort(string(resp.Body.Data))
		seen[host]++
		p.Close()
	}
	if want := map[string]int{"127.0.0.1": 2, "127.0.0.2": 2, "127.0.0.3": 2}; !reflect.DeepEqual(seen, want) {
		t.Errorf("connections came from %v, want %v", seen, want)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	own := certified(t)
	for name, tt := range map[string]struct {
		o    Options
		want string
	}{
		"roots":               {Options{Roots: "none"}, "roots hold no certificate"},
		"certificate alone":   {Options{Cert: own.cert}, "needs its key"},
		"key of another":      {Options{Cert: own.cert, Key: certified(t).key}, "client certificate"},
		"proxy scheme":        {Options{Proxy: "ftp://ann:s3cret@proxy"}, "none of http"},
		"proxy without host":  {Options{Proxy: "http://"}, "names no host"},
		"proxy that is none":  {Options{Proxy: "http://ann:s3cret@[::1"}, "no URL"},
		"two protocols":       {Options{H2C: true, HTTP1: true}, "exclude each other"},
		"negative limits":     {Options{MaxBody: -1, Budget: -1}, "body limit is negative\nbudget of bodies is negative"},
		"source that is none": {Options{Sources: []string{"eth0"}}, "no IP address"},
		"resolve to nothing":  {Options{Resolve: map[string]string{"shop.test": ""}}, "a name and an address"},
	} {
		d, err := New(tt.o)
		if err == nil || d != nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestOptionsTravel(t *testing.T) {
	own := certified(t)
	want := Options{Insecure: true, Roots: own.cert, Cert: own.cert, Key: own.key, Proxy: "http://p", Resolve: map[string]string{"a": "b"},
		Sources: []string{"127.0.0.1"}, H2C: true, MaxBody: 1, Budget: 2, DialTimeout: time.Second}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Options
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s came back as %+v, %v", text, got, err)
	}
}
