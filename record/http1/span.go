package http1

// A Span is a part of a buffer: the bytes from From up to, without, To.
type Span struct{ From, To uint32 }

// Bytes returns the part of buf, in place. buf is the buffer that was parsed, or one
// that begins with the same head.
func (s Span) Bytes(buf []byte) []byte { return buf[s.From:s.To:s.To] }

// Text returns the part of a copy of the buffer, in place.
func (s Span) Text(buf string) string { return buf[s.From:s.To] }

// Len returns the number of bytes.
func (s Span) Len() int { return int(s.To - s.From) }

func span(from, to int) Span { return Span{uint32(from), uint32(to)} }

// trimSpan cuts spaces and tabs from both ends of buf[from:to].
func trimSpan(buf []byte, from, to int) (int, int) {
	for from < to && isBlank(buf[from]) {
		from++
	}
	for from < to && isBlank(buf[to-1]) {
		to--
	}
	return from, to
}
