package decrypt

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A peer runs openssl s_server behind a relay that keeps what passes, and talks to
// it with openssl s_client.
type peer struct {
	dir    string
	listen string // of the relay
	w      wire
	done   sync.WaitGroup
}

// newPeer starts the server with more arguments until the test ends.
func newPeer(t *testing.T, args ...string) *peer {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	p := &peer{dir: t.TempDir()}
	cert := certificate(t, true)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})...)
	if err := os.WriteFile(p.file("server.pem"), both, 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command("openssl", append([]string{"s_server", "-accept", "127.0.0.1:0", "-cert", p.file("server.pem"),
		"-keylogfile", p.file("keys")}, args...)...)
	if _, err := server.StdinPipe(); err != nil { // open, and silent
		t.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	server.Stderr = server.Stdout
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	addr := accepting(t, out)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	p.relay(t, addr)
	return p
}

func (p *peer) file(name string) string { return filepath.Join(p.dir, name) }

// accepting returns the address that the server prints.
func accepting(t *testing.T, out io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, found := strings.CutPrefix(lines.Text(), "ACCEPT "); found {
			return addr
		}
	}
	t.Skip("this openssl does not say where it listens")
	return ""
}

// relay passes connections on to the server.
func (p *peer) relay(t *testing.T, to string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.listen = l.Addr().String()
	p.done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", to)
			if err != nil {
				c.Close()
				continue
			}
			p.done.Go(func() { p.pass(false, c, s) })
			p.done.Go(func() { p.pass(true, s, c) })
		}
	})
	t.Cleanup(func() { l.Close() })
}

func (p *peer) pass(fromServer bool, from, to net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			p.w.saw(fromServer, buf[:n])
			_, _ = to.Write(buf[:n])
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

// An openssl is a running s_client.
type openssl struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// client starts s_client with more arguments.
func (p *peer) client(t *testing.T, args ...string) *openssl {
	t.Helper()
	c := &openssl{cmd: exec.Command("openssl", append([]string{"s_client", "-connect", p.listen, "-servername", "localhost"}, args...)...)}
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd.Stderr = c.cmd.Stdout
	c.in, c.out = in, bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	return c
}

// say sends a line and waits for the answer.
func (c *openssl) say(t *testing.T, line, answer string) {
	t.Helper()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		t.Fatal(err)
	}
	if answer == "" {
		return
	}
	found := make(chan bool, 1)
	go func() {
		for {
			got, err := c.out.ReadString('\n')
			if strings.TrimSpace(got) == answer || err != nil {
				found <- err == nil
				return
			}
		}
	}()
	select {
	case ok := <-found:
		if !ok {
			t.Fatalf("the connection ended without the answer %q", answer)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("no answer %q", answer)
	}
}

// hangUp ends the client and returns what passed.
func (c *openssl) hangUp(t *testing.T, p *peer) []piece {
	t.Helper()
	c.in.Close()
	stuck := time.AfterFunc(20*time.Second, func() { _ = c.cmd.Process.Kill() })
	_, _ = io.Copy(io.Discard, c.out)
	_ = c.cmd.Wait()
	stuck.Stop()
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	pieces := p.w.pieces
	p.w.pieces = nil
	return pieces
}

// keys reads the server's key log.
func (p *peer) keys(t *testing.T) *Keys {
	t.Helper()
	log, err := os.ReadFile(p.file("keys"))
	if err != nil {
		t.Fatal(err)
	}
	return logged(string(log))
}

func TestConnReadsWhatOpenSSLSpeaks(t *testing.T) {
	psk := []string{"-psk", "0102030405060708090a0b0c0d0e0f10"}
	suites := []struct {
		suite string // as OpenSSL names it
		name  string
		args  []string
	}{
		{"ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", nil},
		{"DHE-RSA-AES256-GCM-SHA384", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", nil},
		{"DHE-RSA-CHACHA20-POLY1305", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", nil},
		{"AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256", nil},
		{"AES128-CCM", "TLS_RSA_WITH_AES_128_CCM", nil},
		{"AES256-CCM8", "TLS_RSA_WITH_AES_256_CCM_8", nil},
		{"DHE-RSA-AES256-CCM", "TLS_DHE_RSA_WITH_AES_256_CCM", nil},
		{"DHE-RSA-AES128-CCM8", "TLS_DHE_RSA_WITH_AES_128_CCM_8", nil},
		{"PSK-AES128-GCM-SHA256", "TLS_PSK_WITH_AES_128_GCM_SHA256", psk},
		{"PSK-AES256-CCM8", "TLS_PSK_WITH_AES_256_CCM_8", psk},
		{"ECDHE-PSK-CHACHA20-POLY1305", "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", psk},
	}
	for _, s := range suites {
		t.Run("TLS 1.2 "+s.name, func(t *testing.T) {
			args := append([]string{"-tls1_2", "-cipher", s.suite + ":@SECLEVEL=0"}, s.args...)
			p := newPeer(t, append(args, "-rev")...)
			c := p.client(t, args...)
			c.say(t, "hello", "olleh")
			expectTalk(t, p, c.hangUp(t, p), "hello\n", "olleh\n", Info{"TLS 1.2", s.name, "localhost", ""})
		})
	}
	for _, name := range []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"} {
		t.Run("TLS 1.3 "+name, func(t *testing.T) {
			args := []string{"-tls1_3", "-ciphersuites", name}
			p := newPeer(t, append(args, "-rev")...)
			c := p.client(t, args...)
			c.say(t, "hello", "olleh")
			expectTalk(t, p, c.hangUp(t, p), "hello\n", "olleh\n", Info{"TLS 1.3", name, "localhost", ""})
		})
	}
}

func expectTalk(t *testing.T, p *peer, pieces []piece, client, server string, want Info) {
	t.Helper()
	for _, cut := range []int{1 << 20, 1} {
		h, c, err := play(p.keys(t), chop(pieces, cut))
		if err != nil {
			t.Fatal(err)
		}
		h.expect(t, client, server)
		if got := c.Info(); want != (Info{}) && got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if c.Lost() != 0 {
			t.Errorf("%d bytes lost", c.Lost())
		}
	}
}

func TestConnFollowsKeyUpdates(t *testing.T) {
	p := newPeer(t, "-tls1_3", "-rev")
	c := p.client(t, "-tls1_3")
	c.say(t, "one", "eno")
	c.say(t, "K", "KEYUPDATE") // and asks the server for one too
	c.say(t, "two", "owt")
	c.say(t, "k", "KEYUPDATE")
	c.say(t, "three", "eerht")
	expectTalk(t, p, c.hangUp(t, p), "one\ntwo\nthree\n", "eno\nowt\neerht\n", Info{})
}

func TestConnFollowsRenegotiation(t *testing.T) {
	p := newPeer(t, "-tls1_2", "-client_renegotiation", "-rev")
	c := p.client(t, "-tls1_2")
	c.say(t, "one", "eno")
	c.say(t, "R", "RENEGOTIATING")
	c.say(t, "two", "owt")
	pieces := c.hangUp(t, p)
	if n := bytes.Count(mustRead(t, p.file("keys")), []byte("CLIENT_RANDOM")); n != 2 {
		t.Errorf("%d handshakes, want 2: nothing was tested", n)
	}
	expectTalk(t, p, pieces, "one\ntwo\n", "eno\nowt\n", Info{})
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestConnReadsEarlyData sends early data twice with one ticket. The server accepts it
// only once.
func TestConnReadsEarlyData(t *testing.T) {
	p := newPeer(t, "-tls1_3", "-early_data")
	session := p.file("session")
	c := p.client(t, "-tls1_3", "-sess_out", session)
	waitFor(t, session)
	c.hangUp(t, p)
	if err := os.WriteFile(p.file("early"), []byte("early\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct{ answer, want string }{
		{"Early data was accepted", "early\nlate\n"},
		{"Early data was rejected", "late\n"},
	} {
		c := p.client(t, "-tls1_3", "-sess_in", session, "-early_data", p.file("early"))
		c.say(t, "late", tt.answer)
		pieces := c.hangUp(t, p)
		p.logged(t, "CLIENT_TRAFFIC_SECRET_0", i+2)
		for _, cut := range []int{1 << 20, 1} {
			h, _, err := play(p.keys(t), chop(pieces, cut))
			if err != nil {
				t.Fatal(err)
			}
			h.expect(t, tt.want, "")
		}
	}
}

// logged waits until the server has logged this many secrets of a kind. It logs the last
// one only when it has read the end of the client's handshake.
func (p *peer) logged(t *testing.T, label string, count int) {
	t.Helper()
	for range 2000 {
		if log, err := os.ReadFile(p.file("keys")); err == nil && bytes.Count(log, []byte(label)) >= count {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the key log has no %d lines %s", count, label)
}

// waitFor waits until a file has something in it.
func waitFor(t *testing.T, path string) {
	t.Helper()
	for range 2000 {
		if s, err := os.Stat(path); err == nil && s.Size() > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s was not written", path)
}
