package proxy

import (
	"net"
	"strings"
)

// An allowList holds the patterns of Options.AllowHosts in lower case.
type allowList []string

func newAllowList(patterns []string) allowList {
	if patterns == nil {
		return nil
	}
	l := make(allowList, 0, len(patterns))
	for _, p := range patterns {
		l = append(l, strings.ToLower(p))
	}
	return l
}

// allows reports whether address, a host with or without port, may be dialled.
func (l allowList) allows(address string) bool {
	if l == nil {
		return true
	}
	address = strings.ToLower(address)
	host := hostname(address)
	for _, p := range l {
		if domain, ok := strings.CutPrefix(p, "*"); ok && strings.HasPrefix(domain, ".") {
			if strings.HasSuffix(host, domain) {
				return true
			}
		} else if p == host || p == address || p == "["+host+"]" {
			return true
		}
	}
	return false
}

// hostname returns the host of an address with or without port, without brackets.
func hostname(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}

// withPort adds the default port of scheme to an address that has none.
func withPort(address, scheme string) string {
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	port := "80"
	if scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(hostname(address), port)
}
