package client

import (
	"fmt"
	"net"
	"net/url"
)

// A Protocol is a version of HTTP that an exchange may ask for.
type Protocol uint8

// The protocols of a Route. Auto takes what the target agrees to on https, and
// HTTP/1.1 on http unless Options.H2C says otherwise.
const (
	Auto  Protocol = iota
	HTTP1          // HTTP/1.1 alone is offered
	HTTP2          // HTTP/2: by ALPN on https, with prior knowledge on http
)

// A Route says where an exchange goes. Exchanges of equal routes share
// connections.
type Route struct {
	Origin   string   // "scheme://host[:port]", with scheme http or https
	Host     string   // sent as Host, its name also as SNI; "" means the origin's
	Protocol Protocol // as recorded
}

// An endpoint is a Route made ready for dialling.
type endpoint struct {
	secure   bool
	name     string // of the host, for SNI
	address  string // host:port of the origin
	host     string // Route.Host, or the origin's host as a browser sends it
	fixed    bool   // host comes from Route.Host
	protocol Protocol
	tunnel   bool // a proxy must make a tunnel: the connection is going to leave HTTP
}

// parse makes the endpoint of r. o may change the protocol of r.
func (r Route) parse(o *Options) (endpoint, error) {
	u, err := url.Parse(r.Origin)
	if err != nil {
		return endpoint{}, named(badRequest, fmt.Errorf("parse origin %q: %w", r.Origin, err))
	}
	port, standard := u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]
	switch {
	case standard == "":
		return endpoint{}, named(badRequest, fmt.Errorf("origin %q: the scheme must be http or https", r.Origin))
	case u.Hostname() == "":
		return endpoint{}, named(badRequest, fmt.Errorf("origin %q names no host", r.Origin))
	case port == "":
		port = standard
	}
	e := endpoint{
		secure: u.Scheme == "https", name: u.Hostname(), host: u.Host,
		address: net.JoinHostPort(u.Hostname(), port), protocol: r.Protocol,
	}
	if r.Host != "" {
		e.host, e.fixed, e.name = r.Host, true, hostname(r.Host)
	}
	switch {
	case o.HTTP1:
		e.protocol = HTTP1
	case e.protocol == Auto && !e.secure && o.H2C:
		e.protocol = HTTP2
	case e.protocol == Auto && !e.secure:
		e.protocol = HTTP1
	}
	return e, nil
}

// hostname returns host without its port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

func (e *endpoint) scheme() string {
	if e.secure {
		return "https"
	}
	return "http"
}
