package flow

import "container/list"

// cacheLimit bounds the bodies that a Reader keeps for flows to come, in bytes.
const cacheLimit = 32 << 20

// A bodyCache keeps the bodies used last, by where they are stored. Their bytes
// are shared with the flows that were given out.
type bodyCache struct {
	limit int
	size  int
	order list.List // of *cachedBody, the one used last in front
	byAt  map[bodyPlace]*list.Element
}

type cachedBody struct {
	at   bodyPlace
	data []byte
	hash uint64 // xxhash64 of data
}

// cachedCost is what an entry takes beside its data, roughly.
const cachedCost = 200

func (c *bodyCache) find(at bodyPlace) (*cachedBody, bool) {
	e, ok := c.byAt[at]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cachedBody), true
}

// add keeps the body and drops those not used for longest. What is longer than
// a quarter of the limit is not kept.
func (c *bodyCache) add(b *cachedBody) {
	if _, known := c.byAt[b.at]; known || len(b.data) > c.limit/4 {
		return
	}
	if c.byAt == nil {
		c.byAt = map[bodyPlace]*list.Element{}
	}
	c.byAt[b.at] = c.order.PushFront(b)
	c.size += len(b.data) + cachedCost
	for c.size > c.limit {
		last := c.order.Back()
		old := c.order.Remove(last).(*cachedBody)
		delete(c.byAt, old.at)
		c.size -= len(old.data) + cachedCost
	}
}
