package cookie

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/starling-load/starling/record/flow"
)

// A fetchContext says where a request comes from, as far as cookies care.
type fetchContext uint8

const (
	sameSite       fetchContext = iota
	crossNavigates              // a page of another site led the user here
	crossPosts                  // a form of another site led the user here
	crossEmbeds                 // a page of another site loads or sends something
)

// maxLaxUnsafe is how long a cookie without a SameSite attribute also goes with forms
// of other sites (RFC 6265bis, 5.5.7.2). Logins by another site need it.
const maxLaxUnsafe = 2 * time.Minute

// allows reports whether a request in this context carries c. Without a SameSite
// attribute c counts as Lax, except for forms: see maxLaxUnsafe.
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

// contextOf finds the context of a request to p. The Sec-Fetch fields of the recorded
// browser tell it; without them Origin or Referer does. A request with none of these
// is the user's own, so it is of the same site.
func contextOf(places []Place, p *Place, req *flow.Request) fetchContext {
	site := req.Headers.Value("Sec-Fetch-Site")
	cross := site == "cross-site"
	if site == "" {
		from := req.Headers.Value("Origin")
		if from == "" || from == "null" {
			from = req.Headers.Value("Referer")
		}
		cross = from != "" && isForeign(places, p, from)
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

// wantsPage reports whether the request is for a document, by its Accept field.
func wantsPage(req *flow.Request) bool {
	return strings.HasPrefix(req.Headers.Value("Accept"), "text/html")
}

// isForeign reports whether the URL from is on another site than p.
func isForeign(places []Place, p *Place, from string) bool {
	u, err := url.Parse(from)
	if err != nil || u.Host == "" {
		return false
	}
	host, origin := strings.ToLower(u.Hostname()), u.Scheme+"://"+strings.ToLower(u.Host)
	for i := range places {
		if origin == places[i].Origin { // the URL names a place as it is now
			host = places[i].Recorded
		}
	}
	return siteOf(host) != siteOf(p.Recorded) && siteOf(host) != siteOf(p.Live)
}

// siteOf is the registered domain of a host, or the host itself if it has none.
func siteOf(host string) string {
	if isAddress(host) {
		return host
	}
	if site, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return site
	}
	return host
}

// isAddress reports whether host is an IP address rather than a name.
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
