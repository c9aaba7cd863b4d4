package redact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math/rand/v2"
)

// maxCached is the number of pseudonyms that each generation keeps. maxCachedLen is the
// length in bytes of the longest one. A forgotten pseudonym is computed again.
const (
	maxCached    = 1 << 14
	maxCachedLen = 4096
)

// A form is a kind of value whose pseudonyms are made in their own manner.
type form byte

const (
	formOpaque form = iota
	formEmail
	formCard
	forms
)

// A maker makes pseudonyms. A pseudonym depends on the key and the secret alone. It is
// drawn from a ChaCha8 stream seeded with HMAC-SHA256(key, form ∥ attempt ∥ folded
// secret).
type maker struct {
	mac    hash.Hash
	stream rand.ChaCha8
	sum    [sha256.Size]byte
	folded []byte

	young, old [forms]map[string]string
}

func newMaker(key []byte) *maker {
	return &maker{mac: hmac.New(sha256.New, key)}
}

// fold makes letters lower case and turns a plus sign into a space, because a form writes
// a space as a plus sign.
func fold(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c | 0x20
	case c == '+':
		return ' '
	}
	return c
}

// seed starts the stream of one secret. Secrets that differ only in case have the same
// stream, so their pseudonyms differ only in case too.
func (m *maker) seed(f form, attempt byte, secret []byte) {
	m.folded = append(m.folded[:0], byte(f), attempt)
	for _, c := range secret {
		m.folded = append(m.folded, fold(c))
	}
	m.mac.Reset()
	m.mac.Write(m.folded)
	m.mac.Sum(m.sum[:0])
	m.stream.Seed(m.sum)
}

// draw returns a number below n.
func (m *maker) draw(n int) byte { return byte(m.stream.Uint64() % uint64(n)) }

// hash is a keyed hash of a hash.
func (m *maker) hash(h uint64) uint64 {
	var b [9]byte
	b[0] = byte(forms)
	binary.LittleEndian.PutUint64(b[1:], h)
	m.mac.Reset()
	m.mac.Write(b[:])
	return max(1, binary.LittleEndian.Uint64(m.mac.Sum(m.sum[:0])))
}

// replace overwrites b with its pseudonym.
func (m *maker) replace(f form, b []byte) {
	if v, ok := m.young[f][string(b)]; ok {
		copy(b, v)
		return
	}
	v, ok := m.old[f][string(b)]
	if ok {
		m.keep(f, string(b), v)
		copy(b, v)
		return
	}
	secret := bytes.Clone(b)
	switch f {
	case formEmail:
		m.email(b, secret)
	case formCard:
		m.card(b, secret)
	default:
		m.opaque(b, secret)
	}
	if len(b) <= maxCachedLen {
		m.keep(f, string(secret), string(b))
	}
}

// keep remembers a pseudonym. When there are too many, it forgets those not used lately.
func (m *maker) keep(f form, secret, pseudonym string) {
	if len(m.young[f]) >= maxCached {
		m.old[f], m.young[f] = m.young[f], nil
	}
	if m.young[f] == nil {
		m.young[f] = make(map[string]string)
	}
	m.young[f][secret] = pseudonym
}

// attempts bounds the search for a pseudonym. A pseudonym must differ from its secret and
// must not gain a meaning, such as that of a card number.
const attempts = 32

// opaque replaces letters and digits by others of the same class, and certifies the
// result.
func (m *maker) opaque(b, secret []byte) {
	hex := onlyHex(secret)
	for try := byte(0); try < attempts; try++ {
		m.seed(formOpaque, try, secret)
		m.fill(b, secret, hex)
		certify(b, hex)
		if !bytes.EqualFold(b, secret) && !shares(b, secret) && (!isCard(b) || isCard(secret)) {
			return
		}
	}
}

// shares reports whether four letters or digits in a row are the same in both. Long
// values may share them.
func shares(b, secret []byte) bool {
	run := 0
	for i, c := range b {
		switch {
		case fold(c) != fold(secret[i]):
			run = 0
		case isLetter(c) || c >= '0' && c <= '9':
			if run++; run == 4 {
				return len(b) < 64
			}
		}
	}
	return false
}

// fill draws a character for each letter and digit of secret. The version digits of a
// UUID stay. The end of base64 stays decodable.
func (m *maker) fill(b, secret []byte, hex bool) {
	letters := 26
	if hex {
		letters = 6
	}
	uuid := isUUID(secret)
	for i := 0; i < len(secret); i++ {
		c := secret[i]
		switch {
		case uuid && (i == 14 || i == 19):
			b[i] = c
		case c >= '0' && c <= '9':
			b[i] = '0' + m.draw(10)
			if c != '0' && (i == 0 || i == 1 && secret[0] == '-') {
				b[i] = '1' + m.draw(9) // a leading digit stays other than 0, so that a number stays one
			}
		case c >= 'a' && c <= 'z':
			b[i] = 'a' + m.draw(letters)
		case c >= 'A' && c <= 'Z':
			b[i] = 'A' + m.draw(letters)
		case c >= 0x80:
			i += m.foreign(b[i:], secret[i:]) - 1
		default:
			b[i] = c
		}
	}
	m.ending(b, secret)
}

// endings are the last characters that base64 can have before one or two characters of
// padding. They are grouped by class.
var endings = [2][3]string{{"AEIMQUY", "cgkosw", "048"}, {"AQ", "gw", ""}}

// ending draws the last character of base64 anew, if secret ends with one of endings. A
// strict decoder accepts the new one.
func (m *maker) ending(b, secret []byte) {
	n := len(bytes.TrimRight(secret, "="))
	if n == 0 || n%4 < 2 {
		return
	}
	for _, group := range endings[3-n%4] {
		if bytes.IndexByte([]byte(group), secret[n-1]) >= 0 {
			b[n-1] = group[m.draw(len(group))]
		}
	}
}

// foreign replaces one character beyond ASCII by another of the same length, and returns
// the length. Bytes that are not UTF-8 become other such bytes.
func (m *maker) foreign(b, secret []byte) int {
	r, n := decodeRune(secret)
	switch {
	case r < 0:
		b[0] = 0x80 + m.draw(0x40)
	case n == 2:
		b[0], b[1] = 0xc3, 0xa0+m.draw(0x17) // à to ö
	case n == 3:
		b[0], b[1], b[2] = 0xe5, 0x80+m.draw(0x40), 0x80+m.draw(0x40) // CJK
	default:
		b[0], b[1], b[2], b[3] = 0xf0, 0xa0, 0x80+m.draw(0x40), 0x80+m.draw(0x40) // CJK extension B
	}
	return n
}

// The top-level domains in pseudonyms of e-mail addresses. They can never be registered
// (RFC 2606; ISO 3166 leaves ZZ to its users).
const (
	longDomain  = ".invalid"
	shortDomain = ".zz"
)

// email replaces an address by one that cannot exist. Addresses that share a domain share
// a domain afterwards.
func (m *maker) email(b, secret []byte) {
	at := bytes.LastIndexByte(secret, '@')
	for try := byte(0); try < attempts; try++ {
		m.seed(formEmail, try, secret)
		m.fill(b[:at], secret[:at], false)
		if !bytes.EqualFold(b[:at], secret[:at]) {
			break
		}
	}
	domain, old := b[at+1:], secret[at+1:]
	suffix := shortDomain
	if len(domain) > len(longDomain) {
		suffix = longDomain
	}
	m.seed(formEmail, 0, old)
	label := len(domain) - len(suffix)
	for i := range domain {
		c := byte(0)
		if i < label {
			c = 'a' + m.draw(26)
		} else {
			c = suffix[i-label]
		}
		if old[i] >= 'A' && old[i] <= 'Z' && c >= 'a' {
			c -= 0x20
		}
		domain[i] = c
	}
}

// brands are the beginnings of card numbers. Each has the range of its pseudonyms. No
// bank issues cards in these ranges.
var brands = []struct{ prefix, reserved string }{
	{"4", "400000"},
	{"51", "510000"}, {"52", "510000"}, {"53", "510000"}, {"54", "510000"}, {"55", "510000"},
	{"22", "222100"}, {"23", "222100"}, {"24", "222100"}, {"25", "222100"}, {"26", "222100"}, {"27", "222100"},
	{"34", "340000"}, {"37", "370000"},
	{"6011", "601100"}, {"64", "644000"}, {"65", "650000"},
	{"35", "352800"}, {"36", "360000"}, {"38", "380000"}, {"39", "390000"}, {"30", "300000"},
	{"62", "620000"},
}

// card replaces the digits of a card number. The new number is never issued and passes
// Luhn's test. Spaces and dashes stay.
func (m *maker) card(b, secret []byte) {
	var digits [19]byte
	n := digitsOf(secret, &digits)
	old := digits
	reserved := reservedFor(digits[:n])
	for try := byte(0); try < attempts; try++ {
		m.seed(formCard, try, old[:n])
		for i := range n {
			if i < len(reserved) {
				digits[i] = reserved[i]
			} else {
				digits[i] = '0' + m.draw(10)
			}
		}
		certifyCard(digits[:n])
		if !bytes.Equal(digits[:n], old[:n]) {
			break
		}
	}
	k := 0
	for i, c := range b {
		if c >= '0' && c <= '9' {
			b[i] = digits[k]
			k++
		}
	}
}

// reservedFor returns the beginning that the pseudonym of a card number has.
func reservedFor(digits []byte) string {
	for _, brand := range brands {
		if bytes.HasPrefix(digits, []byte(brand.prefix)) {
			return brand.reserved
		}
	}
	return ""
}
