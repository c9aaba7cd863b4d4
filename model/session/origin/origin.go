package origin

import (
	"iter"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// Address reads an address with or without a port, brackets or quotes. One that is not
// valid is unknown.
func Address(s string) netip.Addr {
	s = strings.Trim(strings.TrimSpace(s), `"`)
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	if a = a.Unmap().WithZone(""); a == netip.IPv6Loopback() {
		return local
	}
	return a
}

// local is this machine, for both families of addresses.
var local = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// Local reports whether an address is this machine's own.
func Local(a netip.Addr) bool { return a == local }

// Forwarded returns the client's address as the first proxy saw it: in Forwarded (RFC
// 7239), X-Forwarded-For, or a field with one address. Many clients have the same private
// address: one that stands before the first public one becomes the zone of that.
func Forwarded(h flow.Headers) netip.Addr {
	if a := client(forwardedFor(h.Value("Forwarded"))); a.IsValid() {
		return a
	}
	for _, name := range [...]string{"X-Forwarded-For", "X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip"} {
		if a := client(strings.SplitSeq(h.Value(name), ",")); a.IsValid() {
			return a
		}
	}
	return netip.Addr{}
}

// forwardedFor yields the addresses of a Forwarded field.
func forwardedFor(v string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for hop := range strings.SplitSeq(v, ",") {
			for part := range strings.SplitSeq(hop, ";") {
				if k, at, _ := strings.Cut(strings.TrimSpace(part), "="); strings.EqualFold(k, "for") && !yield(at) {
					return
				}
			}
		}
	}
}

// client returns the address of the client of the hops of a request, the first one first.
func client(hops iter.Seq[string]) (first netip.Addr) {
	for hop := range hops {
		a := Address(hop)
		switch public := a.IsGlobalUnicast() && !a.IsPrivate(); {
		case !first.IsValid():
			if first = a; public || !a.IsValid() {
				return first
			}
		case public:
			return netip.AddrFrom16(a.As16()).WithZone(first.String())
		}
	}
	return first
}

// Page returns the page that a request comes from, as "/path?query" if it is on the
// same host or on home. own is false for another host, and for a request without a page.
func Page(r *flow.Request, home string) (target string, own bool) {
	_, rest, ok := strings.Cut(r.Headers.Value("Referer"), "://")
	if !ok {
		return "", false
	}
	host, path := rest, "/"
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	if !strings.EqualFold(bareHost(host), bareHost(r.Authority)) && (home == "" || host != home) {
		return "", false
	}
	path, _, _ = strings.Cut(path, "#")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path, true
}

// Next returns where an answer sends the client, as "/path?query" on any host.
func Next(f *flow.Flow) (target string, ok bool) {
	if f.Response == nil || f.Response.Status/100 != 3 {
		return "", false
	}
	to, err := url.Parse(f.Response.Headers.Value("Location"))
	if err != nil || *to == (url.URL{}) {
		return "", false
	}
	from, err := url.Parse(f.Request.Target)
	if err != nil {
		return "", false
	}
	return from.ResolveReference(to).RequestURI(), true
}

// bareHost is an authority without user and port.
func bareHost(authority string) string {
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	if i := strings.LastIndexByte(authority, ':'); i > 0 && !strings.HasSuffix(authority, "]") {
		return authority[:i]
	}
	return authority
}

// Hosts counts the hosts of the pages that requests come from.
type Hosts map[string]int

// See counts the host of a Referer.
func (h Hosts) See(referer string) {
	if _, rest, ok := strings.Cut(referer, "://"); ok {
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			rest = rest[:i]
		}
		if _, known := h[rest]; known || len(h) < maxHosts {
			h[rest]++
		}
	}
}

// Most returns the host that most requests come from, if they are the majority. It
// may have another name behind a proxy than in front of it.
func (h Hosts) Most() string {
	all := 0
	for _, n := range h {
		all += n
	}
	for name, n := range h {
		if 2*n > all {
			return name
		}
	}
	return ""
}

// maxHosts is the number of different hosts that are counted.
const maxHosts = 1024
