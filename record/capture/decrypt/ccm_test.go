package decrypt

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCCMVectors checks the packet vectors of RFC 3610, section 8, and example 3 of NIST
// SP 800-38C. The first bytes of each packet vector are authenticated only.
func TestCCMVectors(t *testing.T) {
	const key = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
	tests := []struct {
		name, key, nonce, aad, plain, sealed string
		tag                                  int
	}{
		{"RFC 3610 vector 1", key, "00000003020100a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
			"588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0", 8},
		{"RFC 3610 vector 2", key, "00000004030201a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
			"72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916", 8},
		{"RFC 3610 vector 3", key, "00000005040302a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
			"51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5", 8},
		{"RFC 3610 vector 4", key, "00000006050403a0a1a2a3a4a5", "000102030405060708090a0b", "0c0d0e0f101112131415161718191a1b1c1d1e",
			"a28c6865939a9a79faaa5c4c2a9d4a91cdac8c96c861b9c9e61ef1", 8},
		{"SP 800-38C example 3", "404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b", "000102030405060708090a0b0c0d0e0f10111213",
			"202122232425262728292a2b2c2d2e2f3031323334353637", "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951", 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nonce, aad, plain, sealed := unhex(t, tt.nonce), unhex(t, tt.aad), unhex(t, tt.plain), unhex(t, tt.sealed)
			c, err := newCCM(unhex(t, tt.key), len(nonce), tt.tag)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Seal(nil, nonce, plain, aad); !bytes.Equal(got, sealed) {
				t.Errorf("Seal: got %x, want %x", got, sealed)
			}
			if got, err := c.Open(nil, nonce, sealed, aad); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("Open: got %x, %v, want %x", got, err, plain)
			}
			for i := range sealed {
				sealed[i] ^= 1
				if _, err := c.Open(nil, nonce, sealed, aad); err == nil {
					t.Errorf("Open took a message with byte %d changed", i)
				}
				sealed[i] ^= 1
			}
		})
	}
}

func TestCCMSealsAndOpensEveryLength(t *testing.T) {
	for _, tag := range []int{8, 16} {
		c, err := newCCM(make([]byte, 32), nonceSize, tag)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 70 {
			nonce, plain, aad := make([]byte, nonceSize), bytes.Repeat([]byte{7}, n), bytes.Repeat([]byte{9}, n%20)
			nonce[3] = byte(n)
			sealed := c.Seal(nil, nonce, plain, aad)
			got, err := c.Open(nil, nonce, sealed, aad)
			if err != nil || !bytes.Equal(got, plain) || len(sealed) != n+tag {
				t.Fatalf("%d bytes with a tag of %d: got %x, %v", n, tag, got, err)
			}
			if len(sealed) > 0 {
				if _, err := c.Open(nil, nonce, sealed[:len(sealed)-1], aad); err == nil {
					t.Fatalf("%d bytes: took a cut message", n)
				}
			}
		}
	}
}
