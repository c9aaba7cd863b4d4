package netlog

import (
	"strings"
	"testing"
)

// Bodies are found whatever the pieces in which a connection sent its frames.
func TestBodiesAreFoundInFrames(t *testing.T) {
	frame := func(kind, flags byte, stream byte, payload string) string {
		return string([]byte{0, byte(len(payload) >> 8), byte(len(payload)), kind, flags, 0, 0, 0, stream}) + payload
	}
	bytes := prefaceText + frame(4, 0, 0, "\x00\x04\x00\x60\x00\x00") + frame(1, 4, 1, "head") + frame(1, 4, 3, "head") +
		frame(0, 0, 1, "one ") + frame(0, 0, 3, strings.Repeat("x", 300)) + frame(0, 8, 1, "\x03two\x00\x00\x00") + frame(0, 0, 9, "nobody") +
		frame(0, 9, 1, "\x01!\x00") + frame(0, 1, 3, "") + frame(8, 0, 0, "abcd")
	for size := 1; size <= len(bytes); size++ {
		one, three := &call{}, &call{}
		f := &frames{streams: map[uint32]*call{1: one, 3: three}}
		held := f.feed([]byte(bytes[:24]), 1<<20) // the preface comes in one piece
		for rest := bytes[24:]; rest != ""; {
			n := min(size, len(rest))
			held += f.feed([]byte(rest[:n]), 1<<20)
			rest = rest[n:]
		}
		if string(one.out.data) != "one two!" || len(three.out.data) != 300 || held != 308 || len(f.streams) != 0 {
			t.Fatalf("in pieces of %d: %q and %d bytes, %d held, %d open", size, one.out.data, len(three.out.data), held, len(f.streams))
		}
	}
	q := &call{}
	f := &frames{streams: map[uint32]*call{1: q}, begun: true}
	if f.feed([]byte(frame(0, 8, 1, "\xff"+"padded beyond its end")), 1<<20); len(q.out.data) != 0 {
		t.Errorf("padding is read as %q", q.out.data)
	}
}
