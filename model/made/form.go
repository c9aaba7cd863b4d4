package made

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Form is how a client makes a value: texts, and parts that it draws at random or
// reads from the clock. The zero value makes empty values.
type Form struct{ parts []part }

// A part is a text, or says how a piece of the value is made.
type part struct {
	text     string // where kind is ""
	kind     string
	min, max int // length: characters, of base64 bytes
}

// The alphabets of parts.
const (
	digits    = "0123456789"
	lower     = "abcdefghijklmnopqrstuvwxyz"
	upper     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// alphabet returns the characters of a kind that has a length, or "".
func alphabet(kind string) string {
	switch kind {
	case "digits":
		return digits
	case "hex":
		return digits + "abcdef"
	case "HEX":
		return digits + "ABCDEF"
	case "base36":
		return digits + lower
	case "base62":
		return digits + upper + lower
	case "base64url":
		return digits + upper + lower + "-_"
	}
	return ""
}

// fixed returns the length in characters of a kind that has no length of its own, or 0.
func fixed(kind string) int {
	switch kind {
	case "uuid4", "UUID4", "uuid7", "UUID7":
		return 36
	case "uuid4hex":
		return 32
	case "ulid":
		return 26
	case "objectid":
		return 24
	case "s":
		return 10
	case "ms":
		return 13
	case "us":
		return 16
	case "ms36":
		return 8
	}
	return 0
}

// maxLength is the greatest length of a part.
const maxLength = 4096

// Parse reads a form. Text stands for itself; {{ is a brace. A part is one of
//
//	{uuid4} {uuid7}          a UUID of this version; {UUID4} {UUID7} in upper case
//	{uuid4hex}               a UUID of version 4 without its dashes
//	{ulid} {objectid}        identifiers that begin with the time
//	{hex 20} {HEX 20}        so many hexadecimal digits
//	{digits 9} {base36 11}   digits; digits and lower-case letters
//	{base62 22}              digits and letters
//	{base64url 21}           digits, letters, - and _
//	{base64 16}              so many bytes in base64 with padding
//	{s} {ms} {us}            the time in seconds, milliseconds, microseconds since 1970
//	{ms36}                   milliseconds with the digits 0–9a–z
//
// A range such as {digits 9-10} stands for a length between the two. A text without
// any part is an example, see Like.
func Parse(text string) (Form, error) {
	var f Form
	literal := ""
	for rest := text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"):
			literal, rest = literal+"{", rest[2:]
		case rest[0] == '{':
			inside, after, ok := strings.Cut(rest[1:], "}")
			if !ok {
				return Form{}, errors.New("a brace is not closed; a brace as text is {{")
			}
			p, err := parsePart(inside)
			if err != nil {
				return Form{}, err
			}
			f.addText(literal)
			f.parts = append(f.parts, p)
			literal, rest = "", after
		default:
			n := strings.IndexByte(rest, '{')
			if n < 0 {
				n = len(rest)
			}
			literal, rest = literal+rest[:n], rest[n:]
		}
	}
	f.addText(literal)
	if !f.makes() {
		return Like(literal), nil
	}
	return f, nil
}

func (f *Form) addText(text string) {
	if n := len(f.parts); n > 0 && f.parts[n-1].kind == "" {
		f.parts[n-1].text += text
	} else if text != "" {
		f.parts = append(f.parts, part{text: text})
	}
}

// makes reports whether a part of the form is made.
func (f Form) makes() bool {
	for _, p := range f.parts {
		if p.kind != "" {
			return true
		}
	}
	return false
}

// parsePart reads what stands between braces.
func parsePart(inside string) (part, error) {
	kind, length, hasLength := strings.Cut(inside, " ")
	known := kind == "base64" || alphabet(kind) != "" || fixed(kind) > 0
	switch {
	case !known:
		return part{}, fmt.Errorf("nothing is made by {%s}; write {uuid4}, {hex 20} or another part that the format names", inside)
	case fixed(kind) > 0:
		if hasLength {
			return part{}, fmt.Errorf("{%s} has its own length: write {%s}", inside, kind)
		}
		return part{kind: kind}, nil
	}
	low, high, isRange := strings.Cut(length, "-")
	if !isRange {
		high = low
	}
	a, errA := strconv.Atoi(low)
	b, errB := strconv.Atoi(high)
	if errA != nil || errB != nil || a < 1 || b < a || b > maxLength || strconv.Itoa(a) != low || strconv.Itoa(b) != high {
		return part{}, fmt.Errorf("{%s} needs a length from 1 to %d: {%s 20}", inside, maxLength, kind)
	}
	return part{kind: kind, min: a, max: b}, nil
}

// String writes the form as Parse reads it.
func (f Form) String() string {
	var b strings.Builder
	for _, p := range f.parts {
		switch {
		case p.kind == "":
			b.WriteString(strings.ReplaceAll(p.text, "{", "{{"))
		case p.min == 0:
			b.WriteString("{" + p.kind + "}")
		case p.min == p.max:
			fmt.Fprintf(&b, "{%s %d}", p.kind, p.min)
		default:
			fmt.Fprintf(&b, "{%s %d-%d}", p.kind, p.min, p.max)
		}
	}
	return b.String()
}

// Make makes a value. It depends on the draws of r and on now alone.
func (f Form) Make(r *rand.Rand, now time.Time) string {
	var b []byte
	for _, p := range f.parts {
		b = p.append(b, r, now)
	}
	return string(b)
}

// append makes the part.
func (p part) append(b []byte, r *rand.Rand, now time.Time) []byte {
	switch p.kind {
	case "":
		return append(b, p.text...)
	case "uuid4", "uuid7", "UUID4", "UUID7":
		text := uuid(p.kind[4], r, now)
		if p.kind[0] == 'U' {
			text = strings.ToUpper(text)
		}
		return append(b, text...)
	case "uuid4hex":
		return append(b, strings.ReplaceAll(uuid('4', r, now), "-", "")...)
	case "ulid":
		return appendULID(b, r, now)
	case "objectid":
		b = fmt.Appendf(b, "%08x", uint32(now.Unix()))
		return draw(b, alphabet("hex"), 16, r)
	case "s":
		return strconv.AppendInt(b, now.Unix(), 10)
	case "ms":
		return strconv.AppendInt(b, now.UnixMilli(), 10)
	case "us":
		return strconv.AppendInt(b, now.UnixMicro(), 10)
	case "ms36":
		return strconv.AppendInt(b, now.UnixMilli(), 36)
	case "base64":
		raw := make([]byte, p.length(r))
		for i := range raw {
			raw[i] = byte(r.IntN(256))
		}
		return base64.StdEncoding.AppendEncode(b, raw)
	}
	return draw(b, alphabet(p.kind), p.length(r), r)
}

func (p part) length(r *rand.Rand) int {
	if p.min == p.max {
		return p.min
	}
	return p.min + r.IntN(p.max-p.min+1)
}

// draw appends n characters of an alphabet.
func draw(b []byte, from string, n int, r *rand.Rand) []byte {
	for range n {
		b = append(b, from[r.IntN(len(from))])
	}
	return b
}

// uuid makes a UUID of version 4 or 7 (RFC 9562).
func uuid(version byte, r *rand.Rand, now time.Time) string {
	var u [16]byte
	for i := range u {
		u[i] = byte(r.IntN(256))
	}
	if version == '7' {
		ms := uint64(now.UnixMilli())
		for i := range 6 {
			u[i] = byte(ms >> (40 - 8*i))
		}
	}
	u[6] = u[6]&0x0f | (version-'0')<<4
	u[8] = u[8]&0x3f | 0x80
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// appendULID makes a ULID: 48 bits of time and 80 at random, in Crockford's base 32.
func appendULID(b []byte, r *rand.Rand, now time.Time) []byte {
	ms := uint64(now.UnixMilli())
	for shift := 45; shift >= 0; shift -= 5 {
		b = append(b, crockford[ms>>shift&31])
	}
	return draw(b, crockford, 16, r)
}

// Matches reports whether v has the form. Times may be any time.
func (f Form) Matches(v string) bool {
	for _, p := range f.parts {
		n := p.matches(v)
		if n < 0 {
			return false
		}
		v = v[n:]
	}
	return v == ""
}

// matches returns how many bytes at the beginning of v are the part, or -1. A part of
// variable length takes as much as it can.
func (p part) matches(v string) int {
	switch {
	case p.kind == "":
		if strings.HasPrefix(v, p.text) {
			return len(p.text)
		}
		return -1
	case p.kind == "base64":
		for n := p.max; n >= p.min; n-- {
			size := base64.StdEncoding.EncodedLen(n)
			if len(v) < size {
				continue
			}
			if raw, err := base64.StdEncoding.DecodeString(v[:size]); err == nil && len(raw) == n {
				return size
			}
		}
		return -1
	case fixed(p.kind) > 0:
		n := fixed(p.kind)
		if len(v) < n || !p.fits(v[:n]) {
			return -1
		}
		return n
	}
	n := 0
	for n < len(v) && n < p.max && strings.IndexByte(alphabet(p.kind), v[n]) >= 0 {
		n++
	}
	if n < p.min {
		return -1
	}
	return n
}

// fits reports whether v, which has the length of the part, is one.
func (p part) fits(v string) bool {
	switch p.kind {
	case "uuid4", "uuid7", "UUID4", "UUID7":
		return isUUID(v, p.kind[4]) && v == sameCase(v, p.kind[0] == 'U')
	case "uuid4hex":
		return only(v, alphabet("hex")) && v[12] == '4' && strings.IndexByte("89ab", v[16]) >= 0
	case "ulid":
		return only(v, crockford) && v[0] <= '7'
	case "objectid":
		return only(v, alphabet("hex"))
	case "ms36":
		return only(v, alphabet("base36"))
	}
	return only(v, digits) && v[0] != '0'
}

func sameCase(v string, up bool) string {
	if up {
		return strings.ToUpper(v)
	}
	return strings.ToLower(v)
}

// only reports whether v consists of characters of an alphabet.
func only(v, from string) bool {
	for i := range len(v) {
		if strings.IndexByte(from, v[i]) < 0 {
			return false
		}
	}
	return true
}

// isUUID reports whether v is a UUID of a version, in either case.
func isUUID(v string, version byte) bool {
	if len(v) != 36 {
		return false
	}
	for i := range len(v) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (v[i] == '-') || !dash && strings.IndexByte("0123456789abcdefABCDEF", v[i]) < 0 {
			return false
		}
	}
	return v[14] == version && strings.IndexByte("89abAB", v[19]) >= 0
}

// Timed reports whether the form holds the time, or the fraction that a script draws:
// values that only keep a cache from answering.
func (f Form) Timed() bool {
	return f.isFraction() || slices.ContainsFunc(f.parts, func(p part) bool { return slices.Contains(clockUnits[:], p.kind) })
}
