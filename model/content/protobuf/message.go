package protobuf

import (
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how deep messages are read within each other.
const maxDepth = 16

// The wire types of fields.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// A field is one field of a message: a number or bytes.
type field struct {
	number int
	wire   int
	varint uint64
	bytes  []byte
}

// fields calls visit for each field of a message. It reports whether b is one.
func fields(b []byte, visit func(field)) bool {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29 {
			return false
		}
		b = b[n:]
		f := field{number: int(tag >> 3), wire: int(tag & 7)}
		size := uint64(0)
		switch f.wire {
		case wireVarint:
			if f.varint, n = binary.Uvarint(b); n <= 0 {
				return false
			}
			b = b[n:]
		case wire64:
			size = 8
		case wire32:
			size = 4
		case wireBytes:
			if size, n = binary.Uvarint(b); n <= 0 {
				return false
			}
			b = b[n:]
		default:
			return false
		}
		if size > uint64(len(b)) {
			return false
		}
		f.bytes = b[:size]
		visit(f)
		b = b[size:]
	}
	return true
}

// The forms of bytes.
const (
	asBytes = iota
	asString
	asMessage
)

// form tells what bytes are. Text with control characters, such as a line end, is a
// message if it has the form of one.
func form(b []byte, depth int) int {
	text, control := utf8.Valid(b), false
	for _, c := range b {
		control = control || c < ' ' || c == 0x7f
		text = text && (c >= ' ' && c != 0x7f || c == '\n' || c == '\r' || c == '\t')
	}
	switch {
	case text && !control:
		return asString
	case depth < maxDepth && fields(b, func(field) {}):
		return asMessage
	case text:
		return asString
	}
	return asBytes
}

// Walk visits the strings and whole numbers of a message in order, with the numbers of
// the fields that lead to them. It reports whether b is a message. The path is valid
// during visit.
func Walk(b []byte, visit func(path []int, value string)) bool {
	return Visitor{Value: visit}.walk(b, nil)
}

// A Visitor is told what a message holds, in order.
type Visitor struct {
	Value func(path []int, value string) // as of Walk
	Enter func()                         // before what a message within the message holds; may be nil
	Leave func()                         // and behind it
}

// Visit tells v what a message holds. It reports whether b is one.
func Visit(b []byte, v Visitor) bool { return v.walk(b, nil) }

func (v Visitor) walk(b []byte, path []int) bool {
	return fields(b, func(f field) {
		at := append(slices.Clip(path), f.number)
		switch {
		case f.wire == wireVarint:
			v.Value(at, strconv.FormatUint(f.varint, 10))
		case f.wire != wireBytes:
		case form(f.bytes, len(at)) == asString:
			v.Value(at, string(f.bytes))
		case form(f.bytes, len(at)) == asMessage:
			if v.Enter != nil {
				v.Enter()
			}
			v.walk(f.bytes, at)
			if v.Leave != nil {
				v.Leave()
			}
		}
	})
}

// Path writes the numbers of fields with "." between them.
func Path(path []int) string {
	var b []byte
	for i, n := range path {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(b)
}
