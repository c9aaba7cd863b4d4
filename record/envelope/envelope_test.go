package envelope

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// newIdentity writes a key to a file and returns its path and public half.
func newIdentity(t *testing.T) (path, public string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(path, []byte("# created by a test\n"+id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, id.Recipient().String()
}

func TestEveryRecipientReadsWhatWasEncrypted(t *testing.T) {
	first, firstKey := newIdentity(t)
	second, secondKey := newIdentity(t)
	list := filepath.Join(t.TempDir(), "recipients.txt")
	if err := os.WriteFile(list, []byte("# readers\n"+secondKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	seal, err := To(firstKey, list)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 64 << 10, 1 << 20} {
		block := bytes.Repeat([]byte("secret"), n/6+1)[:n]
		sealed, err := seal(block)
		if err != nil {
			t.Fatal(err)
		}
		if n > 6 && bytes.Contains(sealed, []byte("secret")) {
			t.Errorf("%d bytes: the clear text shows", n)
		}
		for _, key := range []string{first, second} {
			open, err := With(key)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := open(sealed); err != nil || !bytes.Equal(got, block) {
				t.Errorf("%d bytes: got %d, %v", n, len(got), err)
			}
			sealed[len(sealed)-1] ^= 1
			if _, err := open(sealed); err == nil {
				t.Errorf("%d bytes: a flipped bit goes unseen", n)
			}
			sealed[len(sealed)-1] ^= 1
		}
	}
}

func TestStrangersKeyIsRefusedByName(t *testing.T) {
	_, key := newIdentity(t)
	stranger, _ := newIdentity(t)
	seal, err := To(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	open, err := With(stranger)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(sealed); !errors.Is(err, ErrNoKey) {
		t.Errorf("got %v, want ErrNoKey", err)
	}
	if _, err := open([]byte("no age file")); err == nil || errors.Is(err, ErrNoKey) {
		t.Errorf("garbage: %v", err)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.txt")
	if err := os.WriteFile(broken, []byte("AGE-SECRET-KEY-1HUSHHUSH\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := With(broken); err == nil || strings.Contains(err.Error(), "HUSH") {
		t.Errorf("a broken identity: %v", err)
	}
	if _, err := With(filepath.Join(dir, "none")); err == nil {
		t.Error("a missing identity is taken")
	}
	for _, to := range [][]string{nil, {"age1nonsense"}, {filepath.Join(dir, "none")}, {broken}} {
		if _, err := To(to...); err == nil || strings.Contains(err.Error(), "HUSH") {
			t.Errorf("recipients %q: %v", to, err)
		}
	}
}
