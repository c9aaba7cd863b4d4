package message

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestGRPCMessagesWhereverTheBytesAreCut(t *testing.T) {
	long := strings.Repeat("protobuf ", 50)
	cases := map[string]struct {
		encoding, stream string
		want             []got
	}{
		"clear and empty": {
			"", prefixed(0, "one") + prefixed(0, "") + prefixed(0, "three"),
			[]got{whole(flow.MessageGRPC, "one"), whole(flow.MessageGRPC, ""), whole(flow.MessageGRPC, "three")},
		},
		"gzip, message by message": {
			"gzip", prefixed(1, gzipped(long)) + prefixed(0, "clear") + prefixed(1, gzipped("")),
			[]got{whole(flow.MessageGRPC, long), whole(flow.MessageGRPC, "clear"), whole(flow.MessageGRPC, "")},
		},
		"a coding that is not known stays": {
			"snappy", prefixed(1, "\xff\x06"), []got{whole(flow.MessageGRPC, "\xff\x06")},
		},
		"an unfinished message is none": {"", prefixed(0, "one") + prefixed(0, "two")[:6], []got{whole(flow.MessageGRPC, "one")}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			checkCuts(t, c.stream, c.want, func(e Emit) feeder { return NewGRPC(c.encoding, 1<<20, e) })
		})
	}
}

func TestGRPCIsWholeBetweenMessages(t *testing.T) {
	g := NewGRPC("", 1<<20, new(collector).emit)
	stream := prefixed(0, "one") + prefixed(0, "")
	for i := range len(stream) {
		if want := i == 0 || i == len(prefixed(0, "one")); g.Whole() != want {
			t.Errorf("after %d bytes: %v, want %v", i, g.Whole(), want)
		}
		g.Feed([]byte(stream[i:i+1]), 0)
	}
	if !g.Whole() {
		t.Error("not whole in the end")
	}
}

func TestAGRPCMessageIsKeptUpToTheLimit(t *testing.T) {
	for _, n := range []int{99, 100, 101, 100 * inflateFactor, 100*inflateFactor + 1, 1 << 20} {
		text := strings.Repeat("x", n)
		for _, coding := range []string{"", "gzip"} {
			var c collector
			g := NewGRPC(coding, 100, c.emit)
			z, flag := text, byte(0)
			size := int64(n)
			if coding == "gzip" {
				z, flag = gzipped(text), 1
				size = min(size, 100*inflateFactor+1) // as far as it is looked at
				if len(z) > 100 {
					size = 0 // not known: the compressed end was not kept
				}
			}
			g.Feed([]byte(prefixed(flag, z)+prefixed(0, "next")), 1)
			if len(c.all) != 2 || c.all[0].data != text[:min(n, 100)] || c.all[1] != whole(flow.MessageGRPC, "next") {
				t.Errorf("%q: %d bytes came as %.200v", coding, n, c.all)
			} else if got := c.all[0].size; got != size && (size != 0 || got <= 100) {
				t.Errorf("%q: %d bytes have size %d, want %d", coding, n, got, size)
			}
		}
	}
}

func TestDamagedCompressionLosesOnlyItsMessage(t *testing.T) {
	z := gzipped(strings.Repeat("protobuf ", 50))
	cases := map[string]string{"not gzip": "no gzip at all", "cut short": z[:len(z)-9], "a wrong checksum": z[:len(z)-8] + "\x00\x00\x00\x00" + z[len(z)-4:]}
	for name, bad := range cases {
		t.Run(name, func(t *testing.T) {
			var c collector
			g := NewGRPC("gzip", 1<<20, c.emit)
			g.Feed([]byte(prefixed(1, bad)+prefixed(1, gzipped("next"))), 1)
			if len(c.all) != 2 || c.all[0].size <= int64(len(c.all[0].data)) || c.all[1] != whole(flow.MessageGRPC, "next") || g.Lost() {
				t.Errorf("got %.200v", c.all)
			}
		})
	}
}

func TestWhatIsNoGRPCIsLost(t *testing.T) {
	for _, stream := range []string{"\x02\x00\x00\x00\x00", "\x80\x00\x00\x00\x01x", "{\"json\":true}"} {
		var c collector
		g := NewGRPC("", 100, c.emit)
		g.Feed([]byte(stream+prefixed(0, "later")), 1)
		if !g.Lost() || len(c.all) != 0 {
			t.Errorf("lost is %v after %q, emitted %v", g.Lost(), stream, c.all)
		}
	}
}

func TestADeclaredLengthReservesNothing(t *testing.T) {
	var c collector
	g := NewGRPC("", 1<<20, c.emit)
	g.Feed(append(binary.BigEndian.AppendUint32([]byte{0}, 1<<32-1), "abc"...), 1)
	if n := cap(g.body.data); n > 1024 || g.left != 1<<32-4 {
		t.Errorf("%d bytes held for 3 that came, %d to come", n, g.left)
	}
}

func TestWhatIsAStreamOfMessages(t *testing.T) {
	field := func(name, value string) flow.Headers { return flow.Headers{{Name: name, Value: value}} }
	for value, want := range map[string]string{
		"application/grpc": "grpc", "application/grpc+proto": "grpc", "Application/GRPC; x=y": "grpc",
		"application/grpc-web": "", "application/grpc-web+proto": "", "application/json": "", "": "", ";": "",
		"text/event-stream": "events", "TEXT/event-stream;charset=UTF-8": "events", "text/event-streams": "",
	} {
		var got string
		if IsGRPC(field("content-type", value)) {
			got += "grpc"
		}
		if IsEvents(field("content-type", value)) {
			got += "events"
		}
		if got != want {
			t.Errorf("%q is %q, want %q", value, got, want)
		}
	}
	if IsEvents(append(field("Content-Type", "text/event-stream"), field("Content-Encoding", "gzip")...)) {
		t.Error("a compressed event stream can be read")
	}
	for value, want := range map[string]bool{
		"permessage-deflate": true, "x, Permessage-Deflate; client_max_window_bits=10": true, "x-permessage-deflate": false, "": false,
	} {
		if got := IsDeflate(field("sec-websocket-extensions", value)); got != want {
			t.Errorf("%q agrees to deflate: %v", value, got)
		}
	}
}

func FuzzGRPC(f *testing.F) {
	f.Add([]byte(prefixed(0, "one")+prefixed(1, gzipped("two two two two"))), uint(4), true)
	f.Add([]byte("\x00\xff\xff\xff\xffabc"), uint(4), false)
	f.Add([]byte(prefixed(1, "no gzip")), uint(6), true)
	f.Fuzz(func(t *testing.T, stream []byte, cut uint, zip bool) {
		coding := ""
		if zip {
			coding = "gzip"
		}
		g := checkFuzz(t, stream, cut, func(e Emit) feeder { return NewGRPC(coding, 64, e) }).(*GRPC)
		if n := cap(g.body.data) + g.plain.Cap(); n > 2*idleBuffer {
			t.Errorf("the parser holds %d bytes", n)
		}
	})
}
