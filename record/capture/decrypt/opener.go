package decrypt

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"encoding/binary"
)

const (
	nonceSize  = 12
	headerSize = 5 // type, version, length

	// maxPayload is the largest payload of a record. TLS 1.2 allows 2,048 bytes beside
	// the plaintext (RFC 5246, 6.2.3).
	maxPayload = 1<<14 + 2048

	// minPayload is the smallest payload of a protected record: a tag of 8 bytes and the
	// type of TLS 1.3.
	minPayload = 9
)

// The types of records.
const (
	typeCCS       = 20 // change cipher spec
	typeAlert     = 21
	typeHandshake = 22
	typeData      = 23
)

// An opener removes the protection from the records of one direction under one key. It
// holds scratch memory, so it is not safe for concurrent use.
type opener struct {
	suite  suite
	aead   cipher.AEAD
	v13    bool
	secret []byte // TLS 1.3: the secret from which the keys were made
	iv     [nonceSize]byte
	seq    uint64 // number of the next record

	nonce [nonceSize]byte
	aad   [13]byte
}

// newOpener13 makes the keys of a traffic secret (RFC 8446, 7.3).
func newOpener13(s suite, secret []byte) (*opener, error) {
	key, err := expandLabel(s, secret, "key", s.key)
	if err != nil {
		return nil, err
	}
	iv, err := expandLabel(s, secret, "iv", nonceSize)
	if err != nil {
		return nil, err
	}
	o := &opener{suite: s, v13: true, secret: secret, iv: [nonceSize]byte(iv)}
	o.aead, err = s.cipher(key)
	return o, err
}

// update returns the opener for the records after a key update (RFC 8446, 7.2).
func (o *opener) update() (*opener, error) {
	secret, err := expandLabel(o.suite, o.secret, "traffic upd", o.suite.hash.Size())
	if err != nil {
		return nil, err
	}
	return newOpener13(o.suite, secret)
}

// expandLabel is HKDF-Expand-Label with an empty context (RFC 8446, 7.1).
func expandLabel(s suite, secret []byte, label string, size int) ([]byte, error) {
	info := binary.BigEndian.AppendUint16(nil, uint16(size))
	info = append(info, byte(len("tls13 ")+len(label)))
	info = append(info, "tls13 "+label...)
	return hkdf.Expand(s.hash.New, secret, string(append(info, 0)), size)
}

// newOpener12 makes the keys of one direction from a master secret (RFC 5246, 6.3). AEAD
// suites have no MAC keys:
//
//	client key | server key | client salt | server salt
func newOpener12(s suite, master []byte, client, server random, d side) (*opener, error) {
	seed := append([]byte("key expansion"), server[:]...)
	seed = append(seed, client[:]...)
	block := prf(s, master, seed, 2*(s.key+s.salt))
	key := block[int(d)*s.key:][:s.key]
	salt := block[2*s.key+int(d)*s.salt:][:s.salt]
	o := &opener{suite: s}
	copy(o.iv[:], salt)
	var err error
	o.aead, err = s.cipher(key)
	return o, err
}

// prf is P_hash of TLS 1.2 (RFC 5246, 5).
func prf(s suite, secret, seed []byte, size int) []byte {
	mac := hmac.New(s.hash.New, secret)
	mac.Write(seed)
	a := mac.Sum(nil)
	var out []byte
	for len(out) < size {
		mac.Reset()
		mac.Write(a)
		mac.Write(seed)
		out = mac.Sum(out)
		mac.Reset()
		mac.Write(a)
		a = mac.Sum(a[:0])
	}
	return out[:size]
}

// explicit returns the number of nonce bytes at the start of a payload.
func (o *opener) explicit() int {
	if o.v13 {
		return 0
	}
	return nonceSize - o.suite.salt
}

// overhead returns how much longer a payload is than its content. In TLS 1.3 the type is
// part of it. Padding is not, because it is not known.
func (o *opener) overhead() int {
	n := o.explicit() + o.suite.tag
	if o.v13 {
		n++
	}
	return n
}

// open returns the content of a record with the number seq, and its true type. It uses
// the memory of dst. raw holds the header and the whole payload.
func (o *opener) open(dst, raw []byte, seq uint64) (plain []byte, kind byte, err error) {
	payload := raw[headerSize:]
	n := len(payload) - o.overhead()
	if n < 0 {
		return nil, 0, errOpen
	}
	o.nonce = o.iv
	switch {
	case o.v13 || o.explicit() == 0:
		binary.BigEndian.PutUint64(o.nonce[4:], binary.BigEndian.Uint64(o.nonce[4:])^seq)
	default:
		copy(o.nonce[o.suite.salt:], payload)
	}
	if o.v13 {
		plain, err = o.aead.Open(dst[:0], o.nonce[:], payload, raw[:headerSize])
		if err != nil {
			return nil, 0, err
		}
		return unpad(plain)
	}
	binary.BigEndian.PutUint64(o.aad[:], seq)
	copy(o.aad[8:], raw[:3])
	binary.BigEndian.PutUint16(o.aad[11:], uint16(n))
	plain, err = o.aead.Open(dst[:0], o.nonce[:], payload[o.explicit():], o.aad[:])
	return plain, raw[0], err
}

// unpad removes the padding and the type from the content of a TLS 1.3 record.
func unpad(p []byte) (plain []byte, kind byte, err error) {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] != 0 {
			return p[:i], p[i], nil
		}
	}
	return nil, 0, errOpen
}
