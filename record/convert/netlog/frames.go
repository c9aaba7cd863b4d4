package netlog

import (
	"bytes"
	"encoding/binary"
)

// frames finds the bodies of requests in the bytes that a connection of HTTP/2 sent
// (RFC 9113, section 4.1):
//
//	0             3      4       5           9
//	| length, u24 | type | flags | stream id | payload |
type frames struct {
	streams map[uint32]*call // that send a body
	begun   bool             // the preface is over
	lost    bool             // bytes are missing; no frame is found any more
	head    []byte           // of the frame under way
	left    int              // bytes of its payload to come
	padding int              // of these, how many are none of the body; -1: the first byte says it
}

const (
	frameHead   = 9
	frameData   = 0x0
	flagEnd     = 0x1
	flagPadded  = 0x8
	prefaceText = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
)

// feed takes the next bytes, and returns how many are held of them.
func (f *frames) feed(p []byte, room int) (held int) {
	for len(p) > 0 && !f.lost {
		if len(f.head) < frameHead {
			n := min(frameHead-len(f.head), len(p))
			f.head, p = append(f.head, p[:n]...), p[n:]
			if len(f.head) == frameHead {
				p = f.begin(p)
			}
			continue
		}
		n := min(f.left, len(p))
		held += f.payload(p[:n], room-held)
		p = p[n:]
		if f.left -= n; f.left == 0 {
			f.end()
		}
	}
	return held
}

// begin reads the head of a frame, or passes over the preface. It returns what follows.
func (f *frames) begin(p []byte) []byte {
	if !f.begun {
		f.begun = true
		if bytes.HasPrefix([]byte(prefaceText), f.head) {
			rest := min(len(prefaceText)-frameHead, len(p)) // it is sent in one piece
			f.head = f.head[:0]
			return p[rest:]
		}
	}
	f.left = int(f.head[0])<<16 | int(f.head[1])<<8 | int(f.head[2])
	f.padding = 0
	if f.head[3] == frameData && f.head[4]&flagPadded != 0 {
		f.padding = -1
	}
	if f.left == 0 {
		f.end()
	}
	return p
}

// stream is that of the frame under way.
func (f *frames) stream() uint32 { return binary.BigEndian.Uint32(f.head[5:]) & (1<<31 - 1) }

// payload takes bytes of the frame.
func (f *frames) payload(p []byte, room int) (held int) {
	q := f.streams[f.stream()]
	if f.head[3] != frameData || q == nil {
		return 0
	}
	left := f.left
	if f.padding < 0 {
		f.padding, p, left = int(p[0]), p[1:], left-1
	}
	p = p[:max(min(len(p), left-f.padding), 0)]
	return q.out.append(p, int64(len(p)), room)
}

// end ends the frame.
func (f *frames) end() {
	if f.head[3] == frameData && f.head[4]&flagEnd != 0 {
		delete(f.streams, f.stream())
	}
	f.head = f.head[:0]
}
