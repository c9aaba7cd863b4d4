package balancer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// What Parse says of bytes that hold no whole header.
var (
	ErrMore      = errors.New("the PROXY header is not complete")
	ErrNone      = errors.New("there is no PROXY header")
	ErrMalformed = errors.New("the PROXY header is malformed")
)

// signature begins a header of version 2:
//
//	signature            12 bytes
//	version, command      1 byte   0x20 LOCAL (the balancer itself), 0x21 PROXY
//	family, transport     1 byte   0x11 TCP over IPv4, 0x21 over IPv6, others
//	length                2 bytes  of what follows, big-endian
//	source, destination           2 × 4 or 2 × 16 bytes
//	source and destination port   2 × 2 bytes
//	further fields                passed over
const signature = "\r\n\r\n\x00\r\nQUIT\n"

// maxText is the longest header of version 1, in bytes.
const maxText = 107

// Parse reads a header of the PROXY protocol at the beginning of b and returns its length.
// client is not valid if the header names none: the balancer speaks for itself, or to a
// socket of another kind.
//
// The error is ErrMore while b may be the beginning of a header, ErrNone if it is not, and
// ErrMalformed for a header that is wrong.
func Parse(b []byte) (client netip.AddrPort, n int, err error) {
	for _, v := range [...]struct {
		begin string
		parse func([]byte) (netip.AddrPort, int, error)
	}{{signature, parseBinary}, {"PROXY TCP4 ", parseText}, {"PROXY TCP6 ", parseText}, {"PROXY UNKNOWN", parseText}} {
		switch {
		case len(b) < len(v.begin) && strings.HasPrefix(v.begin, string(b)):
			return client, 0, ErrMore
		case bytes.HasPrefix(b, []byte(v.begin)):
			return v.parse(b)
		}
	}
	return client, 0, ErrNone
}

// parseText reads version 1: PROXY TCP4 192.0.2.43 10.0.0.1 51000 443 CR LF.
func parseText(b []byte) (client netip.AddrPort, n int, err error) {
	end := bytes.IndexByte(b[:min(len(b), maxText)], '\n')
	switch {
	case end < 0 && len(b) < maxText:
		return client, 0, ErrMore
	case end < 1 || b[end-1] != '\r':
		return client, 0, ErrMalformed
	}
	n = end + 1
	part := strings.Split(string(b[:end-1]), " ")
	if part[1] == "UNKNOWN" {
		return client, n, nil
	}
	if len(part) != 6 || !isPort(part[4]) || !isPort(part[5]) {
		return client, 0, ErrMalformed
	}
	from, err1 := netip.ParseAddr(part[2])
	to, err2 := netip.ParseAddr(part[3])
	if four := part[1] == "TCP4"; err1 != nil || err2 != nil || from.Is4() != four || to.Is4() != four || from.Zone()+to.Zone() != "" {
		return client, 0, ErrMalformed
	}
	port, _ := strconv.ParseUint(part[4], 10, 16)
	return plain(netip.AddrPortFrom(from, uint16(port))), n, nil
}

// isPort reports whether text is a port in digits, without zeros before it.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == text
}

// parseBinary reads version 2.
func parseBinary(b []byte) (client netip.AddrPort, n int, err error) {
	const fixed = len(signature) + 4
	if len(b) < fixed {
		if len(b) > len(signature) && b[len(signature)]>>4 != 2 {
			return client, 0, ErrMalformed
		}
		return client, 0, ErrMore
	}
	command, family := b[len(signature)], b[len(signature)+1]
	n = fixed + int(binary.BigEndian.Uint16(b[fixed-2:fixed]))
	if command>>4 != 2 || command&15 > 1 {
		return client, 0, ErrMalformed
	}
	size := map[byte]int{1: 4, 2: 16}[family>>4] // of an address; 0: of another kind
	if command&15 == 0 {
		size = 0
	} else if n < fixed+2*size+4 && size > 0 || family>>4 > 3 || family&15 > 2 {
		return client, 0, ErrMalformed
	}
	if len(b) < n {
		return client, 0, ErrMore
	}
	if size > 0 {
		a, _ := netip.AddrFromSlice(b[fixed : fixed+size])
		client = plain(netip.AddrPortFrom(a, binary.BigEndian.Uint16(b[fixed+2*size:])))
	}
	return client, n, nil
}
