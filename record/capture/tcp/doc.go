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
// The client is who sent the SYN, or got the SYN-ACK, in whatever order these come.
// Without either it is who talks to a known server port, else who sends the first
// payload that is a request, else the one with the higher port.
//
// A SYN with another sequence number begins another connection of the same addresses:
// at once if the one before is over or silent, else as soon as the endpoints go on from
// it. Segments without payload open nothing.
//
// Of bytes that come twice the first are told. RST ends a connection at the place where
// the receiver expects it, and FIN a direction once everything before it was told; both
// are ignored out of reach, or when their side goes on.
//
// # Holes
//
// What lacks is waited for. It becomes a Gap, never a splice,
//
//   - when the other side has acknowledged it, which proves that it passed, and 250 ms
//     or 128 segments of the connection brought no packet out of order that has it;
//   - when nothing has proved anything for 10 s, as where one direction is captured;
//   - when memory is short, or the connection or the capture ends.
//
// Until then a direction also waits for the other one, as far as its sender had
// received more: a response is never told before the request that it answers, nor
// before the Gap in its place.
//
// # Limits
//
// Segments that wait take Options.MaxBytes at most, connections about 700 bytes each.
// A segment in order is passed on without a copy. Data that was captured before the SYN
// of its connection begins a connection in its middle.
//
// It looks into no payload, checks no checksum, and knows no clock but the packets.
//
// Sources: RFC 9293 (TCP), RFC 1982 (serial numbers), RFC 5961 (resets out of place),
// RFC 7413 (data in the SYN).
package tcp
