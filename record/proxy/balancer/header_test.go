package balancer

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

const (
	v4 = signature + "\x21\x11\x00\x0c\xcb\x00\x71\x09\x0a\x00\x00\x01\xc7\x38\x01\xbb"
	v6 = signature + "\x21\x21\x00\x24" + "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09" + "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" + "\xc7\x38\x01\xbb"
)

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		name, header, want string // want: the client, "none" for a header without one
		err                error
	}{
		{"version 1", "PROXY TCP4 203.0.113.9 10.0.0.1 51000 443\r\n", "203.0.113.9:51000", nil},
		{"version 1 of IPv6", "PROXY TCP6 2001:db8::9 2001:db8::1 51000 443\r\n", "[2001:db8::9]:51000", nil},
		{"version 1 of the longest kind", "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", "none", nil},
		{"version 1 without a client", "PROXY UNKNOWN\r\n", "none", nil},
		{"version 1 without addresses", "PROXY TCP4 \r\n", "", ErrMalformed},
		{"version 1 of another family", "PROXY TCP4 2001:db8::9 10.0.0.1 51000 443\r\n", "", ErrMalformed},
		{"version 1 of another family at the other end", "PROXY TCP6 2001:db8::9 10.0.0.1 51000 443\r\n", "", ErrMalformed},
		{"version 1 with a port too high", "PROXY TCP4 203.0.113.9 10.0.0.1 65536 443\r\n", "", ErrMalformed},
		{"version 1 with zeros before a port", "PROXY TCP4 203.0.113.9 10.0.0.1 051 443\r\n", "", ErrMalformed},
		{"version 1 with a sign before a port", "PROXY TCP4 203.0.113.9 10.0.0.1 +51 443\r\n", "", ErrMalformed},
		{"version 1 with two blanks", "PROXY TCP4  203.0.113.9 10.0.0.1 51000 443\r\n", "", ErrMalformed},
		{"version 1 with more", "PROXY TCP4 203.0.113.9 10.0.0.1 51000 443 1\r\n", "", ErrMalformed},
		{"version 1 that ends in LF", "PROXY TCP4 203.0.113.9 10.0.0.1 51000 443\n", "", ErrMalformed},
		{"version 1 with zeros before a number", "PROXY TCP4 203.0.113.009 10.0.0.1 51000 443\r\n", "", ErrMalformed},
		{"version 1 with a zone", "PROXY TCP6 fe80::1%a 2001:db8::1 51000 443\r\n", "", ErrMalformed},
		{"version 1 without end", "PROXY TCP4 " + strings.Repeat("1", 200), "", ErrMalformed},
		{"version 1 that is cut", "PROXY TCP4 203.0.113.9", "", ErrMore},
		{"version 2", v4, "203.0.113.9:51000", nil},
		{"version 2 of IPv6", v6, "[2001:db8::9]:51000", nil},
		{"version 2 with more fields", signature + "\x21\x11\x00\x10\xcb\x00\x71\x09\x0a\x00\x00\x01\xc7\x38\x01\xbb\x04\x00\x01x", "203.0.113.9:51000", nil},
		{"version 2 of the balancer itself", signature + "\x20\x00\x00\x00", "none", nil},
		{"version 2 of the balancer itself, with addresses", signature + "\x20\x11\x00\x0c\xcb\x00\x71\x09\x0a\x00\x00\x01\xc7\x38\x01\xbb", "none", nil},
		{"version 2 of a socket without address", signature + "\x21\x00\x00\x00", "none", nil},
		{"version 2 of a local socket", signature + "\x21\x31\x00\xd8" + strings.Repeat("/", 216), "none", nil},
		{"version 2 too short for its addresses", signature + "\x21\x11\x00\x0b\xcb\x00\x71\x09\x0a\x00\x00\x01\xc7\x38\x01", "", ErrMalformed},
		{"version 2 of IPv6 with the length of IPv4", signature + "\x21\x21\x00\x0c\xcb\x00\x71\x09\x0a\x00\x00\x01\xc7\x38\x01\xbb", "", ErrMalformed},
		{"version 3", signature + "\x31\x11\x00\x0c", "", ErrMalformed},
		{"version 2 with another command", signature + "\x22\x11\x00\x0c", "", ErrMalformed},
		{"version 2 of another family", signature + "\x21\x41\x00\x0c", "", ErrMalformed},
		{"version 2 that is cut", v4[:len(v4)-1], "", ErrMore},
		{"nothing", "", "", ErrMore},
		{"a request", "GET / HTTP/1.1\r\n", "", ErrNone},
		{"a request that begins alike", "PROPFIND / HTTP/1.1\r\n", "", ErrNone},
		{"a method of that name", "PROXY / HTTP/1.1\r\n", "", ErrNone},
		{"a name in lower case", "proxy TCP4 203.0.113.9 10.0.0.1 51000 443\r\n", "", ErrNone},
		{"blank lines", "\r\n\r\nGET", "", ErrNone},
		{"TLS", "\x16\x03\x01", "", ErrNone},
	} {
		const rest = "GET /"
		client, n, err := Parse([]byte(c.header + rest))
		if c.err == ErrMore {
			client, n, err = Parse([]byte(c.header))
		}
		want := netip.AddrPort{}
		if c.want != "" && c.want != "none" {
			want = netip.MustParseAddrPort(c.want)
		}
		if err != c.err || client != want || (err == nil) != (n == len(c.header) && n > 0) {
			t.Errorf("%s: %v, %d bytes, %v; want %v, %v", c.name, client, n, err, want, c.err)
		}
		for cut := range len(c.header) { // nothing is decided too early
			if _, _, got := Parse([]byte(c.header[:cut])); c.err == nil && got != ErrMore {
				t.Errorf("%s, cut at %d: %v", c.name, cut, got)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{v4, v6, "PROXY TCP4 203.0.113.9 10.0.0.1 51000 443\r\n", "PROXY UNKNOWN\r\n", "GET / HTTP/1.1\r\n", signature} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		client, n, err := Parse(b)
		switch err {
		case nil:
			if n == 0 || n > len(b) {
				t.Fatalf("%d bytes of %d", n, len(b))
			}
		case ErrMore, ErrNone, ErrMalformed:
			if n != 0 || client.IsValid() {
				t.Fatalf("%v, and %v in %d bytes", err, client, n)
			}
		default:
			t.Fatal(err)
		}
		if err == ErrMore && len(b) > 16+1<<16 {
			t.Fatalf("wants more than %d bytes", len(b))
		}
		if cut < 0 || cut > len(b) {
			return
		}
		early, m, before := Parse(b[:cut]) // the same, or not decided
		if before != ErrMore && (early != client || m != n || before != err) {
			t.Fatalf("of %d bytes %v, %d, %v; of all %v, %d, %v", cut, early, m, before, client, n, err)
		}
		if err == nil && (cut >= n) != (before == nil) {
			t.Fatalf("%d bytes are the header; of %d bytes: %v", n, cut, before)
		}
		if grown, k, after := Parse(append(bytes.Clone(b), "GET / HTTP/1.1\r\n"...)); err != ErrMore && (grown != client || k != n || after != err) {
			t.Fatalf("with more: %v, %d, %v; want %v, %d, %v", grown, k, after, client, n, err)
		}
	})
}
