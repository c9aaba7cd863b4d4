package decrypt

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	_ "crypto/sha256" // makes crypto.SHA256 work
	_ "crypto/sha512" // makes crypto.SHA384 work
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// A suite is the agreed protection of the records.
type suite struct {
	name   string // as in the IANA registry
	hash   crypto.Hash
	key    int // bytes
	salt   int // nonce bytes from the handshake in TLS 1.2: 4, or all 12
	tag    int // bytes behind the ciphertext
	cipher func(key []byte) (cipher.AEAD, error)
}

// A SuiteError says that a connection uses a cipher suite that this package cannot read.
type SuiteError struct{ Suite string }

func (e *SuiteError) Error() string { return "cipher suite " + e.Suite + " is not supported" }

// suiteOf returns the suite with this number.
func suiteOf(id uint16) (suite, error) {
	s := suite{name: suiteName(id), hash: crypto.SHA256, key: 16, salt: 4, tag: 16, cipher: newGCM}
	algorithm := s.name
	if _, behind, found := strings.Cut(s.name, "_WITH_"); found {
		algorithm = behind
	} else {
		algorithm = strings.TrimPrefix(algorithm, "TLS_")
	}
	if strings.HasSuffix(algorithm, "_SHA384") {
		s.hash = crypto.SHA384
	}
	if strings.HasPrefix(algorithm, "AES_256_") {
		s.key = 32
	}
	algorithm = strings.TrimSuffix(strings.TrimSuffix(algorithm, "_SHA256"), "_SHA384")
	switch algorithm {
	case "AES_128_GCM", "AES_256_GCM":
	case "AES_128_CCM", "AES_256_CCM":
		s.cipher = func(key []byte) (cipher.AEAD, error) { return newCCM(key, nonceSize, 16) }
	case "AES_128_CCM_8", "AES_256_CCM_8":
		s.tag = 8
		s.cipher = func(key []byte) (cipher.AEAD, error) { return newCCM(key, nonceSize, 8) }
	case "CHACHA20_POLY1305":
		s.key, s.salt, s.cipher = chacha20poly1305.KeySize, nonceSize, chacha20poly1305.New
	default:
		return s, &SuiteError{Suite: s.name}
	}
	return s, nil
}

// suiteName returns the registered name of a suite, or its number.
func suiteName(id uint16) string {
	if name := suiteNames[id]; name != "" {
		return "TLS_" + name
	}
	return fmt.Sprintf("0x%04X", id)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}
