package proxy

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Access says who may use a proxy. The zero value lets everybody in who reaches it.
type Access struct {
	// Clients are the networks of the clients. Others get 403. Empty: all.
	Clients []netip.Prefix

	// Credentials are USER:PASSWORD, one of which a client of a forward proxy has to give
	// (Basic, RFC 7617). Others get 407. Empty: none are needed.
	Credentials []string
}

func (a *Access) validate(forward bool) error {
	for _, c := range a.Credentials {
		if user, password, ok := strings.Cut(c, ":"); !ok || user == "" || password == "" {
			return errors.New("proxy: credentials without a user or password; write them as USER:PASSWORD")
		}
	}
	if len(a.Credentials) > 0 && !forward {
		return errors.New("proxy: clients give credentials to a forward proxy alone; a reverse proxy passes on what they are asked for upstream")
	}
	return nil
}

// Open reports whether everybody is let in.
func (a *Access) Open() bool { return len(a.Clients)+len(a.Credentials) == 0 }

// admit answers the request of a client that is not let in, and reports whether it is.
func (p *Proxy) admit(w http.ResponseWriter, r *http.Request, client netip.Addr) bool {
	a := &p.o.Access
	switch {
	case !a.has(client):
		p.refuse(w, http.StatusForbidden, "clients at this address may not use this proxy")
	case len(a.Credentials) > 0 && !a.known(r.Header.Get("Proxy-Authorization")):
		w.Header().Set("Proxy-Authenticate", `Basic realm="starling", charset="UTF-8"`)
		p.refuse(w, http.StatusProxyAuthRequired, "this proxy wants a user and password")
	default:
		return true
	}
	return false
}

// has reports whether a client is in one of the networks.
func (a *Access) has(client netip.Addr) bool {
	return len(a.Clients) == 0 || slices.ContainsFunc(a.Clients, func(n netip.Prefix) bool { return n.Contains(client) })
}

// known reports whether a Proxy-Authorization has right credentials. How long it takes
// does not tell which part was wrong.
func (a *Access) known(authorization string) bool {
	scheme, code, _ := strings.Cut(authorization, " ")
	given, err := base64.StdEncoding.DecodeString(strings.TrimSpace(code))
	if err != nil || !strings.EqualFold(scheme, "Basic") {
		return false
	}
	found, sum := 0, sha256.Sum256(given)
	for _, c := range a.Credentials {
		right := sha256.Sum256([]byte(c))
		found |= subtle.ConstantTimeCompare(sum[:], right[:])
	}
	return found == 1
}
