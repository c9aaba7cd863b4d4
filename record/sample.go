package record

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A Sample chooses a share of the users. A user is in or out as a whole: the
// choice is a hash of what identifies the user, the same in every process. The
// zero value takes everybody.
type Sample struct {
	// Ratio is the share of the users to record, above 0 and at most 1. 0 is 1.
	Ratio float64

	// By tells what identifies a user: "cookie:NAME", "header:NAME", "address"
	// (of the client, without the port) or "connection". Empty: "address".
	//
	// A flow without that cookie or header goes with the flows before it on its
	// connection, and else by address. A cookie that a response replaces keeps
	// the choice of the one before, so that a new session at login does not cut
	// a user in two.
	By string
}

// String describes the choice for people; "" takes everybody.
func (s Sample) String() string {
	if s.Ratio == 0 || s.Ratio == 1 {
		return ""
	}
	return fmt.Sprintf("%.6g%% by %s", s.Ratio*100, cmp.Or(s.By, byAddress))
}

const (
	byAddress    = "address"
	byConnection = "connection"
)

func (s Sample) validate() error {
	var errs []error
	if s.Ratio < 0 || s.Ratio > 1 {
		errs = append(errs, fmt.Errorf("Sample.Ratio is %v; it goes from 0 to 1", s.Ratio))
	}
	kind, name, named := strings.Cut(s.By, ":")
	switch {
	case s.By == "", s.By == byAddress, s.By == byConnection:
	case (kind == "cookie" || kind == "header") && named && name != "":
	default:
		errs = append(errs, fmt.Errorf("Sample.By is %q; it is cookie:NAME, header:NAME, address or connection", s.By))
	}
	return errors.Join(errs...)
}

// A sampler carries a Sample out. Its methods are called by many goroutines.
type sampler struct {
	limit        uint64 // of the hash: below it a user is in
	cookie       string
	header       string
	byConnection bool

	mu    sync.Mutex
	flows uint64   // that were judged
	keyed uint64   // of these, with the cookie or header
	users sessions // fate by hash of the user, where it was handed on
	conns sessions // fate by connection
	hosts sessions // fate by connection, from the client's address
}

// newSampler returns nil if everybody is in.
func newSampler(s Sample) *sampler {
	if s.String() == "" {
		return nil
	}
	m := &sampler{limit: uint64(s.Ratio * (1 << 63))}
	switch kind, name, _ := strings.Cut(s.By, ":"); kind {
	case "cookie":
		m.cookie = name
	case "header":
		m.header = name
	case byConnection:
		m.byConnection = true
	}
	return m
}

// conn notes a connection, whose address may decide later.
func (m *sampler) conn(c *flow.Conn, now time.Time) {
	host, _, err := net.SplitHostPort(c.Client)
	if err != nil {
		host = c.Client
	}
	key := host
	if m.byConnection {
		key = c.Client + " " + c.Opened.UTC().Format(time.RFC3339Nano)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hosts.decide(c.ID, m.choice(hashOf(key)), now)
}

// keeps reports whether the user of the flow is in the sample.
func (m *sampler) keeps(f *flow.Flow, now time.Time) bool {
	asked, answered := m.keys(f)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flows++
	if asked != 0 || answered != 0 {
		m.keyed++
	}
	fate := fateUnknown
	if asked != 0 {
		if fate = m.users.fate(asked, now); fate == fateUnknown {
			fate = m.choice(asked)
		}
	}
	if fate == fateUnknown && f.Conn != 0 {
		fate = m.conns.fate(f.Conn, now)
	}
	if fate == fateUnknown && answered != 0 {
		fate = m.choice(answered)
	}
	if fate == fateUnknown && f.Conn != 0 {
		fate = m.hosts.fate(f.Conn, now)
	}
	if fate == fateUnknown {
		fate = m.choice(f.Conn)
	}
	if answered != 0 && answered != asked {
		m.users.decide(answered, fate, now)
	}
	if f.Conn != 0 && (asked != 0 || answered != 0) {
		m.conns.decide(f.Conn, fate, now)
	}
	return fate == fateKept
}

// may reports whether the user of a flow can be in the sample before its response is
// known. The response may still bring the cookie of a new user.
func (m *sampler) may(f *flow.Flow, now time.Time) bool {
	asked, _ := m.keys(f)
	return m.cookie != "" && asked == 0 || m.keeps(f, now)
}

// keys returns the hashes of what identifies the user in the request, and of
// what the response gives in its place; 0 is none.
func (m *sampler) keys(f *flow.Flow) (asked, answered uint64) {
	if m.header != "" {
		if v := f.Request.Headers.Value(m.header); v != "" {
			asked = hashOf(v)
		}
		return asked, 0
	}
	if m.cookie == "" {
		return 0, 0
	}
	for _, line := range f.Request.Headers.Values("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); name == m.cookie && value != "" {
				asked = hashOf(value)
			}
		}
	}
	if f.Response == nil {
		return asked, 0
	}
	for _, line := range f.Response.Headers.Values("Set-Cookie") {
		pair, _, _ := strings.Cut(line, ";")
		if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); name == m.cookie && value != "" {
			answered = hashOf(value)
		}
	}
	return asked, answered
}

// Unkeyed reports whether users are sampled by a cookie or header that no flow so far had,
// so that others than meant are in the sample.
func (r *Recorder) Unkeyed() bool {
	m := r.sampler
	if m == nil || m.cookie == "" && m.header == "" {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.flows > 0 && m.keyed == 0
}

func (m *sampler) choice(hash uint64) fate {
	if mix(hash)>>1 < m.limit {
		return fateKept
	}
	return fateShed
}

// hashOf is FNV-1a of s, never 0.
func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return max(h.Sum64(), 1)
}

// mix spreads a hash over all bits (the finalizer of SplitMix64, Steele et al.
// 2014): FNV leaves short strings close together in the upper ones.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
