package authority

import (
	"bytes"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestTheAuthorityIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "ca")
	var wg sync.WaitGroup
	got := make([][]byte, 8)
	for i := range got {
		wg.Go(func() {
			a, err := Load(dir)
			if err != nil {
				t.Error(err)
				return
			}
			got[i] = a.CertPEM()
		})
	}
	wg.Wait()
	for _, pem := range got {
		if !bytes.Equal(pem, got[0]) {
			t.Fatal("two authorities came out of one folder")
		}
	}
	for name, mode := range map[string]os.FileMode{".": 0o700, authorityFile: 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode().Perm(), err, mode)
		}
	}
	if public, err := os.ReadFile(filepath.Join(dir, certificateFile)); err != nil || !bytes.Equal(public, got[0]) {
		t.Errorf("the certificate for others: %v", err)
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 2 {
		t.Errorf("left in the folder: %v", files)
	}
}

func TestAnAuthorityThatIsNotSafeOrNotWholeIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(dir, file string) error
		want  string
	}{
		"a key that the group can read":   {func(_, f string) error { return os.Chmod(f, 0o640) }, "can be read by others"},
		"a key that all can read":         {func(_, f string) error { return os.Chmod(f, 0o604) }, "can be read by others"},
		"a folder that others can change": {func(d, _ string) error { return os.Chmod(d, 0o777) }, "can be changed by others"},
		"a file of something else":        {func(_, f string) error { return os.WriteFile(f, []byte("no"), 0o600) }, "delete the folder"},
		"a certificate of another key": {func(_, f string) error {
			other := strings.SplitAfter(otherAuthority(t), "-----END PRIVATE KEY-----\n")
			text, err := os.ReadFile(f)
			if err != nil {
				return err
			}
			own := strings.SplitAfter(string(text), "-----END PRIVATE KEY-----\n")
			return os.WriteFile(f, []byte(own[0]+other[1]), 0o600)
		}, "do not belong together"},
	} {
		dir := t.TempDir()
		if _, err := Load(dir); err != nil {
			t.Fatal(err)
		}
		if err := c.spoil(dir, filepath.Join(dir, authorityFile)); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

func testCA(t testing.TB) *Authority {
	t.Helper()
	a, err := Load(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func otherAuthority(t *testing.T) string {
	dir := t.TempDir()
	if _, err := Load(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, authorityFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheAuthorityIsItsOwnWithAP256Key(t *testing.T) {
	a := testCA(t)
	if a.key.Curve != elliptic.P256() {
		t.Errorf("curve %v", a.key.Curve.Params().Name)
	}
}

func TestOneCertificateForEachHost(t *testing.T) {
	a := testCA(t)
	got := make([]*tls.Certificate, 32)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			c, err := a.Certificate([]string{"shop.test", "SHOP.test."}[i%2])
			if err != nil {
				t.Error(err)
			}
			got[i] = c
		})
	}
	wg.Wait()
	for _, c := range got {
		if c != got[0] {
			t.Fatal("two certificates for one host")
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(a.CertPEM())
	for _, host := range []string{"shop.test", "127.0.0.1", "::1"} {
		c, err := a.Certificate(host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		if days := c.Leaf.NotAfter.Sub(c.Leaf.NotBefore).Hours() / 24; days > 397 {
			t.Errorf("%s: valid for %.0f days; browsers take 397", host, days)
		}
	}
}

func TestTheNumberOfCertificatesHeldIsBounded(t *testing.T) {
	a := testCA(t)
	for i := range maxLeaves + 100 {
		a.leaf(string(rune('a'+i%26)) + strings.Repeat("x", i%97) + string(rune(i)))
	}
	if len(a.leaves) > maxLeaves {
		t.Errorf("%d held, more than %d", len(a.leaves), maxLeaves)
	}
}

func BenchmarkCertificate(b *testing.B) {
	a := testCA(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.sign("shop.test"); err != nil {
			b.Fatal(err)
		}
	}
}
