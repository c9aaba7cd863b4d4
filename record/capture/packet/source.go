package packet

import "errors"

// ErrIdle says that a live source has seen no packet for about 100 ms. Reading may
// go on; the pause is for the caller to let old connections expire.
var ErrIdle = errors.New("no packet for 100 ms")

// Source gives TCP segments in the order of capture. It belongs to one goroutine,
// except for Counts and Close, which any may call at any time.
type Source interface {
	// Next fills s with the next segment. The error is io.EOF at the end of the
	// file, ErrIdle (live only), net.ErrClosed after Close, a *DamageError for what
	// is wrong in a file; after ErrIdle and *DamageError the caller may go on, and
	// reading then resumes where the format allows, or ends with io.EOF.
	// s is undefined when there is an error.
	Next(s *Segment) error
	// Counts returns what was counted so far, up to date within a few hundred
	// packets while Next is at work, and exact after any error of Next. No counter
	// ever falls.
	Counts() Counts
	// Close ends the source and wakes a Next that waits. It closes nothing that the
	// caller opened.
	Close() error
}

// Counts says what a source has seen. Packets is the sum of Segments, Other,
// Malformed, Filtered and those fragments that did not complete a packet.
type Counts struct {
	// Packets counts captured frames; KernelDrops those that the kernel had no room
	// for in the ring, or that the file says were dropped.
	Packets, KernelDrops uint64
	// Segments counts what Next has given.
	Segments uint64
	// Other counts packets that are not TCP or of an unknown link type, Filtered
	// TCP segments that the filter did not want.
	Other, Filtered uint64
	// Malformed counts packets whose headers contradict themselves or are cut short.
	Malformed uint64
	// Cut counts the segments that lack payload bytes.
	Cut uint64
	// Fragments counts IP fragments seen, FragmentsLost those among them whose packet
	// never became whole: overlapping, late, or in excess of the memory for them.
	Fragments, FragmentsLost uint64
	// Bytes counts the captured bytes of all packets.
	Bytes uint64
}
