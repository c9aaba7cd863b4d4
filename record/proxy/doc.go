// Package proxy records HTTP traffic as it passes through it.
//
// A [Proxy] is either a forward proxy (clients name it as their proxy; HTTPS is
// opened with certificates of its own [authority.Authority]) or, with Options.Upstream, a
// reverse proxy in front of one origin. Every exchange ends as one flow.Flow in
// the [Sink]:
//
//	p, err := proxy.New(proxy.Options{Listen: "127.0.0.1:0", Upstream: origin, Sink: printer{}})
//	l, err := p.Listen()
//	go func() { done <- p.Serve(ctx, l) }() // until ctx ends
//
// The traffic comes first. Bodies stream both ways as they arrive. The proxy keeps a
// copy, up to a limit for each body and one for all together; bytes that it does not
// keep still count in size and hash. Content coding, trailers, 1xx responses,
// 100-continue, upgrades, server-sent events, WebSocket frames and gRPC messages
// pass unchanged; the last three are recorded one by one, see record/message.
// Between HTTP/1.1 peers heads pass, and are recorded, as the lines of the wire:
// order, case, duplicates, reason of the status. Over HTTP/2 the names are lower
// case and sorted, since the order is not known there.
//
// Between HTTP/1.1 peers the proxy changes this: it takes away the fields of one
// connection (RFC 9110, section 7.6.1) and offers to go on in HTTP/2; it cuts chunks
// anew, without extensions; it writes names of trailers in canonical case, folded
// lines as one, and 204 and 304 without Content-Length; it sorts heads of more than
// 64 KiB or 128 lines. Requests that are not clear (two lengths, unknown transfer
// codings, a bad escape or blank in the path, no Host) reach no target and no
// recording: net/http answers them with 4xx or 5xx. A client that closes its sending
// side has given up its request.
//
// All paths, plain, through CONNECT, HTTP/1.1 or HTTP/2, end in one net/http
// server and from there in goproxy, which sends them on through the round tripper
// of this package:
//
//	client --TCP--> server --handle--> goproxy --RoundTrip--> transport --> target
//	           |                          ^
//	        CONNECT --sniff--> TLS -------+
//	                       \-> neither TLS nor HTTP: passed through, only counted
//
// [Lists] say which hosts are reached at all, whose CONNECT tunnels are opened, and
// what is recorded. Refused traffic ends here; traffic that is left out of the
// recording passes. With Options.Via everything goes through another proxy, plain
// requests included.
//
// It does not speak HTTP/3, take SOCKS from clients, or carry WebSocket over
// HTTP/2: clients use a connection with HTTP/1.1 for that by themselves.
//
// It is one package because an exchange passes through all of it: connection,
// tunnel, handler, round tripper and the tap that copies aside share its state and
// its limits.
package proxy
