// Package tcp puts captured TCP segments in order.
//
// The central type is [Assembler]. It takes segments as they were captured, finds the
// connections, and tells a [Stream] for each what both sides sent:
//
//	a := tcp.New(tcp.Options{}, func(c *tcp.Conn) tcp.Stream {
//		fmt.Println(c.Client, "to", c.Server)
//		return printer{}
//	})
//	for _, s := range segments {
//		a.Segment(&s)
//	}
//	a.Close()
//
// # Rules
//
// The client is the side that sent the SYN or got the SYN-ACK, in whatever order these
// come. Without either, the client is the side that talks to a known server port. Without
// that, it is the side whose first payload is a request, else the side with the higher
// port.
//
// A SYN with another sequence number begins another connection of the same addresses. If
// the old connection is over or silent, this happens at once, else as soon as the
// endpoints go on from the SYN. Segments without payload begin no connection.
//
// If bytes come twice, the first ones are told. An RST ends a connection if its sequence
// number is the one that the receiver expects. A FIN ends a direction once all bytes
// before it are told. An RST or FIN is ignored if its sequence number is too far away, or
// if its side goes on.
//
// # Holes
//
// The assembler waits for missing bytes. The bytes around them are never joined. The
// missing ones become a Gap
//
//   - when the other side has acknowledged them, which proves that they passed, and
//     they have not come within 250 ms or 128 more segments of the connection;
//   - after 10 s without such a proof, as where only one direction is captured;
//   - when memory is short, or the connection or the capture ends.
//
// Until then the other direction waits too, if its sender had already received the
// missing bytes. So a response is never told before its request, or before the Gap in
// place of the request.
//
// # Limits
//
// Segments that wait take at most Options.MaxBytes. A connection takes about 700 bytes. A
// segment in order is passed on without a copy. If data was captured before the SYN of
// its connection, the connection counts as one without a beginning.
//
// The package does not look into payloads or check checksums. Its only clock is the
// packets.
//
// Sources: RFC 9293 (TCP), RFC 1982 (serial numbers), RFC 5961 (resets out of place),
// RFC 7413 (data in the SYN).
package tcp
