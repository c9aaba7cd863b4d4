package tcp

import "github.com/starling-load/starling/record/capture/packet"

// If no handshake was seen, what comes waits until it shows which side is the client. At
// most this many bytes or pieces wait. Then the ports decide.
const (
	guessBytes  = 16 << 10
	guessPieces = 32
)

// dir returns the direction of what a side sends.
func (c *conn) dir(side int) Dir {
	if side == c.client {
		return FromClient
	}
	return FromServer
}

// shake takes the SYN of a side.
func (c *conn) shake(side int, s *packet.Segment) {
	h := &c.half[side]
	c.handshake = true
	if !h.heard {
		h.begin(s.Seq + 1) // even if an acknowledgment beyond the data in the SYN came first
	}
	if c.client != undecided {
		return
	}
	c.client = side
	if s.Flags&packet.ACK != 0 {
		c.client = 1 - side
	}
}

// decide sets which side is the client if p, the payload of a side, tells it.
func (c *conn) decide(side int, p []byte) {
	if c.client != undecided {
		return
	}
	o := &c.a.o
	serves := [2]bool{o.serves(c.addrs[0].Port()), o.serves(c.addrs[1].Port())}
	switch {
	case serves[0] != serves[1] && serves[0]:
		c.client = 1
	case serves[0] != serves[1]:
		c.client = 0
	case o.IsRequest(p):
		c.client = side
	case c.cost > guessBytes || len(c.half[0].pieces)+len(c.half[1].pieces) > guessPieces:
		c.guess()
	}
}

// guess takes the side with the lower port for the server.
func (c *conn) guess() {
	if c.client != undecided {
		return
	}
	switch p0, p1 := c.addrs[0].Port(), c.addrs[1].Port(); {
	case p0 < p1:
		c.client = 1
	case p0 > p1:
		c.client = 0
	default:
		c.client = c.first
	}
}

// wanted returns the Stream of the connection. The first call asks for it.
func (c *conn) wanted() Stream {
	if !c.told {
		c.told = true
		c.stream = c.a.open(&Conn{
			Client: c.addrs[c.client], Server: c.addrs[1-c.client],
			Opened: c.opened, MidStream: !c.handshake, Net: c.key.net,
		})
		c.a.counts.Connections++
		if !c.handshake {
			c.a.counts.MidStream++
		}
	}
	return c.stream
}
