package proxy

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// Lists choose traffic by host and path. Two of them decide what is refused, two what
// is opened, four what is recorded. An empty list has no effect. In a pattern "*"
// stands for any number of characters.
//
// A host pattern is compared with the host, and with HOST:PORT, that the client names.
// Case does not matter: "shop.test", "shop.test:8443", "*.shop.test", "*:8443",
// "[::1]". A path pattern is compared with the path without query: "/api/*".
type Lists struct {
	// AllowHosts are the only hosts that a forward proxy connects to. It connects
	// to none of DenyHosts, whatever AllowHosts says. What it refuses gets status
	// 403 and counts in Counts.Refused.
	AllowHosts, DenyHosts []string

	// MITM are the only hosts whose CONNECT tunnels are opened and read. Tunnels of the
	// hosts in Tunnel stay closed, whatever MITM says. A closed tunnel passes unread
	// and counts in Counts.Tunnels.
	MITM, Tunnel []string

	// RecordHosts and RecordPaths choose what is recorded; SkipHosts and SkipPaths
	// leave out a part of that. What is left out still passes. It counts in
	// Counts.LeftOut and is told to the Sink as filtered.
	RecordHosts, SkipHosts []string
	RecordPaths, SkipPaths []string
}

// normal returns the lists with the host patterns in lower case.
func (l Lists) normal() Lists {
	for _, hosts := range []*[]string{&l.AllowHosts, &l.DenyHosts, &l.MITM, &l.Tunnel, &l.RecordHosts, &l.SkipHosts} {
		low := make([]string, len(*hosts))
		for i, p := range *hosts {
			low[i] = strings.ToLower(p)
		}
		*hosts = low
	}
	return l
}

// validate refuses patterns that can match no request.
func (l *Lists) validate() error {
	var errs []error
	for _, p := range slices.Concat(l.AllowHosts, l.DenyHosts, l.MITM, l.Tunnel, l.RecordHosts, l.SkipHosts) {
		if !hostPattern(p) {
			errs = append(errs, badHostPattern(p))
		}
	}
	for _, p := range slices.Concat(l.RecordPaths, l.SkipPaths) {
		if p == "" || p[0] != '/' && p[0] != '*' || strings.ContainsAny(p, "?# ") {
			errs = append(errs, fmt.Errorf("proxy: path pattern %q: write a path without query, as /health or /api/*; * stands for anything", p))
		}
	}
	return errors.Join(errs...)
}

func badHostPattern(p string) error {
	return fmt.Errorf("proxy: host pattern %q: write a host without scheme and path, as shop.test, *.shop.test, shop.test:8443 or [::1]; * stands for anything", p)
}

// hostPattern reports whether p has only characters of names, addresses and ports.
// Brackets stand around an IPv6 address; they are no choice of characters.
func hostPattern(p string) bool {
	for _, c := range []byte(p) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.*:[]%", c) >= 0) {
			return false
		}
	}
	inner, bracket := strings.CutPrefix(p, "[")
	address, _, closed := strings.Cut(inner, "]")
	return p != "" && !strings.Contains(inner, "[") && bracket == closed && (!bracket || strings.ContainsAny(address, ":*"))
}

// reach reports whether address, a host with or without port, may be dialled.
func (l *Lists) reach(address string) bool {
	return chosen(l.AllowHosts, l.DenyHosts, address, matchHost)
}

// open reports whether a tunnel to address is to be read.
func (l *Lists) open(address string) bool { return chosen(l.MITM, l.Tunnel, address, matchHost) }

// record reports whether requests for a path of address are recorded; address
// without port has that of scheme.
func (l *Lists) record(scheme, address, path string) bool {
	if len(l.RecordHosts)+len(l.SkipHosts) > 0 && !chosen(l.RecordHosts, l.SkipHosts, withPort(address, scheme), matchHost) {
		return false
	}
	return chosen(l.RecordPaths, l.SkipPaths, path, glob)
}

// chosen reports whether text matches a pattern of only, or only is empty, and matches
// no pattern of but.
func chosen(only, but []string, text string, match func(pattern, text string) bool) bool {
	for _, p := range but {
		if match(p, text) {
			return false
		}
	}
	for _, p := range only {
		if match(p, text) {
			return true
		}
	}
	return len(only) == 0
}

// matchHost reports whether address matches a pattern, which is in lower case.
func matchHost(pattern, address string) bool {
	address = strings.ToLower(address)
	host := hostname(address)
	if pattern == host || glob(pattern, address) {
		return true
	}
	if strings.Contains(host, ":") { // of IPv6, where "*:80" means a port
		return glob(pattern, "["+host+"]")
	}
	return glob(pattern, strings.TrimSuffix(host, "."))
}

// glob reports whether text is pattern, where "*" stands for anything.
func glob(pattern, text string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, first)
	for ok {
		var piece string
		if piece, rest, wild = strings.Cut(rest, "*"); !wild {
			return strings.HasSuffix(text, piece)
		}
		_, text, ok = strings.Cut(text, piece) // the first is as good as any
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
