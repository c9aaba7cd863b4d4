package message

import (
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// Messages that decompress to a thousand times their length are read as far as the
// allowance goes, which is a small multiple of what passes on the wire.
func TestBombsAreNotDecompressed(t *testing.T) {
	const limit, count = 64 << 10, 500
	text := strings.Repeat("a", limit*inflateFactor/2)
	for name, test := range map[string]struct {
		feed func(e Emit) (feed func(i int), wire int)
	}{
		"of a WebSocket": {func(e Emit) (func(int), int) {
			d := deflater{}
			s := NewSocket(true, limit, e)
			z := d.message(text)
			return func(int) { s.Feed([]byte(frame(ws.OpText, true, true, 0, z)), 1) }, len(z)
		}},
		"of gRPC": {func(e Emit) (func(int), int) {
			g := NewGRPC("gzip", limit, e)
			z := gzipped(text)
			return func(int) { g.Feed([]byte(prefixed(1, z)), 1) }, len(z)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var c collector
			feed, wire := test.feed(c.emit)
			for i := range count {
				feed(i)
			}
			var read int64
			for _, m := range c.all {
				read += m.size
			}
			most := 2*inflateFactor*limit + count*(int64(wire)*inflateRatio+inflateEach) + count
			if len(c.all) != count || read > most || c.all[0].size != int64(len(text)) {
				t.Errorf("%d of %d messages of %d bytes each, %d bytes decompressed; want at most %d", len(c.all), count, len(text), read, most)
			}
		})
	}
}

// A service that sends the same state again and again compresses well, too.
func TestMessagesThatRepeatEachOtherAreAllRead(t *testing.T) {
	d := deflater{takeover: true}
	var state strings.Builder
	for i := range 1000 {
		state.WriteString(strings.Repeat(string(rune('a'+i%26)), i%7))
	}
	var c collector
	s := NewSocket(true, 64<<10, c.emit)
	for range 3000 {
		s.Feed([]byte(frame(ws.OpText, true, true, 0, d.message(state.String()))), 1)
	}
	for i, m := range c.all {
		if m.data != state.String() {
			t.Fatalf("message %d has %d bytes", i, len(m.data))
		}
	}
	if len(c.all) != 3000 {
		t.Errorf("%d messages of 3000", len(c.all))
	}
}
