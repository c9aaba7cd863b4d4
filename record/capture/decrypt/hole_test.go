package decrypt

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
)

// records cuts pieces into whole records.
func records(t *testing.T, pieces []piece) (list []piece) {
	t.Helper()
	var bufs [2][]byte
	for _, p := range pieces {
		d := sideOf(p.fromServer)
		bufs[d] = append(bufs[d], p.p...)
		for len(bufs[d]) >= headerSize && len(bufs[d]) >= recordSize(bufs[d]) {
			n := recordSize(bufs[d])
			list = append(list, piece{p.fromServer, bufs[d][:n:n]})
			bufs[d] = bufs[d][n:]
		}
	}
	return list
}

// holed is a talk. The server sends records of 100 to 1,600 bytes, each with its own
// letter. The client sends short records.
func holed(t *testing.T, v uint16) ([]piece, string, string) {
	t.Helper()
	server := &tls.Config{Certificates: []tls.Certificate{certificate(t, false)}, DynamicRecordSizingDisabled: true, SessionTicketsDisabled: true}
	k := talk{}
	for i := range 16 {
		k.client = append(k.client, strings.Repeat(string(rune('A'+i)), 100))
		k.server = append(k.server, strings.Repeat(string(rune('a'+i)), 100*(i+1)))
	}
	pieces, secrets := converse(t, &tls.Config{MinVersion: v, MaxVersion: v}, server, k)
	return records(t, pieces), secrets, k.said(true)
}

// cutOut plays records with some bytes of the server's stream missing.
func cutOut(recs []piece, secrets string, from, n int, known bool) (*heard, *Conn, error) {
	h := &heard{}
	c := NewConn(logged(secrets), h)
	at, told := 0, false
	for i, r := range recs {
		p := r.p
		if !r.fromServer {
			_ = c.Data(false, p, int64(i))
			continue
		}
		start := at
		at += len(p)
		head, tail := max(min(from-start, len(p)), 0), max(min(at-from-n, len(p)), 0)
		if head > 0 {
			_ = c.Data(true, p[:head], int64(i))
		}
		if head < len(p) && !told {
			told = true
			size := int64(-1)
			if known {
				size = int64(n)
			}
			_ = c.Gap(true, size, int64(i))
		}
		if tail > 0 && head < len(p) {
			_ = c.Data(true, p[len(p)-tail:], int64(i))
		}
	}
	return h, c, c.Close(int64(len(recs)))
}

func TestConnGoesOnBehindHoles(t *testing.T) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		recs, secrets, said := holed(t, v)
		var starts []int // of the server's application records
		at, total := 0, 0
		for _, r := range recs {
			if r.fromServer {
				if r.p[0] == typeData {
					starts = append(starts, at)
				}
				at += len(r.p)
			}
		}
		total = at
		first := len(starts) - 16 // the first with data; closure alerts are no data in TLS 1.2
		if v == tls.VersionTLS13 {
			first-- // and protected as data in TLS 1.3
		}
		record := func(i int) int { return starts[first+i] }
		tests := []struct {
			name    string
			from, n int
			lost    int // records of data, from number 4 on
		}{
			{"inside of a record", record(4) + 20, 30, 1},
			{"inside of a record to its end", record(4) + 20, record(5) - record(4) - 20, 1},
			{"a whole record", record(4), record(5) - record(4), 1},
			{"from a record's head into the next record", record(4) + 3, record(5) - record(4) + 10, 2},
			{"from one record into the next but two", record(4) + 50, record(7) - record(4), 4},
		}
		for _, tt := range tests {
			for _, known := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, size known %v", tls.VersionName(v), tt.name, known), func(t *testing.T) {
					h, c, err := cutOut(recs, secrets, tt.from, tt.n, known)
					if err != nil {
						t.Fatal(err)
					}
					before, missing, after := expectHole(said, 4, tt.lost)
					size := int64(-1) // in TLS 1.3 a short record may be something else than data
					if known && v == tls.VersionTLS12 {
						size = missing
					}
					want := fmt.Sprintf("%s<%d>%s", before, size, after)
					if got := h.said[server].String(); got != want {
						t.Errorf("got %s\nwant %s", squeeze(got), squeeze(want))
					}
					if c.Lost() > uint64(total) {
						t.Errorf("%d bytes lost of %d", c.Lost(), total)
					}
				})
			}
		}
	}
}

// expectHole splits what the server said at records from lost on.
func expectHole(said string, from, lost int) (before string, missing int64, after string) {
	at := func(i int) int { return 50 * i * (i + 1) }
	return said[:at(from)], int64(at(from+lost) - at(from)), said[at(from+lost):]
}

// squeeze shortens runs of one letter.
func squeeze(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] == s[i] {
			j++
		}
		fmt.Fprintf(&b, "%c", s[i])
		if j-i > 1 {
			fmt.Fprintf(&b, "{%d}", j-i)
		}
		i = j
	}
	return b.String()
}

// TestConnHolesAnywhere cuts out bytes at every place. What is given must be what was
// said, with holes.
func TestConnHolesAnywhere(t *testing.T) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		recs, secrets, said := holed(t, v)
		total := 0
		for _, r := range recs {
			if r.fromServer {
				total += len(r.p)
			}
		}
		found := 0
		for from := 0; from < total; from += 13 {
			for _, n := range []int{1, 100, 1448} {
				n = min(n, total-from)
				h, _, err := cutOut(recs, secrets, from, n, from%2 == 0)
				got := h.said[server].String()
				if err == nil && strings.Contains(got, strings.Repeat("p", 1600)) {
					found++
				}
				rest := said
				for i, part := range holes(got) {
					j := strings.Index(rest, part)
					if j < 0 || i == 0 && j > 0 && got[0] != '<' {
						t.Fatalf("%s, %d bytes at %d: %s is not what was said", tls.VersionName(v), n, from, squeeze(got))
					}
					rest = rest[j+len(part):]
				}
			}
		}
		if found < total/13 {
			t.Errorf("%s: the end was found behind %d holes only", tls.VersionName(v), found)
		}
	}
}

// holes splits a heard text at its gaps.
func holes(s string) []string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '<' || r == '>' })
	var said []string
	for _, p := range parts {
		if p[0] != '-' && (p[0] < '0' || p[0] > '9') {
			said = append(said, p)
		}
	}
	return said
}

// FuzzConn feeds pieces of a real connection with changes, holes and cuts. It must give
// nothing that was not said.
func FuzzConn(f *testing.F) {
	server := &tls.Config{Certificates: []tls.Certificate{certificate(f, false)}}
	k := talk{client: []string{strings.Repeat("q", 300), "q"}, server: []string{strings.Repeat("a", 20000), "a"}}
	type session struct {
		pieces  []piece
		secrets string
	}
	var sessions []session
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		p, s := converse(f, &tls.Config{MinVersion: v, MaxVersion: v}, server, k)
		sessions = append(sessions, session{p, s})
	}
	f.Add(true, []byte{0, 0, 0, 0})
	f.Add(false, []byte{3, 1, 5, 200, 7, 2, 0, 9, 6, 3, 255, 255})
	f.Fuzz(func(t *testing.T, tls13 bool, script []byte) {
		s := sessions[0]
		if tls13 {
			s = sessions[1]
		}
		h := &heard{}
		c := NewConn(logged(s.secrets), h)
		for i, p := range s.pieces {
			b := append([]byte(nil), p.p...)
			for j := 0; j+3 < len(script) && len(b) > 0; j += 4 { // where, what, how much
				if int(script[j]) != i {
					continue
				}
				at := (int(script[j+2])<<8 | int(script[j+3])) % len(b)
				switch script[j+1] % 4 {
				case 0:
					b[at] ^= script[j+1] | 1
				case 1:
					_ = c.Data(p.fromServer, b[:at], int64(i))
					_ = c.Gap(p.fromServer, int64(len(b)-at), int64(i))
					b = nil
				case 2:
					_ = c.Data(p.fromServer, b[:at], int64(i))
					_ = c.Gap(p.fromServer, -1, int64(i))
					b = nil
				case 3:
					_ = c.Data(p.fromServer, script, int64(i))
				}
			}
			_ = c.Data(p.fromServer, b, int64(i))
		}
		_ = c.Close(100)
		for d, letter := range []string{"q", "a"} {
			if got := strings.Join(holes(h.said[d].String()), ""); strings.Trim(got, letter) != "" || len(got) > len(k.said(d == 1)) {
				t.Errorf("direction %d: %s was never said", d, squeeze(got))
			}
		}
	})
}
