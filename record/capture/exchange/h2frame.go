package exchange

import "encoding/binary"

// The types of frames (RFC 9113, section 6).
const (
	frameData         = 0
	frameHeaders      = 1
	framePriority     = 2
	frameReset        = 3
	frameSettings     = 4
	framePush         = 5
	framePing         = 6
	frameGoAway       = 7
	frameWindow       = 8
	frameContinuation = 9
)

// The flags of frames.
const (
	flagEndStream  = 0x01 // DATA, HEADERS
	flagAck        = 0x01 // SETTINGS, PING
	flagEndHeaders = 0x04
	flagPadded     = 0x08
	flagPriority   = 0x20
)

const (
	frameHeadSize = 9
	maxControl    = 64 << 10 // bytes of a frame that is read as a whole, except field blocks
	maxBlock      = 512 << 10
)

// A frameHead stands before every frame:
//
//	0        3      4       5                       9
//	| length | type | flags | 0 (1 bit) | stream ID |
type frameHead struct {
	length int
	kind   byte
	flags  byte
	stream uint32
}

func parseFrameHead(p []byte) frameHead {
	return frameHead{
		length: int(p[0])<<16 | int(p[1])<<8 | int(p[2]),
		kind:   p[3],
		flags:  p[4],
		stream: binary.BigEndian.Uint32(p[5:]) & (1<<31 - 1),
	}
}

func (h frameHead) has(flag byte) bool { return h.flags&flag != 0 }

// hasBlock reports whether the frame holds a part of a field block.
func (h frameHead) hasBlock() bool {
	return h.kind == frameHeaders || h.kind == framePush || h.kind == frameContinuation
}

// valid reports whether a frame can begin with this head.
func (h frameHead) valid() bool {
	switch h.kind {
	case frameData, frameHeaders, framePush, frameContinuation:
		return h.stream != 0 && (h.kind == frameData || h.length <= maxBlock)
	case framePriority:
		return h.stream != 0 && h.length == 5
	case frameReset:
		return h.stream != 0 && h.length == 4
	case frameSettings:
		return h.stream == 0 && h.length%6 == 0 && h.length <= maxControl
	case framePing:
		return h.stream == 0 && h.length == 8
	case frameGoAway:
		return h.stream == 0 && h.length >= 8 && h.length <= maxControl
	case frameWindow:
		return h.length == 4
	}
	return true // an extension, which is passed over
}

// sure is a stricter valid, for bytes that may be anything. It refuses extensions, flags
// that the type does not have, and lengths above 1 MiB.
func (h frameHead) sure() bool {
	allowed := byte(0)
	switch h.kind {
	case frameData:
		allowed = flagEndStream | flagPadded
	case frameHeaders:
		allowed = flagEndStream | flagEndHeaders | flagPadded | flagPriority
	case framePush:
		allowed = flagEndHeaders | flagPadded
	case frameContinuation:
		allowed = flagEndHeaders
	case frameSettings, framePing:
		allowed = flagAck
	}
	return h.kind <= frameContinuation && h.flags&^allowed == 0 && h.length <= 1<<20 && h.valid()
}

// unpad removes the padding from the payload of HEADERS or PUSH_PROMISE, and the priority
// from HEADERS.
func (h frameHead) unpad(p []byte) ([]byte, bool) {
	if h.kind == frameContinuation {
		return p, true
	}
	if h.has(flagPadded) {
		if len(p) < 1 || int(p[0]) > len(p)-1 {
			return nil, false
		}
		p = p[1 : len(p)-int(p[0])]
	}
	if h.kind == frameHeaders && h.has(flagPriority) {
		if len(p) < 5 {
			return nil, false
		}
		p = p[5:]
	}
	return p, true
}

// isFirstSettings reports whether p begins with the SETTINGS frame that a server may send
// before it has heard its client (RFC 9113, section 3.4).
func isFirstSettings(p []byte) bool {
	if len(p) < frameHeadSize {
		return p[0] == 0 && (len(p) < 2 || p[1] == 0)
	}
	h := parseFrameHead(p)
	return h.kind == frameSettings && h.flags == 0 && h.valid()
}
