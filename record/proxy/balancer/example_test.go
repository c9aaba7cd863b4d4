package balancer_test

import (
	"fmt"
	"net/http"
	"net/netip"

	"github.com/starling-load/starling/record/proxy/balancer"
)

func ExampleTrust_Client() {
	request := &http.Request{Header: http.Header{"X-Forwarded-For": {"198.51.100.7, 203.0.113.9, 10.0.0.2"}}}
	peer := netip.MustParseAddrPort("10.0.0.1:40000")

	trust := balancer.Trust{netip.MustParsePrefix("10.0.0.0/8")}
	client := trust.Client(peer, request.Header)

	fmt.Println(client)
	fmt.Println(trust.Client(netip.MustParseAddrPort("192.0.2.1:40000"), request.Header))
	// Output:
	// 203.0.113.9:0
	// 192.0.2.1:40000
}

func ExampleParse() {
	b := []byte("PROXY TCP4 203.0.113.9 10.0.0.1 51000 443\r\nGET / HTTP/1.1\r\n")
	client, n, err := balancer.Parse(b)
	fmt.Printf("%v %q %v\n", client, b[n:], err)
	// Output: 203.0.113.9:51000 "GET / HTTP/1.1\r\n" <nil>
}
