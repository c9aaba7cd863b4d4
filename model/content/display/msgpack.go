package display

import (
	"bytes"
	bin "encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// maxPacked is how deep lists and maps of MessagePack are read within each other.
const maxPacked = 32

// packed shows a value of MessagePack (github.com/msgpack/msgpack, spec.md) as JSON.
// Bytes are a string of hexadecimal digits behind "0x"; a value of a type of its own has
// the number of the type before. ok is false if data is not one value.
func packed(data []byte) (text string, ok bool) {
	u := unpacker{data: data}
	u.value(0)
	if u.bad || len(u.data) > 0 {
		return "", false
	}
	var b bytes.Buffer
	if json.Indent(&b, u.out, "", "  ") != nil {
		return "", false
	}
	return b.String(), true
}

// An unpacker writes values of MessagePack as JSON.
type unpacker struct {
	data []byte // that follows
	out  []byte
	bad  bool
}

// take returns the next n bytes.
func (u *unpacker) take(n uint64) []byte {
	if u.bad = u.bad || n > uint64(len(u.data)); u.bad {
		return nil
	}
	b := u.data[:n]
	u.data = u.data[n:]
	return b
}

// number reads a whole number of n bytes.
func (u *unpacker) number(n int) uint64 {
	var wide [8]byte
	copy(wide[8-n:], u.take(uint64(n)))
	return bin.BigEndian.Uint64(wide[:])
}

func (u *unpacker) value(depth int) {
	first := u.take(1)
	if u.bad = u.bad || depth > maxPacked; u.bad {
		return
	}
	switch c := first[0]; {
	case c < 0x80:
		u.out = strconv.AppendUint(u.out, uint64(c), 10)
	case c < 0x90:
		u.items(uint64(c&0x0f), true, depth)
	case c < 0xa0:
		u.items(uint64(c&0x0f), false, depth)
	case c < 0xc0:
		u.text(uint64(c & 0x1f))
	case c >= 0xe0:
		u.out = strconv.AppendInt(u.out, int64(int8(c)), 10)
	case c >= 0xc4 && c <= 0xc6:
		u.bytes(u.number(1<<(c-0xc4)), "0x")
	case c >= 0xc7 && c <= 0xc9:
		u.extension(u.number(1 << (c - 0xc7)))
	case c == 0xca:
		u.float(float64(math.Float32frombits(uint32(u.number(4)))), 32)
	case c == 0xcb:
		u.float(math.Float64frombits(u.number(8)), 64)
	case c >= 0xcc && c <= 0xcf:
		u.out = strconv.AppendUint(u.out, u.number(1<<(c-0xcc)), 10)
	case c >= 0xd0 && c <= 0xd3:
		size := 1 << (c - 0xd0)
		unused := 64 - 8*size // bits above the sign
		u.out = strconv.AppendInt(u.out, int64(u.number(size)<<unused)>>unused, 10)
	case c >= 0xd4 && c <= 0xd8:
		u.extension(1 << (c - 0xd4))
	case c >= 0xd9 && c <= 0xdb:
		u.text(u.number(1 << (c - 0xd9)))
	case c == 0xdc || c == 0xdd:
		u.items(u.number(2<<(c-0xdc)), false, depth)
	case c == 0xde || c == 0xdf:
		u.items(u.number(2<<(c-0xde)), true, depth)
	default:
		u.word(c)
	}
}

// word writes nil, false or true.
func (u *unpacker) word(c byte) {
	switch c {
	case 0xc0:
		u.out = append(u.out, "null"...)
	case 0xc2:
		u.out = append(u.out, "false"...)
	case 0xc3:
		u.out = append(u.out, "true"...)
	default: // 0xc1 is never used
		u.bad = true
	}
}

// items writes the values of a list, or the keys and values of a map.
func (u *unpacker) items(n uint64, isMap bool, depth int) {
	marks := "[]"
	if isMap {
		marks = "{}"
	}
	u.out = append(u.out, marks[0])
	for i := uint64(0); i < n && !u.bad; i++ {
		if i > 0 {
			u.out = append(u.out, ',')
		}
		if isMap {
			u.key(depth)
			u.out = append(u.out, ':')
		}
		u.value(depth + 1)
	}
	u.out = append(u.out, marks[1])
}

// key writes the key of a map: what is no string becomes one.
func (u *unpacker) key(depth int) {
	at := len(u.out)
	u.value(depth + 1)
	if key := u.out[at:]; !u.bad && key[0] != '"' {
		u.out = strconv.AppendQuote(u.out[:at], string(key))
	}
}

func (u *unpacker) text(n uint64) {
	b := u.take(n)
	if !utf8.Valid(b) {
		u.bad = true
		return
	}
	quoted, err := json.Marshal(string(b))
	u.bad = u.bad || err != nil
	u.out = append(u.out, quoted...)
}

func (u *unpacker) bytes(n uint64, before string) {
	u.out = strconv.AppendQuote(u.out, before+hex.EncodeToString(u.take(n)))
}

func (u *unpacker) extension(n uint64) {
	kind := int8(u.number(1))
	u.bytes(n, strconv.Itoa(int(kind))+":0x")
}

func (u *unpacker) float(f float64, bits int) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		u.out = strconv.AppendQuote(u.out, strconv.FormatFloat(f, 'g', -1, bits))
		return
	}
	u.out = strconv.AppendFloat(u.out, f, 'g', -1, bits)
}
