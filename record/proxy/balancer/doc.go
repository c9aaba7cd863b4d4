// Package balancer reads what load balancers say of the clients behind them.
//
// A [Trust] names the networks of the balancers. Whatever others say is not believed:
//
//	trust := balancer.Trust{netip.MustParsePrefix("10.0.0.0/8")}
//	client := trust.Client(peer, request.Header)
//
// Each balancer on the way of a request appends the address that it was asked from, so
// the list of a request is true from its end up to the first address that is no
// balancer's. That is the client:
//
//	X-Forwarded-For: 198.51.100.7, 203.0.113.9, 10.0.0.2     from 10.0.0.1
//	                 made up       the client   trusted      trusted
//
// Balancers that do not read HTTP put the client's address before its bytes: [Parse]
// reads that header of the PROXY protocol.
//
// It reads from no connection and looks no name up.
//
// Sources: RFC 7239; The PROXY protocol, versions 1 & 2 (HAProxy, 2020).
package balancer
