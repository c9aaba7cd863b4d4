// Package exchange turns the two byte streams of a captured connection into flows.
//
// The central type is [Parser], one for each connection. It is a tcp.Stream: it is
// told the bytes of both directions, the holes in them and their ends, and gives
// what it understands to a [Sink]:
//
//	p := exchange.New(c, 1, exchange.Options{Sink: printer{}})
//	p.Data(tcp.FromClient, []byte("GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n"), 1_000_000)
//	p.Data(tcp.FromServer, []byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), 3_000_000)
//	p.Gap(tcp.FromServer, 6, 4_000_000)
//	p.Close(5_000_000)
//
// The protocol is recognised by content, not by port: HTTP/1.x with what grows out
// of it (WebSocket, server-sent events, CONNECT tunnels, h2c), HTTP/2 with gRPC, and
// TLS where the keys are known.
//
// # What is told, and what is declared lost
//
// A captured flow is what the proxy would have recorded of the same exchange: fields
// as on the wire, bodies without transfer coding, offsets from the instant at which
// the request head was complete, the same names of errors. Nothing is invented. An
// exchange with a part that was not captured is a flow with an Error ("gap in response")
// if its request is known. A response without its request is no flow: it is counted in
// [Counts] and declared in a loss record, as are holes, bytes that were not understood
// and connections whose beginning was not seen.
//
// A hole may hide messages. A response behind it goes to the newest request before it,
// because clients wait for answers. Some clients do not (pipelining): on their
// connections pairing begins anew with the first request that the client sends after
// it heard something, and the messages between are counted and not paired.
//
// # What it does not do
//
// It takes no decision that depends on how a stream was cut into packets, only on
// bytes and times; it has no clock, no goroutine and no state beyond the parsers. HTTP/0.9
// is not HTTP here, and neither is a request without a version.
//
// Sources: RFC 9110, RFC 9112, RFC 6455, RFC 9113.
//
// It is one package because a connection goes from one protocol into another while
// it is read: TLS into HTTP/1, that into HTTP/2 or a WebSocket. The parsers hand
// their streams and their holes to each other.
package exchange
