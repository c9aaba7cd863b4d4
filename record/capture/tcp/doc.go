// Package tcp puts captured TCP segments in order.
//
// The central type is [Assembler]. It takes segments as they were captured, finds the
// connections, and tells a [Stream] for each what both sides sent:
//
//	a := tcp.New(tcp.Options{IsRequest: exchange.IsRequest}, func(c *tcp.Conn) tcp.Stream {
//		return newParser(c)
//	})
//	for src.Next(&s) == nil {
//		a.Segment(&s)
//	}
//	a.Close()
package tcp
