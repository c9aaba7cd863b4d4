package cookie

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/starling-load/starling/record/flow"
)

// Limits of a jar, so that a target cannot fill the memory with cookies. They are
// wider than those of browsers (RFC 6265bis, 6.1): other clients keep longer ones.
const (
	maxCookies      = 3000
	maxCookieBytes  = 64 << 10 // name and value
	maxJarBytes     = 256 << 10
	maxCookieScopes = 2 * maxCookies
)

// A Place is a host that sets and gets cookies.
type Place struct {
	// Origin is scheme://host[:port] as a user agent shows it now.
	Origin string

	// Recorded and Live are the names of the host, without port and in lower
	// case: for the user of the recording, and for the server. They are the same
	// where only one is known.
	Recorded, Live string

	// Secure places get and may set secure cookies.
	Secure bool
}

// A Cookie is a name and a value.
type Cookie struct{ Name, Value string }

// A Jar holds the cookies of one session by the rules of browsers (RFC 6265bis).
// Names and values are kept as the target wrote them. It is not safe for
// concurrent use.
type Jar struct {
	places  []Place
	cookies []storedCookie // in the order of their creation
	bytes   int            // of names and values

	// scopes holds the cookies that the target has set or deleted. In such a scope
	// a recorded cookie of the same name is stale.
	scopes map[cookieScope]bool
}

// A cookieScope is the name of a cookie and where it goes: to one host, or to a domain
// and all hosts below it.
type cookieScope struct {
	name     string
	domain   string
	hostOnly bool // domain is a host, by its recorded name
}

type storedCookie struct {
	cookieScope
	value    string
	path     string
	secure   bool
	sameSite http.SameSite
	created  time.Time
	expires  time.Time // zero: with the session
}

// NewJar returns an empty jar for a session that goes to these places.
func NewJar(places []Place) *Jar {
	return &Jar{places: places, scopes: make(map[cookieScope]bool)}
}

// Keep stores the cookies that an answer of p sets. path is that of the request.
func (j *Jar) Keep(p *Place, path string, resp *flow.Response) {
	now := time.Now()
	for _, h := range resp.Headers {
		if !strings.EqualFold(h.Name, "Set-Cookie") {
			continue
		}
		if c, ok := parseSetCookie(h.Value, p, path, now); ok {
			j.store(c, now)
		}
	}
}

// store replaces the cookie of the same name, scope and path. One that has
// expired deletes it.
func (j *Jar) store(c storedCookie, now time.Time) {
	if len(j.scopes) < maxCookieScopes {
		j.scopes[c.cookieScope] = true
	}
	at := slices.IndexFunc(j.cookies, func(o storedCookie) bool { return o.cookieScope == c.cookieScope && o.path == c.path })
	dead := !c.expires.IsZero() && !c.expires.After(now)
	switch {
	case at >= 0 && dead:
		j.remove(at)
	case at >= 0: // keeps its place in the order of creation
		j.bytes += len(c.value) - len(j.cookies[at].value)
		j.cookies[at] = c
	case !dead:
		j.cookies = append(j.cookies, c)
		j.bytes += len(c.name) + len(c.value)
	}
	for len(j.cookies) > maxCookies || j.bytes > maxJarBytes {
		j.remove(0)
	}
}

func (j *Jar) remove(i int) {
	j.bytes -= len(j.cookies[i].name) + len(j.cookies[i].value)
	j.cookies = slices.Delete(j.cookies, i, i+1)
}

// Line returns the Cookie field of a request to p, "" for none. It holds the cookies
// of the jar, and the recorded ones that the target has neither set nor deleted. req
// has no Cookie field itself; its other fields say whether another site makes the
// request.
func (j *Jar) Line(p *Place, req *flow.Request, recorded []Cookie) string {
	path := req.Path()
	from := contextOf(j.places, p, req)
	now := time.Now()
	var sent []*storedCookie
	for i := range j.cookies {
		c := &j.cookies[i]
		if c.goesTo(p) && matchPath(path, c.path) && (!c.secure || p.Secure) && (from.allows(c, now) || carries(recorded, c.name)) && (c.expires.IsZero() || c.expires.After(now)) {
			sent = append(sent, c)
		}
	}
	slices.SortStableFunc(sent, func(a, b *storedCookie) int { return cmp.Compare(len(b.path), len(a.path)) })
	var b strings.Builder
	add := func(name, value string) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(name + "=" + value)
	}
	for _, c := range sent {
		add(c.name, c.value)
	}
	for _, c := range recorded {
		if !j.replaced(c.Name, p) {
			add(c.Name, c.Value)
		}
	}
	return b.String()
}

// carries reports whether the recorded request had a cookie of that name. Then the
// recorded client did send it in this context, and SameSite is not asked.
func carries(recorded []Cookie, name string) bool {
	return slices.ContainsFunc(recorded, func(c Cookie) bool { return c.Name == name })
}

// replaced reports whether the target has set or deleted a cookie of that name
// that goes to p.
func (j *Jar) replaced(name string, p *Place) bool {
	if j.scopes[cookieScope{name, p.Recorded, true}] {
		return true
	}
	for _, host := range []string{p.Recorded, p.Live} {
		for domain, more := host, true; more; _, domain, more = strings.Cut(domain, ".") {
			if j.scopes[cookieScope{name, domain, false}] {
				return true
			}
		}
	}
	return false
}

// goesTo reports whether requests to p carry the cookie.
func (s *cookieScope) goesTo(p *Place) bool {
	if s.hostOnly {
		return s.domain == p.Recorded
	}
	return matchDomain(p.Recorded, s.domain) || matchDomain(p.Live, s.domain)
}

// parseSetCookie reads a Set-Cookie field of an answer of p. path is that of the
// request. ok is false if a browser would refuse the cookie.
func parseSetCookie(line string, p *Place, path string, now time.Time) (c storedCookie, ok bool) {
	pair, attributes, _ := strings.Cut(line, ";")
	set, ok := Parse(pair)
	// Names and values are opaque to browsers (RFC 6265bis, 5.6). net/http drops
	// those with quotes, backslashes or brackets, so it gets only the attributes.
	a, err := http.ParseSetCookie("name=value;" + attributes)
	if !ok || err != nil || len(set.Name)+len(set.Value) > maxCookieBytes {
		return c, false
	}
	c = storedCookie{value: set.Value, path: a.Path, secure: a.Secure, sameSite: a.SameSite, created: now, expires: a.Expires}
	switch {
	case a.MaxAge < 0: // written as 0 or less
		c.expires = now
	case a.MaxAge > 0:
		c.expires = now.Add(time.Duration(min(a.MaxAge, 400*24*60*60)) * time.Second)
	}
	if c.path == "" || c.path[0] != '/' {
		c.path = defaultPath(path)
	}
	c.cookieScope, ok = scopeOf(set.Name, strings.ToLower(strings.TrimPrefix(a.Domain, ".")), p)
	switch {
	case !ok, c.secure && !p.Secure, c.sameSite == http.SameSiteNoneMode && !c.secure:
		return c, false
	case hasPrefixFold(c.name, "__Secure-"):
		return c, c.secure
	case hasPrefixFold(c.name, "__Host-"):
		return c, c.secure && c.path == "/" && a.Domain == ""
	}
	return c, true
}

// scopeOf says where a cookie goes that an answer of p sets with this Domain. A test
// target that is reached by its address may name a domain to which neither name of
// the place belongs. Then the cookie goes to the host alone.
func scopeOf(name, domain string, p *Place) (s cookieScope, ok bool) {
	host := cookieScope{name, p.Recorded, true}
	switch {
	case domain == "" || domain == p.Recorded && isPublic(domain):
		return host, true
	case isPublic(domain):
		return host, false
	case matchDomain(p.Recorded, domain) || matchDomain(p.Live, domain):
		return cookieScope{name, domain, false}, true
	}
	return host, isAddress(p.Live) || p.Live == "localhost"
}

// isPublic reports whether everybody can have a host below domain, as with "com"
// or "github.io". What is below localhost is this machine.
func isPublic(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain && domain != "localhost"
}

// matchDomain reports whether host is domain or below it (RFC 6265bis, 5.1.3).
func matchDomain(host, domain string) bool {
	rest, ok := strings.CutSuffix(host, domain)
	return ok && (rest == "" || rest[len(rest)-1] == '.' && !isAddress(host))
}

// matchPath reports whether path is below or at prefix (RFC 6265bis, 5.1.4).
func matchPath(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/' || prefix[len(prefix)-1] == '/')
}

// defaultPath is the path of a cookie that names none (RFC 6265bis, 5.1.4).
func defaultPath(path string) string {
	if at := strings.LastIndexByte(path, '/'); at > 0 && path[0] == '/' {
		return path[:at]
	}
	return "/"
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// Parse reads NAME=VALUE. It trims space around both and changes nothing else. ok is
// false without a name or "=".
func Parse(pair string) (c Cookie, ok bool) {
	name, value, ok := strings.Cut(pair, "=")
	name = strings.TrimSpace(name)
	return Cookie{name, strings.TrimSpace(value)}, ok && name != ""
}
