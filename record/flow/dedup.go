package flow

import "crypto/sha256"

// A bodyKey names the content of a body: half of its SHA-256 and its length. No
// two different bodies are known to share one, nor can a client make them, so
// equal keys are taken for equal bodies and neither the bytes nor the file are
// looked at again.
type bodyKey struct {
	sum  [16]byte
	size int
}

func keyOf(data []byte) bodyKey {
	sum := sha256.Sum256(data)
	k := bodyKey{size: len(data)}
	copy(k.sum[:], sum[:])
	return k
}

// tableMax is the number of bodies that a Writer remembers at least.
const tableMax = 32 << 10
