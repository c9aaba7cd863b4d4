package message

import (
	"bytes"
	"compress/flate"
	"io"
	"strings"
)

// An inflater decompresses the messages of one direction of a WebSocket. It keeps
// the 32 KiB before each message as the window. That is right with and without
// context takeover, since a sender that starts afresh does not refer to them.
type inflater struct {
	limit  int // of what is wanted of a message, in bytes
	may    allowance
	r      io.ReadCloser
	window []byte
	lost   bool // a message was missed: its successors may refer to it
	buf    bytes.Buffer
}

const (
	deflateWindow = 32 << 10
	// deflateTail completes a message: the end of the flushed block, which the
	// sender left out, and an empty final block.
	deflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
)

// message returns the content of a compressed message, at most limit bytes of it, valid
// until the next call, and its size. After a message that could not be read whole, it returns no content and the
// size on the wire.
func (f *inflater) message(b buffer) (data []byte, size int64) {
	if f.lost = f.lost || !b.whole(); f.lost {
		return nil, max(b.size, 1)
	}
	src := io.MultiReader(bytes.NewReader(b.data), strings.NewReader(deflateTail))
	if f.r == nil {
		f.r = flate.NewReaderDict(src, f.window)
	} else if err := f.r.(flate.Resetter).Reset(src, f.window); err != nil {
		f.lost = true
		return nil, max(b.size, 1)
	}
	if f.buf.Cap() > max(f.limit, idleBuffer) {
		f.buf = bytes.Buffer{}
	}
	f.buf.Reset()
	// Beyond this the direction is lost: the window at the end is not known.
	most := f.may.message(b.size, f.limit)
	size, err := io.Copy(&f.buf, io.LimitReader(f.r, min(most+1, int64(f.limit))))
	f.slide(f.buf.Bytes())
	if err == nil && size == int64(f.limit) {
		var rest int64
		rest, err = io.Copy(slider{f}, io.LimitReader(f.r, most+1-size))
		size += rest
	}
	f.may.bytes -= size
	if err != nil || size > most {
		f.lost = true
		return nil, max(b.size, 1)
	}
	return f.buf.Bytes(), size
}

// A slider moves the window over what is written.
type slider struct{ f *inflater }

func (s slider) Write(p []byte) (int, error) {
	s.f.slide(p)
	return len(p), nil
}

// slide moves the window over data.
func (f *inflater) slide(data []byte) {
	f.window = append(f.window, data[max(0, len(data)-deflateWindow):]...)
	if n := len(f.window) - deflateWindow; n > 0 {
		f.window = append(f.window[:0], f.window[n:]...)
	}
}
