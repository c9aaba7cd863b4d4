// Package proxy records HTTP traffic as it passes through it.
//
// A [Proxy] is a forward proxy or, with Options.Upstream, a reverse proxy in front of
// one origin. Clients of a forward proxy name it as their proxy; it opens HTTPS with
// certificates of its own [authority.Authority]. Every exchange ends as one flow.Flow
// in the [Sink]:
//
//	p, err := proxy.New(proxy.Options{Listen: "127.0.0.1:0", Upstream: origin, Sink: printer{}})
//	l, err := p.Listen()
//	go func() { done <- p.Serve(ctx, l) }() // until ctx ends
//
// The traffic comes first. Bodies stream in both directions as they arrive. The proxy
// keeps a copy, up to a limit for each body and one for all together. Bytes that it
// does not keep still count in size and hash. Content coding, trailers, 1xx responses,
// 100-continue, upgrades, server-sent events, WebSocket frames and gRPC messages pass
// unchanged; the last three are recorded one by one, see record/message. Between
// HTTP/1.1 peers, heads pass and are recorded as the lines on the wire: order, case,
// duplicates, reason of the status. Over HTTP/2 the order of the fields is not known:
// their names are recorded in lower case and sorted.
//
// Between HTTP/1.1 peers the proxy makes these changes. It removes the fields of one
// connection (RFC 9110, section 7.6.1) and offers to go on in HTTP/2. It cuts chunks
// anew, without extensions, and sorts trailers. It writes folded lines as one, blanks for
// control characters, and 204 and 304 without Content-Length. It sorts heads of more than
// 64 KiB or 128 lines. Where Transfer-Encoding stands beside Content-Length it removes
// the length, and ends the connection behind that message (RFC 9112, section 6).
//
// Oddities of answers that browsers accept pass and are counted ([Counts].Odd): lines
// without a colon, names that are no tokens, a length that is repeated. Lines that are no
// fields are in no flow; their bytes are told to the Sink. Requests that are not clear
// (two lengths, unknown transfer codings, a bad escape or blank in the path, no Host)
// reach no target and no recording: net/http answers them with 4xx or 5xx. A client that
// closes its sending side has given up its request.
//
// Most requests pass in one goroutine that reads the request, writes it to the target and
// carries the answer back (fast.go): those over HTTP/1.1, plain, in TLS or through CONNECT,
// that are clear, come whole in at most 64 KiB, and go to a target in clear text. All
// others, and all behind them on their connection, reach one net/http server. It passes
// them to goproxy, which sends them on through the round tripper of this package:
//
//	client --TCP--> fastConn ---------ordinary--------------------------> target
//	           |       |
//	           |       server --handle--> goproxy --RoundTrip--> transport --> target
//	           |                          ^
//	        CONNECT --sniff--> TLS -------+
//	                       \-> neither TLS nor HTTP: passed through, only counted
//
// [Lists] say which hosts may be reached, which CONNECT tunnels are opened, and what is
// recorded. Refused traffic ends here. Traffic that is left out of the recording
// passes. With Options.Via everything goes through another proxy, plain requests
// included.
//
// A request that comes back to the proxy gets 508, whatever the address that led it back.
// It is known by its connection, which is one of the proxy's own. Through other proxies it
// is known by a token in the field Starling-Loop. CONNECT requests to a proxy in between
// carry it. Others carry it only while a hundred alike are under way, and for a minute
// after a loop was found.
//
// It does not speak HTTP/3, take SOCKS from clients, or carry WebSocket over HTTP/2.
// Clients use HTTP/1.1 for WebSocket by themselves.
//
// It is one package because an exchange passes through all of it. Connection, tunnel,
// handler, round tripper and the tap that copies the traffic share its state and its
// limits.
package proxy
