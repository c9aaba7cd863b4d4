package flowfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
)

// A bodyKey names the content of a body: 128 bits of a hash and its length.
// Equal keys are taken for equal bodies, and neither the bytes nor the file are
// looked at again.
type bodyKey struct {
	sum  [16]byte
	size int
}

// A bodyHash is GHASH (NIST SP 800-38D, 6.4) under a key drawn at random and kept
// in memory alone, with a constant added. Two different bodies of n bytes have
// the same sum with a probability of at most (n/16 + 2) / 2^128, whatever they
// are: a client that wants a collision would have to know the key, of which
// nothing in the file tells. It takes a third of the time of SHA-256.
type bodyHash struct {
	gcm   cipher.AEAD
	nonce [12]byte // the same for all, which is what makes the sums comparable
	sum   []byte
}

func newBodyHash() (bodyHash, error) {
	var key [16]byte
	if _, err := rand.Read(key[:]); err != nil {
		return bodyHash{}, fmt.Errorf("draw a key: %w", err)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return bodyHash{}, err
	}
	gcm, err := cipher.NewGCM(block)
	return bodyHash{gcm: gcm, sum: make([]byte, 0, 16)}, err
}

func (h *bodyHash) key(data []byte) bodyKey {
	// Sealing nothing leaves the tag of the additional data alone.
	h.sum = h.gcm.Seal(h.sum[:0], h.nonce[:], nil, data)
	return bodyKey{sum: [16]byte(h.sum), size: len(data)}
}

// tableMax is the number of bodies that a Writer remembers at least.
const tableMax = 32 << 10
