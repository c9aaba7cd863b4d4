package decrypt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// A piece is what one write put on the wire.
type piece struct {
	fromServer bool
	p          []byte
}

// A wire keeps what it carries, in order.
type wire struct {
	mu     sync.Mutex
	pieces []piece
}

func (w *wire) saw(fromServer bool, p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pieces = append(w.pieces, piece{fromServer, bytes.Clone(p)})
}

// A tapped connection of the client: what it writes comes from the client.
type tapped struct {
	net.Conn
	w *wire
}

func (t *tapped) Write(p []byte) (int, error) {
	t.w.saw(false, p)
	return t.Conn.Write(p)
}

func (t *tapped) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if n > 0 {
		t.w.saw(true, p[:n])
	}
	return n, err
}

// A heard is a Sink that keeps both directions, with a gap as "<n>".
type heard struct {
	said  [2]bytes.Buffer
	order []string
	gaps  int
	ends  [2]int
	times []int64
}

func (h *heard) Plain(fromServer bool, p []byte, at int64) {
	h.said[sideOf(fromServer)].Write(p)
	h.order = append(h.order, fmt.Sprintf("%v %d", fromServer, len(p)))
	h.times = append(h.times, at)
}

func (h *heard) Gap(fromServer bool, n, _ int64) {
	h.gaps++
	fmt.Fprintf(&h.said[sideOf(fromServer)], "<%d>", n)
}

func (h *heard) End(fromServer bool, _ int64, _ bool) { h.ends[sideOf(fromServer)]++ }

// expect compares what was heard.
func (h *heard) expect(t *testing.T, client, server string) {
	t.Helper()
	for d, want := range []string{client, server} {
		if got := h.said[d].String(); got != want {
			t.Errorf("direction %d: got %s, want %s", d, brief(got), brief(want))
		}
	}
}

func brief(s string) string {
	if len(s) > 120 {
		return fmt.Sprintf("%q… (%d bytes)", s[:120], len(s))
	}
	return fmt.Sprintf("%q", s)
}

// play feeds pieces to a new connection. Times count up from 1.
func play(keys *Keys, pieces []piece) (*heard, *Conn, error) {
	h := &heard{}
	c := NewConn(keys, h)
	var err error
	for i, p := range pieces {
		err = c.Data(p.fromServer, p.p, int64(i+1))
	}
	if closed := c.Close(int64(len(pieces) + 1)); err == nil {
		err = closed
	}
	return h, c, err
}

// log returns the keys of a key log.
func logged(text string) *Keys {
	k := &Keys{}
	k.AddLog([]byte(text))
	return k
}

// certificate makes a self-signed certificate for localhost.
func certificate(t testing.TB, useRSA bool) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
	}
	if useRSA {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A talk is what the two ends say: the client's turn first.
type talk struct{ client, server []string }

func (k talk) said(server bool) (all string) {
	turns := k.client
	if server {
		turns = k.server
	}
	for _, s := range turns {
		all += s
	}
	return all
}

// converse holds a talk over TLS, in which each turn is answered by the next. It returns
// what passed and the key log.
func converse(t testing.TB, client, server *tls.Config, k talk) ([]piece, string) {
	t.Helper()
	var secrets bytes.Buffer
	client = client.Clone()
	client.KeyLogWriter = &secrets
	client.InsecureSkipVerify = true
	client.ServerName = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() { done <- serve(l, server, k) }()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	w := &wire{}
	c := tls.Client(&tapped{Conn: raw, w: w}, client)
	for i, s := range k.client {
		if _, err := io.WriteString(c, s); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, len(k.server[i]))); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return w.pieces, secrets.String()
}

func serve(l net.Listener, config *tls.Config, k talk) error {
	raw, err := l.Accept()
	if err != nil {
		return err
	}
	defer raw.Close()
	c := tls.Server(raw, config)
	for i, s := range k.client {
		if _, err := io.ReadFull(c, make([]byte, len(s))); err != nil {
			return err
		}
		if _, err := io.WriteString(c, k.server[i]); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		return err
	}
	return c.Close()
}
