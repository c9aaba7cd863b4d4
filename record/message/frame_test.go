package message

import (
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestAFrameIsReadAsItWasMade(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 65_535, 65_536, 200_000} {
		for _, kind := range []flow.MessageKind{flow.MessageText, flow.MessageBinary, flow.MessagePing, flow.MessagePong, flow.MessageClose} {
			if n > 125 && kind >= flow.MessagePing {
				continue // control frames are short
			}
			data := strings.Repeat("abcdefg", n/7+1)[:n]
			frame := AppendFrame([]byte("before"), kind, []byte(data), [4]byte{1, 2, 3, 250})
			var c collector
			s := NewSocket(false, 1<<20, c.emit)
			s.Feed(frame[len("before"):], 0)
			if len(c.all) != 1 || c.all[0] != whole(kind, data) || s.Lost() || frame[7]&0x80 == 0 {
				t.Errorf("kind %d of %d bytes came as %.200v", kind, n, c.all)
			}
		}
	}
}
