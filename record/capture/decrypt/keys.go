package decrypt

import (
	"bytes"
	"encoding/hex"
	"sync"
	"sync/atomic"
)

// The limits of Keys.
const (
	maxSessions  = 1 << 18  // handshakes whose secrets are kept; the oldest are forgotten
	maxLogLine   = 1 << 10  // bytes of a line; a longer line holds no secret
	maxHeldTotal = 64 << 20 // bytes of ciphertext that all connections hold while they wait for keys
)

// A label is the first word of a line of a key log.
type label uint8

const (
	labelMaster label = iota
	labelEarly
	labelClientHandshake
	labelServerHandshake
	labelClientTraffic
	labelServerTraffic
	labels
)

// labelOf returns the label with this name.
func labelOf(name string) (label, bool) {
	switch name {
	case "CLIENT_RANDOM":
		return labelMaster, true
	case "CLIENT_EARLY_TRAFFIC_SECRET":
		return labelEarly, true
	case "CLIENT_HANDSHAKE_TRAFFIC_SECRET":
		return labelClientHandshake, true
	case "SERVER_HANDSHAKE_TRAFFIC_SECRET":
		return labelServerHandshake, true
	case "CLIENT_TRAFFIC_SECRET_0":
		return labelClientTraffic, true
	case "SERVER_TRAFFIC_SECRET_0":
		return labelServerTraffic, true
	}
	return 0, false
}

// A random is the random of a client hello. In a key log it names the handshake.
type random [32]byte

// Keys are the secrets of a key log. The zero value is empty and ready. Any number of
// goroutines may call its methods. Its memory is bounded: of more than 262,144 handshakes
// the oldest are forgotten.
type Keys struct {
	held atomic.Int64 // bytes that connections hold while they wait for keys

	mu    sync.RWMutex
	rest  []byte // the last line of the log, while its end is missing
	found map[random]*[labels][]byte
	order []random // the keys of found; a ring once it is full
	next  int      // the oldest entry of a full ring

	resume resumptions
}

// AddLog adds lines in the NSS key log format (SSLKEYLOGFILE, or the secrets block of a
// pcapng file). The text may be cut anywhere. The next call continues a line that was
// cut, unless its text begins a new line. Comments, unknown labels and broken lines are
// passed over. The text is not kept.
func (k *Keys) AddLog(text []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.rest) > 0 && beginsLine(text) {
		k.rest = nil
	}
	for len(text) > 0 {
		line, after, ended := bytes.Cut(text, []byte{'\n'})
		if len(k.rest) > 0 {
			line = append(k.rest, line...)
		}
		k.addLine(line)
		if !ended {
			k.rest = append([]byte(nil), line[:min(len(line), maxLogLine)]...)
			return
		}
		k.rest, text = nil, after
	}
}

// beginsLine reports whether text must be the beginning of a line.
func beginsLine(text []byte) bool {
	for _, start := range []string{"CLIENT_", "SERVER_", "EXPORTER_", "EARLY_EXPORTER_", "#"} {
		if bytes.HasPrefix(text, []byte(start)) {
			return true
		}
	}
	return false
}

// addLine adds "LABEL random secret". A line whose end is missing is added too, because
// the last line of a file may have no end. If its secret was cut, the whole line replaces
// it later.
func (k *Keys) addLine(line []byte) {
	fields := bytes.Fields(line)
	if len(line) > maxLogLine || len(fields) != 3 {
		return
	}
	l, ok := labelOf(string(fields[0]))
	if !ok || len(fields[1]) != 2*len(random{}) {
		return
	}
	var r random
	if _, err := hex.Decode(r[:], fields[1]); err != nil {
		return
	}
	secret := make([]byte, hex.DecodedLen(len(fields[2])))
	if _, err := hex.Decode(secret, fields[2]); err != nil {
		return
	}
	if n := len(secret); n != 48 && (n != 32 || l == labelMaster) {
		return // a master secret has 48 bytes, the others have the length of SHA-256 or SHA-384
	}
	k.session(r)[l] = secret
}

// session returns the secrets of a handshake. There may be none yet.
func (k *Keys) session(r random) *[labels][]byte {
	if s := k.found[r]; s != nil {
		return s
	}
	if k.found == nil {
		k.found = make(map[random]*[labels][]byte)
	}
	if len(k.order) < maxSessions {
		k.order = append(k.order, r)
	} else {
		delete(k.found, k.order[k.next])
		k.order[k.next] = r
		k.next = (k.next + 1) % maxSessions
	}
	s := new([labels][]byte)
	k.found[r] = s
	return s
}

// secret returns the secret if it has this length, else nil.
func (k *Keys) secret(r random, l label, size int) []byte {
	if k == nil {
		return nil
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	if s := k.found[r]; s != nil && len(s[l]) == size {
		return s[l]
	}
	return nil
}

// known returns how many bytes of secrets a handshake has. A change shows that there are
// new ones.
func (k *Keys) known(r random) int {
	if k == nil {
		return 0
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	s := k.found[r]
	if s == nil {
		return 0
	}
	n := 0
	for _, secret := range s {
		n += len(secret)
	}
	return n
}

// hold takes n bytes of the memory for waiting. It reports false if fewer are left.
func (k *Keys) hold(n int) bool {
	if k == nil {
		return false
	}
	if k.held.Add(int64(n)) <= maxHeldTotal {
		return true
	}
	k.held.Add(-int64(n))
	return false
}

// release gives back what hold took.
func (k *Keys) release(n int) {
	if k != nil {
		k.held.Add(-int64(n))
	}
}
