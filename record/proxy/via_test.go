package proxy

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/starling-load/starling/record/proxy/authority"
)

// A relayer is another proxy, that notes what it is asked for.
type relayer struct {
	login string // "user:password", "" for none

	mu    sync.Mutex
	asked []string
}

func (r *relayer) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, what)
}

func (r *relayer) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.asked, "\n")
}

// ServeHTTP is a plain HTTP proxy.
func (r *relayer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if r.login != "" && req.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(r.login)) {
		w.Header().Set("Proxy-Authenticate", "Basic")
		http.Error(w, "who are you?", http.StatusProxyAuthRequired)
		return
	}
	r.note(req.Method + " " + req.RequestURI)
	if req.Method != http.MethodConnect {
		req.RequestURI = ""
		req.Header.Del("Proxy-Authorization")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			http.Error(w, "not reached", http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
		return
	}
	target, err := net.Dial("tcp", req.Host)
	if err != nil {
		http.Error(w, "not reached", http.StatusBadGateway)
		return
	}
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	io.WriteString(c, "HTTP/1.1 200 OK\r\nX-More: fields\r\n\r\n")
	join(c, rw.Reader, target)
}

// serveSOCKS speaks SOCKS version 5 (RFC 1928, RFC 1929).
func (r *relayer) serveSOCKS(c net.Conn) {
	br := bufio.NewReader(c)
	read := func(n byte) []byte { b := make([]byte, n); io.ReadFull(br, b); return b }
	methods := read(read(2)[1])
	if r.login == "" {
		c.Write([]byte{5, 0})
	} else if !strings.Contains(string(methods), "\x02") {
		c.Write([]byte{5, 0xff})
		return
	} else {
		c.Write([]byte{5, 2})
		user := read(read(2)[1])
		password := read(read(1)[0])
		if string(user)+":"+string(password) != r.login {
			c.Write([]byte{1, 1})
			return
		}
		c.Write([]byte{1, 0})
	}
	var host string
	switch head := read(4); head[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(read(read(1)[0]))
	}
	address := net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(read(2)))))
	r.note("SOCKS " + address)
	target, err := net.Dial("tcp", address)
	if err != nil {
		c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	join(c, br, target)
}

// join carries bytes between c, read by from, and target.
func join(c net.Conn, from io.Reader, target net.Conn) {
	defer c.Close()
	defer target.Close()
	var wg sync.WaitGroup
	wg.Go(func() { io.Copy(target, from); closeWrite(target) })
	io.Copy(c, target)
	closeWrite(c)
	wg.Wait()
}

// serve starts the proxy for scheme and returns its address, without login.
func (r *relayer) serve(t *testing.T, scheme string) (via *url.URL, roots *x509.CertPool) {
	t.Helper()
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	if scheme == "socks5" {
		return &url.URL{Scheme: scheme, Host: serveTCP(t, r.serveSOCKS)}, nil
	}
	s := httptest.NewUnstartedServer(r)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if scheme == "https" {
		s.StartTLS()
		roots = x509.NewCertPool()
		roots.AddCert(s.Certificate())
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	via, _ = url.Parse(s.URL)
	return via, roots
}

func TestAllTrafficGoesThroughTheProxyInBetween(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ws" {
			talk(websocket.CompressionDisabled)(w, r)
			return
		}
		fmt.Fprint(w, r.Host, " ", r.RequestURI, " ", r.Header["Proxy-Authorization"])
	}
	for _, scheme := range []string{"http", "https", "socks5"} {
		for _, login := range []string{"", "us/er:pass:wörd"} {
			for _, p := range paths {
				t.Run(fmt.Sprintf("%s %q %s", scheme, login, p.name), func(t *testing.T) {
					between := &relayer{login: login}
					via, roots := between.serve(t, scheme)
					if user, password, ok := strings.Cut(login, ":"); ok {
						via.User = url.UserPassword(user, password)
					}
					r := p.open(t, handler, Options{Via: via, UpstreamRoots: roots, UpstreamHost: p.reverse})
					host := r.origin.Listener.Addr().String()
					if _, body := r.get(t, request(t, "GET", r.base+"//a%2Fb?c=%20", nil)); body != host+" //a%2Fb?c=%20 []" {
						t.Errorf("the target saw %q", body)
					}
					want := map[bool]string{false: "CONNECT " + host, true: "SOCKS " + host}[scheme == "socks5"]
					if scheme != "socks5" && !p.tls && !p.h2 {
						want = "GET http://" + host + "//a%2Fb?c=%20"
					}
					if got := between.all(); got != want {
						t.Errorf("the proxy was asked for %q, want %q", got, want)
					}
					f := r.sink.next(t)
					if c := r.sink.conn(t, f.Conn); !f.Complete() || c.Server != host || f.Request.Target != "//a%2Fb?c=%20" {
						t.Errorf("recorded %q of %s with error %q", f.Request.Target, c.Server, f.Error)
					}
				})
			}
		}
	}
}

func TestSocketsAndTunnelsGoThroughTheProxyInBetween(t *testing.T) {
	for _, scheme := range []string{"http", "https", "socks5"} {
		for _, p := range []path{paths[0], paths[3]} {
			t.Run(scheme+" "+p.name, func(t *testing.T) {
				between := new(relayer)
				via, roots := between.serve(t, scheme)
				r := p.open(t, talk(websocket.CompressionDisabled), Options{Via: via, UpstreamRoots: roots})
				c, _, err := websocket.Dial(t.Context(), r.base+"/", &websocket.DialOptions{HTTPClient: r.client})
				if err != nil {
					t.Fatal(err)
				}
				c.Write(t.Context(), websocket.MessageText, []byte("hi"))
				if _, b, err := c.Read(t.Context()); string(b) != "hihi" {
					t.Errorf("the socket said %q, %v", b, err)
				}
				c.Close(websocket.StatusNormalClosure, "")
				target := serveTCP(t, func(c net.Conn) { io.WriteString(c, "220 hello\r\n"); io.Copy(c, c) })
				tunnel, err := connectTo(r.addr, target)
				if err != nil {
					t.Fatal(err)
				}
				defer tunnel.Close()
				b := make([]byte, 11)
				if _, err := io.ReadFull(tunnel, b); err != nil || string(b) != "220 hello\r\n" {
					t.Errorf("the tunnel said %q, %v", b, err)
				}
				for _, host := range []string{r.origin.Listener.Addr().String(), target} {
					if !strings.Contains(between.all(), host) || strings.Contains(between.all(), "GET") {
						t.Errorf("the proxy was asked for %q", between.all())
					}
				}
			})
		}
	}
}

func TestAProxyInBetweenThatFailsIsNamed(t *testing.T) {
	handler := func(http.ResponseWriter, *http.Request) {}
	nobody, _ := net.Listen("tcp", "127.0.0.1:0")
	nobody.Close()
	mute := serveTCP(t, func(c net.Conn) { io.WriteString(c, "SECRET nonsense\r\n\r\n") })
	for _, scheme := range []string{"http", "socks5"} {
		between := &relayer{login: "user:right"}
		via, _ := between.serve(t, scheme)
		via.User = url.UserPassword("user", "SECRET")
		for name, c := range map[string]struct {
			via  *url.URL
			says string
		}{
			"wrong password": {via, map[string]string{"http": "asks for a user and password", "socks5": "see whether"}[scheme]},
			"nobody there":   {&url.URL{Scheme: scheme, Host: nobody.Addr().String(), User: via.User}, "see whether it runs"},
			"no such proxy":  {&url.URL{Scheme: scheme, Host: mute}, "see whether"},
		} {
			for _, p := range []path{paths[0], paths[3], paths[4]} {
				if name == "no such proxy" && scheme == "http" && !p.tls {
					continue // what answers a plain request so is taken for the target
				}
				t.Run(scheme+" "+name+" "+p.name, func(t *testing.T) {
					r := p.open(t, handler, Options{Via: c.via})
					resp, body := r.get(t, request(t, "GET", r.base+"/", nil))
					if resp.StatusCode != 502 || !strings.Contains(body, c.via.Host) || !strings.Contains(body, c.says) || strings.Contains(body+r.log.String(), "SECRET") {
						t.Errorf("got %d %q, logged %s", resp.StatusCode, body, r.log)
					}
					if f := r.sink.next(t); f.Error != "via failed" || f.Response != nil {
						t.Errorf("recorded with error %q", f.Error)
					}
				})
			}
		}
	}
}

func TestAReverseProxyThatKeepsTheHostAsksForATunnel(t *testing.T) {
	between := new(relayer)
	via, _ := between.serve(t, "http")
	r := paths[1].open(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) }, Options{Via: via})
	req := request(t, "GET", r.base+"/", nil)
	req.Host = "shop.test"
	if _, body := r.get(t, req); body != "shop.test" || between.all() != "CONNECT "+r.origin.Listener.Addr().String() {
		t.Errorf("the target saw %q; the proxy was asked for %q", body, between.all())
	}
}

func TestAProxyInBetweenWithAnUntrustedCertificateIsNotUsed(t *testing.T) {
	between := new(relayer)
	via, roots := between.serve(t, "https")
	for _, trusted := range []bool{true, false} {
		o := Options{Via: via, UpstreamRoots: x509.NewCertPool()}
		if trusted {
			o.UpstreamRoots = roots
		}
		r := paths[0].open(t, func(http.ResponseWriter, *http.Request) {}, o)
		if resp, _ := r.get(t, request(t, "GET", r.base+"/", nil)); resp.StatusCode == 200 != trusted {
			t.Errorf("trusted %v: %d", trusted, resp.StatusCode)
		}
	}
}

// needsCert is an origin that tells the certificate of its client.
func needsCert(t *testing.T, clients *authority.Authority) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.TLS.PeerCertificates[0].DNSNames[0])
	}))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(clients.CertPEM())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, ClientCAs: pool}
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestTargetsGetTheClientCertificateThatIsForThem(t *testing.T) {
	clients := testCA(t)
	origin := needsCert(t, clients)
	certs := make([]ClientCertificate, 2)
	for i, c := range []struct{ name, host string }{{"elsewhere.test", "*.elsewhere.test"}, {"shop-user.test", "127.0.0.1"}} {
		cert, err := clients.Certificate(c.name)
		if err != nil {
			t.Fatal(err)
		}
		certs[i] = ClientCertificate{Host: c.host, Certificate: *cert}
	}
	trust := x509.NewCertPool()
	trust.AddCert(origin.Certificate())
	for name, certs := range map[string][]ClientCertificate{
		"for the host":    certs,
		"for all hosts":   {{Certificate: certs[1].Certificate}},
		"for other hosts": certs[:1],
	} {
		for _, p := range []path{paths[3], paths[4]} {
			t.Run(name+" "+p.name, func(t *testing.T) {
				r := start(t, Options{CA: testCA(t), UpstreamRoots: trust, ClientCertificates: certs})
				r.client = &http.Client{Transport: p.transport(r)}
				resp, body := r.get(t, request(t, "GET", origin.URL+"/", nil))
				f := r.sink.next(t)
				if name == "for other hosts" {
					if resp.StatusCode != 502 || f.Error == "" {
						t.Errorf("got %d %q, recorded with error %q", resp.StatusCode, body, f.Error)
					}
				} else if body != "shop-user.test" || !f.Complete() {
					t.Errorf("the target saw %q, recorded with error %q", body, f.Error)
				}
			})
		}
	}
}
