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
	// "" means that it is not known.
	Recorded string `json:"recorded,omitempty"`

	// Live is where the requests go now.
	Live string `json:"live"`

	// Host is sent as Host and, over TLS, as the server name. "" means the host of
	// Live.
	Host string `json:"host,omitempty"`
}

// Shown is scheme://host[:port] as a user agent shows it now.
func (o Origin) Shown() string {
	scheme, host, _ := strings.Cut(o.Live, "://")
	if o.Host != "" {
		host = o.Host
	}
	return scheme + "://" + host
}

// FindOrigin returns the index of the origin that a URL of the recording belongs to,
// -1 for none. If only one scheme of a host is listed, it stands for both.
func FindOrigin(origins []Origin, url string) int {
	scheme, authority, ok := strings.Cut(url, "://")
	if !ok {
		return -1
	}
	at := OriginAt(scheme, authority)
	found, best := -1, noMatch
	for i := range origins {
		if m := matchOrigin(origins[i].Recorded, at); m > best {
			found, best = i, m
		}
	}
	return found
}

// ParseOrigin returns scheme://host[:port] of a URL, written as OriginAt writes it.
// It refuses what cannot be a target.
func ParseOrigin(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", fmt.Errorf("target %q: write it as http://HOST:PORT or https://HOST:PORT", raw)
	case u.User != nil:
		return "", errors.New("the target must not carry a user name or password")
	}
	return OriginAt(u.Scheme, u.Host), nil
}

// OriginAt is scheme://host[:port], with the host in lower case and without the
// port that the scheme has by default.
func OriginAt(scheme, authority string) string {
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

// matchOrigin compares a recorded origin with at, which OriginAt wrote. recorded is ""
// if it is not known.
func matchOrigin(recorded, at string) match {
	scheme, authority, _ := strings.Cut(recorded, "://")
	known := OriginAt(scheme, authority)
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
	recorded string // origin; "": not known
	shown    string // origin, as a user agent shows it
	host     string // of shown, with its port
	tls      bool

	// speaksHTTP2 asks the place once, at the first call.
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
		scheme, host, _ := strings.Cut(live, "://")
		if o.Host != "" {
			host = o.Host
		}
		routes[i] = route{
			Route: client.Route{Origin: live, Host: o.Host}, recorded: o.Recorded,
			shown: o.Shown(), host: host, tls: scheme == "https",
		}
	}
	return routes, nil
}

// placesOf returns the routes as cookies see them. A place is secure if it is
// reached over TLS, stands for an https origin, or is on this machine.
func placesOf(routes []route) []cookie.Place {
	places := make([]cookie.Place, len(routes))
	for i := range routes {
		r := &routes[i]
		live := hostname(r.shown)
		places[i] = cookie.Place{
			Origin: r.shown, Recorded: live, Live: live,
			Secure: r.tls || strings.HasPrefix(r.recorded, "https:") || isLoopback(hostname(r.Route.Origin)),
		}
		if recorded := hostname(r.recorded); recorded != "" {
			places[i].Recorded = recorded
		}
	}
	return places
}

// follow replaces the origin of a URL of the recording by the origin as it is now. It
// takes the other scheme of the host if only that is known. Other text stays.
func follow(routes []route, text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at, now, best := OriginAt(scheme, rest[:end]), scheme+"://"+rest[:end], noMatch
	for i := range routes {
		if m := matchOrigin(routes[i].recorded, at); m > best {
			now, best = routes[i].shown, m
		}
	}
	return now + rest[end:]
}

// hostname is the host of an origin, without port and in lower case; "" where
// there is none.
func hostname(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// Guard refuses to send load to the place that was recorded, an origin or a host with its
// port, unless allowed names its host. Loopback addresses are always allowed.
func Guard(target, recorded string, allowed []string) error {
	if recorded != "" && !strings.Contains(recorded, "//") {
		recorded = "//" + recorded
	}
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
