package decrypt

const (
	maxTrial    = 64 << 20 // bytes that are opened by trying, before a direction is given up
	maxAhead    = 64       // numbers that are tried when the size of a gap is not known
	maxNumbers  = 1 << 16  // numbers that are tried at most
	sureServer  = 4096     // bytes of a lost record of a TLS 1.3 server that is surely no ticket
	sureClient  = 64       // likewise of a client, that is surely no key update
	leastRecord = headerSize + minPayload
)

// gap takes note of bytes that are missing. Inside a record whose head is known
// the next one is known as well; otherwise both border and number are lost.
func (c *Conn) gap(d side, n, at int64) {
	h := &c.halves[d]
	if h.dead || n == 0 {
		return
	}
	h.holed = true
	if h.skip > 0 && n >= 0 && n <= int64(h.skip) {
		h.skip -= int(n)
		return
	}
	if left := h.left(); left > 0 && n >= 0 && n <= int64(left) {
		h.skip = left - int(n)
		c.lost += uint64(len(h.buf))
		head := h.buf
		h.buf = nil
		c.missed(d, head, at)
		return
	}
	if h.phase == phasePlain && (d == client && !c.greeted || d == server && !c.chosen) {
		c.stopAll(ErrNoHandshake, at)
		return
	}
	c.loseBorders(h, n)
}

// left is the number of bytes that a record with a known head lacks.
func (h *half) left() int {
	if len(h.buf) < headerSize {
		return 0
	}
	return recordSize(h.buf) - len(h.buf)
}

// loseBorders begins a search, or adds to the bytes that it lacks.
func (c *Conn) loseBorders(h *half, n int64) {
	if len(h.buf) >= headerSize && len(h.buf) == recordSize(h.buf) {
		h.buf = h.buf[:0] // a whole one, read already
	}
	if !h.searching {
		// Of a record with a hole that was counted already, the rest is missing too.
		h.searching, h.missing = true, -int64(h.skip)
		h.skip = 0
		h.messages.broken = h.phase != phaseData
	}
	c.lost += uint64(len(h.buf))
	if n < 0 || h.missing == unknownSize {
		h.missing = unknownSize
	} else {
		h.missing += n + int64(len(h.buf))
	}
	h.buf = nil
}

// unknownSize is a value of half.missing that no sum reaches.
const unknownSize = -1 << 62

// missed counts a record that is there by its head alone.
func (c *Conn) missed(d side, head []byte, at int64) {
	h := &c.halves[d]
	if h.phase == phasePlain {
		c.missedPlain(d, head[0], at)
		return
	}
	if c.v13() && head[0] != typeData {
		return
	}
	if h.phase != phaseData {
		h.messages.broken = true
	} else {
		h.messages.reset()
	}
	if h.open == nil { // its number is found by trying
		h.holed = true
		c.to.Gap(d == server, -1, at)
		return
	}
	h.open.seq++
	if h.phase != phaseHandshake {
		plain := int64(recordSize(head) - headerSize - h.open.overhead())
		c.to.Gap(d == server, h.sure(d, plain, 1), at)
	}
}

// missedPlain counts a record of an open handshake.
func (c *Conn) missedPlain(d side, kind byte, at int64) {
	h := &c.halves[d]
	switch {
	case d == client && !c.greeted, d == server && !c.chosen:
		c.stopAll(ErrNoHandshake, at)
	case kind == typeCCS && c.chosen && !c.v13():
		h.seal(phaseData)
		h.messages.reset()
	default:
		h.messages.broken = true
	}
}

// sure returns the number of bytes in lost records, or -1 where they may have
// been something else than data.
func (h *half) sure(d side, plain, records int64) int64 {
	least := int64(0)
	if h.open.v13 && d == server {
		least = sureServer
	} else if h.open.v13 {
		least = sureClient
	}
	if plain < 0 || plain < least*records {
		return -1
	}
	return plain
}

// search looks for the next record that opens and reads it. It returns what
// follows.
func (c *Conn) search(d side, p []byte, at int64) (rest []byte, w wait) {
	h := &c.halves[d]
	if w := c.searchable(d); w != ready {
		return p, w
	}
	h.buf = append(h.buf, p...)
	for o := range h.buf {
		b := h.buf[o:]
		size, could := couldBe(b)
		switch {
		case !could:
			continue
		case size > len(b):
			c.passOver(h, o)
			return nil, ready
		}
		missing := h.missing + int64(o)
		reach := int64(maxAhead)
		if h.missing != unknownSize {
			reach = min(max(missing, 0)/leastRecord+1, maxNumbers)
		}
		from, before := h.phase, h.open
		if f, found := c.try(d, b[:size], reach); found {
			c.lost += uint64(o)
			h.searching, h.buf = false, nil
			f.sameKeys, f.inData = before == h.open, from == phaseData
			c.found(d, missing, f, at)
			return b[size:], ready
		}
		if h.budget <= 0 {
			c.stop(d, ErrKeys, at)
			return nil, ready
		}
	}
	c.passOver(h, len(h.buf))
	return nil, ready
}

// searchable reports what a search must wait for.
func (c *Conn) searchable(d side) wait {
	h := &c.halves[d]
	if h.open != nil {
		return ready
	}
	if !c.chosen || !c.greeted {
		return forPeer
	}
	if _, w := c.opener(d, phaseData); w != ready {
		return w
	}
	return ready
}

// couldBe reports whether a protected record can begin with b, and its size; a
// size beyond b where b is too short to tell.
func couldBe(b []byte) (size int, could bool) {
	if b[0] <= typeCCS || b[0] > typeData {
		return 0, false
	}
	if len(b) < headerSize {
		return headerSize, true
	}
	size = recordSize(b)
	return size, size >= leastRecord && b[2] == 3
}

// passOver counts the first n bytes of the buffer as missing.
func (c *Conn) passOver(h *half, n int) {
	c.lost += uint64(n)
	if h.missing != unknownSize {
		h.missing += int64(n)
	}
	h.buf = append(h.buf[:0], h.buf[n:]...)
}

// A find is a record that was opened by trying.
type find struct {
	plain    []byte
	kind     byte
	skipped  int64 // records before it, under its keys
	sameKeys bool  // they are those of the record before
	inData   bool  // the record before was in phaseData
}

// found reads a record behind a gap of missing bytes of ciphertext.
func (c *Conn) found(d side, missing int64, f find, at int64) {
	h := &c.halves[d]
	switch {
	case f.skipped == 0 && (f.sameKeys || !f.inData), h.phase == phaseHandshake:
		// no data can have been among what is missing
	case f.sameKeys && missing >= 0:
		plain := missing - f.skipped*int64(headerSize+h.open.overhead())
		c.to.Gap(d == server, h.sure(d, plain, f.skipped), at)
	default:
		c.to.Gap(d == server, -1, at)
	}
	c.opened(d, f.kind, f.plain, at)
}

// try opens a record with the numbers that can follow, and with the keys that can
// follow, as far as the budget goes. It moves the direction to what fits.
func (c *Conn) try(d side, raw []byte, reach int64) (f find, ok bool) {
	h := &c.halves[d]
	for _, next := range c.candidates(d) {
		o := next.open
		for n := range reach + 1 {
			if h.budget -= int64(len(raw)); h.budget <= 0 {
				return f, false
			}
			plain, kind, err := o.open(c.scratch, raw, o.seq+uint64(n))
			if err != nil {
				continue
			}
			o.seq += uint64(n) + 1
			if h.phase != next.phase {
				h.messages.reset()
			}
			h.phase, h.open = next.phase, o
			return find{plain: plain, kind: kind, skipped: n}, true
		}
	}
	return f, false
}

// A candidate is what the next record of a direction may be protected with.
type candidate struct {
	phase phase
	open  *opener
}

// candidates lists the present keys and those that can follow them.
func (c *Conn) candidates(d side) []candidate {
	h := &c.halves[d]
	var list []candidate
	first := h.phase
	if h.open != nil {
		list = append(list, candidate{h.phase, h.open})
		first++
	}
	if h.phase == phaseData && h.open != nil {
		if c.v13() {
			if next, err := h.open.update(); err == nil {
				list = append(list, candidate{phaseData, next})
			}
		}
		return list
	}
	for p := max(first, phaseEarly); p <= phaseData; p++ {
		if !c.v13() && p != phaseData || p == phaseEarly && !c.early {
			continue
		}
		if o, w := c.opener(d, p); w == ready {
			list = append(list, candidate{p, o})
		}
	}
	return list
}
