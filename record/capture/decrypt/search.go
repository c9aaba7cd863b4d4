package decrypt

const (
	maxTrial    = 64 << 20 // bytes that may be opened by trying, before a direction is given up
	maxAhead    = 64       // numbers that are tried if the size of a gap is unknown
	maxNumbers  = 1 << 16  // most numbers that are tried
	sureServer  = 4096     // bytes from which a lost record of a TLS 1.3 server cannot be a ticket
	sureClient  = 64       // likewise of a client, for a key update
	leastRecord = headerSize + minPayload
)

// gap notes missing bytes. Inside a record whose head is known, the start of the next
// record is known too. Elsewhere the border and the number of the next record are lost.
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

// left returns how many bytes are missing from a record whose head is known.
func (h *half) left() int {
	if len(h.buf) < headerSize {
		return 0
	}
	return recordSize(h.buf) - len(h.buf)
}

// loseBorders begins a search, or adds missing bytes to the present search.
func (c *Conn) loseBorders(h *half, n int64) {
	if len(h.buf) >= headerSize && len(h.buf) == recordSize(h.buf) {
		h.buf = h.buf[:0] // a whole record, read already
	}
	if !h.searching {
		// A record with a hole was counted whole already, so its rest must not count
		// again.
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

// unknownSize is a value of half.missing that no sum can reach.
const unknownSize = -1 << 62

// missed counts a record of which only the head is there.
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
	if h.open == nil { // its number will be found by trying
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

// missedPlain counts an unprotected record of which only the head is there.
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

// sure returns plain, the number of bytes in lost records. It returns -1 if the records
// may have held something else than data.
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

// search looks for the next record that opens, and reads it. It returns the bytes behind
// the record.
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

// searchable returns what a search must wait for.
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

// couldBe reports whether b can begin a protected record, and returns the size of the
// record. If b is too short to tell, the size is larger than b.
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
	skipped  int64 // records skipped before it, with the same keys
	sameKeys bool  // it has the keys of the record before
	inData   bool  // the record before was in phaseData
}

// found reads a record behind a gap. missing is the number of ciphertext bytes in the
// gap.
func (c *Conn) found(d side, missing int64, f find, at int64) {
	h := &c.halves[d]
	switch {
	case f.skipped == 0 && (f.sameKeys || !f.inData), h.phase == phaseHandshake:
		// none of the missing bytes can have been data
	case f.sameKeys && missing >= 0:
		plain := missing - f.skipped*int64(headerSize+h.open.overhead())
		c.to.Gap(d == server, h.sure(d, plain, f.skipped), at)
	default:
		c.to.Gap(d == server, -1, at)
	}
	c.opened(d, f.kind, f.plain, at)
}

// try opens a record with each key and each number that can follow, within the budget. If
// one fits, the direction continues from there.
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

// A candidate is one phase and opener that may protect the next record.
type candidate struct {
	phase phase
	open  *opener
}

// candidates lists the present opener and those that can follow it.
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
