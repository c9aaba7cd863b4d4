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
// If bytes come twice, the first are told. An RST ends a connection if it is where the
// receiver expects it. A FIN ends a direction once everything before it was told. Both
// are ignored if they are out of reach, or if their side goes on.
//
// # Holes
//
// The assembler waits for missing bytes. They become a Gap, never a splice,
//
//   - when the other side has acknowledged them, which proves that they passed, and
//     neither 250 ms nor 128 more segments of the connection have brought them;
//   - when nothing has proved anything for 10 s, as where one direction is captured;
//   - when memory is short, or the connection or the capture ends.
//
// Until then the other direction waits, too, where its sender had received what is
// missing: a response is never told before the request that it answers, nor before the
// Gap in its place.
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
