package proxy

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/proxy/balancer"
)

var local = balancer.Trust{netip.MustParsePrefix("127.0.0.0/8")}

func TestClientsBehindABalancerHaveConnectionsOfTheirOwn(t *testing.T) {
	for _, p := range paths {
		for _, trusted := range []bool{false, true} {
			t.Run(fmt.Sprint(p.name, trusted), func(t *testing.T) {
				o := Options{}
				if trusted {
					o.TrustForwarded = local
				}
				r := p.open(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header["X-Forwarded-For"]) }, o)
				conns := map[string]uint64{}
				for range 2 {
					for _, who := range []string{"203.0.113.9", "2001:db8::9", "203.0.113.10:51000"} {
						if _, seen := r.get(t, request(t, "GET", r.base+"/", nil, "X-Forwarded-For", who)); seen != "["+who+"]" {
							t.Errorf("the target saw %s", seen)
						}
						f := r.sink.next(t)
						if id, met := conns[who]; met && id != f.Conn {
							t.Errorf("%s has connections %d and %d", who, id, f.Conn)
						}
						conns[who] = f.Conn
						want := map[string]string{"203.0.113.9": "203.0.113.9:0", "2001:db8::9": "[2001:db8::9]:0", "203.0.113.10:51000": "203.0.113.10:51000"}[who]
						if got := r.sink.conn(t, f.Conn).Client; trusted && got != want || !trusted && !strings.HasPrefix(got, "127.0.0.1:") {
							t.Errorf("%s recorded as %s", who, got)
						}
					}
				}
				if n := map[bool]uint64{true: 3, false: 1}[trusted]; r.p.Counts().Conns != n {
					t.Errorf("%d connections, want %d", r.p.Counts().Conns, n)
				}
			})
		}
	}
}

func TestTheHeaderOfTheProxyProtocolIsTakenAway(t *testing.T) {
	const (
		v1 = "PROXY TCP4 203.0.113.9 10.0.0.1 51000 443\r\n"
		v2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x0a\x0a\x00\x00\x01\xc7\x38\x01\xbb"
	)
	for _, c := range []struct {
		name, header, fields, want string // want "": the connection itself; "none": no answer
		distrust                   bool
	}{
		{name: "version 1", header: v1, want: "203.0.113.9:51000"},
		{name: "version 2", header: v2, want: "203.0.113.10:51000"},
		{name: "no header"},
		{name: "a header without client", header: "PROXY UNKNOWN\r\n"},
		{name: "a header and a field", header: v1, fields: "X-Forwarded-For: 198.51.100.7\r\n", want: "203.0.113.9:51000"},
		{name: "a header of a balancer, and a field", header: "PROXY TCP4 127.0.0.9 10.0.0.1 51000 443\r\n", fields: "X-Forwarded-For: 198.51.100.7\r\n", want: "198.51.100.7:0"},
		{name: "a malformed header", header: "PROXY TCP4 here there 1 2\r\n", want: "none"},
		{name: "a client that is no balancer", header: v1, want: "none", distrust: true},
	} {
		for _, secure := range []bool{false, true} {
			for _, slow := range []bool{false, true} {
				t.Run(fmt.Sprint(c.name, secure, slow), func(t *testing.T) {
					p := paths[1]
					if p.tls = secure; c.want == "none" && (slow || secure && c.distrust) {
						t.Skip("cut where it does not matter")
					}
					o := Options{TrustForwarded: local}
					if c.distrust {
						o.TrustForwarded = nil
					}
					r := p.open(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") }, o)
					c1, err := net.Dial("tcp", r.addr)
					if err != nil {
						t.Fatal(err)
					}
					defer c1.Close()
					own := c1.LocalAddr().String()
					for i := range c.header {
						if slow {
							io.WriteString(c1, c.header[i:i+1])
						}
					}
					if !slow {
						io.WriteString(c1, c.header)
					}
					client := c1
					if secure {
						client = tls.Client(c1, &tls.Config{RootCAs: r.roots(), ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
					}
					fmt.Fprintf(client, "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", c.fields)
					resp, err := http.ReadResponse(bufio.NewReader(client), nil)
					if c.want == "none" {
						if err == nil && resp.StatusCode != http.StatusBadRequest || r.p.Counts().Flows != 0 {
							t.Errorf("answered %v, %v", resp, err)
						}
						return
					}
					if err != nil || resp.StatusCode != http.StatusOK {
						t.Fatalf("answered %v, %v", resp, err)
					}
					want := c.want
					if want == "" {
						want = own
					}
					if got := r.sink.conn(t, r.sink.next(t).Conn).Client; got != want {
						t.Errorf("recorded for %s, want %s", got, want)
					}
				})
			}
		}
	}
}

func TestAClientHasOneConnectionBehindAllOfItsBalancer(t *testing.T) {
	r := paths[1].open(t, func(http.ResponseWriter, *http.Request) {}, Options{TrustForwarded: local})
	seen := map[string]uint64{}
	for range 3 {
		r.client.CloseIdleConnections() // the balancer has another
		for _, who := range []string{"203.0.113.9", "203.0.113.10"} {
			r.get(t, request(t, "GET", r.base+"/", nil, "X-Forwarded-For", who))
			f := r.sink.next(t)
			if id, met := seen[who]; met && id != f.Conn || r.sink.conn(t, f.Conn).Client != who+":0" {
				t.Errorf("%s has connection %d, and %d before", who, f.Conn, id)
			}
			seen[who] = f.Conn
		}
	}
}

func TestClientsOfBalancersTakeLittleMemory(t *testing.T) {
	r := paths[1].open(t, func(http.ResponseWriter, *http.Request) {}, Options{TrustForwarded: local})
	s := &inbound{srv: &server{p: r.p}}
	for i := range maxClients + 10 {
		s.announce(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 0), route{}, nil)
	}
	if n := len(r.p.behind.ids); n != 10 {
		t.Errorf("%d clients remembered, want 10", n)
	}
}
