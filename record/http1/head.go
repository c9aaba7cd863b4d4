package http1

import "bytes"

// The limits of a head where Rules say nothing.
const (
	maxHead   = 256 << 10 // bytes
	maxLine   = 64 << 10  // bytes
	maxFields = 65_536
)

// Rules say what is taken as a head.
type Rules struct {
	// MaxHead is the most bytes of a head with its empty line. 0: 256 KiB. At most 1 GiB.
	MaxHead int

	// MaxLine is the most bytes of a line, and of a value in several lines. 0: 64 KiB.
	MaxLine int

	// MaxFields is the most lines behind the first one. 0: 65,536.
	MaxFields int

	// Refuse is the set of liberties for which a head is refused. 0: none.
	Refuse Odd

	// Cut says that no more bytes come: the lines that are whole are the head, even
	// when its empty line is missing.
	Cut bool
}

func (r Rules) withDefaults() Rules {
	if r.MaxHead == 0 {
		r.MaxHead = maxHead
	}
	if r.MaxLine == 0 {
		r.MaxLine = maxLine
	}
	if r.MaxFields == 0 {
		r.MaxFields = maxFields
	}
	r.MaxHead = min(r.MaxHead, 1<<30)
	return r
}

// A Field is one field of a head.
type Field struct {
	Name Span // without blanks around it

	// Value is without blanks around it. If it goes on over several lines it holds
	// their ends as well: see Unfold.
	Value Span

	end uint32
}

// Line returns all of the field: from its name to the end of its last line, without
// the line end.
func (f Field) Line() Span { return Span{f.Name.From, f.end} }

// A Head is the head of a request or response, as offsets into the buffer that was
// parsed. The zero value is ready. It may be parsed into again and again: Fields then
// keep their memory.
type Head struct {
	First  Span    // the first line without its end
	Method Span    // of a request
	Target Span    // of a request; may be empty
	Status int     // of a response, from 100 to 999; 0: a request
	Reason Span    // of a response; may be empty
	Minor  uint8   // the second digit of the version, from 0 to 9
	Odd    Odd     // the liberties that were taken
	Fields []Field // in their order, repeated ones too

	// Skipped is the number of bytes in lines that are no fields.
	Skipped int

	frame frame
}

// ParseRequest parses the head of a request at the beginning of buf and returns its
// length, with the empty line. seen is how many bytes of buf an earlier call was given:
// they are not searched again. 0 is always right.
//
// The error is ErrMore while the head is not complete. It is a Malformed or an Odd if
// there is no head: n is then the number of bytes that show it.
func (h *Head) ParseRequest(buf []byte, seen int, r Rules) (n int, err error) {
	return h.parse(buf, seen, &r, true)
}

// ParseResponse parses the head of a response, like ParseRequest.
func (h *Head) ParseResponse(buf []byte, seen int, r Rules) (n int, err error) {
	return h.parse(buf, seen, &r, false)
}

// ParseTrailer parses fields without a first line, up to an empty line: the trailer
// section of a chunked body, as Chunks return it.
func (h *Head) ParseTrailer(buf []byte, r Rules) (n int, err error) {
	r = r.withDefaults()
	*h = Head{Fields: h.Fields[:0]}
	return h.rest(buf[:min(len(buf), r.MaxHead+1)], 0, &r)
}

// parse parses a head from its first line on.
func (h *Head) parse(buf []byte, seen int, rules *Rules, request bool) (n int, err error) {
	r := rules.withDefaults()
	*h = Head{Fields: h.Fields[:0]}
	buf = buf[:min(len(buf), r.MaxHead+1)]
	n, err = h.first(buf, &r, request)
	if err != nil {
		return n, err
	}
	if seen > n && !r.Cut && headEnd(buf, seen) == 0 {
		return h.more(buf, &r)
	}
	return h.rest(buf, n, &r)
}

// first parses the first line and returns where the next one begins. If there is no
// first line, it returns how many bytes show that.
func (h *Head) first(buf []byte, r *Rules, request bool) (n int, err error) {
	begins := statusStart
	if request {
		begins = requestStart
	}
	if start, n := begins(buf); start != Yes {
		if start == No || r.Cut {
			return n, BadFirstLine
		}
		return 0, ErrMore
	}
	end := bytes.IndexByte(buf[:min(len(buf), r.MaxLine)], '\n') + 1
	switch {
	case end == 0 && len(buf) > r.MaxLine:
		return r.MaxLine + 1, LongLine
	case end == 0 && r.Cut:
		return len(buf), BadFirstLine
	case end == 0:
		return 0, ErrMore
	}
	stop := h.lineEnd(buf, 0, end-1)
	h.First = span(0, stop)
	if request && h.requestLine(buf[:stop]) || !request && h.statusLine(buf[:stop]) {
		return end, nil
	}
	return end, BadFirstLine
}

// lineEnd returns the end of the line that begins at from and has its LF at lf.
func (h *Head) lineEnd(buf []byte, from, lf int) int {
	if lf > from && buf[lf-1] == '\r' {
		return lf - 1
	}
	h.Odd |= BareLF
	return lf
}

// more says that the head goes on behind buf, unless it is too long.
func (h *Head) more(buf []byte, r *Rules) (n int, err error) {
	if len(buf) > r.MaxHead {
		return len(buf), LongHead
	}
	return 0, ErrMore
}

// rest parses the fields, the first of which begins at at, and judges the whole.
func (h *Head) rest(buf []byte, at int, r *Rules) (n int, err error) {
	n, err = h.fields(buf, at, r)
	switch {
	case n == 0 && r.Cut:
		n = bytes.LastIndexByte(buf, '\n') + 1
	case n == 0:
		return h.more(buf, r)
	}
	if n > r.MaxHead {
		return n, LongHead
	}
	h.noteLast(buf)
	if h.frame.coded && h.frame.lengths > 0 {
		h.Odd |= BothFrames
	}
	if refused := h.Odd & r.Refuse; err == nil && refused != 0 {
		err = refused.first()
	}
	return n, err
}

// headEnd returns the length of the head at the start of b with its empty line, or 0
// while it is not complete. seen is how much of b was looked at before.
func headEnd(b []byte, seen int) int {
	for i := max(seen-2, 0); ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0
		}
		i += n + 1
		rest := b[i:]
		if len(rest) > 0 && rest[0] == '\n' {
			return i + 1
		}
		if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
			return i + 2
		}
	}
}

// Version returns the version as it stands in the first line: "HTTP/1.1".
func (h *Head) Version() string {
	const all = "HTTP/1.0HTTP/1.1HTTP/1.2HTTP/1.3HTTP/1.4HTTP/1.5HTTP/1.6HTTP/1.7HTTP/1.8HTTP/1.9"
	const size = len("HTTP/1.1")
	i := size * int(h.Minor)
	return all[i : i+size]
}

// Value returns the value of the first field of a name, given in lower case. ok is
// false if there is none.
func (h *Head) Value(buf []byte, name string) (value []byte, ok bool) {
	for _, f := range h.Fields {
		if f.Name.Len() == len(name) && equalFold(f.Name.Bytes(buf), name) {
			return f.Value.Bytes(buf), true
		}
	}
	return nil, false
}
