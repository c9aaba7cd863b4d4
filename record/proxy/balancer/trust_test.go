package balancer

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestTheClientIsTheLastOneThatIsNoBalancer(t *testing.T) {
	trust := Trust{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	const peer = "10.0.0.1:4000"
	for _, c := range []struct{ name, peer, fields, want string }{
		{"no field", peer, "", peer},
		{"a peer that is not trusted", "192.0.2.1:4000", "X-Forwarded-For: 203.0.113.9", "192.0.2.1:4000"},
		{"a mapped peer", "[::ffff:10.0.0.1]:4000", "X-Forwarded-For: 203.0.113.9", "203.0.113.9:0"},
		{"a peer of IPv6", "[2001:db8:ffff::1]:4000", "X-Forwarded-For: 203.0.113.9", "203.0.113.9:0"},
		{"one address", peer, "X-Forwarded-For: 203.0.113.9", "203.0.113.9:0"},
		{"one with its port", peer, "X-Forwarded-For: 203.0.113.9:5123", "203.0.113.9:5123"},
		{"IPv6", peer, "X-Forwarded-For: 2001:DB8::9", "[2001:db8::9]:0"},
		{"IPv6 in brackets", peer, "X-Forwarded-For: [2001:db8::9]", "[2001:db8::9]:0"},
		{"IPv6 with its port", peer, "X-Forwarded-For: [2001:db8::9]:5123", "[2001:db8::9]:5123"},
		{"IPv4 mapped", peer, "X-Forwarded-For: ::ffff:203.0.113.9", "203.0.113.9:0"},
		{"what the client made up before", peer, "X-Forwarded-For: 198.51.100.7, 203.0.113.9", "203.0.113.9:0"},
		{"a chain of balancers", peer, "X-Forwarded-For: 198.51.100.7, 203.0.113.9 ,10.0.0.3,\t10.0.0.2", "203.0.113.9:0"},
		{"several lines", peer, "X-Forwarded-For: 198.51.100.7\nX-Forwarded-For: 203.0.113.9, 10.0.0.3\nX-Forwarded-For: 10.0.0.2", "203.0.113.9:0"},
		{"balancers alone", peer, "X-Forwarded-For: 10.0.0.3, 10.0.0.2", "10.0.0.3:0"},
		{"unknown", peer, "X-Forwarded-For: 203.0.113.9, unknown", peer},
		{"unknown behind a balancer", peer, "X-Forwarded-For: 203.0.113.9, unknown, 10.0.0.2", "10.0.0.2:0"},
		{"an empty value", peer, "X-Forwarded-For: ", peer},
		{"an empty element", peer, "X-Forwarded-For: 203.0.113.9,", peer},
		{"a name", peer, "X-Forwarded-For: client.test", peer},
		{"a zone", peer, "X-Forwarded-For: fe80::1%eth0", "[fe80::1]:0"},
		{"an address with zeros", peer, "X-Forwarded-For: 203.0.113.009", peer},
		{"a network", peer, "X-Forwarded-For: 203.0.113.0/24", peer},
		{"too many digits", peer, "X-Forwarded-For: 203.0.113.9:99999", peer},
		{"IPv4 in brackets", peer, "X-Forwarded-For: [203.0.113.9]", peer},
		{"half a bracket", peer, "X-Forwarded-For: [2001:db8::9", peer},
		{"quotes", peer, `X-Forwarded-For: "203.0.113.9"`, peer},
		{"Forwarded", peer, `Forwarded: for=203.0.113.9;proto=https;by=10.0.0.1`, "203.0.113.9:0"},
		{"Forwarded in another order", peer, `Forwarded: Proto=https; FOR="203.0.113.9:5123"`, "203.0.113.9:5123"},
		{"Forwarded with IPv6", peer, `Forwarded: for="[2001:db8::9]:5123"`, "[2001:db8::9]:5123"},
		{"Forwarded with what was made up", peer, `Forwarded: for=198.51.100.7, for=203.0.113.9, for=10.0.0.2`, "203.0.113.9:0"},
		{"Forwarded with a comma in quotes", peer, `Forwarded: for=203.0.113.9;host="a,for=198.51.100.7"`, "203.0.113.9:0"},
		{"Forwarded with an escaped quote", peer, `Forwarded: host="a\",for=198.51.100.7;";for=203.0.113.9`, "203.0.113.9:0"},
		{"Forwarded with an open quote", peer, `Forwarded: for=198.51.100.7, host=", for=203.0.113.9`, peer},
		{"Forwarded with a hidden client", peer, `Forwarded: for=203.0.113.9, for=_hidden`, peer},
		{"Forwarded without for", peer, `Forwarded: for=203.0.113.9, by=10.0.0.1`, peer},
		{"Forwarded beside X-Forwarded-For", peer, "Forwarded: for=198.51.100.7\nX-Forwarded-For: 203.0.113.9", "203.0.113.9:0"},
		{"X-Real-IP", peer, "X-Real-Ip: 203.0.113.9", "203.0.113.9:0"},
		{"X-Real-IP twice", peer, "X-Real-Ip: 198.51.100.7\nX-Real-Ip: 203.0.113.9", "203.0.113.9:0"},
		{"X-Real-IP with a list", peer, "X-Real-Ip: 198.51.100.7, 203.0.113.9", peer},
		{"X-Real-IP beside X-Forwarded-For", peer, "X-Real-Ip: 198.51.100.7\nX-Forwarded-For: 203.0.113.9", "203.0.113.9:0"},
		{"CF-Connecting-IP", peer, "Cf-Connecting-Ip: 2001:db8::9", "[2001:db8::9]:0"},
		{"a very long list", peer, "X-Forwarded-For: " + strings.Repeat("198.51.100.7,", 5000) + "203.0.113.9", "203.0.113.9:0"},
	} {
		h := http.Header{}
		for line := range strings.Lines(c.fields) {
			name, value, _ := strings.Cut(line, ":")
			h[name] = append(h[name], strings.Trim(value, " \n"))
		}
		if got := trust.Client(netip.MustParseAddrPort(c.peer), h).String(); got != c.want {
			t.Errorf("%s: %s from %s is of %s, want %s", c.name, c.fields, c.peer, got, c.want)
		}
	}
	if got := (Trust{}).Client(netip.AddrPort{}, http.Header{"X-Forwarded-For": {"203.0.113.9"}}); got.IsValid() {
		t.Errorf("nobody is trusted, and the client is %v", got)
	}
}
