package flowfile

import (
	"bytes"
	"slices"
)

// cacheLimit bounds the bodies that a Reader keeps for flows to come, in bytes.
const cacheLimit = 32 << 20

// A bodyCache keeps the bodies used last, by where they are stored. Their bytes
// are shared with the flows that were given out.
type bodyCache struct {
	limit int
	size  int
	byAt  map[bodyPlace]*cachedBody
	ends  cachedBody // of the ring: next is the body used last, prev the one not used for longest
}

// A cachedBody is a body in the ring of a bodyCache. One that is too long for the
// cache is in no ring.
type cachedBody struct {
	at         bodyPlace
	data       []byte
	prev, next *cachedBody
}

// cachedCost is the memory that an entry takes beside its data, roughly, in bytes.
const cachedCost = 200

func newCachedBody(at bodyPlace, data []byte) *cachedBody {
	return &cachedBody{at: at, data: slices.Clip(bytes.Clone(data))}
}

func (c *bodyCache) find(at bodyPlace) (*cachedBody, bool) {
	b, ok := c.byAt[at]
	if ok && c.ends.next != b {
		c.unlink(b)
		c.link(b)
	}
	return b, ok
}

// add keeps the body and drops those not used for longest. What is longer than
// a quarter of the limit is not kept.
func (c *bodyCache) add(b *cachedBody) {
	if _, known := c.byAt[b.at]; known || len(b.data) > c.limit/4 {
		return
	}
	if c.byAt == nil {
		c.byAt = map[bodyPlace]*cachedBody{}
		c.ends.prev, c.ends.next = &c.ends, &c.ends
	}
	c.byAt[b.at] = b
	c.link(b)
	c.size += len(b.data) + cachedCost
	for c.size > c.limit {
		old := c.ends.prev
		c.unlink(old)
		delete(c.byAt, old.at)
		c.size -= len(old.data) + cachedCost
	}
}

// link makes the body the one used last.
func (c *bodyCache) link(b *cachedBody) {
	b.prev, b.next = &c.ends, c.ends.next
	b.prev.next, b.next.prev = b, b
}

func (c *bodyCache) unlink(b *cachedBody) {
	b.prev.next, b.next.prev = b.next, b.prev
	b.prev, b.next = nil, nil
}
