package content

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model/content/codec"
)

// isGRPC reports whether a body consists of frames of gRPC.
func isGRPC(media string) bool {
	kind, form, _ := strings.Cut(media, "+")
	return (kind == grpcMedia || kind == grpcWebMedia) && form != "json"
}

func isProtobuf(media string) bool {
	return media == "application/protobuf" || media == "application/x-protobuf" || media == "application/vnd.google.protobuf"
}

// protobufMessages returns the messages of a body.
func protobufMessages(body []byte, media string) [][]byte {
	if !isGRPC(media) {
		return [][]byte{body}
	}
	var out [][]byte
	for len(body) >= 5 && len(out) < maxItems {
		size := int64(binary.BigEndian.Uint32(body[1:]))
		if size > int64(len(body)-5) {
			break
		}
		message := body[5 : 5+size]
		switch body[0] {
		case 0:
			out = append(out, message)
		case 1:
			if plain, whole := codec.Inflate(message, "gzip"); whole {
				out = append(out, plain)
			}
		}
		body = body[5+size:]
	}
	return out
}

// protobuf adds the values of messages.
func (g *gatherer) protobuf(prefix string, body []byte, media string) {
	for _, m := range protobufMessages(body, media) {
		walkProtobuf(m, nil, func(path []int, value string) {
			if len(g.out) < maxLeaves {
				g.add(prefix+"proto:"+protobufPath(path), value)
			}
		})
	}
}

// protobufValues returns the values at a path in a body.
func protobufValues(body []byte, media, path string) []string {
	var out []string
	for _, m := range protobufMessages(body, media) {
		walkProtobuf(m, nil, func(at []int, value string) {
			if len(out) < maxItems && protobufPath(at) == path {
				out = append(out, value)
			}
		})
	}
	return out
}

func protobufPath(path []int) string {
	var b strings.Builder
	for i, n := range path {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// walkProtobuf visits the strings and whole numbers of a message (protobuf.dev,
// Encoding) with the numbers of their fields. Bytes that are text are a string, others
// a message if they have the form of one. It reports whether b is a message.
func walkProtobuf(b []byte, path []int, visit func(path []int, value string)) bool {
	if len(path) > 16 {
		return false
	}
	return protobufFields(b, func(number int, wire uint64, value []byte, varint uint64) {
		at := append(path, number)
		switch {
		case wire == 0:
			visit(at, strconv.FormatUint(varint, 10))
		case wire != 2:
		case codec.Printable(string(value)):
			visit(at, string(value))
		case validProtobuf(value, len(at)):
			walkProtobuf(value, slices.Clone(at), visit)
		}
	})
}

// validProtobuf reports whether b has the form of a message.
func validProtobuf(b []byte, depth int) bool {
	return depth <= 16 && len(b) > 0 && protobufFields(b, func(int, uint64, []byte, uint64) {})
}

// protobufFields calls visit for each field of a message with its number and wire type:
// 0 with a number, 1, 2 and 5 with bytes. It reports whether b is a message.
func protobufFields(b []byte, visit func(number int, wire uint64, value []byte, varint uint64)) bool {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29 {
			return false
		}
		b = b[n:]
		size, varint := uint64(0), uint64(0)
		switch tag & 7 {
		case 0:
			if varint, n = binary.Uvarint(b); n <= 0 {
				return false
			}
			b = b[n:]
		case 1:
			size = 8
		case 5:
			size = 4
		case 2:
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
		visit(int(tag>>3), tag&7, b[:size], varint)
		b = b[size:]
	}
	return true
}
