package made

import (
	"math"
	"strings"
)

// minBits is the least information of a random token, in bits. Beside a time
// minBitsBeside will do.
const (
	minBits       = 62
	minBitsBeside = 16
)

// randomToken reports whether the tokens of a column are random characters of one
// alphabet and of one length. Digits, and the lower-case letters and digits that scripts
// make of a random number, may vary by a few characters. clock says that the time stands
// beside the tokens.
func randomToken(column []Value, kind string, clock bool) (part, Strength) {
	from := alphabet(kind)
	p := part{kind: kind, min: len(column[0].Text), max: len(column[0].Text)}
	for _, v := range column {
		if !only(v.Text, from) {
			return part{}, Unknown
		}
		p.min, p.max = min(p.min, len(v.Text)), max(p.max, len(v.Text))
	}
	if kind == "digits" {
		if p.min < fewRandom || p.max-p.min > 3 {
			return part{}, Unknown
		}
		return p, Random
	}
	least := float64(minBits)
	if clock {
		least = minBitsBeside
	}
	bits := float64(p.min) * math.Log2(float64(len(from)))
	script := kind == "base36" && p.min >= 8 && p.max <= 13 && p.max > p.min
	if len(column) < few || bits < least && !script || p.min != p.max && !script || !random(column, from) {
		return part{}, Unknown
	}
	if (kind == "hex" || kind == "HEX") && p.min%2 == 0 && hashSize(p.min/2) || kind == "base64url" && hashText(p.min) {
		return p, Digest
	}
	return p, Random
}

// hashText reports whether a hash has so many characters in base64 without padding.
func hashText(n int) bool { return n%4 != 1 && hashSize(n*3/4) }

// random reports whether the characters of tokens are drawn from an alphabet at random:
// its classes of characters have their shares and change as often as chance has it, and
// no letter is as frequent as in words. A test that fails is off by more than chance
// allows in one of a hundred cases.
func random(column []Value, from string) bool {
	const sigmas = 2.6
	var share [4]float64
	for i := range len(from) {
		share[class(from[i])] += 1 / float64(len(from))
	}
	var count [4]float64
	var letters [256]float64
	n, pairs, switches := 0.0, 0.0, 0.0
	for _, v := range column {
		for i := range len(v.Text) {
			c := v.Text[i]
			count[class(c)]++
			letters[c]++
			n++
			if i > 0 {
				pairs++
				if class(c) != class(v.Text[i-1]) {
					switches++
				}
			}
		}
	}
	same := 0.0
	for i, s := range share {
		same += s * s
		if math.Abs(count[i]-n*s) > sigmas*math.Sqrt(n*s*(1-s)) {
			return false
		}
	}
	if change := 1 - same; math.Abs(switches-pairs*change) > 1.5*sigmas*math.Sqrt(pairs*change*same) {
		return false
	}
	return coincidence(letters[:], n) < 1/float64(len(from))+sigmas*math.Sqrt(2/float64(len(from)))/n
}

// class is 0 for a digit, 1 for an upper-case and 2 for a lower-case letter, 3 for marks.
func class(c byte) int {
	switch {
	case isDigit(c):
		return 0
	case strings.IndexByte(upper, c) >= 0:
		return 1
	case strings.IndexByte(lower, c) >= 0:
		return 2
	}
	return 3
}

// coincidence is the chance that two of n characters are the same (W. F. Friedman, The
// Index of Coincidence, 1922). Uniform characters have 1 over the size of the alphabet.
func coincidence(count []float64, n float64) float64 {
	sum := 0.0
	for _, c := range count {
		sum += c * (c - 1)
	}
	return sum / (n * (n - 1))
}
