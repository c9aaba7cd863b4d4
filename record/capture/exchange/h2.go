package exchange

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/starling-load/starling/record/capture/tcp"
)

const (
	maxStreams = 4096 // streams of a connection that are followed at once
	maxOrphans = 1000 // requests that are counted in one hole of unknown length

	settingTableSize = 1 // SETTINGS_HEADER_TABLE_SIZE
)

// An h2 layer reads HTTP/2 (RFC 9113).
type h2 struct {
	p       *Parser
	w       where
	sides   [2]h2side
	streams map[uint32]*h2stream

	first, last uint32 // the first and last stream that the client was seen to open
}

// An h2side is one direction of the connection.
type h2side struct {
	d       tcp.Dir
	preface int    // bytes of the preface to come
	buf     []byte // of a frame head, then of a payload that is read as a whole
	head    frameHead
	inFrame bool
	left    int // bytes of the payload to come, once buf is filled
	pad     int // bytes of left that are padding (DATA); -1: the length of the padding comes next
	holed   bool

	heads   *heads
	block   []byte // the current field block, so far
	opening frameHead
	inBlock bool
	promise uint32 // the stream that the block promises

	lost    bool   // the next beginning of a frame is not known
	look    []byte // bytes in which it is looked for
	missing int64  // most bytes that holes have hidden since the last request
	ended   bool
}

// newH2 reads a connection from its preface on.
func newH2(p *Parser, w where) *h2 {
	l := &h2{p: p, w: w, streams: map[uint32]*h2stream{}}
	for d := range l.sides {
		l.sides[d] = h2side{d: tcp.Dir(d), heads: newHeads()}
	}
	l.sides[tcp.FromClient].preface = len(preface)
	return l
}

// newH2Middle reads a connection whose beginning is not in the capture.
func newH2Middle(p *Parser, w where) *h2 {
	l := newH2(p, w)
	for d := range l.sides {
		s := &l.sides[d]
		s.preface, s.lost, s.holed = 0, true, true
		s.heads.forget()
	}
	return l
}

// newH2Upgraded reads a connection that began with the HTTP/1.1 request of x. That
// request is stream 1 (RFC 7540, section 3.2). settings is its HTTP2-Settings field.
func newH2Upgraded(p *Parser, w where, x *exchange, settings string) *h2 {
	l := newH2(p, w)
	if b, err := base64.RawURLEncoding.DecodeString(settings); err == nil {
		l.settings(tcp.FromClient, b)
	}
	s := &h2stream{id: 1, x: x}
	s.headed[tcp.FromClient], s.over[tcp.FromClient] = true, true
	l.streams[1] = s
	l.first, l.last = 1, 1
	return l
}

// Data takes the next bytes of a direction.
func (l *h2) Data(d tcp.Dir, p []byte, at int64) {
	s := &l.sides[d]
	for len(p) > 0 {
		switch {
		case s.preface > 0:
			n := min(s.preface, len(p))
			if string(p[:n]) != preface[len(preface)-s.preface:][:n] {
				s.preface = 0
				l.lose(s, -1, at)
				continue
			}
			s.preface -= n
			p = p[n:]
		case s.lost:
			p = l.find(s, p, at)
		case !s.inFrame:
			p = l.begin(s, p, at)
		case s.head.kind == frameData:
			p = l.data(s, p, at)
		default:
			p = l.payload(s, p, at)
		}
	}
}

// begin takes bytes of a frame head.
func (l *h2) begin(s *h2side, p []byte, at int64) []byte {
	n := min(frameHeadSize-len(s.buf), len(p))
	s.buf = append(s.buf, p[:n]...)
	if len(s.buf) < frameHeadSize {
		return nil
	}
	h := parseFrameHead(s.buf)
	if !h.valid() {
		l.p.unparsed(frameHeadSize, at)
		l.lose(s, -1, at)
		return p[n:]
	}
	s.buf = s.buf[:0]
	s.head, s.inFrame, s.left, s.pad = h, true, h.length, 0
	switch {
	case h.kind == frameData && h.has(flagPadded) && h.length > 0:
		s.pad = -1
	case h.kind == frameData && h.length == 0, h.length == 0:
		l.endFrame(s, at)
	}
	return p[n:]
}

// data takes bytes of the payload of a DATA frame.
func (l *h2) data(s *h2side, p []byte, at int64) []byte {
	if s.pad < 0 {
		s.left--
		s.pad = min(int(p[0]), s.left)
		p = p[1:]
	}
	n := min(s.left-s.pad, len(p))
	if n > 0 {
		l.body(s.d, s.head.stream, p[:n], at)
	}
	s.left -= n
	p = p[n:]
	if s.left == s.pad {
		n = min(s.left, len(p))
		s.left -= n
		s.pad = s.left
		p = p[n:]
	}
	if s.left == 0 {
		l.endFrame(s, at)
	}
	return p
}

// payload takes bytes of the payload of any other frame.
func (l *h2) payload(s *h2side, p []byte, at int64) []byte {
	n := min(s.left, len(p))
	if s.head.kind <= frameContinuation {
		s.buf = append(s.buf, p[:n]...)
	}
	if s.left -= n; s.left == 0 {
		l.endFrame(s, at)
	}
	return p[n:]
}

// endFrame acts on a complete frame.
func (l *h2) endFrame(s *h2side, at int64) {
	h, b := s.head, s.buf
	s.inFrame, s.buf = false, s.buf[:0]
	if cap(s.buf) > maxControl {
		s.buf = nil
	}
	switch h.kind {
	case frameData:
		if h.has(flagEndStream) {
			l.over(s.d, h.stream, at)
		}
	case frameHeaders, framePush, frameContinuation:
		l.addBlock(s, h, b, at)
	case frameReset:
		l.reset(s.d, h.stream, at)
	case frameSettings:
		if !h.has(flagAck) {
			l.settings(s.d, b)
		}
	case frameGoAway:
		if s.d == tcp.FromServer && len(b) >= 4 {
			l.goAway(binary.BigEndian.Uint32(b)&(1<<31-1), at)
		}
	}
}

// settings takes the settings of one side. They bound the table with which the other side
// compresses.
func (l *h2) settings(d tcp.Dir, b []byte) {
	for ; len(b) >= 6; b = b[6:] {
		if binary.BigEndian.Uint16(b) == settingTableSize {
			l.sides[d.Other()].heads.allow(binary.BigEndian.Uint32(b[2:]))
		}
	}
}

// addBlock takes a frame with a part of a field block.
func (l *h2) addBlock(s *h2side, h frameHead, b []byte, at int64) {
	b, ok := h.unpad(b)
	if h.kind == frameContinuation {
		if !s.inBlock || s.opening.stream != h.stream {
			s.heads.forget() // the beginning of the block was not seen
			s.inBlock = false
			return
		}
	} else {
		if s.inBlock { // the previous block has no end
			s.heads.forget()
		}
		s.opening, s.inBlock, s.block, s.promise = h, true, s.block[:0], 0
		if h.kind == framePush && ok {
			if ok = len(b) >= 4; ok {
				s.promise = binary.BigEndian.Uint32(b) & (1<<31 - 1)
				b = b[4:]
			}
		}
	}
	if !ok || len(s.block)+len(b) > maxBlock {
		s.heads.forget()
		s.inBlock, s.block = false, nil
		l.noHead(s, s.opening, at)
		return
	}
	s.block = append(s.block, b...)
	if !h.has(flagEndHeaders) {
		return
	}
	s.inBlock = false
	list, decoded := s.heads.decode(s.block)
	if !decoded {
		list.unknown = true
	}
	if s.opening.kind == framePush {
		l.promised(s.promise, list, at)
		return
	}
	l.headers(s.d, s.opening, list, at)
}

// End is called when a direction has ended.
func (l *h2) End(d tcp.Dir, at int64, reset bool) {
	l.sides[d].ended = true
	switch {
	case d == tcp.FromServer && reset:
		l.finishAll(failReset, failResponse, at)
	case d == tcp.FromServer:
		l.finishAll(failClosed, failResponse, at)
	case reset, l.sides[tcp.FromServer].ended:
		l.finishAll(failClient, failClient, at)
	}
}

// Close ends the layer, with the capture.
func (l *h2) Close(at int64) {
	for d := range l.sides {
		if s := &l.sides[d]; len(s.look) > 0 {
			l.p.unparsed(int64(len(s.look)), at)
			s.look = nil
		}
	}
	l.finishAll(failNoResponse, failResponse, at)
}
