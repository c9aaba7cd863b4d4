package flow

import (
	"encoding/binary"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// An Identity is a guess at who sent a flow, from what the flow alone shows.
type Identity struct {
	Rank Rank
	Hash uint64
}

// A Rank says what an Identity rests on. A greater one is better evidence.
type Rank uint8

// The ranks of identities.
const (
	ByConn          Rank = iota + 1 // the client connection, which others may share
	ByCookie                        // the cookie that looks most like a session
	ByAuthorization                 // the Authorization field
)

// Identity prefers the Authorization field, then the cookie that looks most
// like a session, then the client connection.
func (f *Flow) Identity() Identity {
	if v := f.Request.Headers.Value("Authorization"); v != "" {
		return Identity{ByAuthorization, hashOf('a', v)}
	}
	if c := sessionCookie(f.Request.Headers); c != "" {
		return Identity{ByCookie, hashOf('k', c)}
	}
	return Identity{ByConn, ConnHash(f.Conn)}
}

// sessionCookie returns the first pair whose name speaks of a session, or the
// one with the longest value of at least 16 bytes, or "".
func sessionCookie(h Headers) string {
	longest, length := "", 15
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Cookie") {
			continue
		}
		for pair := range strings.SplitSeq(h[i].Value, ";") {
			pair = strings.TrimSpace(pair)
			name, value, _ := strings.Cut(pair, "=")
			if value != "" && speaksOfSession(name) {
				return pair
			}
			if len(value) > length {
				longest, length = pair, len(value)
			}
		}
	}
	return longest
}

func speaksOfSession(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "sess") || strings.HasSuffix(name, "sid") || strings.Contains(name, "auth")
}

func hashOf(kind byte, s string) uint64 {
	var d xxhash.Digest
	d.Reset()
	d.Write([]byte{kind})
	d.WriteString(s)
	return d.Sum64()
}

// ConnHash names a client connection where sessions are named by hashes: in
// Identity and in Outline.MaySession.
func ConnHash(conn uint64) uint64 {
	var b [9]byte
	b[0] = 'c'
	binary.LittleEndian.PutUint64(b[1:], conn)
	return xxhash.Sum64(b[:])
}
