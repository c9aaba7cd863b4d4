package decrypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// errOpen says that a tag does not fit.
var errOpen = errors.New("message authentication failed")

// A ccm is AES in CCM mode (RFC 3610). It holds the scratch memory of one operation, so
// it is not safe for concurrent use.
type ccm struct {
	block cipher.Block
	nonce int // bytes, 7 to 13
	tag   int // bytes, 4 to 16, even

	mac, count, pad [aes.BlockSize]byte
}

// newCCM returns a ccm with a key of 16, 24 or 32 bytes.
func newCCM(key []byte, nonceSize, tagSize int) (*ccm, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &ccm{block: b, nonce: nonceSize, tag: tagSize}, nil
}

func (c *ccm) NonceSize() int { return c.nonce }
func (c *ccm) Overhead() int  { return c.tag }

// Seal appends the encrypted plaintext and its tag to dst. dst must not overlap
// plaintext.
func (c *ccm) Seal(dst, nonce, plaintext, aad []byte) []byte {
	at := len(dst)
	dst = append(dst, plaintext...)
	c.sum(nonce, plaintext, aad)
	c.hide(nonce)
	c.crypt(nonce, dst[at:])
	return append(dst, c.mac[:c.tag]...)
}

// Open appends the plaintext to dst. dst must not overlap ciphertext.
func (c *ccm) Open(dst, nonce, ciphertext, aad []byte) ([]byte, error) {
	n := len(ciphertext) - c.tag
	if n < 0 {
		return nil, errOpen
	}
	at := len(dst)
	dst = append(dst, ciphertext[:n]...)
	c.crypt(nonce, dst[at:])
	c.sum(nonce, dst[at:], aad)
	c.hide(nonce)
	if subtle.ConstantTimeCompare(c.mac[:c.tag], ciphertext[n:]) != 1 {
		clear(dst[at:])
		return nil, errOpen
	}
	return dst, nil
}

// sum computes the CBC-MAC of the message into mac. The MAC is not encrypted yet:
//
//	B0 = flags | nonce | length, then length of aad | aad | 0…, then plaintext | 0…
//
// flags = 64·(aad present) + 8·((tag−2)/2) + (L−1), L = 15 − nonce bytes.
func (c *ccm) sum(nonce, plaintext, aad []byte) {
	c.mac = [aes.BlockSize]byte{}
	c.mac[0] = byte((c.tag-2)/2<<3 | (14 - c.nonce))
	if len(aad) > 0 {
		c.mac[0] |= 64
	}
	copy(c.mac[1:], nonce)
	for i, n := aes.BlockSize-1, len(plaintext); i > c.nonce; i, n = i-1, n>>8 {
		c.mac[i] = byte(n)
	}
	c.block.Encrypt(c.mac[:], c.mac[:])
	if len(aad) > 0 { // the aad of TLS has 5 or 13 bytes, so the short form is enough
		c.pad = [aes.BlockSize]byte{}
		binary.BigEndian.PutUint16(c.pad[:], uint16(len(aad)))
		n := copy(c.pad[2:], aad)
		c.chain(c.pad[:])
		c.chain(aad[n:])
	}
	c.chain(plaintext)
}

// chain adds p to the CBC-MAC, filled up with zeros to whole blocks.
func (c *ccm) chain(p []byte) {
	for len(p) > 0 {
		n := subtle.XORBytes(c.mac[:], c.mac[:], p[:min(len(p), aes.BlockSize)])
		c.block.Encrypt(c.mac[:], c.mac[:])
		p = p[n:]
	}
}

// crypt applies the key stream to p, starting with block 1.
func (c *ccm) crypt(nonce, p []byte) {
	c.counter(nonce)
	c.count[aes.BlockSize-1] = 1
	cipher.NewCTR(c.block, c.count[:]).XORKeyStream(p, p)
}

// hide encrypts mac with block 0 of the key stream. The tag is the beginning of the
// result.
func (c *ccm) hide(nonce []byte) {
	c.counter(nonce)
	c.block.Encrypt(c.pad[:], c.count[:])
	subtle.XORBytes(c.mac[:], c.mac[:], c.pad[:])
}

// counter sets count to block 0.
func (c *ccm) counter(nonce []byte) {
	c.count = [aes.BlockSize]byte{byte(14 - c.nonce)}
	copy(c.count[1:], nonce)
}
