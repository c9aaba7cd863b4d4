package balancer

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Trust is the networks of balancers that are believed. Empty: nobody is.
type Trust []netip.Prefix

// Has reports whether a is the address of a balancer.
func (t Trust) Has(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(t, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Client returns the client of a request that came from peer. That is peer unless peer is
// a balancer. It is then what one of these fields says, the first that is there:
// X-Forwarded-For, Forwarded (RFC 7239), X-Real-IP, CF-Connecting-IP. A balancer has to
// set or remove those that stand before the one that it sets.
//
// The port is 0 where the field does not say it. Of a field that cannot be read, what is
// behind the part that cannot counts.
func (t Trust) Client(peer netip.AddrPort, h http.Header) netip.AddrPort {
	if !t.Has(peer.Addr()) {
		return peer
	}
	for _, hop := range slices.Backward(hops(h)) {
		at, ok := node(hop)
		if !ok {
			return peer
		}
		if peer = at; !t.Has(at.Addr()) {
			return peer
		}
	}
	return peer
}

// hops lists the addresses that a request says it came from, the client first.
func hops(h http.Header) []string {
	if list := h["X-Forwarded-For"]; len(list) > 0 {
		return strings.Split(strings.Join(list, ","), ",")
	}
	if list := h["Forwarded"]; len(list) > 0 {
		return forwarded(strings.Join(list, ","))
	}
	for _, name := range [...]string{"X-Real-Ip", "Cf-Connecting-Ip"} {
		if list := h[name]; len(list) > 0 {
			return list[len(list)-1:] // one balancer sets it
		}
	}
	return nil
}

// forwarded lists the nodes of a Forwarded field: for=192.0.2.43, for="[2001:db8::1]:80";
// by=10.0.0.1. An element without for is a node that is not known.
func forwarded(list string) []string {
	var nodes []string
	for element := range split(list, ',') {
		node := ""
		for pair := range split(element, ';') {
			if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && strings.EqualFold(name, "for") {
				node = unquoted(value)
			}
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// split yields the parts of text between separators that are not in quotes.
func split(text string, separator byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		from, quoted := 0, false
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case c == '\\' && quoted:
				i++
			case c == '"':
				quoted = !quoted
			case c == separator && !quoted:
				if !yield(text[from:i]) {
					return
				}
				from = i + 1
			}
		}
		yield(text[from:])
	}
}

// unquoted is a quoted string (RFC 9110, section 5.6.4) without its quotes.
func unquoted(value string) string {
	inner, ok := strings.CutPrefix(value, `"`)
	if inner, closed := strings.CutSuffix(inner, `"`); ok && closed {
		return strings.ReplaceAll(inner, `\`, "")
	}
	return value
}

// node reads an address with or without a port: 192.0.2.43, 192.0.2.43:80, 2001:db8::1,
// [2001:db8::1], [2001:db8::1]:80.
func node(text string) (at netip.AddrPort, ok bool) {
	text = strings.TrimSpace(text)
	if at, err := netip.ParseAddrPort(text); err == nil {
		return plain(at), true
	}
	inner, opened := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	a, err := netip.ParseAddr(inner)
	if err != nil || opened != closed || opened && !a.Is6() {
		return netip.AddrPort{}, false
	}
	return plain(netip.AddrPortFrom(a, 0)), true
}

// plain is an address in its own family and without a zone.
func plain(at netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
}
