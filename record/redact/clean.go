package redact

import (
	"bytes"
	"crypto/sha256"

	"github.com/starling-load/starling/record/flow"
)

// Bodies that come again and again (styles, scripts, pictures) are walked once. Once a
// body is in the recording, an equal body has nothing more to hide.
const (
	cleanSlots    = 512
	maxCleanBody  = 1 << 20  // longer bodies are remembered by their digests
	minResult     = 64 << 10 // what shorter bodies become is not kept: their secrets are met again
	maxResult     = 4 << 20  // what longer bodies become is not kept
	maxCleanBytes = 32 << 20
)

// cleanBodies remembers bodies, and what those became in which something was replaced.
type cleanBodies struct {
	slots [cleanSlots]cleanBody
	bytes int         // held by the slots
	fresh []cleanBody // found in the flow that is being walked
}

type cleanBody struct {
	data   []byte            // nil if it is long
	digest [sha256.Size]byte // of a long one
	sum    uint64
	media  string
	coding string
	site   string
	scope  *scope

	changed bool
	now     flow.Body // what it became
	as      string    // the content coding of that
}

// sameAs reports whether two bodies are equal and walked by the same rules.
func (c *cleanBody) sameAs(d *cleanBody) bool {
	return c.sum == d.sum && c.scope == d.scope && c.media == d.media && c.coding == d.coding && c.site == d.site &&
		bytes.Equal(c.data, d.data) && c.digest == d.digest
}

// held is the number of bytes that a body takes.
func (c *cleanBody) held() int { return len(c.data) + len(c.now.Data) }

// cleanBody returns what is remembered of a body. ok is false for a body that is cut, or
// too short to be worth remembering.
func (w *walker) cleanBody(b flow.Body, h flow.Headers) (c cleanBody, ok bool) {
	if w.report != nil || b.Truncated() || len(b.Data) < 64 {
		return c, false
	}
	c = cleanBody{sum: b.Sum(), media: h.Value("Content-Type"), coding: h.Value("Content-Encoding"), site: w.site, scope: w.scope}
	if len(b.Data) <= maxCleanBody {
		c.data = b.Data
	} else {
		c.digest = sha256.Sum256(b.Data)
	}
	return c, true
}

// find returns the remembered body that equals c, or nil.
func (k *cleanBodies) find(c *cleanBody) *cleanBody {
	if slot := &k.slots[c.sum%cleanSlots]; slot.sameAs(c) {
		return slot
	}
	return nil
}

// found returns what an equal body became, with the header lines that belong to it.
func (w *walker) found(c *cleanBody, b flow.Body, h flow.Headers) (flow.Body, flow.Headers) {
	if !c.changed {
		return b, h
	}
	if c.as != c.coding || c.now.Size != b.Size {
		h = recoded(h, c.as, c.now.Size)
	}
	return c.now, w.digests(h)
}

// remember notes a body that was walked, and what it became.
func (w *walker) remember(c cleanBody, before, now flow.Body, h flow.Headers) {
	if c.changed = !same(before.Data, now.Data); c.changed {
		if n := len(now.Data); n < minResult || n > maxResult || now.Truncated() {
			return
		}
		c.now, c.as = now, h.Value("Content-Encoding")
	}
	w.bodies.fresh = append(w.bodies.fresh, c)
}

// keep remembers the fresh bodies. They are in the recording now.
func (k *cleanBodies) keep() {
	for _, c := range k.fresh {
		slot := &k.slots[c.sum%cleanSlots]
		k.bytes += c.held() - slot.held()
		*slot = c
		if k.bytes > maxCleanBytes {
			*k = cleanBodies{}
			return
		}
	}
	k.drop()
}

// drop forgets the fresh bodies.
func (k *cleanBodies) drop() {
	clear(k.fresh)
	k.fresh = k.fresh[:0]
}
