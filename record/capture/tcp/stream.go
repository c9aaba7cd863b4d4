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

// String returns "client" or "server": who sends in this direction.
func (d Dir) String() string {
	if d == FromServer {
		return "server"
	}
	return "client"
}

// A Conn is one TCP connection, from its opening to its end: a pair of addresses
// that is used again is another Conn. It does not change once it was handed out.
type Conn struct {
	Client, Server netip.AddrPort

	// Opened is the time of the first packet, in nanoseconds since the Unix epoch.
	Opened int64

	// MidStream is set when the packets do not begin with a handshake: what came
	// before is not known, and Client and Server may be a guess.
	MidStream bool

	// Net tells apart connections of equal addresses in separate networks; see
	// packet.Segment.
	Net uint32
}

// A Stream takes what one connection carries, in order and each byte once. All
// times are those of packets, in nanoseconds since the Unix epoch.
//
// The two directions come in an order that the endpoints could have seen: what a
// side sends after it had received something is told after that something, or after
// the Gap in its place.
//
// An Assembler calls a Stream from the one goroutine that feeds it. A Stream must
// not call its Assembler.
type Stream interface {
	// Data are the next bytes of a direction. p is valid during the call and
	// must not be changed. It is never empty.
	Data(d Dir, p []byte, at int64)

	// Gap says that the next n bytes of a direction are missing: the capture
	// never had them, kept them short, or gave them up to stay within its budget.
	// n is at least 1, or -1 for an unknown number.
	Gap(d Dir, n int64, at int64)

	// End says that a direction is over, at most once for each: with reset if
	// the connection was broken off, else by an orderly end (FIN).
	End(d Dir, at int64, reset bool)

	// Close is the last call. Directions without an End were still open when
	// the capture ended, the connection fell silent, or memory was short.
	Close(at int64)
}
