package decrypt

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// The types of handshake messages that are read.
const (
	msgClientHello    = 1
	msgServerHello    = 2
	msgTicket         = 4
	msgEndOfEarlyData = 5
	msgExtensions     = 8 // encrypted extensions
	msgFinished       = 20
	msgKeyUpdate      = 24
)

// The extensions that are read.
const (
	extServerName = 0
	extALPN       = 16
	extTicket     = 35
	extEarlyData  = 42
	extVersions   = 43 // supported versions
)

const (
	version12 = 0x0303
	version13 = 0x0304

	maxMessage = 64 << 10 // bytes of a message that is read
)

// retryRandom marks a server hello that asks for another client hello (RFC 8446, 4.1.3).
// It is the SHA-256 of "HelloRetryRequest".
var retryRandom = random{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

// messages finds the handshake messages in the records of one direction. Messages that
// are not needed, mostly certificates, are passed over without memory.
type messages struct {
	buf    []byte
	skip   int  // bytes of a message still to come that are passed over
	broken bool // the borders are lost until the next reset
}

func (m *messages) reset() { *m = messages{buf: m.buf[:0]} }

// feed takes the next bytes and calls each for every complete message. body is valid
// during the call. If each returns an error, feed stops and returns it.
func (m *messages) feed(p []byte, each func(kind byte, body []byte) error) error {
	if m.broken {
		return nil
	}
	n := min(m.skip, len(p))
	m.skip -= n
	m.buf = append(m.buf, p[n:]...)
	at := 0
	for len(m.buf)-at >= 4 {
		head := m.buf[at : at+4]
		size := int(head[1])<<16 | int(head[2])<<8 | int(head[3])
		have := len(m.buf) - at - 4
		switch {
		case !looksInto(head[0]):
			n := min(have, size)
			m.skip = size - n
			at += 4 + n
			continue
		case size > maxMessage:
			m.broken = true
			return nil
		case have < size:
			m.buf = append(m.buf[:0], m.buf[at:]...)
			return nil
		}
		at += 4 + size
		if err := each(head[0], m.buf[at-size:at]); err != nil {
			return err
		}
	}
	m.buf = append(m.buf[:0], m.buf[at:]...)
	return nil
}

func looksInto(kind byte) bool {
	switch kind {
	case msgClientHello, msgServerHello, msgTicket, msgEndOfEarlyData, msgExtensions, msgFinished, msgKeyUpdate:
		return true
	}
	return false
}

// A clientHello is what matters here of the hello of a client.
type clientHello struct {
	random random
	name   string // SNI
	id     []byte // of the session to resume, or random
	ticket []byte // TLS 1.2
	early  bool   // early data follows
}

func parseClientHello(body []byte) (h clientHello, ok bool) {
	s := cryptobyte.String(body)
	var id, suites, methods cryptobyte.String
	if !s.Skip(2) || !s.CopyBytes(h.random[:]) || !s.ReadUint8LengthPrefixed(&id) ||
		!s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8LengthPrefixed(&methods) {
		return h, false
	}
	h.id = bytes.Clone(id)
	ok = extensions(s, func(kind uint16, data cryptobyte.String) {
		switch kind {
		case extServerName:
			h.name = serverName(data)
		case extTicket:
			h.ticket = bytes.Clone(data)
		case extEarlyData:
			h.early = true
		}
	})
	return h, ok
}

// serverName returns the first host name of the extension (RFC 6066, 3).
func serverName(data cryptobyte.String) string {
	var list, name cryptobyte.String
	if !data.ReadUint16LengthPrefixed(&list) {
		return ""
	}
	for !list.Empty() {
		var kind uint8
		if !list.ReadUint8(&kind) || !list.ReadUint16LengthPrefixed(&name) {
			return ""
		}
		if kind == 0 {
			return string(name)
		}
	}
	return ""
}

// A serverHello is what a server chose.
type serverHello struct {
	random  random
	version uint16
	suite   uint16
	id      []byte // of the session
	alpn    string // TLS 1.2 only
}

// retry reports whether the server asks for another client hello.
func (h *serverHello) retry() bool { return h.random == retryRandom }

func parseServerHello(body []byte) (h serverHello, ok bool) {
	s := cryptobyte.String(body)
	var id cryptobyte.String
	if !s.ReadUint16(&h.version) || !s.CopyBytes(h.random[:]) || !s.ReadUint8LengthPrefixed(&id) ||
		!s.ReadUint16(&h.suite) || !s.Skip(1) {
		return h, false
	}
	h.id = bytes.Clone(id)
	ok = extensions(s, func(kind uint16, data cryptobyte.String) {
		switch kind {
		case extVersions:
			data.ReadUint16(&h.version)
		case extALPN:
			h.alpn = chosenProtocol(data)
		}
	})
	return h, ok
}

// parseTicket returns the ticket of a new session ticket message of TLS 1.2
// (RFC 5077, 3.3).
func parseTicket(body []byte) []byte {
	s := cryptobyte.String(body)
	var ticket cryptobyte.String
	if !s.Skip(4) || !s.ReadUint16LengthPrefixed(&ticket) {
		return nil
	}
	return ticket
}

// parseExtensions reads the encrypted extensions of TLS 1.3: the protocol, and whether
// the server accepts the early data.
func parseExtensions(body []byte) (alpn string, early bool) {
	extensions(body, func(kind uint16, data cryptobyte.String) {
		switch kind {
		case extALPN:
			alpn = chosenProtocol(data)
		case extEarlyData:
			early = true
		}
	})
	return alpn, early
}

// chosenProtocol returns the only name in the ALPN extension of a server (RFC 7301).
func chosenProtocol(data cryptobyte.String) string {
	var list, name cryptobyte.String
	if data.ReadUint16LengthPrefixed(&list) && list.ReadUint8LengthPrefixed(&name) {
		return string(name)
	}
	return ""
}

// extensions calls each for every extension of a list. The list may be missing.
func extensions(s cryptobyte.String, each func(kind uint16, data cryptobyte.String)) bool {
	if s.Empty() {
		return true
	}
	var list, data cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var kind uint16
		if !list.ReadUint16(&kind) || !list.ReadUint16LengthPrefixed(&data) {
			return false
		}
		each(kind, data)
	}
	return true
}
