package packet

import "errors"

// ErrIdle says that a live source has seen no packet for about 100 ms. The caller may go
// on reading. It can let old connections expire now.
var ErrIdle = errors.New("no packet for 100 ms")

// Source gives TCP segments in the order of capture. It belongs to one goroutine. Only
// Counts and Close may be called by any goroutine at any time.
type Source interface {
	// Next fills s with the next segment. The error is io.EOF at the end of the file,
	// ErrIdle (live only), net.ErrClosed after Close, or a *DamageError for damage in a
	// file. After ErrIdle and *DamageError the caller may go on: reading resumes where
	// the format allows, or ends with io.EOF. After an error, s is undefined.
	Next(s *Segment) error
	// Counts returns what was counted so far. While Next runs, the numbers may be a few
	// hundred packets behind. After any error of Next they are exact. No number ever
	// falls.
	Counts() Counts
	// Close ends the source and wakes a Next that waits. It does not close what the
	// caller opened.
	Close() error
}

// Counts says what a source has seen. Packets is the sum of Segments, Other, Malformed,
// Filtered and the fragments that did not complete a packet.
type Counts struct {
	// Packets counts captured frames. KernelDrops counts frames for which the ring had no
	// room, or that were dropped according to the file.
	Packets, KernelDrops uint64
	// Segments counts what Next has given.
	Segments uint64
	// Other counts packets that are not TCP or have an unknown link type. Filtered counts
	// TCP segments that the filter did not want.
	Other, Filtered uint64
	// Malformed counts packets whose headers contradict themselves or are cut short.
	Malformed uint64
	// Cut counts the segments that lack payload bytes.
	Cut uint64
	// Fragments counts IP fragments. FragmentsLost counts those whose packet never became
	// whole: they overlapped, were late, or did not fit into memory.
	Fragments, FragmentsLost uint64
	// Bytes counts the captured bytes of all packets.
	Bytes uint64
}
