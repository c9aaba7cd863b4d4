package message

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestEventsWhereverTheBytesAreCut(t *testing.T) {
	const stream = ":hello\n\ndata: a\ndata: b\r\n\r\nid\r\r\n\n:c\ndata: last\n\nunfinished"
	want := []got{whole(flow.MessageEvent, "data: a\ndata: b"), whole(flow.MessageEvent, "id"), whole(flow.MessageEvent, ":c\ndata: last")}
	checkCuts(t, stream, want, func(e Emit) feeder { return NewEvents(1<<20, e) })
}

func TestAnEventIsKeptUpToTheLimitWithItsSize(t *testing.T) {
	for _, n := range []int{98, 99, 100, 101, 5000} {
		var c collector
		e := NewEvents(100, c.emit)
		line := strings.Repeat("x", n)
		e.Feed([]byte(line+"\n\ndata\n\n"), 1)
		want := []got{{flow.MessageEvent, line[:min(n, 100)], int64(n)}, whole(flow.MessageEvent, "data")}
		if fmt.Sprint(c.all) != fmt.Sprint(want) {
			t.Errorf("%d bytes came as %.200v", n, c.all)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte("data: a\r\ndata: b\n\n:x\r\rid: 7\n\n"), uint(8))
	f.Add([]byte("\r\n\r\n\n\n:\n\nd"), uint(1))
	f.Fuzz(func(t *testing.T, stream []byte, cut uint) {
		e := checkFuzz(t, stream, cut, func(e Emit) feeder { return NewEvents(64, e) }).(*Events)
		if n := cap(e.block.data); n > idleBuffer {
			t.Errorf("the parser holds %d bytes", n)
		}
	})
}
