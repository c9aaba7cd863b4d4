package http1

import (
	"bytes"
	"strings"
)

// fields parses field lines from at on. It returns where the empty line behind them
// ends, or 0 if it is not there. Limits are checked at the end, when the length of the
// head is known.
func (h *Head) fields(buf []byte, at int, r *Rules) (n int, err error) {
	lines, joins := 0, false // joins: there is a field that the next line may continue
	for {
		lf := bytes.IndexByte(buf[at:], '\n')
		if lf < 0 {
			return 0, err
		}
		lf += at
		end := h.lineEnd(buf, at, lf)
		if end == at {
			return lf + 1, err
		}
		lines++
		switch {
		case end-at > r.MaxLine:
			err = LongLine
		case lines > r.MaxFields:
			err = ManyFields
		case !isBlank(buf[at]):
			joins = h.field(buf, at, end)
		case joins:
			if h.fold(buf, at, end) > r.MaxLine {
				err = LongLine
			}
		default:
			h.skip(at, end)
		}
		at = lf + 1
	}
}

// skip leaves a line out.
func (h *Head) skip(at, end int) {
	h.Odd |= NoColon
	h.Skipped += end - at
}

// field takes the line of a field, or leaves it out.
func (h *Head) field(buf []byte, at, end int) bool {
	h.noteLast(buf)
	colon := bytes.IndexByte(buf[at:end], ':')
	if colon <= 0 {
		h.skip(at, end)
		return false
	}
	name := span(at, at+colon)
	if !IsToken(name.Bytes(buf)) {
		h.Odd |= BadName
		name = span(trimSpan(buf, at, at+colon))
	}
	from, to := trimSpan(buf, at+colon+1, end)
	if hasControl(buf[from:to]) {
		h.Odd |= Control
	}
	h.Fields = append(h.Fields, Field{Name: name, Value: span(from, to), end: uint32(end)})
	h.frame.open = true
	return true
}

// fold joins a line to the last field and returns how long its value is.
func (h *Head) fold(buf []byte, at, end int) int {
	h.Odd |= Folded
	f := &h.Fields[len(h.Fields)-1]
	f.end = uint32(end)
	from, to := trimSpan(buf, at, end)
	if hasControl(buf[from:to]) {
		h.Odd |= Control
	}
	switch {
	case from == to:
	case f.Value.Len() == 0:
		f.Value = span(from, to)
	default:
		f.Value.To = uint32(to)
	}
	return f.Value.Len()
}

// noteLast notes what the last field says about the message, once it is complete.
func (h *Head) noteLast(buf []byte) {
	if !h.frame.open {
		return
	}
	h.frame.open = false
	f := h.Fields[len(h.Fields)-1]
	size := f.Name.Len()
	if size != len(connection) && size != len(contentLength) && size != len(transferEncoding) {
		return
	}
	value := f.Value.Bytes(buf)
	if h.Odd&Folded != 0 {
		var joined [128]byte
		value = appendUnfolded(joined[:0], value)
	}
	switch name := f.Name.Bytes(buf); {
	case equalFold(name, connection):
		h.frame.noteConnection(value)
	case equalFold(name, contentLength):
		h.frame.noteLength(value)
		if h.frame.lengths > 1 {
			h.Odd |= TwoLengths
		}
	case equalFold(name, transferEncoding):
		h.frame.noteCoding(value)
	}
}

// appendUnfolded appends a value, its lines joined by single spaces (RFC 9112, section
// 5.2).
func appendUnfolded(to, value []byte) []byte {
	for first := true; ; first = false {
		lf := bytes.IndexByte(value, '\n')
		end := lf
		switch {
		case lf < 0:
			end = len(value)
		case lf > 0 && value[lf-1] == '\r':
			end--
		}
		if !first {
			to = append(to, ' ')
		}
		from, end := trimSpan(value, 0, end)
		if to = append(to, value[from:end]...); lf < 0 {
			return to
		}
		value = value[lf+1:]
	}
}

// Unfold returns a value in one line: its lines are joined by single spaces (RFC 9112,
// section 5.2). A value of one line, which nearly all are, is returned as it is.
func Unfold(value string) string {
	if strings.IndexByte(value, '\n') < 0 {
		return value
	}
	return string(appendUnfolded(nil, []byte(value)))
}

// HasToken reports whether one of the comma-separated values is token, in any case.
func HasToken(values, token string) bool {
	for v := range strings.SplitSeq(values, ",") {
		if strings.EqualFold(strings.Trim(v, " \t"), token) {
			return true
		}
	}
	return false
}
