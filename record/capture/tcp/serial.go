package tcp

// Sequence numbers are positions modulo 2³² (RFC 1982, RFC 9293 3.4). a is after b if the
// distance forward from b to a is less than the distance backward.

func after(a, b uint32) bool  { return int32(a-b) > 0 }
func before(a, b uint32) bool { return int32(a-b) < 0 }

func later(a, b uint32) uint32 {
	if after(a, b) {
		return a
	}
	return b
}

func earlier(a, b uint32) uint32 {
	if before(a, b) {
		return a
	}
	return b
}

// reach is how far a sequence number may lie from the expected one within the same
// connection. It is more than the windows that systems use, and far less than the
// distance of two random numbers.
const reach = 64 << 20

// near reports whether a and b are within reach of each other.
func near(a, b uint32) bool { return a-b <= reach || b-a <= reach }
