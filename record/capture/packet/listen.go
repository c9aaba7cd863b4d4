package packet

import "errors"

// LiveOptions belong to Listen. The zero value listens with one reader and a ring of
// 64 MiB to everything.
type LiveOptions struct {
	// Readers is the number of sources, among which the kernel spreads connections
	// so that both directions of one reach the same source. 0 is 1.
	Readers int
	// RingBytes is the size of each reader's ring, rounded to whole blocks. 0 is 64 MiB.
	RingBytes int
	// Filter is applied in the kernel as far as it can be, and again here.
	Filter Filter
	// Promiscuous takes packets for other machines too, as a mirror port needs it.
	Promiscuous bool
}

// Listen captures TCP segments on a network interface of Linux, "any" being all of
// them. It needs the capability CAP_NET_RAW and nothing else. Every Source is to be
// read by its own goroutine, and all are to be closed.
func Listen(iface string, o LiveOptions) ([]Source, error) {
	return nil, errors.ErrUnsupported
}
