package exchange

import (
	"encoding/binary"

	"github.com/starling-load/starling/record/capture/tcp"
)

// maxLook is the most bytes in which the beginning of a frame is looked for at once.
const maxLook = 64<<10 + 2*frameHeadSize

// Gap takes a hole. If it lies inside a frame whose head was seen, the beginning of the
// next frame is known.
func (l *h2) Gap(d tcp.Dir, n, at int64) {
	s := &l.sides[d]
	l.p.gap(n, at)
	switch {
	case s.preface > 0 && n >= int64(s.preface), s.lost:
		l.lose(s, n, at)
	case s.preface > 0 && n > 0:
		s.preface -= int(n)
	case s.inFrame && n > 0 && n <= int64(s.left):
		l.hole(s, int(n), at)
	default:
		l.lose(s, n, at)
	}
}

// hole takes n missing bytes inside a frame.
func (l *h2) hole(s *h2side, n int, at int64) {
	if s.head.kind == frameData {
		if s.pad < 0 {
			s.pad = 0 // the length of the padding was in the hole
		}
		if t := l.streams[s.head.stream]; t != nil {
			l.lacks(t, s.d, int64(min(n, s.left-s.pad)))
		}
		s.left -= n
		s.pad = min(s.pad, s.left)
		if s.left == 0 {
			l.endFrame(s, at)
		}
		return
	}
	l.lostFrame(s, s.head, s.buf, at)
	s.buf = s.buf[:0]
	s.left -= n
	if s.left == 0 {
		s.inFrame = false
		return
	}
	s.head.kind = 0xff // the rest of the frame is passed over
}

// lostFrame uses what is known about a frame with a missing part.
func (l *h2) lostFrame(s *h2side, h frameHead, b []byte, at int64) {
	switch {
	case h.hasBlock():
		s.heads.forget()
		if h.kind == frameContinuation {
			h = s.opening
		}
		s.inBlock = false
		l.noHead(s, h, at)
	case h.kind == frameReset:
		l.reset(s.d, h.stream, at)
	case h.kind == frameGoAway && len(b) >= 4 && s.d == tcp.FromServer:
		l.goAway(binary.BigEndian.Uint32(b)&(1<<31-1), at)
	}
}

// noHead notes that a field block of a stream is lost.
func (l *h2) noHead(s *h2side, h frameHead, at int64) {
	if h.kind == framePush {
		l.lostRequest(at)
		return
	}
	l.headers(s.d, h, h2head{unknown: true}, at)
}

// lose notes that n bytes are missing and that the beginning of the next frame is not
// known.
func (l *h2) lose(s *h2side, n, at int64) {
	if s.inFrame && s.head.hasBlock() {
		l.lostFrame(s, s.head, nil, at)
	}
	l.p.unparsed(int64(len(s.buf)), at)
	*s = h2side{d: s.d, heads: s.heads, block: s.block[:0], look: s.look, missing: s.missing, ended: s.ended}
	s.lost, s.holed = true, true
	if n < 0 {
		n = maxOrphans * frameHeadSize
	}
	s.missing += n
	l.p.unparsed(int64(len(s.look)), at)
	s.look = s.look[:0]
	s.heads.forget()
	for _, t := range l.streams {
		if !t.over[s.d] {
			l.lacks(t, s.d, 0)
		}
	}
}

// find looks for the beginning of a frame. It takes bytes that look like a frame if
// another frame follows them, or if no bytes have come behind them yet.
func (l *h2) find(s *h2side, p []byte, at int64) []byte {
	if s.d == tcp.FromClient && len(s.look) == 0 && len(p) >= len(preface) && string(p[:len(preface)]) == preface {
		s.lost = false
		return p[len(preface):]
	}
	n := min(len(p), max(maxLook-len(s.look), 0))
	s.look = append(s.look, p[:n]...)
	p = p[n:]
	for o := range s.look {
		b := s.look[o:]
		if len(b) < frameHeadSize {
			l.pass(s, o, at)
			return p
		}
		h := parseFrameHead(b)
		if !h.sure() || !l.likely(s.d, h) {
			continue
		}
		next := frameHeadSize + h.length
		switch {
		case next > maxLook-frameHeadSize:
			continue
		case next > len(b), next < len(b) && next+frameHeadSize > len(b):
			if len(s.look) == maxLook && o == 0 {
				continue
			}
			l.pass(s, o, at)
			return p
		}
		if next == len(b) || parseFrameHead(b[next:]).sure() {
			rest := append(append([]byte(nil), b...), p...)
			l.pass(s, o, at)
			s.lost, s.look = false, nil
			return rest
		}
	}
	l.pass(s, len(s.look), at)
	return p
}

// pass gives up the first n bytes of those in which a frame is looked for.
func (l *h2) pass(s *h2side, n int, at int64) {
	if l.p.c.MidStream && l.last == 0 {
		l.p.skipped(int64(n), at)
	} else {
		l.p.unparsed(int64(n), at)
	}
	s.look = append(s.look[:0], s.look[n:]...)
}

// likely reports whether a frame fits the known streams.
func (l *h2) likely(d tcp.Dir, h frameHead) bool {
	const ahead = 1 << 16
	switch {
	case h.stream == 0:
		return true
	case l.last == 0:
		return h.stream < 1<<24
	case h.stream%2 == 0:
		return d == tcp.FromServer || l.streams[h.stream] != nil || h.kind == framePriority || h.kind == frameReset
	}
	return h.stream < l.last+ahead
}
