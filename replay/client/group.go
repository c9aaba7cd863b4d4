package client

import (
	"context"
	"slices"
)

// A link is a connection that carries exchanges.
type link interface {
	// exchange sends req and reads the answer into resp. It fills all of timing
	// but Connect. keep tells whether another exchange may follow on the link.
	exchange(ctx context.Context, req *Request, resp *Response, timing *Timing) (keep bool, err error)

	// open sends req and reads the head of its answer into resp. It returns the
	// body, to be read by the caller. The caller must call its end, unless open
	// fails.
	open(ctx context.Context, req *Request, resp *Response, timing *Timing) (streamed, error)

	// usable reports whether an exchange may start.
	usable() bool

	// many reports whether the link carries several exchanges at once. Such a link
	// counts them: lease adds one, leave takes one away, and both return how many
	// there are.
	many() bool
	lease() int
	leave() int

	close()
}

// A group is the connections of one place.
type group struct {
	endpoint endpoint
	limit    int  // HTTP/1 connections at most; 0: any number
	http1    bool // known not to be HTTP/2

	shared  link   // the HTTP/2 connection
	idle    []link // HTTP/1, last used last
	open    int    // HTTP/1 connections, those being dialled included
	all     []link // every connection, for Close
	probe   *probe // the only connection being dialled, while it may be HTTP/2
	waiting []chan grant
}

// A probe is a dial whose outcome all exchanges of a group wait for.
type probe struct {
	done chan struct{} // closed when err is set
	err  error         // nil: there is a connection, or another try may be made
}

// A grant is what a waiting exchange gets: a link, or the right to dial one.
type grant struct{ link link }

// full reports whether g may have no further connection.
func (g *group) full() bool { return g.http1 && g.limit > 0 && g.open >= g.limit }

// retire lets no further exchange use the shared link. The last exchange under way
// closes it.
func (g *group) retire() {
	l := g.shared
	g.shared = nil
	l.lease()
	if l.leave() == 0 {
		l.close()
		g.forget(l)
	}
}

func (g *group) popNewest() link {
	l := g.idle[len(g.idle)-1]
	g.idle[len(g.idle)-1] = nil
	g.idle = g.idle[:len(g.idle)-1]
	return l
}

func (g *group) popOldest() link {
	l := g.idle[0]
	g.idle = slices.Delete(g.idle, 0, 1)
	return l
}

// next takes the first in line out of those that wait.
func (g *group) next() chan grant {
	turn := g.waiting[0]
	g.waiting = slices.Delete(g.waiting, 0, 1)
	return turn
}

func (g *group) forget(l link) {
	if i := slices.Index(g.all, l); i >= 0 {
		g.all = slices.Delete(g.all, i, i+1)
	}
}
