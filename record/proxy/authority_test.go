package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"

	"github.com/elazarl/goproxy"
)

// The key of goproxy's own authority is public.
func TestNoCertificateIsSignedByGoproxysOwnAuthority(t *testing.T) {
	builtin, err := x509.ParseCertificate(goproxy.GoproxyCa.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if !p.tls || p.reverse {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			r := p.open(t, func(http.ResponseWriter, *http.Request) {}, Options{})
			raw, err := connectTo(r.addr, r.origin.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			c := tls.Client(raw, &tls.Config{RootCAs: r.roots(), ServerName: "127.0.0.1"})
			defer c.Close()
			if err := c.Handshake(); err != nil {
				t.Fatal(err)
			}
			for _, cert := range c.ConnectionState().PeerCertificates {
				if cert.Equal(builtin) || cert.CheckSignatureFrom(builtin) == nil {
					t.Errorf("%s is signed by goproxy's authority", cert.Subject)
				}
			}
		})
	}
}
