package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	leafLife  = 365 * 24 * time.Hour
	maxLeaves = 10_000 // certificates held at a time; about 3 KiB each
)

// A leaf is the certificate of one host. Those who ask while it is being made
// wait for it.
type leaf struct {
	made sync.Once
	cert *tls.Certificate
	err  error
}

// Certificate returns the certificate of host, a DNS name or an IP address, and makes
// it on first use. Those who ask for a host while its certificate is made wait for it.
// At most 10,000 are held.
func (a *Authority) Certificate(host string) (*tls.Certificate, error) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	l := a.leaf(host)
	l.made.Do(func() { l.cert, l.err = a.sign(host) })
	if l.err == nil && (time.Until(l.cert.Leaf.NotAfter) > clockSkew || !l.cert.Leaf.NotAfter.Before(a.cert.NotAfter)) {
		return l.cert, nil
	}
	a.forget(host, l)
	if l.err != nil {
		return nil, l.err
	}
	return a.Certificate(host) // it was about to end
}

func (a *Authority) leaf(host string) *leaf {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.leaves[host]
	if l == nil {
		if len(a.leaves) >= maxLeaves {
			for other := range a.leaves { // any: map order is as good as random
				delete(a.leaves, other)
				break
			}
		}
		l = new(leaf)
		a.leaves[host] = l
	}
	return l
}

func (a *Authority) forget(host string, l *leaf) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.leaves[host] == l {
		delete(a.leaves, host)
	}
}

func (a *Authority) sign(host string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key for %s: %w", host, err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, fmt.Errorf("make certificate for %s: %w", host, err)
	}
	now := time.Now()
	end := now.Add(leafLife)
	if end.After(a.cert.NotAfter) {
		end = a.cert.NotAfter
	}
	cert := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{Organization: []string{"Starling"}},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     end,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		cert.IPAddresses = []net.IP{ip}
	} else {
		cert.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate for %s: %w", host, err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("sign certificate for %s: %w", host, err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}
