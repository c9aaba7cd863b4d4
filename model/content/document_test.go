package content

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

func TestDecodeTellsWhetherTheBodyIsWhole(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("hello, hello, hello"))
	z.Close()
	for _, c := range []struct {
		name   string
		data   []byte
		coding string
		want   string
		whole  bool
	}{
		{"whole", packed.Bytes(), "GZIP", "hello, hello, hello", true},
		{"cut", packed.Bytes()[:packed.Len()-9], "gzip", "hello", false},
		{"broken", []byte("hello"), "gzip", "", false},
		{"unknown", []byte("hello"), "lzw", "", false},
		{"none", []byte("hello"), "identity", "hello", true},
	} {
		got, whole := Decode(c.data, c.coding)
		if !strings.HasPrefix(string(got), c.want) || whole != c.whole {
			t.Errorf("%s: %q, %v; want %q, %v", c.name, got, whole, c.want, c.whole)
		}
	}
}

func TestABombIsDecodedUpToTheLimit(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(make([]byte, 4*MaxBody))
	z.Close()
	got, whole := Decode(packed.Bytes(), "gzip")
	if len(got) != MaxBody || whole || cap(got) > MaxBody+1 {
		t.Errorf("%d bytes in %d, whole %v; want %d", len(got), cap(got), whole, MaxBody)
	}
}
