package program

import (
	"net/netip"
	"sync"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A Watch looks up who opened connections. Its methods may be called by any goroutine. A
// nil Watch knows nothing.
type Watch struct {
	system finder
	asked  chan *query
	ended  chan struct{}

	mu     sync.Mutex
	closed bool
	byPeer map[netip.AddrPort]*query
	order  []netip.AddrPort // in which they came, at most maxQueries
}

// A query is one connection.
type query struct {
	client, server netip.AddrPort
	done           chan struct{} // closed when number is known
	number         uint64        // 0: not found
}

// A finder fills in the numbers of queries.
type finder interface {
	find([]*query)
	close()
}

// Bounds of what is looked up.
const (
	maxQueries = 1 << 14                // that are remembered
	maxAsked   = 256                    // that wait
	share      = 10                     // one part of so many of the time of a core
	burst      = time.Second            // of work, after a time of rest
	patience   = 100 * time.Millisecond // of Of
)

// New starts to look up connections until Close. It returns nil where the system does
// not tell who opened a connection.
func New() *Watch {
	system := newFinder()
	if system == nil {
		return nil
	}
	w := &Watch{system: system, asked: make(chan *query, maxAsked), ended: make(chan struct{}), byPeer: map[netip.AddrPort]*query{}}
	go func() {
		defer close(w.ended)
		defer system.close()
		w.run()
	}()
	return w
}

// Close ends the look-ups, and waits for the one that is under way.
func (w *Watch) Close() {
	if w == nil {
		return
	}
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.asked)
	}
	w.mu.Unlock()
	<-w.ended
}

// Opened asks who opened a connection. It never blocks.
func (w *Watch) Opened(client, server netip.AddrPort) {
	if w == nil {
		return
	}
	client, server = plain(client), plain(server)
	if !client.Addr().IsLoopback() && client.Addr() != server.Addr() {
		return // from another machine
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	q := &query{client: client, server: server, done: make(chan struct{})}
	select {
	case w.asked <- q:
	default: // too many at a time
		return
	}
	if _, again := w.byPeer[client]; !again {
		if len(w.order) == maxQueries {
			delete(w.byPeer, w.order[0])
			w.order = w.order[1:]
		}
		w.order = append(w.order, client)
	}
	w.byPeer[client] = q
}

// Of returns the number of the process that opened a connection, or 0. It may wait a
// moment for a look-up that is under way.
func (w *Watch) Of(c *flow.Conn) uint64 {
	if w == nil {
		return 0
	}
	client, err := netip.ParseAddrPort(c.Client)
	if err != nil {
		return 0
	}
	w.mu.Lock()
	q := w.byPeer[plain(client)]
	w.mu.Unlock()
	if q == nil {
		return 0
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-q.done:
		return q.number
	case <-timer.C:
		return 0
	}
}

// run looks up what is asked, several at a time. Beyond its share of time it looks up
// nothing.
func (w *Watch) run() {
	debt, last := time.Duration(0), time.Now()
	for q := range w.asked {
		batch := append(make([]*query, 0, maxAsked), q)
		for range len(w.asked) {
			if q, open := <-w.asked; open {
				batch = append(batch, q)
			}
		}
		start := time.Now()
		debt = max(0, debt-start.Sub(last)/share)
		last = start
		if debt < burst {
			w.system.find(batch)
			debt += time.Since(start)
		}
		for _, q := range batch {
			close(q.done)
		}
	}
}

// plain is an address without what differs between the two ends of one connection.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
