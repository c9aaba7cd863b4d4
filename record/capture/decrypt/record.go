package decrypt

// A phase says which keys protect the records of a direction.
type phase uint8

const (
	phasePlain     phase = iota
	phaseEarly           // TLS 1.3: data sent before the server has answered
	phaseHandshake       // TLS 1.3
	phaseData
)

const (
	maxFailures = 3       // records in a row that fail to open, before a direction is given up
	maxGuess    = 4 << 20 // bytes of records that may fail to open while guessing
)

// A half is one direction of a connection.
type half struct {
	buf   []byte // a record that is not complete yet; a whole one while it is read
	skip  int    // bytes still to come of a record with a hole
	dead  bool   // the direction is given up
	ended bool   // the sink was told the end
	waits wait

	phase    phase
	open     *opener // of the phase; nil until its first record
	messages messages

	guessing bool // what fails to open is refused early data, or a handshake without keys
	guessed  int  // bytes of such records
	failures int  // records in a row that failed to open

	holed     bool  // there was a gap, so the number and the phase may be further on
	searching bool  // the borders of records are lost
	missing   int64 // bytes since the last record that was counted, or unknownSize
	budget    int64 // bytes that may be opened by trying
}

// data splits the bytes of one direction into records.
func (c *Conn) data(d side, p []byte, at int64) {
	h := &c.halves[d]
	for len(p) > 0 {
		var w wait
		raw := p
		switch {
		case h.dead:
			c.lost += uint64(len(p))
			return
		case h.skip > 0:
			n := min(h.skip, len(p))
			h.skip -= n
			c.lost += uint64(n)
			p = p[n:]
			continue
		case h.searching:
			p, w = c.search(d, p, at)
		default:
			if raw, p = h.next(p); raw == nil {
				if h.dead {
					h.dead = false
					c.lost += uint64(len(p))
					c.stop(d, ErrNotTLS, at)
				}
				return
			}
			if w = c.record(d, raw, at); w != ready {
				h.waits = w
				c.hold(event{kind: eventRecord, d: d, p: raw, at: at})
			}
		}
		if w != ready {
			h.waits = w
			if len(p) > 0 {
				c.hold(event{kind: eventData, d: d, p: p, at: at})
			}
			return
		}
	}
}

// next returns the next whole record and the bytes behind it, or nil if none is complete
// yet. It sets dead if no record can come any more.
func (h *half) next(p []byte) (raw, rest []byte) {
	if len(h.buf) >= headerSize && len(h.buf) == recordSize(h.buf) {
		h.buf = h.buf[:0]
	}
	if len(h.buf) == 0 && len(p) >= headerSize {
		size := recordSize(p)
		if size == 0 {
			h.dead = true
			return nil, p
		}
		if len(p) >= size {
			return p[:size], p[size:]
		}
	}
	if n := headerSize - len(h.buf); n > 0 {
		n = min(n, len(p))
		h.buf, p = append(h.buf, p[:n]...), p[n:]
		if len(h.buf) < headerSize {
			return nil, nil
		}
	}
	size := recordSize(h.buf)
	if size == 0 {
		h.dead = true
		return nil, p
	}
	n := min(size-len(h.buf), len(p))
	h.buf, p = append(h.buf, p[:n]...), p[n:]
	if len(h.buf) < size {
		return nil, nil
	}
	return h.buf, p
}

// recordSize returns the size of the record that begins with head, or 0 if head begins
// none.
func recordSize(head []byte) int {
	n := int(head[3])<<8 | int(head[4])
	if head[0] < typeCCS || head[0] > typeData || head[1] != 3 || head[2] > 4 || n > maxPayload {
		return 0
	}
	return headerSize + n
}

// v13 reports whether the server has chosen TLS 1.3.
func (c *Conn) v13() bool { return c.chosen && c.answer.version == version13 }

// record reads one whole record.
func (c *Conn) record(d side, raw []byte, at int64) wait {
	h := &c.halves[d]
	if h.dead {
		c.lost += uint64(len(raw))
		return ready
	}
	if h.phase != phasePlain {
		return c.sealed(d, raw, at)
	}
	switch raw[0] {
	case typeAlert:
		return ready
	case typeHandshake:
		err := h.messages.feed(raw[headerSize:], func(kind byte, body []byte) error { return c.greet(d, kind, body) })
		if err != nil {
			c.stopAll(err, at)
		}
		return ready
	}
	switch {
	case !c.greeted && !c.chosen:
		c.lost += uint64(len(raw))
		c.stopAll(ErrNoHandshake, at)
		return ready
	case c.retried && !c.chosen:
		return ready // early data that the server refused, or a CCS for middleboxes
	case !c.chosen:
		return forPeer
	case raw[0] == typeCCS && c.v13():
		return ready
	case raw[0] == typeCCS:
		h.seal(phaseData)
		return ready
	case c.v13():
		h.seal(c.firstPhase())
		return c.sealed(d, raw, at)
	}
	c.lost += uint64(len(raw))
	c.stopAll(ErrNotTLS, at)
	return ready
}

// sealed reads a record that should be protected.
func (c *Conn) sealed(d side, raw []byte, at int64) wait {
	h := &c.halves[d]
	if c.v13() && raw[0] != typeData {
		return ready // a CCS for middleboxes, or an alert from an end that has no keys
	}
	if w := c.unlock(d, at); w != ready {
		return w
	}
	if h.phase != phaseHandshake && c.halves[1-d].waits == forKeys {
		return forTurn
	}
	plain, kind, err := h.open.open(c.scratch, raw, h.open.seq)
	if err != nil {
		c.unopened(d, raw, at)
		return ready
	}
	h.open.seq++
	c.opened(d, kind, plain, at)
	return ready
}

// opened takes the content of a protected record.
func (c *Conn) opened(d side, kind byte, plain []byte, at int64) {
	h := &c.halves[d]
	c.scratch = plain[:0]
	h.failures, h.guessing = 0, false
	h.budget = min(h.budget+16*int64(len(plain)), maxTrial)
	switch kind {
	case typeData:
		if len(plain) > 0 && !h.ended {
			c.to.Plain(d == server, plain, at)
		}
	case typeHandshake:
		err := h.messages.feed(plain, func(kind byte, body []byte) error { return c.message(d, kind, body) })
		if err != nil {
			c.stopAll(err, at)
		}
	case typeAlert:
		if len(plain) == 2 && plain[1] == 0 { // close_notify
			c.end(d, false, at)
		}
	case typeCCS: // a renegotiation in TLS 1.2
		h.messages.reset()
		h.seal(phaseData)
	}
}

// message takes a protected handshake message.
func (c *Conn) message(d side, kind byte, body []byte) error {
	h := &c.halves[d]
	if !c.v13() {
		return c.greet(d, kind, body)
	}
	switch {
	case kind == msgExtensions && d == server && h.phase == phaseHandshake:
		c.info.ALPN, c.early = parseExtensions(body)
		c.exts, c.changed = true, true
	case kind == msgEndOfEarlyData && h.phase == phaseEarly:
		h.seal(phaseHandshake)
	case kind == msgFinished && h.phase == phaseHandshake:
		h.seal(phaseData)
	case kind == msgKeyUpdate && h.phase == phaseData && h.open != nil:
		next, err := h.open.update()
		if err != nil {
			return err
		}
		h.open = next
	}
	return nil
}

// unopened takes a record that fails to open with the next number.
func (c *Conn) unopened(d side, raw []byte, at int64) {
	h := &c.halves[d]
	if h.holed {
		from, before := h.phase, h.open
		if f, found := c.try(d, raw, maxAhead); found {
			f.sameKeys, f.inData = before == h.open, from == phaseData
			c.found(d, unknownSize, f, at)
			return
		}
	}
	c.lost += uint64(len(raw))
	if h.guessing {
		if h.guessed += len(raw); h.guessed > maxGuess {
			c.stop(d, ErrKeys, at)
		}
		return
	}
	h.failures++
	if h.failures >= maxFailures || h.open.seq == 0 {
		c.stop(d, ErrKeys, at)
		return
	}
	c.missed(d, raw, at)
}
