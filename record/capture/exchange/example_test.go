package exchange_test

import (
	"fmt"
	"net/netip"

	"github.com/starling-load/starling/record/capture/exchange"
	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// A printer is a Sink that prints.
type printer struct{}

func (printer) Conn(c *flow.Conn) { fmt.Println("from", c.Client, "to", c.Server) }
func (printer) Flow(f *flow.Flow) {
	fmt.Println(f.Request.Method, f.URL(), f.Response.Status, f.Done, f.Error)
}
func (printer) Loss(l *flow.Loss) { fmt.Println("lost:", l.Reason, l.Bytes, "bytes") }

func Example() {
	c := &tcp.Conn{Client: netip.MustParseAddrPort("10.0.0.1:50412"), Server: netip.MustParseAddrPort("10.0.0.2:80")}
	p := exchange.New(c, 1, exchange.Options{Sink: printer{}})
	p.Data(tcp.FromClient, []byte("GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n"), 1_000_000)
	p.Data(tcp.FromServer, []byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), 3_000_000)
	p.Gap(tcp.FromServer, 6, 4_000_000)
	p.Close(5_000_000)
	// Output:
	// from 10.0.0.1:50412 to 10.0.0.2:80
	// lost: gap 6 bytes
	// GET http://shop.test/a 200 3ms gap in response
}
