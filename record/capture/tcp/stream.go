package tcp

import "net/netip"

// A Dir is one direction of a connection.
type Dir uint8

// The directions.
const (
	FromClient Dir = iota
	FromServer
)

// Other returns the opposite direction.
func (d Dir) Other() Dir { return 1 - d }

// String returns "client" or "server", the sender in this direction.
func (d Dir) String() string {
	if d == FromServer {
		return "server"
	}
	return "client"
}

// A Conn is one TCP connection, from its opening to its end. If a pair of addresses is
// used again, that is another Conn. A Conn does not change after it was passed to open.
type Conn struct {
	Client, Server netip.AddrPort

	// Opened is the time of the first packet, in nanoseconds since the Unix epoch.
	Opened int64

	// MidStream is set if the packets do not begin with a handshake. What came before is
	// not known, and Client and Server may be a guess.
	MidStream bool

	// Net keeps equal addresses in separate networks apart; see packet.Segment.
	Net uint32
}

// A Stream takes what one connection carries, in order and each byte once. All times are
// packet times, in nanoseconds since the Unix epoch.
//
// The two directions come in an order that the endpoints could have seen. If a side sends
// after it has received something, then what it sends is told after what it received, or
// after the Gap in that place.
//
// An Assembler calls a Stream from the one goroutine that feeds it. A Stream must
// not call its Assembler.
type Stream interface {
	// Data takes the next bytes of a direction. p has at least one byte, is valid during
	// the call, and must not be changed.
	Data(d Dir, p []byte, at int64)

	// Gap says that the next n bytes of a direction are missing: the capture
	// never had them, kept them short, or gave them up to stay within its budget.
	// n is at least 1, or -1 for an unknown number.
	Gap(d Dir, n int64, at int64)

	// End says that a direction is over. It is called at most once for each. reset: the
	// connection was reset; otherwise the end was orderly (FIN).
	End(d Dir, at int64, reset bool)

	// Close is the last call. A direction without an End was still open when the capture
	// ended, the connection fell silent, or memory was short.
	Close(at int64)
}
