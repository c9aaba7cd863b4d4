package program_test

import (
	"fmt"
	"net/netip"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/program"
)

func Example() {
	w := program.New()
	defer w.Close()
	client, server := netip.MustParseAddrPort("203.0.113.9:50412"), netip.MustParseAddrPort("192.0.2.1:443")
	w.Opened(client, server)
	conn := &flow.Conn{Client: client.String()}
	fmt.Println(w.Of(conn))
	// Output: 0
}
