package replay

import (
	"cmp"
	"net/http"
	"net/url"
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

// A jar holds the cookies of one session by the rules of browsers (RFC 6265bis).
//
// The target stands for the recorded place, so each place has two names: a
// cookie belongs where the recorded user would have sent it, and a Domain may
// name either. Names and values are kept as the target wrote them.
type jar struct {
	routes  []route
	cookies []storedCookie // in the order of their creation
	bytes   int            // of names and values

	// scopes are the names that the target has set or deleted, and where. A
	// recorded cookie of such a name is stale there.
	scopes map[cookieScope]bool
}

// A cookieScope is where a cookie goes: to one host, or to a domain and all hosts
// below it.
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

func newJar(routes []route) *jar {
	return &jar{routes: routes, scopes: make(map[cookieScope]bool)}
}

// keep takes the cookies that an answer of r to a request for path sets.
func (j *jar) keep(r *route, path string, resp *flow.Response) {
	now := time.Now()
	for _, h := range resp.Headers {
		if !strings.EqualFold(h.Name, "Set-Cookie") {
			continue
		}
		if c, ok := parseSetCookie(h.Value, r, path, now); ok {
			j.store(c, now)
		}
	}
}

// store replaces the cookie of the same name, scope and path. One that has
// expired deletes it.
func (j *jar) store(c storedCookie, now time.Time) {
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

func (j *jar) remove(i int) {
	j.bytes -= len(j.cookies[i].name) + len(j.cookies[i].value)
	j.cookies = slices.Delete(j.cookies, i, i+1)
}

// line returns the Cookie field of a request to r: the cookies of the jar, and
// of the recorded ones those that the target has neither set nor deleted.
func (j *jar) line(r *route, a *Act) string {
	path, _, _ := strings.Cut(a.Request.Target, "?")
	from := contextOf(j.routes, r, &a.Request.Request)
	now := time.Now()
	var sent []*storedCookie
	for i := range j.cookies {
		c := &j.cookies[i]
		if c.goesTo(r) && matchPath(path, c.path) && (!c.secure || r.secure) && from.allows(c, now) && (c.expires.IsZero() || c.expires.After(now)) {
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
	for _, c := range a.Cookies {
		if !j.replaced(c.Name, r) {
			add(c.Name, c.Value)
		}
	}
	return b.String()
}

// replaced reports whether the target has set or deleted a cookie of that name
// that goes to r.
func (j *jar) replaced(name string, r *route) bool {
	if j.scopes[cookieScope{name, r.recordedHost, true}] {
		return true
	}
	for _, host := range []string{r.recordedHost, r.liveHost} {
		for domain, more := host, true; more; _, domain, more = strings.Cut(domain, ".") {
			if j.scopes[cookieScope{name, domain, false}] {
				return true
			}
		}
	}
	return false
}

// goesTo reports whether requests to r carry the cookie.
func (s *cookieScope) goesTo(r *route) bool {
	if s.hostOnly {
		return s.domain == r.recordedHost
	}
	return matchDomain(r.recordedHost, s.domain) || matchDomain(r.liveHost, s.domain)
}

// parseSetCookie reads a Set-Cookie field of an answer of r to a request for
// path. ok is false if a browser would refuse the cookie.
func parseSetCookie(line string, r *route, path string, now time.Time) (c storedCookie, ok bool) {
	pair, attributes, _ := strings.Cut(line, ";")
	set, ok := parseCookie(pair)
	// Names and values are opaque to browsers (RFC 6265bis, 5.6). net/http drops
	// those with quotes, backslashes or brackets, so it sees the attributes alone.
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
	c.cookieScope, ok = scopeOf(set.Name, strings.ToLower(strings.TrimPrefix(a.Domain, ".")), r)
	switch {
	case !ok, c.secure && !r.secure, c.sameSite == http.SameSiteNoneMode && !c.secure:
		return c, false
	case hasPrefixFold(c.name, "__Secure-"):
		return c, c.secure
	case hasPrefixFold(c.name, "__Host-"):
		return c, c.secure && c.path == "/" && a.Domain == ""
	}
	return c, true
}

// scopeOf says where a cookie of an answer of r with this Domain goes. A test
// target that is reached by its address may name a domain that neither name of
// the place belongs to; its cookie stays with the host.
func scopeOf(name, domain string, r *route) (s cookieScope, ok bool) {
	host := cookieScope{name, r.recordedHost, true}
	switch {
	case domain == "" || domain == r.recordedHost && isPublic(domain):
		return host, true
	case isPublic(domain):
		return host, false
	case matchDomain(r.recordedHost, domain) || matchDomain(r.liveHost, domain):
		return cookieScope{name, domain, false}, true
	}
	return host, isAddress(r.liveHost) || isLoopback(r.liveHost)
}

// isPublic reports whether everybody can have a host below domain, as with "com"
// or "github.io".
func isPublic(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
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

// parseCookie reads NAME=VALUE; the value is kept as it is written.
func parseCookie(pair string) (c Cookie, ok bool) {
	name, value, ok := strings.Cut(pair, "=")
	name = strings.TrimSpace(name)
	return Cookie{name, strings.TrimSpace(value)}, ok && name != ""
}

// A fetchContext is what the place that a request comes from means for cookies.
type fetchContext uint8

const (
	sameSite       fetchContext = iota
	crossNavigates              // a page of another site led the user here
	crossPosts                  // a form of another site did
	crossEmbeds                 // a page of another site loads or sends something
)

// maxLaxUnsafe is how long a cookie that says nothing of SameSite also goes with
// forms of other sites (RFC 6265bis, 5.5.7.2). Logins by another site need it.
const maxLaxUnsafe = 2 * time.Minute

// allows reports whether a request in this context carries c. A cookie that does
// not say is Lax, as browsers take it.
func (f fetchContext) allows(c *storedCookie, now time.Time) bool {
	switch {
	case f == sameSite, c.sameSite == http.SameSiteNoneMode:
		return true
	case c.sameSite == http.SameSiteStrictMode, f == crossEmbeds:
		return false
	case f == crossPosts:
		return c.sameSite != http.SameSiteLaxMode && now.Sub(c.created) < maxLaxUnsafe
	}
	return true
}

// contextOf finds the context of a request to r: as the browser of the recording
// says in its Sec-Fetch fields, else by Origin or Referer. Without any of these
// the user came by himself.
func contextOf(routes []route, r *route, req *flow.Request) fetchContext {
	site := req.Headers.Value("Sec-Fetch-Site")
	cross := site == "cross-site"
	if site == "" {
		from := req.Headers.Value("Origin")
		if from == "" || from == "null" {
			from = req.Headers.Value("Referer")
		}
		cross = from != "" && isForeign(routes, r, from)
	}
	mode := req.Headers.Value("Sec-Fetch-Mode")
	navigates := mode == "navigate" || mode == "" && wantsPage(req)
	switch {
	case !cross:
		return sameSite
	case navigates && (req.Method == "GET" || req.Method == "HEAD"):
		return crossNavigates
	case navigates:
		return crossPosts
	}
	return crossEmbeds
}

// wantsPage reports whether the request is for a document, as far as it says.
func wantsPage(req *flow.Request) bool {
	return strings.HasPrefix(req.Headers.Value("Accept"), "text/html")
}

// isForeign reports whether the URL from is on another site than r.
func isForeign(routes []route, r *route, from string) bool {
	origin, err := ParseOrigin(from)
	if err != nil {
		return false
	}
	host := ""
	for i := range routes {
		if origin == routes[i].origin() { // where it is now: take its recorded name
			host = routes[i].recordedHost
		}
	}
	if u, err := url.Parse(origin); host == "" && err == nil {
		host = u.Hostname()
	}
	return siteOf(host) != siteOf(r.recordedHost) && siteOf(host) != siteOf(r.liveHost)
}

// siteOf is the domain that somebody registered, or the host where there is none.
func siteOf(host string) string {
	if isAddress(host) {
		return host
	}
	if site, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return site
	}
	return host
}
