package redact

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// maxIssued is the number of words that each generation remembers.
const maxIssued = 1 << 15

// An issued table remembers random words that answers held in the open, by host. A
// credential that is one of them need not be hidden: it stands in the recording. Left
// as it is, it can be followed from the answer that issued it.
type issued struct {
	young, old map[uint64]struct{}
}

func newIssued() *issued { return &issued{young: map[uint64]struct{}{}} }

// add remembers a word of an answer.
func (s *issued) add(host string, word []byte) {
	if len(s.young) >= maxIssued {
		s.old, s.young = s.young, make(map[uint64]struct{})
	}
	s.young[issuedKey(host, word)] = struct{}{}
}

// has reports whether an answer of the host held the word.
func (s *issued) has(host string, word []byte) bool {
	h := issuedKey(host, word)
	_, young := s.young[h]
	_, old := s.old[h]
	return young || old
}

// issuedKey is FNV-1a of host and word.
func issuedKey(host string, word []byte) uint64 {
	h := hashRun([]byte(host))
	for _, c := range word {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// open reports whether a credential of a request stood in the open in an answer before.
func (w *walker) open(credential []byte) bool {
	return w.issued != nil && random(credential) && w.issued.has(w.site, credential)
}

// openWithin reports whether a value of a request is JSON in base64 in which each random word
// stood in the open in an answer before, such as a state that names what a user opened.
func (w *walker) openWithin(b []byte) bool {
	if w.issued == nil || !strings.HasPrefix(w.part, "request") || len(b) < minTranscribed {
		return false
	}
	digits := bytes.TrimRight(b, "=")
	if !readable64(digits) {
		return false
	}
	enc := base64.RawStdEncoding
	if bytes.ContainsAny(digits, "-_") {
		enc = base64.RawURLEncoding
	}
	d, err := enc.AppendDecode(nil, digits)
	if err != nil || !isJSON(d) {
		return false
	}
	found := false
	for _, word := range bytes.FieldsFunc(d, func(r rune) bool { return strings.ContainsRune(`"{}[]:, `, r) }) {
		if random(word) {
			if found = w.issued.has(w.site, word); !found {
				return false
			}
		}
	}
	return found
}

// A code is a number that an answer shows under a name such as "code" and that a client
// sends back as its one-time password, in characters. Shorter ones are chosen by people.
const (
	minCode = 5
	maxCode = 10
)

func isCode(b []byte) bool { return len(b) >= minCode && len(b) <= maxCode && allDigits(b) }

// shows remembers a code that an answer holds in the open.
func (w *walker) shows(b []byte) {
	if w.issued != nil && isCode(b) && strings.HasPrefix(w.part, "response") {
		w.issued.add(w.site, b)
	}
}

// openCode reports whether a one-time password of a request stood in the open in an answer
// before.
func (w *walker) openCode(b []byte, k Kind) bool {
	return k == KindPassword && w.issued != nil && isCode(b) && strings.HasPrefix(w.part, "request") && w.issued.has(w.site, b)
}
