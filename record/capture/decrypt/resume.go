package decrypt

import (
	"bytes"
	"crypto/sha256"
	"sync"
)

// resumptions tell from which handshake a resumed session of TLS 1.2 comes. They are
// needed because many libraries log a master secret only when it is new.
type resumptions struct {
	mu    sync.Mutex
	from  map[random]random // digest of a session ID or ticket to the random of the first handshake
	order []random          // the keys of from; a ring once it is full
	next  int
}

// add notes that the session with this name comes from a handshake.
func (r *resumptions) add(name []byte, first random) {
	if len(name) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	digest := random(sha256.Sum256(name))
	if _, known := r.from[digest]; !known {
		if r.from == nil {
			r.from = make(map[random]random)
		}
		if len(r.order) < maxSessions {
			r.order = append(r.order, digest)
		} else {
			delete(r.from, r.order[r.next])
			r.order[r.next] = digest
			r.next = (r.next + 1) % maxSessions
		}
	}
	r.from[digest] = first
}

// first returns the handshake that the session with this name comes from.
func (r *resumptions) first(name []byte) (random, bool) {
	if len(name) == 0 {
		return random{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	first, ok := r.from[sha256.Sum256(name)]
	return first, ok
}

// resume finds, from both hellos of TLS 1.2, the handshake that made the master secret. A
// server that resumes repeats the session ID of the client. With a ticket that ID may be
// any (RFC 5077, 3.4).
func (c *Conn) resume() {
	c.first = c.hello.random
	if c.keys == nil || c.answer.version != version12 {
		return
	}
	if len(c.answer.id) > 0 && bytes.Equal(c.answer.id, c.hello.id) {
		first, ok := c.keys.resume.first(c.hello.ticket)
		if !ok {
			first, ok = c.keys.resume.first(c.hello.id)
		}
		if ok {
			c.first = first
		}
		return
	}
	c.keys.resume.add(c.answer.id, c.first)
}

// issued notes a ticket of TLS 1.2.
func (c *Conn) issued(ticket []byte) {
	if c.keys != nil && c.chosen && c.greeted && !c.v13() {
		c.keys.resume.add(ticket, c.first)
	}
}
