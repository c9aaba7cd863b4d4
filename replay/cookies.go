package replay

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// cookies are those of one session. The target stands for the recorded host, so
// Domain and Secure are not held against it: a recording made over TLS replays
// to a plain test target.
type cookies struct {
	jar http.CookieJar
	set map[string]bool // names that the target has set, or deleted
}

func newCookies() *cookies {
	jar, _ := cookiejar.New(nil) // fails never
	return &cookies{jar: jar, set: make(map[string]bool)}
}

// keep takes the cookies of an answer.
func (c *cookies) keep(at *url.URL, resp *flow.Response) {
	var fresh []*http.Cookie
	for _, line := range resp.Headers.Values("Set-Cookie") {
		pair, attributes, _ := strings.Cut(line, ";")
		set, ok := parseCookie(pair)
		// Names and values are opaque to browsers (RFC 6265, 5.2); net/http drops
		// those with quotes, backslashes or brackets, so it sees the attributes alone.
		cookie, err := http.ParseSetCookie("name=value;" + attributes)
		if !ok || err != nil {
			continue
		}
		cookie.Name, cookie.Value, cookie.Domain, cookie.Secure = set.Name, set.Value, "", false
		fresh = append(fresh, cookie)
		c.set[set.Name] = true
	}
	if len(fresh) > 0 {
		c.jar.SetCookies(at, fresh)
	}
}

// line is the Cookie header of a request: the jar's, and of the step's own those
// that the target has not set.
func (c *cookies) line(at *url.URL, own []Cookie) string {
	var b strings.Builder
	add := func(name, value string) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(name + "=" + value)
	}
	for _, live := range c.jar.Cookies(at) {
		add(live.Name, live.Value)
	}
	for _, o := range own {
		if !c.set[o.Name] {
			add(o.Name, o.Value)
		}
	}
	return b.String()
}

// parseCookie reads NAME=VALUE; the value is kept as it is written.
func parseCookie(pair string) (c Cookie, ok bool) {
	name, value, ok := strings.Cut(pair, "=")
	name = strings.TrimSpace(name)
	return Cookie{name, strings.TrimSpace(value)}, ok && name != ""
}
