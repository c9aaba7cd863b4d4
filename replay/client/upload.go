package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// continueWait is how long a body waits for the answer 100 that the request
// expects. Not all servers send it (RFC 9110, 10.1.1).
const continueWait = time.Second

// An uploading is a body that is sent on a goroutine of its own, beside the reading of
// the answer. A nil one has nothing to send.
type uploading struct {
	carrier   *carrier
	scratches *scratches
	source    io.ReadCloser
	chunked   bool
	trailers  flow.Headers

	waiting chan struct{} // nil: the body waits for no answer 100
	quit    chan struct{} // closed: no more is to be sent
	done    chan struct{} // closed when whole and err are set
	whole   bool
	err     error // of the source
}

// upload opens the body of req.
func (l *http1Link) upload(req *Request, p plan) (*uploading, error) {
	up := &uploading{carrier: l.carrier, scratches: &l.dialer.scratches, chunked: p.chunked, trailers: req.Trailers,
		quit: make(chan struct{}), done: make(chan struct{})}
	if p.waits {
		up.waiting = make(chan struct{}, 1) // a second answer 100 adds nothing
	}
	if req.Upload == nil {
		up.source = io.NopCloser(bytes.NewReader(req.Body.Data))
		return up, nil
	}
	source, err := req.Upload()
	if err != nil {
		return nil, named(upload, fmt.Errorf("open the body to send: %w", err))
	}
	up.source = newMeasured(source, p.size)
	return up, nil
}

// interim takes the status of an interim answer.
func (u *uploading) interim(status int) {
	if u == nil || u.waiting == nil || status != 100 {
		return
	}
	select {
	case u.waiting <- struct{}{}:
	default:
	}
}

// end waits until the body is sent. If finish is false, or the body still waits for
// the answer 100, it breaks the sending off. It reports whether the whole body was
// sent, and what was wrong with its source.
func (u *uploading) end(finish bool) (whole bool, err error) {
	if u == nil {
		return true, nil
	}
	if !finish || u.waiting != nil {
		close(u.quit)
	}
	if !finish {
		u.carrier.SetWriteDeadline(past)
	}
	<-u.done
	return u.whole, u.err
}

// run sends the body.
func (u *uploading) run() {
	defer close(u.done)
	defer u.source.Close()
	if !u.begin() {
		return
	}
	buf := u.scratches.takeChunk()
	defer u.scratches.giveChunk(buf)
	var coded []byte
	for {
		n, err := u.source.Read(buf[:])
		if n > 0 {
			p := buf[:n]
			if u.chunked {
				coded = http1.AppendChunk(coded[:0], p)
				p = coded
			}
			if _, werr := u.carrier.Write(p); werr != nil {
				return
			}
		}
		switch {
		case err == io.EOF:
			u.finish()
			return
		case err != nil:
			u.err = err
			u.carrier.raw.Close() // so that the target does not take a part for the whole
			return
		}
	}
}

// begin waits until the body may be sent.
func (u *uploading) begin() bool {
	if u.waiting == nil {
		return true
	}
	timer := time.NewTimer(continueWait)
	defer timer.Stop()
	select {
	case <-u.waiting:
	case <-timer.C:
	case <-u.quit:
		return false
	}
	return true
}

// finish ends the body.
func (u *uploading) finish() {
	if u.chunked {
		_, err := u.carrier.Write(appendTrailers(nil, u.trailers))
		u.whole = err == nil
		return
	}
	u.whole = true
}

// measured is the source of a body that must have a given length.
type measured struct {
	source io.ReadCloser
	left   int64
	err    error // what was wrong with the source

	once   sync.Once
	closed chan struct{}
}

func newMeasured(source io.ReadCloser, size int64) *measured {
	return &measured{source: source, left: size, closed: make(chan struct{})}
}

// Read returns an error instead of io.EOF if the source has another length: after
// io.EOF a cut request would pass for a whole one. It returns the last bytes only when
// it knows that no more follow.
func (m *measured) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	if m.left == 0 {
		return 0, io.EOF
	}
	n, err := m.source.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	switch {
	case err == io.EOF && m.left > 0:
		m.err = named(upload, fmt.Errorf("the body to send is %d bytes too short", m.left))
	case err != nil && err != io.EOF:
		m.err = named(upload, fmt.Errorf("read the body to send: %w", err))
	case err == nil && m.left == 0 && m.more():
		m.err = named(upload, errors.New("the body to send is longer than its size"))
		return 0, m.err
	}
	if n > 0 {
		return n, nil
	}
	return 0, m.err
}

// more reports whether the source has another byte.
func (m *measured) more() bool {
	var one [1]byte
	n, _ := io.ReadFull(m.source, one[:])
	return n > 0
}

// Close closes the source, once.
func (m *measured) Close() error {
	m.once.Do(func() {
		m.source.Close()
		close(m.closed)
	})
	return nil
}
