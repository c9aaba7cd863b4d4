package decrypt

// firstPhase returns the phase of the first protected record of a client in TLS 1.3.
func (c *Conn) firstPhase() phase {
	if c.hello.early {
		return phaseEarly
	}
	return phaseHandshake
}

// seal begins another phase.
func (h *half) seal(p phase) { h.phase, h.open = p, nil }

// greet takes a message of an unprotected handshake, or a hello of a renegotiation.
func (c *Conn) greet(d side, kind byte, body []byte) error {
	switch {
	case d == client && kind == msgClientHello:
		hello, ok := parseClientHello(body)
		if !ok {
			return ErrNotTLS
		}
		c.hello, c.greeted, c.changed = hello, true, true
		c.info.ServerName = hello.name
	case d == server && kind == msgServerHello:
		answer, ok := parseServerHello(body)
		if !ok {
			return ErrNotTLS
		}
		c.changed = true
		if answer.retry() {
			c.retried = true
			return nil
		}
		return c.choose(answer)
	case d == server && kind == msgTicket:
		c.issued(parseTicket(body))
	}
	return nil
}

// choose takes what the server has chosen.
func (c *Conn) choose(answer serverHello) error {
	c.answer, c.chosen = answer, true
	c.info.Version = versionName(answer.version)
	c.info.Cipher = suiteName(answer.suite)
	if answer.alpn != "" {
		c.info.ALPN = answer.alpn
	}
	var err error
	if c.suite, err = suiteOf(answer.suite); err != nil {
		return err
	}
	switch answer.version {
	case version13:
		c.halves[server].seal(phaseHandshake)
	case version12:
		c.resume()
	default:
		return &SuiteError{Suite: c.info.Version + " " + c.info.Cipher}
	}
	return nil
}

func versionName(v uint16) string {
	switch v {
	case 0x0300:
		return "SSL 3.0"
	case 0x0301:
		return "TLS 1.0"
	case 0x0302:
		return "TLS 1.1"
	case version12:
		return "TLS 1.2"
	case version13:
		return "TLS 1.3"
	}
	return "TLS of unknown version"
}

// unlock makes the opener of the phase, or returns what it waits for.
func (c *Conn) unlock(d side, at int64) wait {
	h := &c.halves[d]
	if h.open != nil {
		return ready
	}
	if h.phase == phaseEarly {
		if !c.exts {
			return forPeer
		}
		if !c.early {
			h.phase, h.guessing = phaseHandshake, true
		}
	}
	o, w := c.opener(d, h.phase)
	if w == forKeys && h.phase != phaseData && c.v13() {
		// Secrets are logged in order: once the secret of the data is there, an earlier
		// one that is missing never comes.
		if o, _ = c.opener(d, phaseData); o != nil {
			if h.phase == phaseEarly {
				c.to.Gap(d == server, -1, at)
			}
			h.phase, h.guessing, w = phaseData, true, ready
		}
	}
	h.open = o
	return w
}

// opener returns the opener of a phase, or what it waits for.
func (c *Conn) opener(d side, p phase) (*opener, wait) {
	if !c.greeted || !c.chosen {
		return nil, forPeer
	}
	l, size := labelMaster, 48
	if c.v13() {
		size = c.suite.hash.Size()
		switch p {
		case phaseEarly:
			l = labelEarly
		case phaseHandshake:
			l = labelClientHandshake + label(d)
		default:
			l = labelClientTraffic + label(d)
		}
	}
	secret := c.keys.secret(c.hello.random, l, size)
	if secret == nil && !c.v13() {
		secret = c.keys.secret(c.first, l, size)
	}
	if secret == nil {
		return nil, forKeys
	}
	var o *opener
	var err error
	if c.v13() {
		o, err = newOpener13(c.suite, secret)
	} else {
		o, err = newOpener12(c.suite, secret, c.hello.random, c.answer.random, d)
	}
	if err != nil { // this build does not have the cipher
		return nil, forKeys
	}
	return o, ready
}
