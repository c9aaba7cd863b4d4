package codec

import (
	"fmt"
	"strings"
)

// A set is a set of ASCII characters.
type set [2]uint64

func setOf(s string) (out set) {
	for i := range len(s) {
		out.add(s[i])
	}
	return out
}

func (s *set) add(c byte) {
	if c < 128 {
		s[c>>6] |= 1 << (c & 63)
	}
}

func (s set) has(c byte) bool { return c < 128 && s[c>>6]&(1<<(c&63)) != 0 }

func (s set) union(o set) set { return set{s[0] | o[0], s[1] | o[1]} }

func (s set) without(o set) set { return set{s[0] &^ o[0], s[1] &^ o[1]} }

// String lists the characters. Those of the syntax of chains, and those that do not
// print, are percent-encoded.
func (s set) String() string {
	var b strings.Builder
	for c := byte(0); c < 128; c++ {
		switch {
		case !s.has(c):
		case c <= ' ' || c == 0x7f || strings.IndexByte("%[]|", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func parseSet(s string) (out set, err error) {
	chars, _, ok := percentDecode(s, false)
	if !ok {
		return out, fmt.Errorf("%q is not percent-encoded", s)
	}
	for i := range len(chars) {
		if chars[i] >= 128 {
			return out, fmt.Errorf("%q holds more than ASCII characters", s)
		}
		out.add(chars[i])
	}
	return out, nil
}

// An offsets is the table that DecodeAt returns. It is made at the first byte that is
// not itself.
type offsets struct {
	at   []int32
	text string
	out  []byte
	made bool
}

// begin starts the table behind the first n bytes, which are themselves.
func (o *offsets) begin(n int) {
	if o.made {
		return
	}
	o.made = true
	o.out = append(make([]byte, 0, len(o.text)), o.text[:n]...)
	o.at = make([]int32, n, len(o.text)+1)
	for i := range o.at {
		o.at[i] = int32(i)
	}
}

// put adds bytes that stand at from.
func (o *offsets) put(from int, b ...byte) {
	for _, c := range b {
		o.out = append(o.out, c)
		o.at = append(o.at, int32(from))
	}
}

// end returns what DecodeAt returns.
func (o *offsets) end() (string, []int32, bool) {
	if !o.made {
		return o.text, nil, true
	}
	return string(o.out), append(o.at, int32(len(o.text))), true
}
