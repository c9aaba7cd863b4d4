package client

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Pool holds the connections of one user, or of all. It dials when an exchange needs
// a connection and none is free. It replaces connections that the target has closed.
// It is safe for concurrent use.
type Pool struct {
	dialer *Dialer
	limit  int

	mu     sync.Mutex // guards what follows, and all groups
	closed bool
	groups map[place]*group

	streams map[*Stream]struct{} // open ones, for Close
}

// A place names a group of connections: those of a route, or the one that stands for
// a recorded connection.
type place struct {
	route Route
	slot  int
}

// Pool returns an empty pool with at most perOrigin HTTP/1 connections for each
// route; 0 is no limit. HTTP/2 has one connection that all exchanges share.
func (d *Dialer) Pool(perOrigin int) *Pool {
	return &Pool{dialer: d, limit: perOrigin}
}

// A leased link is one that an exchange uses.
type leased struct {
	link
	group   *group
	dialled time.Time     // zero: the link was there
	connect time.Duration // from dialled
}

// acquire finds or makes a link for an exchange. fresh wants one that was never
// used.
func (p *Pool) acquire(ctx context.Context, at place, fresh bool) (leased, error) {
	p.mu.Lock()
	g, err := p.group(at)
	for err == nil {
		switch {
		case p.closed:
			err = errClosed
		case g.shared != nil && g.shared.usable():
			l := g.shared
			l.lease()
			p.mu.Unlock()
			return leased{link: l, group: g}, nil
		case g.shared != nil:
			g.retire()
		case len(g.idle) > 0 && !fresh:
			if l := p.reuse(g); l != nil {
				p.mu.Unlock()
				return leased{link: l, group: g}, nil
			}
		case len(g.idle) > 0 && g.full():
			p.dismiss(g, g.popOldest())
		case g.probe != nil:
			err = p.await(ctx, g.probe)
		case g.full():
			return p.queue(ctx, g)
		default:
			return p.dial(ctx, g)
		}
	}
	p.mu.Unlock()
	return leased{}, err
}

// reuse returns the connection that was used last. It returns nil if the target has
// closed that meanwhile, or sent bytes that nobody asked for. It asks the kernel about
// that without the lock.
func (p *Pool) reuse(g *group) link {
	l := g.popNewest()
	p.mu.Unlock()
	usable := l.usable()
	p.mu.Lock()
	if !usable {
		p.dismiss(g, l)
		return nil
	}
	return l
}

// group returns the group of a place. The caller holds the lock.
func (p *Pool) group(at place) (*group, error) {
	if g := p.groups[at]; g != nil {
		return g, nil
	}
	e, err := at.route.parse(&p.dialer.options)
	if err != nil {
		return nil, err
	}
	g := &group{endpoint: e, limit: p.limit, http1: e.protocol == HTTP1}
	if at.slot != 0 {
		g.limit = 1
	}
	if p.groups == nil {
		p.groups = make(map[place]*group, 1)
	}
	p.groups[at] = g
	return g, nil
}

// dial makes a link for g and returns it leased. The caller holds the lock,
// which dial gives up.
func (p *Pool) dial(ctx context.Context, g *group) (leased, error) {
	g.open++
	if !g.http1 {
		g.probe = &probe{done: make(chan struct{})}
	}
	p.mu.Unlock()
	return p.dialLink(ctx, g)
}

// dialLink makes a link for g, which counts it as open already.
func (p *Pool) dialLink(ctx context.Context, g *group) (leased, error) {
	start := time.Now()
	var l link
	err := errClosed
	if !p.gone() {
		l, err = p.dialer.link(ctx, &g.endpoint)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && p.closed {
		l.close()
		err = errClosed
	}
	wait := g.probe
	if !g.http1 {
		g.probe = nil
	}
	if err != nil {
		p.vacate(g)
		if wait != nil && !g.http1 {
			if ctx.Err() == nil {
				wait.err = err
			}
			close(wait.done)
		}
		return leased{dialled: start, group: g}, err
	}
	g.all = append(g.all, l)
	if l.many() {
		l.lease()
		g.shared = l
		p.vacate(g)
	}
	if wait != nil && !g.http1 {
		close(wait.done)
	}
	g.http1 = g.http1 || !l.many()
	return leased{link: l, group: g, dialled: start, connect: time.Since(start)}, nil
}

// await waits for the outcome of w. It releases the lock meanwhile.
func (p *Pool) await(ctx context.Context, w *probe) error {
	p.mu.Unlock()
	defer p.mu.Lock()
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// queue waits until a connection of g is free. The caller holds the lock, which
// queue gives up.
func (p *Pool) queue(ctx context.Context, g *group) (leased, error) {
	turn := make(chan grant, 1) // a grant never waits for its taker
	g.waiting = append(g.waiting, turn)
	p.mu.Unlock()
	select {
	case got := <-turn:
		return p.accept(ctx, g, got)
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(g.waiting, turn); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		return leased{}, ctx.Err()
	}
	// The grant came at the same time. It goes to the next in line.
	if got := <-turn; got.link != nil {
		p.hand(g, got.link)
	} else {
		p.vacate(g)
	}
	return leased{}, ctx.Err()
}

// accept takes what was granted: the link if it is usable, otherwise a new one.
func (p *Pool) accept(ctx context.Context, g *group, got grant) (leased, error) {
	if got.link != nil {
		if got.link.usable() {
			return leased{link: got.link, group: g}, nil
		}
		got.link.close()
		p.mu.Lock()
		g.forget(got.link)
		p.mu.Unlock()
	}
	return p.dialLink(ctx, g)
}

// release takes back a link after its exchange.
func (p *Pool) release(l leased, keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.many() {
		if l.leave() == 0 && (!keep || l.link != l.group.shared) {
			l.close()
			l.group.forget(l.link)
		}
		if !keep && l.group.shared == l.link {
			l.group.shared = nil
		}
		return
	}
	if keep && !p.closed {
		p.hand(l.group, l.link)
		return
	}
	p.dismiss(l.group, l.link)
}

// hand gives a free link to whoever waits first, or keeps it idle.
func (p *Pool) hand(g *group, l link) {
	if p.closed {
		p.dismiss(g, l)
		return
	}
	if len(g.waiting) > 0 {
		g.next() <- grant{link: l}
		return
	}
	g.idle = append(g.idle, l)
}

// dismiss closes a link that carries no exchange any more.
func (p *Pool) dismiss(g *group, l link) {
	l.close()
	g.forget(l)
	p.vacate(g)
}

// vacate lets whoever waits first dial in place of a connection that is gone.
func (p *Pool) vacate(g *group) {
	if len(g.waiting) > 0 {
		g.next() <- grant{}
		return
	}
	g.open--
}

// Close closes all connections at once, also those in use. Exchanges and streams that
// are under way, and later ones, end as "canceled".
func (p *Pool) Close() error {
	for _, s := range p.shut() {
		s.Close()
	}
	return nil
}

// shut closes the connections and returns the streams, which Close waits for.
func (p *Pool) shut() []*Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, g := range p.groups {
		for _, l := range g.all {
			l.close()
		}
		g.idle, g.shared = nil, nil
		for len(g.waiting) > 0 {
			g.next() <- grant{}
		}
	}
	return slices.Collect(maps.Keys(p.streams))
}

// gone reports whether Close was called.
func (p *Pool) gone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}
