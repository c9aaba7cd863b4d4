package redact

import (
	"bytes"

	"github.com/starling-load/starling/record/flow"
)

// Bodies that come again and again (styles, scripts, pictures) are walked once. Once a
// body without secrets is in the recording, an equal body has nothing to hide.
const (
	cleanSlots    = 512
	maxCleanBody  = 1 << 20
	maxCleanBytes = 32 << 20
)

// cleanBodies remembers bodies in which nothing was replaced.
type cleanBodies struct {
	slots [cleanSlots]cleanBody
	bytes int         // held by the slots
	fresh []cleanBody // found in the flow that is being walked
}

type cleanBody struct {
	body   flow.Body
	sum    uint64
	media  string
	coding string
	site   string
	scope  *scope
}

// sameAs reports whether two bodies are equal and walked by the same rules.
func (c *cleanBody) sameAs(d *cleanBody) bool {
	return c.sum == d.sum && c.scope == d.scope && c.media == d.media && c.coding == d.coding && c.site == d.site &&
		bytes.Equal(c.body.Data, d.body.Data)
}

// cleanBody returns what is remembered of a body. ok is false for a body that is cut, too
// long, or too short to be worth remembering.
func (w *walker) cleanBody(b flow.Body, h flow.Headers) (c cleanBody, ok bool) {
	if w.report != nil || b.Truncated() || len(b.Data) < 64 || len(b.Data) > maxCleanBody {
		return c, false
	}
	return cleanBody{b, b.Sum(), h.Value("Content-Type"), h.Value("Content-Encoding"), w.site, w.scope}, true
}

func (k *cleanBodies) has(c *cleanBody) bool {
	return k.slots[c.sum%cleanSlots].sameAs(c)
}

// keep remembers the fresh bodies. They are in the recording now.
func (k *cleanBodies) keep() {
	for _, c := range k.fresh {
		slot := &k.slots[c.sum%cleanSlots]
		k.bytes += len(c.body.Data) - len(slot.body.Data)
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
