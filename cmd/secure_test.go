package cmd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// startSecureTarget serves shop.test and 127.0.0.1 over TLS. It writes
// NAME.ca.pem, the authority of its certificate, and NAME.cert.pem and
// NAME.key.pem, those of a client named ann.
func startSecureTarget(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 1, "securetarget NAME")
	name := args[0]
	authority := newIssuer(ts)
	served := authority.issue(ts, &x509.Certificate{
		DNSNames: []string{"shop.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
	client := authority.issue(ts, &x509.Certificate{Subject: pkix.Name{CommonName: "ann"}})
	key, err := x509.MarshalPKCS8PrivateKey(client.PrivateKey)
	ts.Check(err)
	writePEM(ts, name+".ca.pem", "CERTIFICATE", authority.certificate.Raw)
	writePEM(ts, name+".cert.pem", "CERTIFICATE", client.Certificate[0])
	writePEM(ts, name+".key.pem", "PRIVATE KEY", key)

	t := newTarget()
	t.server = httptest.NewUnstartedServer(t)
	known := x509.NewCertPool()
	known.AddCert(authority.certificate)
	t.server.TLS = &tls.Config{Certificates: []tls.Certificate{served}, ClientCAs: known, ClientAuth: tls.VerifyClientCertIfGiven}
	t.server.StartTLS()
	t.enter(ts, name)
}

// An issuer issues certificates.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newIssuer(ts *testscript.TestScript) *issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	ts.Check(err)
	certificate, err := x509.ParseCertificate(raw)
	ts.Check(err)
	return &issuer{certificate, key}
}

// issue signs a certificate with the names of form.
func (a *issuer) issue(ts *testscript.TestScript, form *x509.Certificate) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	form.SerialNumber = big.NewInt(time.Now().UnixNano())
	form.NotBefore, form.NotAfter = a.certificate.NotBefore, a.certificate.NotAfter
	form.KeyUsage = x509.KeyUsageDigitalSignature
	form.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	raw, err := x509.CreateCertificate(rand.Reader, form, a.certificate, &key.PublicKey, a.key)
	ts.Check(err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

func writePEM(ts *testscript.TestScript, file, kind string, data []byte) {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
	ts.Check(os.WriteFile(ts.MkAbs(file), text, 0o600))
}

// need answers 200 when the request has all that its query names, and 417 with
// what it has otherwise: host, from (an address), client (the name in a
// certificate), sni, or a header.
func need(w http.ResponseWriter, r *http.Request) {
	for name, want := range r.URL.Query() {
		got := r.Header.Get(name)
		switch name {
		case "host":
			got = r.Host
		case "from":
			got, _, _ = net.SplitHostPort(r.RemoteAddr)
		case "sni":
			got = r.TLS.ServerName
		case "client":
			got = ""
			if len(r.TLS.PeerCertificates) > 0 {
				got = r.TLS.PeerCertificates[0].Subject.CommonName
			}
		}
		if got != want[0] {
			http.Error(w, fmt.Sprintf("%s is %q", name, got), http.StatusExpectationFailed)
			return
		}
	}
	fmt.Fprintln(w, "all is there")
}
