package redact

import (
	"bytes"
	"encoding/base64"
)

// encodedWord walks the word if it is text in base64 or hexadecimal digits, or compressed
// data or bytes with known secrets in them.
func (w *walker) encodedWord(b []byte, i, j int) (end int, handled bool) {
	if w.hexadecimal(b[i:j], job{op: opField}) || w.hexBytes(b[i:j]) {
		return j, true
	}
	bytesToo := w.known != nil && w.known.count > 0
	if j-i < 16 && !readable64(b[i:j]) && !bytesToo && !packed64(b[i:j]) {
		return j, false
	}
	k, begins := j, i == 0 || b[i-1] != '/' && b[i-1] != '+'
	if begins { // else the base64 began before i
		for k < len(b) && sextets[b[k]] <= 63 {
			k++
		}
	}
	for pad := 0; pad < 2 && k < len(b) && b[k] == '='; pad++ {
		k++
	}
	if k-i < 16 {
		return j, false
	}
	if end := w.linesOf64(b, i, k); end > 0 {
		return end, true
	}
	if readable64(b[i:j]) {
		if w.base64(b[i:k], job{op: opField}) {
			return k, true
		}
		if k > j && j-i >= 16 && w.base64(b[i:j], job{op: opField}) {
			return j, true
		}
	}
	if !begins || !packed64(b[i:k]) && (!bytesToo || !made64(b[i:k])) {
		return j, false
	}
	if found, ok := w.bytes64(b[i:k]); found || ok && k-i > maxCachedLen {
		return k, true // what is longer is no secret in itself
	}
	return j, false
}

// slashed64 walks bytes in base64 whose first word is short, because a slash or a plus sign
// follows. It returns the end, or 0.
func (w *walker) slashed64(b []byte, i, j int) int {
	for i > 0 && (b[i-1] == '/' || b[i-1] == '+') {
		i--
	}
	if i > 0 && (isWord(b[i-1]) || b[i-1] == '=') || w.depth >= maxDepth || (w.known == nil || w.known.count == 0) && !packed64(b[i:j]) {
		return 0
	}
	for j < len(b) && sextets[b[j]] <= 63 {
		j++
	}
	if j-i < 2*minTranscribed || !made64(b[i:j]) {
		return 0
	}
	if found, ok := w.bytes64(b[i:j]); !found && (!ok || j-i <= maxCachedLen) {
		return 0
	}
	return j
}

// made64 reports whether digits look like those of bytes, and not like a word or a path: of
// 24 random ones, 99 in 100 have a digit or a sign and letters in both cases.
func made64(digits []byte) bool {
	t := traitsOf(digits)
	return t.upper > 0 && t.lower > 0 && (t.digits > 0 || bytes.IndexByte(digits, '+') >= 0) && t.switches >= len(digits)/6
}

// packed64 reports whether base64 digits begin like those of compressed data.
func packed64(digits []byte) bool {
	return bytes.HasPrefix(digits, []byte("H4sI")) || bytes.HasPrefix(digits, []byte("eJ")) || bytes.HasPrefix(digits, []byte("eNq")) || bytes.HasPrefix(digits, []byte("eAE"))
}

// bytes64 walks bytes in base64. It reports whether a secret was in them, and whether b is
// base64.
func (w *walker) bytes64(b []byte) (found, ok bool) {
	digits := bytes.TrimRight(b, "=")
	if len(digits)%4 == 1 {
		digits = digits[:len(digits)-1]
	}
	enc := base64.RawURLEncoding
	if bytes.IndexByte(digits, '+') >= 0 || bytes.IndexByte(digits, '/') >= 0 {
		enc = base64.RawStdEncoding
	}
	mark, outer := len(w.arena), w.changed
	n := enc.DecodedLen(len(digits))
	w.arena = append(w.arena, make([]byte, n)...)
	d := w.arena[mark : mark+n : mark+n]
	w.changed = false
	if _, err := enc.Decode(d, digits); err == nil {
		ok = true
		w.depth++
		if found = packingOf(d) != "" && w.compressed(d); !found {
			found = w.knownIn(d)
		}
		w.depth--
	}
	if w.changed {
		enc.Encode(digits, d)
	}
	w.changed = w.changed || outer
	w.arena = w.arena[:mark]
	return found, ok
}

// hexBytes walks bytes in hexadecimal digits. It reports whether a known secret was in them.
func (w *walker) hexBytes(b []byte) bool {
	if w.known == nil || w.known.count == 0 || len(b) < 32 || len(b)%2 != 0 {
		return false
	}
	mark, outer, upper := len(w.arena), w.changed, false
	for i := 0; i < len(b); i += 2 {
		h, l := hexValue(b[i]), hexValue(b[i+1])
		if h < 0 || l < 0 {
			w.arena = w.arena[:mark]
			return false
		}
		upper = upper || isCapital(b[i]) || isCapital(b[i+1])
		w.arena = append(w.arena, byte(h<<4|l))
	}
	d := w.arena[mark:len(w.arena):len(w.arena)]
	w.changed = false
	found := w.knownIn(d)
	if w.changed {
		putHex(b, d, upper)
	}
	w.changed = w.changed || outer
	w.arena = w.arena[:mark]
	return found
}

// putHex writes bytes as hexadecimal digits.
func putHex(b, d []byte, upper bool) {
	digits := "0123456789abcdef"
	if upper {
		digits = "0123456789ABCDEF"
	}
	for i, c := range d {
		b[2*i], b[2*i+1] = digits[c>>4], digits[c&15]
	}
}

// knownIn replaces known secrets among bytes. It reports whether there was one.
func (w *walker) knownIn(b []byte) bool {
	found := false
	if w.known == nil {
		return false
	}
	for i := 0; i < len(b); i++ {
		start := i
		for i < len(b) && isWord(b[i]) {
			i++
		}
		if i-start < 8 {
			continue
		}
		from, to, ok := w.known.find(b, start, i)
		if !ok {
			from, to = w.known.within(b, start, i)
		}
		if to > 0 {
			w.replace(b[from:to], KindToken)
			found = true
			i = max(i, to)
		}
	}
	return found
}

// least64 is the length of the shortest first line of base64 in lines.
const least64 = 32

// linesOf64 walks base64 in lines of one length (RFC 2045, section 6.8), of which the first
// is b[i:k]. It returns the end of the last one, or 0.
func (w *walker) linesOf64(b []byte, i, k int) int {
	width := k - i
	if width < least64 || width > 128 || k >= len(b) || b[k] != '\n' && b[k] != '\r' || i > 0 && b[i-1] != '\n' && isWord(b[i-1]) || w.depth >= maxDepth {
		return 0
	}
	mark, outer := len(w.arena), w.changed
	w.arena = append(w.arena, b[i:k]...)
	end := k
	for last := false; !last; {
		next := end
		for next < len(b) && (b[next] == '\r' || b[next] == '\n') && next < end+2 {
			next++
		}
		stop := next
		for stop < len(b) && (sextets[b[stop]] <= 63 || b[stop] == '=') {
			stop++
		}
		if next == end || stop == next || stop-next > width {
			break
		}
		last = stop-next < width
		w.arena = append(w.arena, b[next:stop]...)
		end = stop
	}
	joined := w.arena[mark:len(w.arena):len(w.arena)]
	w.changed = false
	ok := end > k && w.base64(joined, job{op: opField})
	if end > k && !ok {
		ok, _ = w.bytes64(joined)
	}
	if w.changed {
		for at := i; at < end; at++ {
			if b[at] != '\r' && b[at] != '\n' {
				b[at], joined = joined[0], joined[1:]
			}
		}
	}
	w.changed = w.changed || outer
	w.arena = w.arena[:mark]
	if !ok {
		return 0
	}
	return end
}
