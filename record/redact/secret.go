package redact

import "bytes"

// A Kind names what a secret is.
type Kind string

// The kinds of secrets.
const (
	KindAuthorization Kind = "authorization"
	KindCookie        Kind = "cookie"
	KindToken         Kind = "token"    // in a field or header with the name of a token
	KindPassword      Kind = "password" // in a field or header with the name of a password
	KindJWT           Kind = "jwt"
	KindEmail         Kind = "e-mail"
	KindCard          Kind = "card"
	KindKey           Kind = "key"     // of a well-known shape, or PEM
	KindPattern       Kind = "pattern" // found by a pattern of the rules
)

// leaf replaces or reports one secret that is not taken apart any further.
func (w *walker) leaf(f form, b []byte, k Kind) {
	if w.scope.keepsValue(b) {
		return
	}
	if w.report != nil {
		genuine := false
		switch f {
		case formEmail:
			genuine = !certifiedEmail(b)
		case formCard:
			genuine = !certifiedCard(b)
		default:
			genuine = weighty(b) && !certified(b)
		}
		if genuine {
			w.report(k)
		}
		return
	}
	w.maker.replace(f, b)
	w.changed = true
}

// weighty reports whether b has enough letters and digits for checks in its pseudonym.
func weighty(b []byte) bool {
	n := 0
	for _, c := range b {
		if isLetter(c) || c >= '0' && c <= '9' {
			n++
		}
	}
	return n >= minCertified
}

// fillers are values that stand for "no value": those of JSON, JavaScript, Go, Python
// and YAML, and what PHP writes into a cookie to delete it.
var fillers = []string{"deleted", "true", "false", "null", "nil", "undefined", "none", "yes", "no", "on", "off"}

// isFiller reports whether b carries no information.
func isFiller(b []byte) bool {
	if len(b) <= 1 {
		return true
	}
	for _, f := range fillers {
		if len(b) == len(f) && bytes.EqualFold(b, []byte(f)) {
			return true
		}
	}
	return false
}

// secret walks a value that is secret as a whole, in any form.
func (w *walker) secret(b []byte, k Kind) {
	b = unquote(bytes.TrimSpace(b))
	if isFiller(b) || w.report != nil && certified(b) || w.scope.keepsValue(b) || w.openCode(b, k) {
		return
	}
	if w.depth < maxDepth && w.secretWithin(b, k) {
		return
	}
	w.opaque(b, k)
}

// secretWithin walks a secret that is encoded or has parts. It reports false for others.
func (w *walker) secretWithin(b []byte, k Kind) bool {
	switch {
	case escapeAt(b) >= 0:
		w.layered(layerPercent, b, job{op: opSecret, kind: k})
	case isJSON(b):
		w.json(b, jsonSecret, k)
	case isEmail(b):
		w.leaf(formEmail, b, KindEmail)
	case isCard(b):
		w.leaf(formCard, b, KindCard)
	case hasScheme(b):
		w.authorization(b, k)
	default:
		if dots, count, end := tokenParts(b); count > 0 && end == len(b) {
			w.jwt(b, dots, count)
			return true
		}
		if n, end := shapeOf(b); n > 0 && end == len(b) {
			w.opaque(b[n:], KindKey)
			return true
		}
		if b[0] == '-' && w.pem(b, 0) > 0 {
			return true
		}
		return w.transcribed(b, job{op: opSecret, kind: k})
	}
	return true
}

// unquote removes double quotes around b.
func unquote(b []byte) []byte {
	if len(b) >= 2 && b[0] == '"' && b[len(b)-1] == '"' {
		return b[1 : len(b)-1]
	}
	return b
}

// minKnownWord is the least length of a password in small letters that is remembered. A
// shorter one may be a word of the language.
const minKnownWord = 12

// minPart is the least length of a part that gets its own pseudonym.
const minPart = 8

// opaque replaces a secret that has no inner form, and remembers it. Long parts between
// full stops get their own pseudonyms, because they may stand alone elsewhere.
func (w *walker) opaque(b []byte, k Kind) {
	if w.known != nil && (k == KindCookie && random(b) || k != KindCookie && distinctive(b) || k == KindPassword && len(b) >= minKnownWord && isLower(b)) {
		w.known.add(b)
	}
	w.replace(b, k)
}

// replace does the same for a secret that is remembered already.
func (w *walker) replace(b []byte, k Kind) {
	if w.report != nil && certified(b) {
		return
	}
	if !inParts(b) {
		w.leaf(formOpaque, b, k)
		return
	}
	for len(b) > 0 {
		part, rest, _ := bytes.Cut(b, []byte("."))
		if w.known != nil && random(part) {
			w.known.add(part)
		}
		w.leaf(formOpaque, part, k)
		b = rest
	}
}

// inParts reports whether b consists of long parts between full stops.
func inParts(b []byte) bool {
	if bytes.IndexByte(b, '.') < 0 {
		return false
	}
	for part := range bytes.SplitSeq(b, []byte(".")) {
		if len(part) < minPart {
			return false
		}
	}
	return true
}

// jwt walks a JSON Web Token. The header stays, the claims are walked, and the signature
// is replaced.
func (w *walker) jwt(b []byte, dots [4]int, count int) {
	if w.scope.keepsValue(b) {
		return
	}
	if count == 4 { // encrypted
		for i, dot := range dots {
			end := len(b)
			if i < 3 {
				end = dots[i+1]
			}
			w.leaf(formOpaque, b[dot+1:end], KindJWT)
		}
		return
	}
	claims, signature := b[dots[0]+1:dots[1]], b[dots[1]+1:]
	if w.report != nil && len(signature) >= minPart {
		w.leaf(formOpaque, signature, KindJWT)
		return
	}
	if !w.base64(claims, job{op: opClaims, kind: KindJWT}) {
		w.leaf(formOpaque, claims, KindJWT)
	}
	if len(signature) > 0 {
		w.leaf(formOpaque, signature, KindJWT)
	}
}

// pem replaces the key between the lines of a PEM block (RFC 7468), or of a block like it
// (OpenPGP, RFC 9580, section 6.2; SSH2, RFC 4716), at offset i. It returns the offset
// behind the block, or 0 if no block begins there.
func (w *walker) pem(b []byte, i int) int {
	if !bytes.HasPrefix(b[i:], []byte("----")) {
		return 0
	}
	head := b[i:min(len(b), i+80)]
	if n := bytes.IndexByte(head, '\n'); n >= 0 {
		head = head[:n]
	}
	name := bytes.Trim(head, "- \r")
	if !bytes.HasPrefix(name, []byte("BEGIN ")) || !bytes.Contains(name, []byte("PRIVATE KEY")) && !bytes.Contains(name, []byte("Static key")) {
		return 0
	}
	start := i + len(head)
	if n := bytes.Index(head[6:], []byte("KEY-----")); n >= 0 {
		start = i + 6 + n + len("KEY-----")
	}
	end := bytes.Index(b[start:], []byte("----"))
	for end >= 0 && !bytes.HasPrefix(bytes.TrimLeft(b[start+end:], "- "), []byte("END ")) {
		n := bytes.Index(b[start+end+1:], []byte("----"))
		if n < 0 {
			end = -1
			break
		}
		end += n + 1
	}
	if end < 0 {
		end = len(b) - start
	}
	for line := range bytes.SplitSeq(b[start:start+end], []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) > 0 && bytes.IndexByte(line, ':') < 0 {
			w.leaf(formOpaque, line, KindKey)
		}
	}
	return start + end
}
