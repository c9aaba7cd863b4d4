package redact

import (
	"net/netip"
	"strings"
)

// address returns the pseudonym of an address, with or without a port. The pseudonym lies
// in a network that is reserved for measurements and documentation (RFC 2544, RFC 3849).
// Text that is not an address stays as it is.
func (w *walker) address(s string) string {
	if at, err := netip.ParseAddrPort(s); err == nil {
		return netip.AddrPortFrom(w.pseudoAddr(at.Addr()), at.Port()).String()
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return w.pseudoAddr(a).String()
	}
	return s
}

func (w *walker) pseudoAddr(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	b := a.As16()
	w.maker.seed(forms, 0, b[:])
	n := w.maker.stream.Uint64()
	if a.Is4() {
		return netip.AddrFrom4([4]byte{198, 18 + byte(n>>16&1), byte(n >> 8), byte(n)})
	}
	out := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	for i := 8; i < 16; i++ {
		out[i] = byte(n >> (8 * (i - 8)))
	}
	return netip.AddrFrom16(out)
}

// addressList replaces the addresses in X-Forwarded-For and Forwarded (RFC 7239). The
// result may be longer or shorter than the value.
func (w *walker) addressList(value string) string {
	if w.report != nil {
		return value
	}
	var out strings.Builder
	for _, item := range strings.SplitAfter(value, ",") {
		item, comma := strings.CutSuffix(item, ",")
		for _, part := range strings.SplitAfter(item, ";") {
			part, semicolon := strings.CutSuffix(part, ";")
			head, at := "", strings.TrimSpace(part)
			if i := strings.IndexByte(at, '='); i >= 0 {
				head, at = at[:i+1], at[i+1:]
			}
			bare := strings.Trim(at, `"`)
			plainAddr := strings.TrimSuffix(strings.TrimPrefix(bare, "["), "]")
			now := w.address(bare)
			if now == bare && plainAddr != bare {
				now = "[" + w.address(plainAddr) + "]"
			}
			if now != bare {
				w.changed = true
			}
			lead := part[:len(part)-len(strings.TrimLeft(part, " \t"))]
			out.WriteString(lead + head + strings.Replace(at, bare, now, 1))
			if semicolon {
				out.WriteByte(';')
			}
		}
		if comma {
			out.WriteByte(',')
		}
	}
	return out.String()
}
