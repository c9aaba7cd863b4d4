package packet

// LiveOptions belong to Listen. The zero value takes everything, with one reader and a
// ring of 64 MiB.
type LiveOptions struct {
	// Readers is the number of sources. The kernel spreads connections among them so that
	// both directions of a connection reach the same source. 0 is 1.
	Readers int
	// RingBytes is the size of the ring of each reader. It is rounded up to whole blocks
	// of 1 MiB, at least two. 0 is 64 MiB.
	RingBytes int
	// Filter is applied in the kernel as far as possible, and again here.
	Filter Filter
	// Promiscuous takes packets for other machines too. A mirror port needs it.
	Promiscuous bool
}

const (
	defaultRing = 64 << 20
	maxReaders  = 256 // the limit of the kernel
)

func (o LiveOptions) withDefaults() LiveOptions {
	if o.Readers == 0 {
		o.Readers = 1
	}
	if o.RingBytes == 0 {
		o.RingBytes = defaultRing
	}
	return o
}
