// Package exchange turns the two byte streams of a captured connection into flows.
//
// The central type is [Parser], one for each connection. It is a tcp.Stream: it takes the
// bytes of both directions, their holes and their ends. It gives what it understands to a
// [Sink]:
//
//	p := exchange.New(c, 1, exchange.Options{Sink: printer{}})
//	p.Data(tcp.FromClient, []byte("GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n"), 1_000_000)
//	p.Data(tcp.FromServer, []byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), 3_000_000)
//	p.Gap(tcp.FromServer, 6, 4_000_000)
//	p.Close(5_000_000)
//
// The protocol is recognised by content, not by port: HTTP/1.x and what grows out of it
// (WebSocket, server-sent events, CONNECT tunnels, h2c), HTTP/2 with gRPC, and TLS if the
// keys are known.
//
// # What is told, and what is declared lost
//
// A captured flow is what the proxy would have recorded of the same exchange. It has the
// fields as on the wire, bodies without transfer coding, and the same names of errors.
// Its offsets count from the instant at which the request head was complete. Nothing is
// invented. If a part of an exchange was not captured and its request is known, the flow
// has an Error ("gap in response"). A response without its request is not a flow. It is
// counted in [Counts] and declared in a loss record. So are holes, bytes that were not
// understood, and connections whose beginning was not seen.
//
// A hole may hide messages. A response behind it goes to the newest request before it,
// because clients wait for answers. Some clients do not wait (pipelining). On their
// connections pairing begins anew with the first request that the client sends after it
// heard something. The messages between are counted and not paired.
//
// # What it does not do
//
// It decides by bytes and times alone. How a stream was cut into packets does not matter.
// It has no clock, no goroutines, and no state outside the parsers. HTTP/0.9, or a
// request without a version, is not HTTP here.
//
// Sources: RFC 9110, RFC 9112, RFC 6455, RFC 9113.
//
// It is one package because a connection goes from one protocol into another while it is
// read: from TLS into HTTP/1, and from that into HTTP/2 or a WebSocket. The parsers pass
// their streams and their holes to each other.
package exchange
