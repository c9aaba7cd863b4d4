package replay

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/cookie"
)

// An Origin is a place that users talk to: scheme, host and port. A session may
// have several: an application, its API, its identity provider.
type Origin struct {
	// Recorded is where the users of the recording went, scheme://host[:port].
	// Empty is not known.
	Recorded string `json:"recorded,omitempty"`

	// Live is where the requests go now.
	Live string `json:"live"`

	// Host is sent as Host and, over TLS, as the server name. Empty is that of
	// Live.
	Host string `json:"host,omitempty"`
}

// ParseOrigin returns scheme://host[:port] of a URL, with the host in lower case
// and without the port that the scheme has by default. It refuses what cannot be a
// target.
func ParseOrigin(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", fmt.Errorf("target %q: write it as http://HOST:PORT or https://HOST:PORT", raw)
	case u.User != nil:
		return "", errors.New("the target must not carry a user name or password")
	}
	return originAt(u.Scheme, u.Host), nil
}

// originAt is scheme://host[:port], without the port that the scheme has by default.
func originAt(scheme, authority string) string {
	host := strings.ToLower(authority)
	switch scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + host
}

// A match says how well a recorded origin fits the origin of a URL.
type match uint8

const (
	noMatch     match = iota
	otherScheme       // the same host and port by the other scheme
	exactMatch        // the same
)

// matchOrigin compares a recorded origin, "" for none that is known, with one that
// originAt wrote.
func matchOrigin(recorded, at string) match {
	scheme, authority, _ := strings.Cut(recorded, "://")
	known := originAt(scheme, authority)
	switch {
	case recorded == "":
		return noMatch
	case known == at:
		return exactMatch
	case strings.TrimPrefix(known, scheme) == at[strings.Index(at, "://"):]:
		return otherScheme
	}
	return noMatch
}

// A route is an Origin made ready to send to.
type route struct {
	client.Route
	recorded string // origin, "" is not known
	shown    url.URL

	// speaksHTTP2 asks the place, at the first call.
	speaksHTTP2 func() bool
}

// routesOf prepares origins.
func routesOf(origins []Origin) ([]route, error) {
	if len(origins) == 0 {
		return nil, errors.New("the source names no origin to send to")
	}
	routes := make([]route, len(origins))
	for i, o := range origins {
		live, err := ParseOrigin(o.Live)
		if err != nil {
			return nil, err
		}
		u, _ := url.Parse(live)
		shown := url.URL{Scheme: u.Scheme, Host: u.Host}
		if o.Host != "" {
			shown.Host = o.Host
		}
		routes[i] = route{Route: client.Route{Origin: live, Host: o.Host}, recorded: o.Recorded, shown: shown}
	}
	return routes, nil
}

// placesOf returns the routes as cookies see them. A target that stands for an
// https origin is secure, and so is this machine.
func placesOf(routes []route) []cookie.Place {
	places := make([]cookie.Place, len(routes))
	for i := range routes {
		r := &routes[i]
		live := strings.ToLower(r.shown.Hostname())
		dialled, _ := url.Parse(r.Route.Origin)
		places[i] = cookie.Place{
			Origin: r.origin(), Recorded: live, Live: live,
			Secure: r.shown.Scheme == "https" || strings.HasPrefix(r.recorded, "https:") || isLoopback(dialled.Hostname()),
		}
		if rec, err := url.Parse(r.recorded); err == nil && rec.Host != "" {
			places[i].Recorded = strings.ToLower(rec.Hostname())
		}
	}
	return places
}

// origin is scheme://host[:port] as a user agent shows it.
func (r *route) origin() string { return r.shown.Scheme + "://" + r.shown.Host }

// url is what a user agent would show for target at r.
func (r *route) url(target string) *url.URL {
	u := r.shown
	path, query, _ := strings.Cut(target, "?")
	u.Path, u.RawQuery = path, query
	if decoded, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = decoded, path
	}
	return &u
}

// follow writes the origin that a URL of the recording names as it is now, that of
// the other scheme of its host if need be. Other text stays.
func follow(routes []route, text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at, now, best := originAt(scheme, rest[:end]), scheme+"://"+rest[:end], noMatch
	for i := range routes {
		if m := matchOrigin(routes[i].recorded, at); m > best {
			now, best = routes[i].origin(), m
		}
	}
	return now + rest[end:]
}

// Guard refuses to send load to the place a recording was made of, unless the
// host is allowed by name. Loopback addresses are never production.
func Guard(target, recorded string, allowed []string) error {
	t, err := url.Parse(target)
	if err != nil {
		return err
	}
	r, err := url.Parse(recorded)
	if err != nil || recorded == "" || !strings.EqualFold(t.Hostname(), r.Hostname()) || isLoopback(t.Hostname()) {
		return nil
	}
	for _, host := range allowed {
		if strings.EqualFold(host, t.Hostname()) || strings.EqualFold(host, t.Host) {
			return nil
		}
	}
	return fmt.Errorf("%s is the host that was recorded, perhaps production: to send load there all the same, add --allow-host %s", t.Hostname(), t.Hostname())
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
