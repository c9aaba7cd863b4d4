package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The files of an authority's folder. The first holds key and certificate, so that they
// appear together. The second is the certificate for the people and programs that are
// to trust it.
const (
	authorityFile   = "ca-key.pem"
	certificateFile = "ca.pem"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	clockSkew     = 24 * time.Hour // certificates begin this long before they are made
)

// An Authority signs the certificates that a proxy shows to its clients. Its key
// is made on first use and never leaves its folder. It is safe for concurrent use.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	leaves map[string]*leaf
}

// Load reads the authority of folder dir. When there is none, it makes one, with a
// P-256 key. The folder gets mode 0700 and the key file 0600. It is an error if others
// can read the key or write to the folder. Several processes may make the same folder
// at once: they all end with the same authority.
func Load(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make CA folder: %w", err)
	}
	path := filepath.Join(dir, authorityFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := createAuthority(path); err != nil {
			return nil, fmt.Errorf("make CA in %s: %w", dir, err)
		}
	}
	if err := checkPrivate(dir, path); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read CA: %w", err)
	}
	a, err := parseAuthority(text)
	if err != nil {
		return nil, fmt.Errorf("read CA %s: %w; delete the folder to have a new one made, and trust that", path, err)
	}
	return a, a.publish(filepath.Join(dir, certificateFile))
}

// checkPrivate refuses a key that others can read or replace.
func checkPrivate(dir, path string) error {
	d, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at CA folder: %w", err)
	}
	if d.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("CA folder %s can be changed by others (mode %04o); run chmod 700 on it", dir, d.Mode().Perm())
	}
	f, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at CA key: %w", err)
	}
	if f.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("CA key %s can be read by others (mode %04o); delete the folder, or run chmod 600 on the file if nobody else has read it", path, f.Mode().Perm())
	}
	return nil
}

// createAuthority writes a new authority to path unless one is there already.
func createAuthority(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := newSerial()
	if err != nil {
		return err
	}
	now := time.Now()
	cert := &x509.Certificate{
		SerialNumber: serial,
		Subject: pkix.Name{
			Organization: []string{"Starling"},
			CommonName:   "Starling recording CA " + hex.EncodeToString(serial.Bytes()[:4]),
		},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	_ = pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	return writeOnce(path, text.Bytes())
}

// writeOnce puts text into a new file with mode 0600, whole or not at all. A file
// that is there already stays as it is.
func writeOnce(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func parseAuthority(text []byte) (*Authority, error) {
	a := &Authority{leaves: make(map[string]*leaf)}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			var key any
			if key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
				a.key, _ = key.(*ecdsa.PrivateKey)
			}
		case "CERTIFICATE":
			a.cert, err = x509.ParseCertificate(block.Bytes)
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case a.key == nil || a.cert == nil:
		return nil, errors.New("not a file with an ECDSA key and its certificate")
	case !a.key.PublicKey.Equal(a.cert.PublicKey):
		return nil, errors.New("key and certificate do not belong together")
	case !a.cert.IsCA:
		return nil, errors.New("its certificate is not that of an authority")
	case time.Now().After(a.cert.NotAfter):
		return nil, fmt.Errorf("its certificate ended on %s", a.cert.NotAfter.Format(time.DateOnly))
	}
	return a, nil
}

// publish writes the certificate for others to read, unless it is there.
func (a *Authority) publish(path string) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, a.CertPEM()) {
		return nil
	}
	if err := os.WriteFile(path, a.CertPEM(), 0o644); err != nil {
		return fmt.Errorf("write CA certificate: %w", err)
	}
	return nil
}

// CertPEM returns the certificate that clients have to trust, as PEM.
func (a *Authority) CertPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// newSerial draws a positive certificate number of 16 bytes.
func newSerial() (*big.Int, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, err
	}
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b[:]), nil
}
