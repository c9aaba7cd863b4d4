package ui

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// policy lets the page load nothing but its own files: no inline script, no
// inline style, no other host.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard puts what every request must pass in front of next: the name of the
// host, the token, and the origin of calls.
func (s *server) guard(next http.Handler) http.Handler {
	var foreign http.CrossOriginProtection
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header())
		if !s.knownHost(r.Host) {
			s.refuse(w, r, &statusError{http.StatusMisdirectedRequest,
				"this host name is not one of Starling's; use the IP address, or name the host when starting the UI"})
			return
		}
		if err := foreign.Check(r); err != nil || foreignRead(r) {
			s.refuse(w, r, &statusError{http.StatusForbidden, "calls from other sites are refused; open Starling's own page"})
			return
		}
		if s.Token != "" && !s.admit(w, r) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

func harden(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// knownHost reports whether the Host header is one that no other site can point
// at this server: an IP address, localhost, or a name given in Options.
func (s *server) knownHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	return slices.ContainsFunc(s.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// foreignRead reports whether the browser says that another site calls the API. Another
// site may link to the page itself.
func foreignRead(r *http.Request) bool {
	if !isAPI(r) {
		return false
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

func isAPI(r *http.Request) bool {
	return r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/")
}

// admit reports whether the request knows the token. A page opened with it in
// the address gets a cookie and is sent on to the address without it, so that
// the token stays out of the history.
func (s *server) admit(w http.ResponseWriter, r *http.Request) bool {
	name, value := s.cookie()
	if given := r.URL.Query().Get("token"); given != "" && !isAPI(r) && r.Method == http.MethodGet {
		if !same(given, s.Token) {
			s.refuse(w, r, &statusError{http.StatusUnauthorized, "the token in the address is not the right one"})
			return false
		}
		http.SetCookie(w, &http.Cookie{
			Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
		})
		u := *r.URL
		q := u.Query()
		q.Del("token")
		u.RawQuery = q.Encode()
		// A path of two slashes would lead to another host.
		u.Path = "/" + strings.TrimLeft(u.Path, "/\\")
		http.Redirect(w, r, u.RequestURI(), http.StatusSeeOther)
		return false
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && same(bearer, s.Token) {
		return true
	}
	if c, err := r.Cookie(name); err == nil && same(c.Value, value) {
		return true
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	s.refuse(w, r, &statusError{http.StatusUnauthorized, "a token is needed; open the address that Starling printed when it started"})
	return false
}

// cookie returns the name and value of the cookie that stands for the token. Cookies
// are sent to every port of a host: the name tells two servers apart, and the value is
// useless to the other one.
func (s *server) cookie() (name, value string) {
	sum := sha256.Sum256([]byte("starling web cookie\x00" + s.Token))
	text := hex.EncodeToString(sum[:])
	return "starling-" + text[:8], text[8:]
}

// same compares two secrets in a time that depends on neither.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// refuse answers the API in JSON and a browser with a page.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, e *statusError) {
	if isAPI(r) {
		s.fail(w, r, e)
		return
	}
	page(w, e.status, http.StatusText(e.status), e.text)
}
