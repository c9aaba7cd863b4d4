package proxy

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// A facade is what a client of a reverse proxy takes the upstream for: the address that
// it asks. An upstream that names its own address in an answer would lead the client past
// the recorder. Such an answer is changed to name the facade:
//
//	Location, Content-Location, Refresh, Link   the scheme and host of a URL, or the
//	                                            scheme alone, if that is the upstream's
//	Set-Cookie                                  no Domain, if it is not the facade's
type facade struct {
	upstream *url.URL // nil: there is none, and nothing is changed
	scheme   string   // as the client knows it
	host     string   // as the client knows it, with its port; "": not known
}

// facadeOf returns what the client of r takes the upstream for.
func (p *Proxy) facadeOf(r *http.Request, s *inbound) facade {
	f := facade{upstream: p.o.Upstream, scheme: s.scheme, host: r.Host}
	if scheme := r.Header.Get("X-Forwarded-Proto"); scheme == "http" || scheme == "https" {
		f.scheme = scheme // as in front of another proxy
	}
	return f
}

// answer changes the fields of an answer. They are those of a http.Header: in canonical
// case.
func (f *facade) answer(h http.Header) {
	for _, name := range [...]string{"Location", "Content-Location", "Refresh", "Link", "Set-Cookie"} {
		for i, v := range h[name] {
			h[name][i] = f.value(name, v)
		}
	}
}

// list changes the fields of an answer in any case.
func (f *facade) list(h flow.Headers) {
	if f.upstream == nil {
		return
	}
	for i := range h {
		h[i].Value = f.value(h[i].Name, h[i].Value)
	}
}

// field is the value of a field of an answer as the client is to see it, "" if that is the value
// as it is.
func (f *facade) field(name, value []byte) string {
	if f.upstream == nil {
		return ""
	}
	switch len(name) {
	case len("Location"), len("Content-Location"), len("Refresh"), len("Link"), len("Set-Cookie"):
	default:
		return ""
	}
	old := string(value)
	if changed := f.value(string(name), old); changed != old {
		return changed
	}
	return ""
}

// value is the value of a field of an answer as the client is to see it.
func (f *facade) value(name, value string) string {
	is := func(known string) bool { return len(name) == len(known) && strings.EqualFold(name, known) }
	switch {
	case is("Location"), is("Content-Location"):
		return f.reference(value)
	case is("Refresh"):
		return f.refresh(value)
	case is("Link"):
		return f.links(value)
	case is("Set-Cookie"):
		return f.cookie(value)
	}
	return value
}

// reference is a URL that names the facade if ref names the upstream, else ref.
func (f *facade) reference(ref string) string {
	scheme, authority, rest := splitReference(strings.Trim(ref, " \t"))
	if authority == "" || !f.leadsAway(scheme, authority) {
		return ref
	}
	switch {
	case !strings.HasPrefix(rest, "/"):
		rest = "/" + rest
	case f.host == "" && len(rest) > 1 && (rest[1] == '/' || rest[1] == '\\'):
		rest = "/." + rest // two slashes would begin a host
	}
	if f.host == "" {
		return rest
	}
	return f.scheme + "://" + f.host + rest
}

// splitReference splits a URL with a host. Scheme is "" where it begins with two slashes,
// authority is "" where there is no host.
func splitReference(ref string) (scheme, authority, rest string) {
	scheme, rest, ok := strings.Cut(ref, "//")
	if scheme = strings.ToLower(strings.TrimSuffix(scheme, ":")); !ok || scheme != "" && scheme != "http" && scheme != "https" {
		return "", "", ""
	}
	authority, end := rest, strings.IndexAny(rest, `/?#\`)
	if end >= 0 {
		authority, rest = rest[:end], rest[end:]
	} else {
		rest = ""
	}
	return scheme, authority[strings.LastIndexByte(authority, '@')+1:], rest
}

// leadsAway reports whether a client that follows a URL leaves the facade: the URL names the
// upstream, or the facade by the scheme of the upstream, which is another.
func (f *facade) leadsAway(scheme, authority string) bool {
	return f.isUpstream(scheme, authority) ||
		scheme != f.scheme && scheme == originScheme(f.upstream) && f.host != "" && strings.EqualFold(authority, f.host)
}

// isUpstream reports whether a host of a URL is the upstream. Its port counts, whatever
// the scheme: the upstream may not know that clients reach it through TLS.
func (f *facade) isUpstream(scheme, authority string) bool {
	own := originScheme(f.upstream)
	if scheme == "" {
		scheme = own
	}
	host, port := splitAddress(withPort(authority, scheme))
	ownHost, ownPort := splitAddress(withPort(f.upstream.Host, own))
	return port == ownPort && sameHost(host, ownHost)
}

// originScheme is the scheme of an upstream as it stands in URLs.
func originScheme(u *url.URL) string {
	if u.Scheme == "h2c" {
		return "http"
	}
	return u.Scheme
}

// splitAddress splits an address that has a port.
func splitAddress(address string) (host, port string) {
	i := strings.LastIndexByte(address, ':')
	return strings.Trim(address[:i], "[]"), address[i+1:]
}

// sameHost reports whether two names are one host: the same, or both this machine.
func sameHost(a, b string) bool {
	a, b = strings.TrimSuffix(a, "."), strings.TrimSuffix(b, ".")
	return strings.EqualFold(a, b) || isThisMachine(a) && isThisMachine(b)
}

// isThisMachine reports whether a host is a loopback address or localhost.
func isThisMachine(host string) bool {
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.Unmap().IsLoopback()
}

// refresh changes the URL of a Refresh field: "5; url=http://…".
func (f *facade) refresh(value string) string {
	i := strings.Index(strings.ToLower(value), "url=")
	if i < 0 {
		return value
	}
	lead, ref := value[:i+len("url=")], value[i+len("url="):]
	for len(ref) > 0 && strings.IndexByte(" \t'\"", ref[0]) >= 0 {
		lead, ref = lead+ref[:1], ref[1:]
	}
	return lead + f.reference(ref)
}

// links changes the URLs of a Link field (RFC 8288): <http://…>; rel=next, ….
func (f *facade) links(value string) string {
	var out strings.Builder
	for {
		before, rest, opened := strings.Cut(value, "<")
		ref, after, closed := strings.Cut(rest, ">")
		if !opened || !closed {
			out.WriteString(value)
			return out.String()
		}
		out.WriteString(before + "<" + f.reference(ref) + ">")
		value = after
	}
}

// cookie removes the Domain of a cookie that is the upstream's and not the facade's: the
// client would not take it.
func (f *facade) cookie(value string) string {
	domain := strings.TrimPrefix(cookieAttribute(value, "Domain"), ".")
	if domain == "" || inDomain(f.hostname(), domain) || !inDomain(f.upstream.Hostname(), domain) && !sameHost(f.upstream.Hostname(), domain) {
		return value
	}
	var kept []string
	for i, part := range strings.Split(value, ";") {
		if name, _, _ := strings.Cut(part, "="); i == 0 || !strings.EqualFold(strings.Trim(name, " \t"), "Domain") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ";")
}

// cookieAttribute is the value of an attribute of a Set-Cookie field, or its name if it has
// no value. "": there is none. The last one counts (RFC 6265, section 5.3).
func cookieAttribute(field, attribute string) (value string) {
	_, attributes, _ := strings.Cut(field, ";")
	for part := range strings.SplitSeq(attributes, ";") {
		name, v, valued := strings.Cut(part, "=")
		if name = strings.Trim(name, " \t"); strings.EqualFold(name, attribute) {
			if value = strings.Trim(v, " \t"); !valued {
				value = name
			}
		}
	}
	return value
}

// inDomain reports whether host is domain or below it (RFC 6265, section 5.1.3).
func inDomain(host, domain string) bool {
	host, domain = strings.ToLower(strings.TrimSuffix(host, ".")), strings.ToLower(domain)
	if host == domain {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err != nil && strings.HasSuffix(host, "."+domain)
}

// hostname is the client's name of the upstream without its port.
func (f *facade) hostname() string { return hostname(f.host) }

// recorded is the facade as flows show it: that of the client, if they are recorded for
// the client's Host. Else references have no host, which suits any.
func (f facade) recorded(upstreamHost bool) *facade {
	if upstreamHost {
		f.host = ""
	}
	return &f
}

// ask changes the fields in which a client names the page that it comes from: it comes
// from a page of the upstream. Applications compare them with Host.
func (f *facade) ask(h http.Header) {
	for _, name := range [...]string{"Origin", "Referer"} {
		for i, v := range h[name] {
			scheme, authority, rest := splitReference(v)
			if scheme != "" && f.host != "" && strings.EqualFold(withPort(authority, scheme), withPort(f.host, f.scheme)) {
				h[name][i] = originScheme(f.upstream) + "://" + f.upstream.Host + rest
			}
		}
	}
}
