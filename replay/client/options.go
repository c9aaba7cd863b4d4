package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Options set what all connections of a Dialer share. They are plain data that
// travels to other machines as JSON. The zero value is ready for use.
type Options struct {
	// Insecure accepts any server certificate. It is for test targets only.
	Insecure bool `json:"insecure,omitempty"`

	// Roots holds the certificates, as PEM text, that the target's certificate
	// must lead to. "" means those of the system.
	Roots string `json:"roots,omitempty"`

	// Cert and Key are the client's certificate and its key, as PEM text. ""
	// sends none.
	Cert string `json:"cert,omitempty"`
	Key  string `json:"key,omitempty"`

	// Proxy is the URL of the proxy for all connections. Its scheme is http, https,
	// socks5 or socks5h; it may hold user and password. "" means no proxy. The
	// environment is not read.
	Proxy string `json:"proxy,omitempty"`

	// Resolve says where to connect for a name. It maps "shop.test" or
	// "shop.test:443" to an address with or without a port. It wins over DNS.
	Resolve map[string]string `json:"resolve,omitempty"`

	// Sources are the local IP addresses to connect from, in turn. Without any, the
	// system chooses.
	Sources []string `json:"sources,omitempty"`

	// H2C speaks HTTP/2 without TLS to http:// origins whose route leaves the
	// protocol open.
	H2C bool `json:"h2c,omitempty"`

	// HTTP1 speaks HTTP/1.1 to every origin, whatever the route asks for.
	HTTP1 bool `json:"http1,omitempty"`

	// MaxBody is how many bytes of a body are kept where the request does not
	// say. 0 means 4 MiB.
	MaxBody int64 `json:"max_body,omitempty"`

	// Budget is how many bytes of bodies all answers may hold together until they
	// are released. What is beyond is counted and not kept. 0 means 64 MiB; the
	// garbage collector lets the heap grow to about twice that.
	Budget int64 `json:"budget,omitempty"`

	// DialTimeout bounds TCP and TLS set-up. 0 means 10 s.
	DialTimeout time.Duration `json:"dial_timeout,omitempty"`
}

func (o Options) withDefaults() Options {
	if o.MaxBody == 0 {
		o.MaxBody = 4 << 20
	}
	if o.Budget == 0 {
		o.Budget = 64 << 20
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = 10 * time.Second
	}
	return o
}

// validate returns all that is wrong with o.
func (o *Options) validate() error {
	var errs []error
	if o.HTTP1 && o.H2C {
		errs = append(errs, errors.New("HTTP/1.1 alone and HTTP/2 without TLS exclude each other"))
	}
	if (o.Cert == "") != (o.Key == "") {
		errs = append(errs, errors.New("a client certificate needs its key, and a key its certificate"))
	}
	for what, n := range map[string]int64{"body limit": o.MaxBody, "budget of bodies": o.Budget, "dial timeout": int64(o.DialTimeout)} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s is negative", what))
		}
	}
	for _, s := range o.Sources {
		if _, err := netip.ParseAddr(s); err != nil {
			errs = append(errs, fmt.Errorf("source address %q: it is no IP address", s))
		}
	}
	for name, to := range o.Resolve {
		if name == "" || to == "" {
			errs = append(errs, fmt.Errorf("resolve %q to %q: a name and an address are needed", name, to))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// tls returns the TLS settings without server name and protocols.
func (o *Options) tls() (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: o.Insecure, MinVersion: tls.VersionTLS12}
	if o.Roots != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(o.Roots)) {
			return nil, errors.New("roots hold no certificate in PEM form")
		}
	}
	if o.Cert != "" && o.Key != "" {
		pair, err := tls.X509KeyPair([]byte(o.Cert), []byte(o.Key))
		if err != nil {
			return nil, fmt.Errorf("client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// proxy returns the parsed Proxy, nil for none.
func (o *Options) proxy() (*url.URL, error) {
	if o.Proxy == "" {
		return nil, nil
	}
	u, err := url.Parse(o.Proxy)
	if err != nil {
		return nil, errors.New("proxy: it is no URL") // without err, which quotes a password
	}
	ports := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}
	port, known := ports[u.Scheme]
	switch {
	case !known:
		return nil, fmt.Errorf("proxy: the scheme %q is none of http, https, socks5, socks5h", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("proxy: the URL names no host")
	case u.Port() == "":
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return u, nil
}
