package tcp_test

import (
	"fmt"
	"net/netip"

	"github.com/starling-load/starling/record/capture/packet"
	"github.com/starling-load/starling/record/capture/tcp"
)

// printer is a Stream that prints.
type printer struct{}

func (printer) Data(d tcp.Dir, p []byte, _ int64)  { fmt.Printf("%v %q\n", d == tcp.FromClient, p) }
func (printer) Gap(d tcp.Dir, n int64, _ int64)    { fmt.Println("missing:", n) }
func (printer) End(d tcp.Dir, _ int64, reset bool) { fmt.Println("end, reset:", reset) }
func (printer) Close(int64)                        { fmt.Println("closed") }

// Two segments that were captured in the wrong order are told in the right one.
func Example() {
	a := tcp.New(tcp.Options{}, func(c *tcp.Conn) tcp.Stream {
		fmt.Println(c.Client, "to", c.Server)
		return printer{}
	})
	client, server := netip.MustParseAddrPort("10.0.0.1:40007"), netip.MustParseAddrPort("10.0.0.2:80")
	segments := []packet.Segment{
		{Src: client, Dst: server, Seq: 99, Flags: packet.SYN},
		{Src: client, Dst: server, Seq: 106, Flags: packet.ACK, Payload: []byte("HTTP/1.1\r\n")},
		{Src: client, Dst: server, Seq: 100, Flags: packet.ACK, Payload: []byte("GET / ")},
		{Src: client, Dst: server, Seq: 116, Flags: packet.FIN | packet.ACK},
	}
	for _, s := range segments {
		a.Segment(&s)
	}
	a.Close()
	// Output:
	// 10.0.0.1:40007 to 10.0.0.2:80
	// true "GET / "
	// true "HTTP/1.1\r\n"
	// end, reset: false
	// closed
}
