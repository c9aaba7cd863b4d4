package proxy

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

func TestTheTargetIsSpokenToAsItTakesIt(t *testing.T) {
	clear2 := new(http.Protocols)
	clear2.SetUnencryptedHTTP2(true)
	origin := func(p *http.Protocols) string {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
		s.Config.Protocols = p
		s.Start()
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	one, two := origin(nil), origin(clear2)
	for _, c := range []struct {
		name, scheme, host string
		tls, h2            bool // the client
		want               string
	}{
		{"HTTP/2 in TLS to an origin of HTTP/1.1", "http", one, true, true, "HTTP/1.1"},
		{"HTTP/1.1 to an origin of HTTP/1.1", "http", one, false, false, "HTTP/1.1"},
		{"HTTP/1.1 to an origin of clear HTTP/2", "h2c", two, false, false, "HTTP/2.0"},
		{"HTTP/1.1 in TLS to an origin of clear HTTP/2", "h2c", two, true, false, "HTTP/2.0"},
		{"HTTP/2 in TLS to an origin of clear HTTP/2", "h2c", two, true, true, "HTTP/2.0"},
		{"clear HTTP/2 to an origin of clear HTTP/2", "http", two, false, true, "HTTP/2.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, Options{CA: testCA(t), Upstream: &url.URL{Scheme: c.scheme, Host: c.host}, ListenTLS: c.tls})
			tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: r.roots()}, ForceAttemptHTTP2: c.h2}
			base := "http://" + r.addr
			if c.tls {
				base = "https://" + r.addr
			} else if c.h2 {
				tr.Protocols = clear2
			}
			r.client = &http.Client{Transport: tr}
			resp, body := r.get(t, request(t, "GET", base+"/", nil))
			if body != c.want || resp.ProtoMajor == 2 != c.h2 {
				t.Errorf("the target was spoken to by %s, the client by %s; want %s", body, resp.Proto, c.want)
			}
			if f := r.sink.next(t); !f.Complete() || f.Protocol != resp.Proto || f.Request.Authority != r.addr {
				t.Errorf("recorded over %s for %s with error %q", f.Protocol, f.Request.Authority, f.Error)
			}
		})
	}
}
