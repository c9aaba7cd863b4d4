package proxy

import (
	"net"
	"sync"
	"time"

	"github.com/starling-load/starling/record/http1"
)

// sweepEvery is how often connections that are kept are looked at.
const sweepEvery = time.Second

// fresh is how long a connection that is kept is taken to be open without a look.
const fresh = 50 * time.Millisecond

// A fastTarget is a connection to a target for exchanges of fastConns.
type fastTarget struct {
	net.Conn
	p       *Proxy
	pool    *fastPool
	address string
	since   time.Time // it is kept

	head   http1.Head
	length int     // of the head
	in     []byte  // what was read and is not passed on yet
	buffer *[]byte // that in lies in
	spoke  bool    // something was read in this exchange
	keep   bool    // it may have another exchange
	closed sync.Once
}

// Close ends the connection.
func (t *fastTarget) Close() error {
	var err error
	t.closed.Do(func() { err = t.Conn.Close() })
	return err
}

// read reads more from the target. A target that is silent makes w look after the client.
func (t *fastTarget) read(w *watch) error {
	if len(t.in) == 0 {
		t.in = (*t.buffer)[:0]
	} else if cap(t.in) == len(t.in) {
		t.in = append(make([]byte, 0, 2*cap(t.in)), t.in...)
	}
	for {
		n, err := t.Conn.Read(t.in[len(t.in):cap(t.in)])
		if n > 0 {
			t.in, t.spoke = t.in[:len(t.in)+n], true
			return nil
		}
		if !isTimeout(err) || w.left != nil {
			return err
		}
		w.start()
	}
}

// release ends an exchange: the connection is kept, or it was closed.
func (t *fastTarget) release() {
	t.p.buffers.Put(t.buffer)
	t.in, t.buffer = nil, nil
	if !t.keep || !t.pool.put(t) {
		t.Close()
		t.pool.drop(t)
	}
}

// A fastPool keeps connections to targets that are spoken to in clear text.
type fastPool struct {
	t *targets

	mu     sync.Mutex
	idle   map[string][]*fastTarget // by address, the latest last
	used   map[*fastTarget]struct{}
	sweeps bool
	closed bool
}

func newFastPool(t *targets) *fastPool {
	return &fastPool{t: t, idle: map[string][]*fastTarget{}, used: map[*fastTarget]struct{}{}}
}

// get returns a connection to a target, and whether one was kept. What is not to be repeated
// goes over one that was just seen to be open.
func (o *fastPool) get(s *server, address string, repeatable bool) (t *fastTarget, kept bool, err error) {
	address = withPort(address, "http")
	for t == nil {
		if t = o.take(address); t == nil {
			break
		}
		kept = true
		if (!repeatable || time.Since(t.since) > fresh) && !isOpen(t.Conn) {
			t.Close()
			o.drop(t)
			t, kept = nil, false
		}
	}
	if t == nil {
		c, err := o.t.dial(s.ctx, "tcp", address)
		if err != nil {
			return nil, false, err
		}
		t = &fastTarget{Conn: c, p: s.p, pool: o, address: address}
		o.mu.Lock()
		o.used[t] = struct{}{}
		o.mu.Unlock()
	}
	t.buffer = s.p.buffers.Get().(*[]byte)
	t.in, t.spoke, t.keep = (*t.buffer)[:0], false, false
	return t, kept, nil
}

// take returns the connection to an address that was kept last, or nil.
func (o *fastPool) take(address string) *fastTarget {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.idle[address]
	if len(list) == 0 {
		return nil
	}
	t := list[len(list)-1]
	list[len(list)-1] = nil
	o.idle[address] = list[:len(list)-1]
	o.used[t] = struct{}{}
	return t
}

// put keeps a connection, unless there are enough.
func (o *fastPool) put(t *fastTarget) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(o.idle[t.address]) >= idlePerHost {
		return false
	}
	t.since = time.Now()
	delete(o.used, t)
	o.idle[t.address] = append(o.idle[t.address], t)
	if !o.sweeps {
		o.sweeps = true
		time.AfterFunc(sweepEvery, o.sweep)
	}
	return true
}

// drop forgets a connection.
func (o *fastPool) drop(t *fastTarget) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.used, t)
}

// sweep ends the connections that the target has closed, or that nobody has used for long.
func (o *fastPool) sweep() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for address, list := range o.idle {
		kept := list[:0]
		for _, t := range list {
			if time.Since(t.since) > idleTimeout || !isOpen(t.Conn) {
				t.Close()
			} else {
				kept = append(kept, t)
			}
		}
		clear(list[len(kept):])
		if o.idle[address] = kept; len(kept) == 0 {
			delete(o.idle, address)
		}
	}
	if o.sweeps = len(o.idle) > 0 && !o.closed; o.sweeps {
		time.AfterFunc(sweepEvery, o.sweep)
	}
}

// close ends all connections, and what goes on over them.
func (o *fastPool) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for _, list := range o.idle {
		for _, t := range list {
			t.Close()
		}
	}
	clear(o.idle)
	for t := range o.used {
		t.Close()
	}
}
