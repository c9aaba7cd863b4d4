// Package capture turns captured packets into flows.
//
// A [Capture] takes packets from capture files or from a network interface, puts TCP
// streams in order, recognises the protocols by content, and gives flows to a sink:
//
//	c := capture.New(capture.Options{Sink: printer{}})
//	err := c.Read(context.Background(), file) // or c.Live(ctx, sources) of packet.Listen
//	fmt.Println(c.Counts().Flows, err)
//
// The parts are packages of their own: packet (files, interfaces, everything below
// TCP), tcp (reassembly), decrypt (TLS with a key log), exchange (HTTP/1, HTTP/2,
// WebSocket, gRPC). This one joins them. Each source of packets has a goroutine and an
// assembler of its own; they share the counters and the sink alone.
//
// # What is counted
//
// Messages found plus messages declared lost are the messages sent. What the capture
// lacks is declared as a flow.Loss: packets that the kernel dropped, holes in streams,
// bytes that were not understood, and beginnings of connections that were not seen. All
// times are those of the packets.
//
// # What it does not do
//
// It needs no port numbers, changes no traffic, sends nothing, and reads no QUIC.
package capture
