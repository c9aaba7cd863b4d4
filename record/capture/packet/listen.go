package packet

// LiveOptions belong to Listen. The zero value listens with one reader and a ring of
// 64 MiB to everything.
type LiveOptions struct {
	// Readers is the number of sources, among which the kernel spreads connections
	// so that both directions of one reach the same source. 0 is 1.
	Readers int
	// RingBytes is the size of each reader's ring, rounded up to whole blocks of
	// 1 MiB, at least two. 0 is 64 MiB.
	RingBytes int
	// Filter is applied in the kernel as far as it can be, and again here.
	Filter Filter
	// Promiscuous takes packets for other machines too, as a mirror port needs it.
	Promiscuous bool
}

const (
	defaultRing = 64 << 20
	maxReaders  = 256 // as the kernel has it
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
