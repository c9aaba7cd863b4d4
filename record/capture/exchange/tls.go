package exchange

import (
	"github.com/starling-load/starling/record/capture/decrypt"
	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// A tlsLayer decrypts TLS and passes the content to the layer of the protocol inside.
// Without keys it only counts bytes.
type tlsLayer struct {
	p     *Parser
	w     where
	c     *decrypt.Conn
	inner layer // nil until the first bytes from inside

	unread uint64 // bytes of ciphertext that were declared as not read
	holes  tlsHoles
}

// tlsHoles are holes that the inner layer was not told, so it has not counted them. A
// hole in a handshake is never passed on.
type tlsHoles struct{ n, bytes, at int64 }

// newTLS reads TLS.
func newTLS(p *Parser, w where) *tlsLayer {
	l := &tlsLayer{p: p, w: w}
	l.w.scheme = "https"
	l.c = decrypt.NewConn(p.o.Keys, (*tlsInside)(l))
	return l
}

// decrypt.Conn counts what it cannot read. Its errors say nothing more and are ignored.

func (l *tlsLayer) Data(d tcp.Dir, p []byte, at int64) {
	_ = l.c.Data(d == tcp.FromServer, p, at)
	l.declare(at)
}

func (l *tlsLayer) Gap(d tcp.Dir, n, at int64) {
	l.holes.n++
	l.holes.bytes += max(n, 0)
	l.holes.at = at
	_ = l.c.Gap(d == tcp.FromServer, n, at)
	l.declare(at)
}

func (l *tlsLayer) End(d tcp.Dir, at int64, reset bool) {
	_ = l.c.End(d == tcp.FromServer, at, reset)
	l.declare(at)
}

func (l *tlsLayer) Close(at int64) {
	_ = l.c.Close(at)
	l.declare(at)
	if l.inner != nil {
		l.inner.Close(at)
	}
	for ; l.holes.n > 0; l.holes.n-- {
		l.p.gap(l.holes.bytes, l.holes.at)
		l.holes.bytes = 0
	}
}

// declare declares the ciphertext that could not be read.
func (l *tlsLayer) declare(at int64) {
	if n := l.c.Lost(); n > l.unread {
		l.p.unparsed(int64(n-l.unread), at)
		l.unread = n
	}
}

// A tlsInside is the Sink of the decrypted content.
type tlsInside tlsLayer

func (l *tlsInside) Plain(fromServer bool, p []byte, at int64) {
	if l.inner == nil {
		l.begin()
	}
	l.inner.Data(dirOf(fromServer), p, at)
}

// begin makes the inner layer by its first bytes. The handshake is over by then.
func (l *tlsInside) begin() {
	if i := l.c.Info(); !l.p.announced {
		l.p.tls = &flow.TLS{Version: i.Version, Cipher: i.Cipher, ServerName: i.ServerName, ALPN: i.ALPN}
	}
	if l.c.Info().ALPN == "h2" {
		l.p.release()
		l.inner = newH2(l.p, l.w) // its server may speak first
		return
	}
	l.inner = newDetect(l.p, l.w, false)
}

func (l *tlsInside) Gap(fromServer bool, n, at int64) {
	if l.inner == nil {
		return
	}
	l.holes.n = max(l.holes.n-1, 0)
	l.holes.bytes = max(l.holes.bytes-max(n, 0), 0)
	l.inner.Gap(dirOf(fromServer), n, at)
}

func (l *tlsInside) End(fromServer bool, at int64, reset bool) {
	if l.inner != nil {
		l.inner.End(dirOf(fromServer), at, reset)
	}
}

func dirOf(fromServer bool) tcp.Dir {
	if fromServer {
		return tcp.FromServer
	}
	return tcp.FromClient
}
