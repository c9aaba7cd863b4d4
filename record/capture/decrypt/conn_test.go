package decrypt

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
)

// shortTalk has turns of one byte, of a few bytes, and of several records.
var shortTalk = talk{
	client: []string{"GET / HTTP/1.1\r\n\r\n", "x", strings.Repeat("upload ", 5000)},
	server: []string{"HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("download ", 9000), "y"},
}

func TestConnReadsWhatGoSpeaks(t *testing.T) {
	ec, rsa := certificate(t, false), certificate(t, true)
	server := func(c tls.Certificate, edit func(*tls.Config)) *tls.Config {
		s := &tls.Config{Certificates: []tls.Certificate{c}, NextProtos: []string{"h2", "http/1.1"}}
		if edit != nil {
			edit(s)
		}
		return s
	}
	type test struct {
		name   string
		client *tls.Config
		server *tls.Config
		want   Info
	}
	var tests []test
	for _, s := range tls.CipherSuites() {
		name := s.Name
		if _, err := suiteOf(s.ID); err != nil {
			continue // CBC: TestConnNamesSuitesThatItCannotRead
		}
		if s.SupportedVersions[0] == tls.VersionTLS13 {
			continue
		}
		cert := ec
		if strings.Contains(name, "_RSA_") {
			cert = rsa
		}
		tests = append(tests, test{
			name:   "TLS 1.2 with " + name,
			client: &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{s.ID}, NextProtos: []string{"http/1.1"}},
			server: server(cert, nil),
			want:   Info{"TLS 1.2", name, "localhost", "http/1.1"},
		})
	}
	tests = append(tests, test{
		name:   "TLS 1.2 with RSA key exchange",
		client: &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_256_GCM_SHA384}},
		server: server(rsa, func(c *tls.Config) { c.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_256_GCM_SHA384} }),
		want:   Info{"TLS 1.2", "TLS_RSA_WITH_AES_256_GCM_SHA384", "localhost", ""},
	})
	for _, curve := range []tls.CurveID{tls.CurveP256, tls.CurveP384, tls.CurveP521, tls.X25519, tls.X25519MLKEM768} {
		tests = append(tests, test{
			name:   "TLS 1.3 with " + curve.String(),
			client: &tls.Config{MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{curve}, NextProtos: []string{"h2"}},
			server: server(ec, nil),
			want:   Info{"TLS 1.3", "TLS_AES_128_GCM_SHA256", "localhost", "h2"},
		})
	}
	tests = append(tests, test{
		name:   "TLS 1.3 with a retried hello",
		client: &tls.Config{MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP384}},
		server: server(ec, func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP384} }),
		want:   Info{"TLS 1.3", "TLS_AES_128_GCM_SHA256", "localhost", ""},
	}, test{
		name:   "TLS 1.3 with a certificate of the client",
		client: &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{rsa}},
		server: server(ec, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }),
		want:   Info{"TLS 1.3", "TLS_AES_128_GCM_SHA256", "localhost", ""},
	}, test{
		name:   "TLS 1.2 with a certificate of the client",
		client: &tls.Config{MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{rsa}},
		server: server(ec, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }),
		want:   Info{"TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "localhost", ""},
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pieces, secrets := converse(t, tt.client, tt.server, shortTalk)
			check(t, pieces, secrets, shortTalk, tt.want)
		})
	}
}

// check plays pieces as they are, and cut into single bytes.
func check(t *testing.T, pieces []piece, secrets string, k talk, want Info) {
	t.Helper()
	for _, cut := range []int{1 << 20, 7, 1} {
		h, c, err := play(logged(secrets), chop(pieces, cut))
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		h.expect(t, k.said(false), k.said(true))
		if got := c.Info(); got != want {
			t.Errorf("info: got %+v, want %+v", got, want)
		}
		if c.Lost() != 0 || h.ends != [2]int{1, 1} {
			t.Errorf("lost %d bytes and %v ends, want none and one each", c.Lost(), h.ends)
		}
	}
}

// chop cuts pieces to at most n bytes.
func chop(pieces []piece, n int) (cut []piece) {
	for _, p := range pieces {
		for len(p.p) > n {
			cut = append(cut, piece{p.fromServer, p.p[:n]})
			p.p = p.p[n:]
		}
		cut = append(cut, p)
	}
	return cut
}

func TestConnReadsResumedSessions(t *testing.T) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(v), func(t *testing.T) {
			server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
			resumed := false
			client := &tls.Config{MinVersion: v, MaxVersion: v, ClientSessionCache: tls.NewLRUClientSessionCache(1),
				VerifyConnection: func(s tls.ConnectionState) error { resumed = s.DidResume; return nil }}
			keys := &Keys{} // Go logs no master secret for a resumed session of TLS 1.2
			for range 3 {
				pieces, secrets := converse(t, client, server, shortTalk)
				keys.AddLog([]byte(secrets))
				h, _, err := play(keys, pieces)
				if err != nil {
					t.Fatal(err)
				}
				h.expect(t, shortTalk.said(false), shortTalk.said(true))
			}
			if !resumed {
				t.Error("the second session was not resumed: nothing was tested")
			}
		})
	}
}

func TestConnNamesSuitesThatItCannotRead(t *testing.T) {
	server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}
	pieces, secrets := converse(t, &tls.Config{CipherSuites: server.CipherSuites}, server, shortTalk)
	h, c, err := play(logged(secrets), pieces)
	var suite *SuiteError
	if !errors.As(err, &suite) || suite.Suite != "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA" {
		t.Errorf("got %v, want the name of the suite", err)
	}
	if h.said[0].String() != "<-1>" || c.Lost() == 0 {
		t.Errorf("got %q and %d bytes lost, want nothing and all of them", h.said[0].String(), c.Lost())
	}
}

func TestConnGivesNothingWithoutKeysOrHandshake(t *testing.T) {
	server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
	pieces, secrets := converse(t, &tls.Config{}, server, shortTalk)
	other := strings.NewReplacer("0", "1", "1", "0", "2", "3", "3", "2", "4", "5", "5", "4", "6", "7", "7", "6", "8", "9", "9", "8",
		"a", "b", "b", "a", "c", "d", "d", "c", "e", "f", "f", "e").Replace(secrets) // no digit of a random stays
	tests := []struct {
		name   string
		keys   *Keys
		pieces []piece
		want   error
	}{
		{"no key log", nil, pieces, ErrNoKeys},
		{"a key log of others", logged(strings.Repeat("CLIENT_RANDOM "+strings.Repeat("ab", 32)+" "+strings.Repeat("cd", 48)+"\n", 2)), pieces, ErrNoKeys},
		{"a key log with broken digits", logged(other), pieces, ErrNoKeys},
		{"the first packets are missing", logged(secrets), pieces[3:], ErrNoHandshake},
		{"no TLS", logged(secrets), []piece{{false, []byte("GET / HTTP/1.1\r\n\r\n")}, {true, []byte("HTTP/1.1 200 OK\r\n")}}, ErrNotTLS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, c, err := play(tt.keys, tt.pieces)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if h.said[0].String() != "<-1>" || h.said[1].String() != "<-1>" || c.Lost() == 0 {
				t.Errorf("got %s and %s, %d lost", brief(h.said[0].String()), brief(h.said[1].String()), c.Lost())
			}
		})
	}
}

func TestConnWaitsForKeys(t *testing.T) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
		pieces, secrets := converse(t, &tls.Config{MinVersion: v, MaxVersion: v}, server, shortTalk)
		want, _, _ := play(logged(secrets), pieces)
		for late := range len(pieces) + 1 {
			h, keys := &heard{}, &Keys{}
			c := NewConn(keys, h)
			for i, p := range pieces {
				if i == late {
					keys.AddLog([]byte(secrets))
				}
				if err := c.Data(p.fromServer, p.p, int64(i+1)); err != nil {
					t.Fatalf("keys at %d, packet %d: %v", late, i, err)
				}
			}
			if late == len(pieces) {
				keys.AddLog([]byte(secrets))
			}
			if err := c.Close(1000); err != nil {
				t.Fatal(err)
			}
			h.expect(t, shortTalk.said(false), shortTalk.said(true))
			if strings.Join(h.order, ",") != strings.Join(want.order, ",") {
				t.Errorf("keys at %d: got order %v, want %v", late, h.order, want.order)
			}
			for i := range h.times {
				if h.times[i] != want.times[i] {
					t.Fatalf("keys at %d: data %d has the time %d, want that of its packet, %d", late, i, h.times[i], want.times[i])
				}
			}
			if held := keys.held.Load(); held != 0 {
				t.Errorf("keys at %d: %d bytes are still held", late, held)
			}
		}
	}
}

func TestConnHoldsBoundedMemoryForKeys(t *testing.T) {
	server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
	long := talk{client: []string{"x"}, server: []string{strings.Repeat("y", 2*maxHeld)}}
	pieces, secrets := converse(t, &tls.Config{}, server, long)
	keys := &Keys{}
	h := &heard{}
	c := NewConn(keys, h)
	var err error
	for i, p := range pieces {
		err = c.Data(p.fromServer, p.p, int64(i))
		if held := keys.held.Load(); held > maxHeld {
			t.Fatalf("%d bytes are held, want at most %d", held, maxHeld)
		}
	}
	if !errors.Is(err, ErrNoKeys) || keys.held.Load() != 0 {
		t.Errorf("got %v and %d bytes held, want %v and none", err, keys.held.Load(), ErrNoKeys)
	}
	keys.AddLog([]byte(secrets)) // too late
	if c.Data(true, []byte{0}, 0) == nil || c.Lost() < maxHeld {
		t.Errorf("the connection was not given up: %d bytes lost", c.Lost())
	}

	c = NewConn(&Keys{}, h)
	for i, p := range pieces[:6] {
		err = c.Data(p.fromServer, p.p, int64(i)*(maxWait/2))
	}
	if !errors.Is(err, ErrNoKeys) {
		t.Errorf("after too long a time: got %v, want %v", err, ErrNoKeys)
	}
}

func TestConnKeepsTheOrderWhenOneSideWaitsForKeys(t *testing.T) {
	server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}}
	pieces, secrets := converse(t, &tls.Config{MinVersion: tls.VersionTLS13}, server, shortTalk)
	var ofClient, ofServer string
	for line := range strings.Lines(secrets) {
		if strings.HasPrefix(line, "CLIENT") {
			ofClient += line
		} else {
			ofServer += line
		}
	}
	want, _, _ := play(logged(secrets), pieces)
	h, keys := &heard{}, logged(ofServer)
	c := NewConn(keys, h)
	for i, p := range pieces {
		if i == len(pieces)-2 {
			if h.said[1].Len() > 0 {
				t.Error("the server is heard before the client that it answers")
			}
			keys.AddLog([]byte(ofClient))
		}
		if err := c.Data(p.fromServer, p.p, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(1000); err != nil {
		t.Fatal(err)
	}
	if strings.Join(h.order, ",") != strings.Join(want.order, ",") {
		t.Errorf("got %v, want %v", h.order, want.order)
	}
}

// BenchmarkConn decrypts a download in pieces of the size of a packet.
func BenchmarkConn(b *testing.B) {
	server := &tls.Config{Certificates: []tls.Certificate{certificate(b, false)}}
	k := talk{client: []string{"x"}, server: []string{strings.Repeat("y", 4<<20)}}
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		b.Run(tls.VersionName(v), func(b *testing.B) {
			pieces, secrets := converse(b, &tls.Config{MinVersion: v, MaxVersion: v}, server, k)
			pieces = chop(pieces, 1448)
			keys := logged(secrets)
			b.SetBytes(4 << 20)
			b.ReportAllocs()
			for b.Loop() {
				c := NewConn(keys, nothing{})
				for _, p := range pieces {
					_ = c.Data(p.fromServer, p.p, 1)
				}
			}
		})
	}
}

// nothing is a sink that keeps nothing.
type nothing struct{}

func (nothing) Plain(bool, []byte, int64) {}
func (nothing) Gap(bool, int64, int64)    {}
func (nothing) End(bool, int64, bool)     {}
