package proxy

import (
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"sync"

	"github.com/starling-load/starling/record/flow"
)

const (
	// maxHints exceeds the number of heads that the transport can have read ahead.
	maxHints = 512
	// maxInterims is how many informational responses of an exchange are recorded.
	maxInterims = 64
)

// interims are the informational responses (1xx) of an exchange. x.mu guards them.
type interims struct {
	hints     []wireHead // seen by the tap, still to be passed on by the transport
	hinted    int        // bytes of the heads recorded
	continued bool       // the target has asked for the body
}

// hint takes an informational head from the tap. The transport calls interim for it
// later.
func (x *exchange) hint(h wireHead) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.hints) < maxHints {
		x.hints = append(x.hints, h)
	}
	x.continued = x.continued || h.status == http.StatusContinue
}

// interim records an informational response and forwards it. It does not forward 100
// Continue, which is sent when the body is read.
func (x *exchange) interim(code int, h textproto.MIMEHeader) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sealed || x.headDone {
		return nil
	}
	var wire *wireHead
	fields := canonical(http.Header(h), false)
	if len(x.hints) > 0 {
		if x.hints[0].status == code {
			wire = &x.hints[0]
			fields = wire.headers
		}
		x.hints = x.hints[1:]
	}
	if x.facade.upstream != nil {
		x.facade.recorded(x.p.o.UpstreamHost).list(fields)
		x.facade.answer(http.Header(h))
	}
	if code != http.StatusContinue && x.r.ProtoAtLeast(1, 1) {
		if wire != nil {
			x.answerLike(wire)
		}
		x.w.interim(code, http.Header(h))
	}
	x.recordInterim(code, fields)
	return nil
}

// recordInterim records an informational response. x.mu is held.
func (x *exchange) recordInterim(code int, fields flow.Headers) {
	if x.skip {
		return
	}
	for _, f := range fields {
		x.hinted += len(f.Name) + len(f.Value)
	}
	if x.hinted > maxHead || len(x.f.Interim) >= maxInterims {
		x.p.n.messagesCut.Add(1)
		x.lost++
		return
	}
	x.f.Interim = append(x.f.Interim, flow.Response{Status: code, Headers: fields})
}

// errRefused ends a body that the target does not want.
var errRefused = errors.New("the target has answered without asking for the body")

// An expected body is one that the client holds back until it is told to go on. The
// transport reads the body once the target has asked for it, or was silent for
// continueWait: the client is told then. The transport also reads it after a final
// answer: nothing is sent then.
type expected struct {
	io.ReadCloser
	x    *exchange
	told bool
	once sync.Once
	over chan struct{} // closed when the body is not wanted any more
}

func (b *expected) Read(p []byte) (int, error) {
	if !b.told {
		b.told = true
		if b.x.refused() {
			<-b.over // an error now would end the answer, too
			return 0, errRefused
		}
	}
	return b.ReadCloser.Read(p)
}

// end lets a refused Read return.
func (b *expected) end() { b.once.Do(func() { close(b.over) }) }

func (b *expected) Close() error {
	b.end()
	return b.ReadCloser.Close()
}

// refused reports whether the target has answered without asking for the body. If the
// target has not, the client is told to send it.
func (x *exchange) refused() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.wire.Load() != nil && !x.continued {
		return true
	}
	// Otherwise the server sends it at the first Read, at the same time as interim.
	if !x.headDone && !x.sealed && x.r.ProtoMajor == 1 && x.r.ProtoMinor > 0 {
		x.w.interim(http.StatusContinue, nil)
	}
	return false
}
