package exchange

import (
	"bytes"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/http1"
)

// preface begins every HTTP/2 connection (RFC 9113, section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// A speech is the protocol that the first bytes of a client or server look like.
type speech uint8

const (
	speaksMore   speech = iota // too few bytes to tell
	speaksHTTP                 // HTTP/1, or unknown
	speaksHTTP2                // the preface
	speaksFrames               // HTTP/2 without its beginning
	speaksTLS                  // a TLS record
	speaksOther
)

// IsRequest reports whether p begins like the first words of a client: an HTTP
// request, the preface of HTTP/2, or the ClientHello of TLS.
func IsRequest(p []byte) bool {
	switch clientSpeech(p) {
	case speaksHTTP:
		p = trimLines(p)
		end := bytes.IndexByte(p, '\n') + 1
		if method := bytes.IndexByte(p, ' '); end == 0 {
			return method+1 < len(p) && (p[method+1] == '/' || p[method+1] == '*' || bytes.Contains(p, []byte(" HTTP/1.")) || isAbsolute(p[method+1:]))
		}
		var head http1.Head
		_, err := head.ParseRequest(p[:end], 0, http1.Rules{Cut: true})
		return err == nil
	case speaksHTTP2:
		return true
	case speaksTLS:
		return len(p) < 6 || p[5] == 1
	}
	return false
}

// isAbsolute reports whether p begins with an absolute URL.
func isAbsolute(p []byte) bool {
	return bytes.HasPrefix(p, []byte("http://")) || bytes.HasPrefix(p, []byte("https://"))
}

// clientSpeech recognises the protocol that a client speaks.
func clientSpeech(p []byte) speech {
	p = trimLines(p)
	switch {
	case len(p) == 0:
		return speaksMore
	case p[0] == 0x16:
		return tlsSpeech(p)
	case p[0] == 'P' && len(p) < 14 && bytes.HasPrefix([]byte(preface), p):
		return speaksMore
	case bytes.HasPrefix(p, []byte(preface[:14])):
		return speaksHTTP2
	}
	switch http1.StartsRequest(p) {
	case http1.Unsure:
		return speaksMore
	case http1.Yes:
		return speaksHTTP
	}
	return speaksOther
}

// serverSpeech recognises the protocol of a server that speaks first, while the protocol
// of its client is not known.
func serverSpeech(p []byte) speech {
	p = trimLines(p)
	if len(p) == 0 {
		return speaksMore
	}
	if p[0] == 0x16 {
		return tlsSpeech(p)
	}
	if isFirstSettings(p) { // the first bytes of the client decide
		return speaksMore
	}
	switch http1.StartsResponse(p) {
	case http1.Unsure:
		return speaksMore
	case http1.Yes:
		return speaksHTTP
	}
	return speaksOther
}

// tlsSpeech recognises a record of the TLS handshake (RFC 8446, section 5.1).
func tlsSpeech(p []byte) speech {
	switch {
	case len(p) > 1 && p[1] != 3, len(p) > 2 && p[2] > 4:
		return speaksOther
	case len(p) < 3:
		return speaksMore
	}
	return speaksTLS
}

// frameSpeech reports whether p begins with a whole HTTP/2 frame. p may come from the
// middle of a stream. Only that frame is looked at, so the answer does not depend on
// where p was cut.
func frameSpeech(p []byte) speech {
	p = p[:min(len(p), maxHeld)]
	head := [9]byte{}
	copy(head[:], p)
	length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
	stream := uint32(head[5])<<24 | uint32(head[6])<<16 | uint32(head[7])<<8 | uint32(head[8])
	if head[0] != 0 || head[1] > 1<<6 || head[3] > 9 || head[5]&0x80 != 0 {
		return speaksOther
	}
	switch {
	case len(p) < len(head):
		return speaksMore
	case length > 1<<14:
		return speaksOther
	}
	switch head[3] {
	case 4, 6, 7: // SETTINGS, PING, GOAWAY
		if stream != 0 {
			return speaksOther
		}
	case 0, 1, 2, 3, 5, 9: // frames of a stream
		if stream == 0 {
			return speaksOther
		}
	}
	if len(p) < len(head)+length {
		return speaksMore
	}
	return speaksFrames
}

// trimLines removes line ends at the beginning.
func trimLines(p []byte) []byte { return bytes.TrimLeft(p, "\r\n") }

// A detect layer waits until the protocol is clear: that of a connection, or that inside
// TLS or a tunnel. It holds a few bytes at most.
type detect struct {
	p    *Parser
	w    where
	mid  bool // the first bytes may be from the middle of a message
	next layer
	wait [2]early
}

// An early holds what came in one direction before the protocol was known.
type early struct {
	held  []byte
	at    int64
	holes int64 // bytes missing before held; -1: unknown
	holed int64 // time of the holes
	ended bool
	reset bool
}

func newDetect(p *Parser, w where, mid bool) *detect { return &detect{p: p, w: w, mid: mid} }

// maxHeld is the most bytes that are looked at to recognise a protocol.
const maxHeld = 256

func (l *detect) Data(d tcp.Dir, b []byte, at int64) {
	if l.next != nil {
		l.next.Data(d, b, at)
		return
	}
	e := &l.wait[d]
	if len(e.held) > 0 {
		e.held = append(e.held, b...)
		b = e.held
	}
	e.at = at
	what := clientSpeech(b)
	if d == tcp.FromServer {
		what = serverSpeech(b)
	}
	if what == speaksOther && (l.mid || e.holes != 0) {
		what = frameSpeech(b)
	}
	if what == speaksMore && len(b) < maxHeld {
		if len(e.held) == 0 {
			e.held = append(e.held, b...)
		}
		return
	}
	e.held = b
	l.become(what)
}

// become makes the layer and passes to it what came before.
func (l *detect) become(what speech) {
	l.next = l.layerFor(what)
	wait := l.wait
	l.wait = [2]early{}
	for d := range wait {
		e := &wait[d]
		if e.holes != 0 {
			l.next.Gap(tcp.Dir(d), e.holes, e.holed)
		}
		if e.ended && len(e.held) == 0 { // the side ended without a word
			l.next.End(tcp.Dir(d), e.at, e.reset)
			e.ended = false
		}
	}
	for d := range wait {
		if e := &wait[d]; len(e.held) > 0 {
			l.next.Data(tcp.Dir(d), e.held, e.at)
		}
	}
	for d := range wait {
		if e := &wait[d]; e.ended {
			l.next.End(tcp.Dir(d), e.at, e.reset)
		}
	}
}

// layerFor makes the layer for a protocol. An unknown protocol goes to the layer of
// HTTP/1, because the server may answer it with an HTTP response.
func (l *detect) layerFor(what speech) layer {
	if what != speaksTLS || l.p.o.Keys == nil {
		l.p.release()
	}
	switch what {
	case speaksTLS:
		return newTLS(l.p, l.w)
	case speaksHTTP2:
		return newH2(l.p, l.w)
	case speaksFrames:
		return newH2Middle(l.p, l.w)
	}
	return newH1(l.p, l.w, l.mid)
}

func (l *detect) Gap(d tcp.Dir, n, at int64) {
	e := &l.wait[d]
	switch {
	case l.next != nil:
		l.next.Gap(d, n, at)
	case len(e.held) > 0: // too few bytes to tell, and no more come
		l.become(speaksOther)
		l.next.Gap(d, n, at)
	default: // what follows may still be recognised
		if e.holes == 0 {
			e.holed = at
		}
		if e.holes += n; n < 0 || e.holes < 0 {
			e.holes = -1
		}
	}
}

func (l *detect) End(d tcp.Dir, at int64, reset bool) {
	if l.next != nil {
		l.next.End(d, at, reset)
		return
	}
	e := &l.wait[d]
	e.ended, e.reset, e.at = true, reset, at
	if len(e.held) > 0 || reset {
		l.become(speaksOther)
	}
}

func (l *detect) Close(at int64) {
	if l.next == nil {
		l.become(speaksOther)
	}
	l.next.Close(at)
}
