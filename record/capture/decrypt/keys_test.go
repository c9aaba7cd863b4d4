package decrypt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

func TestKeysReadLogs(t *testing.T) {
	r := strings.Repeat("1f", 32)
	short, long := strings.Repeat("a0", 32), strings.Repeat("b1", 48)
	var name random
	copy(name[:], bytes.Repeat([]byte{0x1f}, 32))
	tests := []struct {
		name string
		text string
		l    label
		size int
	}{
		{"a master secret", "CLIENT_RANDOM " + r + " " + long + "\n", labelMaster, 48},
		{"carriage returns and comments", "# SSL/TLS secrets\r\nCLIENT_RANDOM " + r + " " + long + "\r\n", labelMaster, 48},
		{"a last line without its end", "SERVER_HANDSHAKE_TRAFFIC_SECRET " + r + " " + short, labelServerHandshake, 32},
		{"upper case digits", "CLIENT_EARLY_TRAFFIC_SECRET " + strings.ToUpper(r) + " " + strings.ToUpper(short) + "\n", labelEarly, 32},
		{"lines of other kinds and broken ones", "EXPORTER_SECRET " + r + " " + short + "\nCLIENT_TRAFFIC_SECRET_0 zz " + short +
			"\nCLIENT_TRAFFIC_SECRET_0 " + r + "\nCLIENT_TRAFFIC_SECRET_0 " + r + " abc\n" + strings.Repeat("x", 5000) +
			"\nSERVER_TRAFFIC_SECRET_0 " + r + " " + long + "\n", labelServerTraffic, 48},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n := 1; n <= len(tt.text); n += max(1, len(tt.text)/40) {
				var k Keys
				for rest := []byte(tt.text); len(rest) > 0; {
					m := min(n, len(rest))
					k.AddLog(rest[:m])
					rest = rest[m:]
				}
				if s := k.secret(name, tt.l, tt.size); len(s) != tt.size {
					t.Fatalf("in pieces of %d bytes: no secret of %d bytes", n, tt.size)
				}
			}
		})
	}
	t.Run("another log begins where a line of one lacks its end", func(t *testing.T) {
		var k Keys
		k.AddLog([]byte("CLIENT_RANDOM " + r + " " + long))
		k.AddLog([]byte("CLIENT_TRAFFIC_SECRET_0 " + r + " " + short + "\n"))
		if k.secret(name, labelMaster, 48) == nil || k.secret(name, labelClientTraffic, 32) == nil {
			t.Error("a secret is missing")
		}
	})
}

func TestKeysForgetTheOldest(t *testing.T) {
	var k Keys
	k.mu.Lock()
	for i := range uint32(maxSessions + 3) {
		var r random
		binary.BigEndian.PutUint32(r[:], i)
		k.session(r)
	}
	k.mu.Unlock()
	var oldest, kept random
	binary.BigEndian.PutUint32(oldest[:], 2)
	binary.BigEndian.PutUint32(kept[:], 3)
	if len(k.found) != maxSessions || k.found[oldest] != nil || k.found[kept] == nil {
		t.Errorf("%d handshakes are kept, want the newest %d", len(k.found), maxSessions)
	}
}

// TestTrafficKeys checks the keys in the trace of RFC 8448, section 3: those of the
// server for its handshake and for its application traffic.
func TestTrafficKeys(t *testing.T) {
	s, err := suiteOf(0x1301)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ secret, key, iv string }{
		{"b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", "3fce516009c21727d0f2e4e86ee403bc", "5d313eb2671276ee13000b30"},
		{"a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643", "9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984"},
	}
	for _, tt := range tests {
		secret := unhex(t, tt.secret)
		key, err := expandLabel(s, secret, "key", 16)
		if err != nil {
			t.Fatal(err)
		}
		iv, err := expandLabel(s, secret, "iv", 12)
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(key) != tt.key || hex.EncodeToString(iv) != tt.iv {
			t.Errorf("got key %x and iv %x, want %s and %s", key, iv, tt.key, tt.iv)
		}
	}
}
