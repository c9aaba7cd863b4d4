package client

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// Bodies are kept in buffers whose size is a power of two, from 1<<smallest bytes.
// Those of up to 1<<largestPooled bytes are used again.
const (
	smallest      = 9
	largestPooled = 22
)

// A buffer is memory of a body.
type buffer struct{ data []byte }

// buffers is the memory for bodies that all answers of a Dialer share. It is safe for
// concurrent use.
type buffers struct {
	left  atomic.Int64 // bytes that may still be taken
	pools [largestPooled + 1]sync.Pool
}

// take returns an empty buffer with room for size bytes or more, nil when the
// budget is spent.
func (b *buffers) take(size int) *buffer {
	class := max(smallest, bits.Len(uint(size-1)))
	if b.left.Add(-1<<class) < 0 {
		b.left.Add(1 << class)
		return nil
	}
	if class <= largestPooled {
		if buf, _ := b.pools[class].Get().(*buffer); buf != nil {
			return buf
		}
	}
	return &buffer{data: make([]byte, 0, 1<<class)}
}

// give takes buf back.
func (b *buffers) give(buf *buffer) {
	b.left.Add(int64(cap(buf.data)))
	class := bits.Len(uint(cap(buf.data))) - 1
	if class <= largestPooled {
		buf.data = buf.data[:0]
		b.pools[class].Put(buf)
	}
}

// A keeper keeps the beginning of a body and counts all of it.
type keeper struct {
	buffers *buffers
	want    int64 // bytes to keep at most
	hint    int64 // bytes that the head promises, 0 for none
	size    int64 // bytes seen
	kept    *buffer
	full    bool // nothing more is kept
}

// expect makes room for a body of size bytes, as its head promises. It takes at most
// 64 KiB before the bytes come, so that an empty promise costs little memory.
func (k *keeper) expect(size int64) {
	k.hint = size
	if n := min(size, k.want, 64<<10); n > 0 && k.kept == nil {
		k.kept = k.buffers.take(int(n))
		k.full = k.kept == nil
	}
}

// add takes the next bytes of the body. It keeps a copy.
func (k *keeper) add(p []byte) {
	have := int64(0)
	if k.kept != nil {
		have = int64(len(k.kept.data))
	}
	k.size += int64(len(p))
	n := min(int64(len(p)), k.want-have)
	if k.full || n <= 0 {
		return
	}
	if k.kept == nil || have+n > int64(cap(k.kept.data)) {
		if !k.grow(int(have + n)) {
			return
		}
	}
	k.kept.data = append(k.kept.data, p[:n]...)
}

// grow moves what was kept to a buffer of at least size bytes. It takes up to four
// times as much, so that bodies move seldom.
func (k *keeper) grow(size int) bool {
	most := k.want
	if k.hint > 0 {
		most = min(most, k.hint)
	}
	larger := k.buffers.take(max(size, int(min(4*int64(size), most))))
	if larger == nil {
		larger = k.buffers.take(size)
	}
	if larger == nil {
		k.full = true
		return false
	}
	if k.kept != nil {
		larger.data = append(larger.data, k.kept.data...)
		k.buffers.give(k.kept)
	}
	k.kept = larger
	return true
}

func (k *keeper) bytes() []byte {
	if k.kept == nil {
		return nil
	}
	return k.kept.data
}

func (k *keeper) release() {
	if k.kept != nil {
		k.buffers.give(k.kept)
		k.kept = nil
	}
}
