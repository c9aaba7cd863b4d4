package redact

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// binary walks data in a format whose strings have names, without being text: MessagePack,
// CBOR (RFC 8949), BSON, the first packet of MQTT, or compressed data. It reports false if
// data is none of these.
func (w *walker) binary(data []byte, media string) bool {
	if len(data) < 4 || w.depth >= maxDepth {
		return false
	}
	if w.compressed(data) || w.mqtt(data) {
		return true
	}
	if strings.HasSuffix(media, "bson") || data[len(data)-1] == 0 && uint64(binary.LittleEndian.Uint32(data)) == uint64(len(data)) {
		if p := (&packWalk{w: w, b: data}); p.bson(plain) {
			p.at, p.walks = 0, true
			p.bson(plain)
			return true
		}
	}
	for _, format := range []packFormat{msgpack, cbor} {
		p := packWalk{w: w, b: data, format: format}
		if format.begins(data[0], media) && p.item(plain, 0) && p.at == len(data) && p.named {
			p.at, p.walks = 0, true
			p.item(plain, 0)
			return true
		}
	}
	return false
}

// A packFormat is a format in which each value begins with its kind and length.
type packFormat uint8

const (
	msgpack packFormat = iota
	cbor
)

// begins reports whether a text of the format can begin with c: with a map, or an array of
// maps.
func (f packFormat) begins(c byte, media string) bool {
	if f == cbor {
		return c > 0xa0 && c < 0xc0 || c > 0x80 && c < 0xa0 && strings.HasSuffix(media, "cbor")
	}
	return (c > 0x80 && c < 0xa0 || c >= 0xdc && c <= 0xdf) && !strings.HasSuffix(media, "cbor")
}

// A packWalk walks one text of MessagePack, CBOR or BSON, once to see whether it is one,
// and once more to change it.
type packWalk struct {
	w      *walker
	b      []byte
	at     int
	format packFormat
	walks  bool
	named  bool // a map has a text for a name
}

// A packKind says what a value is.
type packKind uint8

const (
	packScalar packKind = iota // n bytes follow
	packText                   // so
	packBytes                  // so
	packArray                  // n values follow
	packMap                    // n names and values follow
	packBreak                  // the end of what has no length
	packWrong
)

// noLength is the length of what ends with a break.
const noLength = math.MaxInt

// item walks one value of the class c. It reports false if the text is wrong.
func (p *packWalk) item(c class, depth int) bool {
	kind, n := p.head()
	switch kind {
	case packScalar, packText, packBytes:
		if n == noLength {
			return p.pieces(c, depth)
		}
		if n > len(p.b)-p.at {
			return false
		}
		value := p.b[p.at : p.at+n]
		p.at += n
		if p.walks && kind != packScalar {
			p.str(c, value)
		}
		return kind != packText || utf8.Valid(value)
	case packArray, packMap:
		if depth >= maxNesting {
			return false
		}
		for ; n > 0; n-- {
			if p.ends() {
				return true
			}
			inner := c
			if kind == packMap {
				var ok bool
				if inner, ok = p.key(c, depth); !ok {
					return false
				}
			}
			if !p.item(inner, depth+1) {
				return false
			}
		}
		return true
	}
	return false
}

// pieces walks a text or bytes in pieces.
func (p *packWalk) pieces(c class, depth int) bool {
	for p.at < len(p.b) {
		if p.ends() {
			return true
		}
		if depth >= maxNesting || !p.item(c, depth+1) {
			return false
		}
	}
	return false
}

// ends passes over a break of CBOR.
func (p *packWalk) ends() bool {
	if p.format == cbor && p.at < len(p.b) && p.b[p.at] == 0xff {
		p.at++
		return true
	}
	return false
}

// key reads the name of a member. It returns the class of the value.
func (p *packWalk) key(c class, depth int) (class, bool) {
	start := p.at
	kind, n := p.head()
	if kind != packText || n > len(p.b)-p.at {
		p.at = start
		return c, p.item(plain, depth+1)
	}
	name := p.b[p.at : p.at+n]
	p.at += n
	if !utf8.Valid(name) {
		return c, false
	}
	p.named = true
	if !p.walks {
		return c, true
	}
	if c.secret() {
		c = likely // members of an object
	}
	p.w.label(name)
	return max(c, p.w.scope.field(name)), true
}

// str walks a text or bytes.
func (p *packWalk) str(c class, b []byte) {
	p.w.depth++
	switch {
	case readable(b):
		p.w.field(c, b)
	case c.secret():
		p.w.leaf(formOpaque, b, c.kind())
	default:
		p.w.binary(b, "")
	}
	p.w.depth--
}

// head reads the kind and the length of the value at p.at.
func (p *packWalk) head() (packKind, int) {
	if p.at >= len(p.b) {
		return packWrong, 0
	}
	c := p.b[p.at]
	p.at++
	if p.format == cbor {
		return p.headCBOR(c)
	}
	switch {
	case c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
		return packScalar, 0
	case c < 0x90:
		return packMap, int(c & 15)
	case c < 0xa0:
		return packArray, int(c & 15)
	case c < 0xc0:
		return packText, int(c & 31)
	}
	switch c {
	case 0xc4, 0xc5, 0xc6:
		return packBytes, p.number(1 << (c - 0xc4))
	case 0xc7, 0xc8, 0xc9:
		return packScalar, 1 + p.number(1<<(c-0xc7))
	case 0xca, 0xcb:
		return packScalar, 4 << (c - 0xca)
	case 0xcc, 0xcd, 0xce, 0xcf:
		return packScalar, 1 << (c - 0xcc)
	case 0xd0, 0xd1, 0xd2, 0xd3:
		return packScalar, 1 << (c - 0xd0)
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return packScalar, 1 + 1<<(c-0xd4)
	case 0xd9, 0xda, 0xdb:
		return packText, p.number(1 << (c - 0xd9))
	case 0xdc, 0xdd:
		return packArray, p.number(2 << (c - 0xdc))
	case 0xde, 0xdf:
		return packMap, p.number(2 << (c - 0xde))
	}
	return packWrong, 0
}

func (p *packWalk) headCBOR(c byte) (packKind, int) {
	n := int(c & 31)
	switch {
	case n >= 24 && n <= 27:
		n = p.number(1 << (n - 24))
	case n == 31:
		n = noLength
	case n > 27:
		return packWrong, 0
	}
	switch c >> 5 {
	case 2:
		return packBytes, n
	case 3:
		return packText, n
	case 4:
		return packArray, n
	case 5:
		return packMap, n
	case 6: // a tag before a value
		if n == noLength {
			return packWrong, 0
		}
		return p.head()
	case 7:
		if n == noLength {
			return packBreak, 0
		}
	}
	if n == noLength {
		return packWrong, 0
	}
	return packScalar, 0
}

// number reads a length of so many bytes. What is too long for the text is wrong.
func (p *packWalk) number(size int) (n int) {
	if size > len(p.b)-p.at {
		p.at = len(p.b)
		return len(p.b) + 1
	}
	for _, c := range p.b[p.at : p.at+size] {
		if n >= 1<<48 {
			n = 1 << 48
		}
		n = n<<8 | int(c)
	}
	p.at += size
	return n
}

// bsonSizes are the lengths of the values of BSON that have a fixed one.
var bsonSizes = map[byte]int{0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0a: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7f: 0, 0xff: 0}

// bson walks a document. It reports false if it is none.
func (p *packWalk) bson(c class) bool {
	start := p.at
	n := p.little()
	if n < 5 || n > len(p.b)-start {
		return false
	}
	end := start + n
	if p.b[end-1] != 0 {
		return false
	}
	for p.at < end-1 {
		kind := p.b[p.at]
		p.at++
		n := bytes.IndexByte(p.b[p.at:end], 0)
		if n < 0 {
			return false
		}
		name := p.b[p.at : p.at+n]
		p.at += n + 1
		inner := c
		if p.walks {
			p.w.label(name)
			inner = max(c, p.w.scope.field(name))
		}
		if !p.bsonValue(kind, inner, end) {
			return false
		}
	}
	p.at = end
	return true
}

func (p *packWalk) bsonValue(kind byte, c class, end int) bool {
	switch kind {
	case 0x02, 0x0d, 0x0e: // a text
		n := p.little()
		if n < 1 || n > end-p.at {
			return false
		}
		value := p.b[p.at : p.at+n-1]
		p.at += n
		if p.walks {
			p.str(c, value)
		}
		return utf8.Valid(value)
	case 0x03, 0x04:
		if c.secret() && kind == 0x03 {
			c = likely
		}
		if p.w.depth >= maxDepth {
			return false
		}
		p.w.depth++
		ok := p.bson(c)
		p.w.depth--
		return ok
	case 0x05: // bytes
		n := p.little() + 1
		if n < 1 || n > end-p.at {
			return false
		}
		p.at += n
		return true
	}
	size, ok := bsonSizes[kind]
	p.at += size
	return ok && p.at <= end
}

// little reads a length with the small end first.
func (p *packWalk) little() int {
	if len(p.b)-p.at < 4 {
		return -1
	}
	n := binary.LittleEndian.Uint32(p.b[p.at:])
	p.at += 4
	return int(n)
}

// mqtt walks the packet with which clients of MQTT (3.1.1, section 3.1) log in.
func (w *walker) mqtt(b []byte) bool {
	if b[0] != 0x10 {
		return false
	}
	n, size := binary.Uvarint(b[1:])
	if size <= 0 || n != uint64(len(b)-1-size) {
		return false
	}
	b = b[1+size:]
	name, rest := mqttText(b)
	if string(name) != "MQTT" && string(name) != "MQIsdp" || len(rest) < 4 {
		return false
	}
	version, flags := rest[0], rest[1]
	if rest = rest[4:]; version >= 5 { // with properties
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > uint64(len(rest)-size) {
			return false
		}
		rest = rest[size+int(n):]
	}
	_, rest = mqttText(rest) // the client
	if flags&4 != 0 {
		if version >= 5 {
			return true
		}
		_, rest = mqttText(rest)
		_, rest = mqttText(rest)
	}
	if flags&0x80 != 0 {
		var user []byte
		user, rest = mqttText(rest)
		w.field(plain, user)
	}
	if secret, _ := mqttText(rest); flags&0x40 != 0 && len(secret) > 0 {
		w.secret(secret, KindPassword)
	}
	return true
}

// mqttText cuts off a text that stands behind its length.
func mqttText(b []byte) (text, rest []byte) {
	if len(b) < 2 {
		return nil, nil
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > len(b)-2 {
		return nil, nil
	}
	return b[2 : 2+n], b[2+n:]
}

// isText reports whether data, which is said to be a picture, sound or code, is text
// instead.
func isText(data []byte) bool {
	head := data[:min(len(data), 512)]
	for _, c := range head {
		if control(c) {
			return false
		}
	}
	for cut := 0; cut < utf8.UTFMax && cut < len(head); cut++ { // the last character may be cut
		if utf8.Valid(head[:len(head)-cut]) {
			return len(data) > 0
		}
	}
	return false
}

// protobufMedia are the media types of one message of Protocol Buffers.
var protobufMedia = []string{"application/proto", "application/protobuf", "application/x-protobuf", "application/vnd.google.protobuf", "application/x-google-protobuf", "application/connect+proto"}

// isProtobufMedia reports whether bodies of this type hold messages of Protocol Buffers.
func isProtobufMedia(contentType string) bool {
	media := mediaOf(contentType)
	return strings.HasPrefix(media, "application/grpc") || slices.Contains(protobufMedia, media)
}
