package message

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/starling-load/starling/record/flow"
)

func TestSocketMessagesWhereverTheBytesAreCut(t *testing.T) {
	with, without := deflater{takeover: true}, deflater{}
	long := strings.Repeat("medium ", 40) // a 16-bit length
	cases := map[string]struct {
		stream string
		want   []got
	}{
		"text and binary, masked or not": {
			frame(ws.OpText, true, false, 0x01020304, "hello") + frame(ws.OpBinary, true, false, 0, "\x00\xff"),
			[]got{whole(flow.MessageText, "hello"), whole(flow.MessageBinary, "\x00\xff")},
		},
		"fragments with control frames between them": {
			frame(ws.OpText, false, false, 0xdeadbeef, "on") + frame(ws.OpPing, true, false, 0x05060708, "?") +
				frame(ws.OpContinuation, false, false, 0, "") + frame(ws.OpPong, true, false, 0, "!") +
				frame(ws.OpContinuation, true, false, 0x99999999, "ce"),
			[]got{whole(flow.MessagePing, "?"), whole(flow.MessagePong, "!"), whole(flow.MessageText, "once")},
		},
		"empty messages": {
			frame(ws.OpText, true, false, 0, "") + frame(ws.OpPing, true, false, 7, ""),
			[]got{whole(flow.MessageText, ""), whole(flow.MessagePing, "")},
		},
		"a close with its reason": {
			frame(ws.OpClose, true, false, 3, "\x03\xe8bye"), []got{whole(flow.MessageClose, "\x03\xe8bye")},
		},
		"a 16-bit length": {
			frame(ws.OpText, true, false, 0x0a0b0c0d, long), []got{whole(flow.MessageText, long)},
		},
		"compressed with context takeover": {
			frame(ws.OpText, true, true, 1<<24, with.message(long)) + frame(ws.OpText, true, true, 0, with.message(long+"!")) +
				frame(ws.OpText, true, false, 0, "clear") + frame(ws.OpBinary, true, true, 0, with.message(long)),
			[]got{whole(flow.MessageText, long), whole(flow.MessageText, long+"!"), whole(flow.MessageText, "clear"), whole(flow.MessageBinary, long)},
		},
		"compressed without context takeover": {
			frame(ws.OpText, true, true, 0, without.message(long)) + frame(ws.OpText, true, true, 0, without.message(long)),
			[]got{whole(flow.MessageText, long), whole(flow.MessageText, long)},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			checkCuts(t, c.stream, c.want, func(e Emit) feeder { return NewSocket(true, 1<<20, e) })
		})
	}
}

func TestACompressedMessageInFragments(t *testing.T) {
	d := deflater{takeover: true}
	text := strings.Repeat("one after another ", 30)
	z := d.message(text)
	stream := frame(ws.OpText, false, true, 0x11223344, z[:3]) + frame(ws.OpPing, true, false, 0, "") +
		frame(ws.OpContinuation, true, false, 0x55667788, z[3:]) + frame(ws.OpText, true, true, 0, d.message(text))
	want := []got{whole(flow.MessagePing, ""), whole(flow.MessageText, text), whole(flow.MessageText, text)}
	checkCuts(t, stream, want, func(e Emit) feeder { return NewSocket(true, 1<<20, e) })
}

func TestAMessageHasTheTimeOfItsLastByte(t *testing.T) {
	var c collector
	s := NewSocket(false, 100, c.emit)
	stream := frame(ws.OpText, true, false, 0, "ab") + frame(ws.OpText, true, false, 0, "cd")
	s.Feed([]byte(stream[:3]), 10*time.Millisecond)
	s.Feed([]byte(stream[3:5]), 20*time.Millisecond)
	s.Feed([]byte(stream[5:]), 30*time.Millisecond)
	if want := []time.Duration{20 * time.Millisecond, 30 * time.Millisecond}; fmt.Sprint(c.at) != fmt.Sprint(want) {
		t.Errorf("at %v, want %v", c.at, want)
	}
}

func TestASocketThatIsNoneIsLost(t *testing.T) {
	cases := map[string]string{
		"a reserved operation":              "\x83\x00",
		"a reserved control operation":      "\x8b\x00",
		"a second extension bit":            "\xa1\x00",
		"a third extension bit":             "\x91\x00",
		"compression that was not agreed":   frame(ws.OpText, true, true, 0, "x"),
		"a continuation of nothing":         frame(ws.OpContinuation, true, false, 0, "x"),
		"a message inside a message":        frame(ws.OpText, false, false, 0, "x") + frame(ws.OpText, true, false, 0, "y"),
		"a control frame in fragments":      frame(ws.OpPing, false, false, 0, "x"),
		"a control frame that is too long":  frame(ws.OpPing, true, false, 0, strings.Repeat("x", 126)),
		"a length with its highest bit set": "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
		"something else altogether":         "HTTP/1.1 400 Bad Request\r\n\r\n",
	}
	for name, stream := range cases {
		t.Run(name, func(t *testing.T) {
			var c collector
			s := NewSocket(false, 100, c.emit)
			s.Feed([]byte(stream), 1)
			s.Feed([]byte(frame(ws.OpText, true, false, 0, "later")), 2)
			if !s.Lost() || len(c.all) != 0 {
				t.Errorf("lost is %v after %q, emitted %+v", s.Lost(), stream, c.all)
			}
		})
	}
}

func TestAMessageIsKeptUpToTheLimitWithItsSize(t *testing.T) {
	for _, n := range []int{0, 99, 100, 101, 125, 126, 127, 65535, 65536, 200_000} {
		var c collector
		s := NewSocket(false, 100, c.emit)
		text := strings.Repeat("x", n)
		s.Feed([]byte(frame(ws.OpText, true, false, 1, text)+frame(ws.OpText, true, false, 1, "next")), 1)
		want := []got{{flow.MessageText, text[:min(n, 100)], int64(n)}, whole(flow.MessageText, "next")}
		if fmt.Sprint(c.all) != fmt.Sprint(want) || s.Lost() {
			t.Errorf("%d bytes came as %.200v", n, c.all)
		}
	}
}

func TestCompressedMessagesBeyondTheLimit(t *testing.T) {
	d := deflater{takeover: true}
	within, beyond := strings.Repeat("a", 100*inflateFactor), strings.Repeat("b", 100*inflateFactor+1)
	var c collector
	s := NewSocket(true, 100, c.emit)
	sizes := make([]int64, 0, 3)
	for _, text := range []string{within, beyond, "after"} {
		z := d.message(text)
		sizes = append(sizes, int64(len(z)))
		s.Feed([]byte(frame(ws.OpText, true, true, 0, z)), 1)
	}
	s.Feed([]byte(frame(ws.OpText, true, false, 0, "clear")), 1)
	want := []got{
		{flow.MessageText, within[:100], int64(len(within))},
		{flow.MessageText, "", sizes[1]}, // how long it is was not looked at
		{flow.MessageText, "", sizes[2]}, // may refer to what was not looked at
		whole(flow.MessageText, "clear"),
	}
	if fmt.Sprint(c.all) != fmt.Sprint(want) || s.Lost() {
		t.Errorf("got %.300v, want %.300v", c.all, want)
	}
}

func TestALongTakeoverKeepsTheWindow(t *testing.T) {
	d := deflater{takeover: true}
	rnd := rand.New(rand.NewPCG(1, 2))
	var c collector
	s := NewSocket(true, 1<<20, c.emit)
	var said []string
	for range 200 { // messages refer up to 32 KiB back, over many others
		b := make([]byte, rnd.IntN(3000))
		for i := range b {
			b[i] = 'a' + byte(rnd.IntN(20))
		}
		text := string(b)
		if len(said) > 0 {
			text += said[max(0, len(said)-1-rnd.IntN(12))]
		}
		said = append(said, text)
		s.Feed([]byte(frame(ws.OpText, true, true, rnd.Uint32(), d.message(text))), 1)
	}
	for i, text := range said {
		if i >= len(c.all) || c.all[i] != whole(flow.MessageText, text) {
			t.Fatalf("message %d of %d does not come back", i, len(said))
		}
	}
}

func FuzzSocket(f *testing.F) {
	d := deflater{takeover: true}
	f.Add([]byte(frame(ws.OpText, false, false, 0x01020304, "on")+frame(ws.OpPing, true, false, 9, "?")+frame(ws.OpContinuation, true, false, 0, "ce")), uint(3), true)
	f.Add([]byte(frame(ws.OpText, true, true, 5, d.message("hello hello"))+frame(ws.OpText, true, true, 5, d.message("hello hello"))), uint(9), true)
	f.Add([]byte("\x82\x7f\x00\x00\x00\x7f\xff\xff\xff\xffabc"), uint(4), false)
	f.Add([]byte(frame(ws.OpClose, true, false, 3, "\x03\xe8bye")), uint(1), false)
	f.Fuzz(func(t *testing.T, stream []byte, cut uint, deflate bool) {
		parser := func(e Emit) feeder { return NewSocket(deflate, 64, e) }
		s := checkFuzz(t, stream, cut, parser).(*Socket)
		if n := cap(s.data.data) + cap(s.control.data) + s.inflate.buf.Cap() + cap(s.inflate.window) + cap(s.head); n > 256<<10 {
			t.Errorf("the parser holds %d bytes", n)
		}
	})
}

// checkFuzz compares what a parser finds in stream as a whole, cut, and byte by
// byte, and what it emits with its limit of 64 bytes.
func checkFuzz(t *testing.T, stream []byte, cut uint, parser func(Emit) feeder) feeder {
	t.Helper()
	var one, two collector
	p, q := parser(one.emit), parser(two.emit)
	p.Feed(stream, 1)
	at := int(cut % uint(len(stream)+1))
	q.Feed(stream[:at], 1)
	q.Feed(stream[at:], 1)
	single := byteByByte(string(stream), parser)
	if fmt.Sprint(one.all) != fmt.Sprint(two.all) || fmt.Sprint(one.all) != fmt.Sprint(single) {
		t.Errorf("whole: %+v\ncut at %d: %+v\nbyte by byte: %+v", one.all, at, two.all, single)
	}
	for _, m := range one.all {
		if len(m.data) > 64 && m.kind != flow.MessagePing || int64(len(m.data)) > m.size {
			t.Errorf("%d bytes of %d emitted", len(m.data), m.size)
		}
	}
	return p
}
