package session

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// Options steer Split. The zero value works.
type Options struct {
	// Hosts are the authorities (host or host:port) whose flows count.
	// Empty: the one that most flows went to.
	Hosts []string

	// Every makes the flows to all hosts count, as if they were one site.
	Every bool

	// Idle is the pause after which a user's next request begins a new session. 0: the
	// one that parts the short pauses of the recording from the long ones, as package
	// idle finds it, or 30 minutes.
	Idle time.Duration

	// Conns tells who opened the connections. It is asked for the connections of
	// flows that were read; a reader may fill it while it reads. Nil: not known.
	Conns *Conns

	// Report, where not nil, is filled with what Split saw.
	Report *Report
}

// A Session is the flows of one user until a pause.
type Session struct {
	// User names the identity: "u1", "u2", … in the order of appearance.
	// Sessions of one user follow each other.
	User string

	Kind Kind // of the client
	Cut  Cut  // what the recording may lack of the session

	// Flows are in the order of their start. Split does not copy them.
	Flows []*flow.Flow
}

// Split reads all flows and returns their sessions in the order of their first
// request. It ends at the first error of flows. Flows of one session are kept in
// memory until the caller drops them.
func Split(flows iter.Seq2[*flow.Flow, error], o Options) ([]Session, error) {
	var all []*flow.Flow
	for f, err := range flows {
		if err != nil {
			return nil, fmt.Errorf("split into sessions: %w", err)
		}
		all = append(all, f)
	}
	var sessions []Session
	err := find(read(all), o, func(place uint64, _ *flow.Flow) uint64 { return place }, func(v Visit) error {
		s := Session{User: v.User, Kind: v.Kind, Cut: v.Cut, Flows: make([]*flow.Flow, len(v.Flows))}
		for i, place := range v.Flows {
			s.Flows[i] = all[place]
		}
		sessions = append(sessions, s)
		return nil
	})
	return sessions, err
}

// read yields flows that were read without an error.
func read(all []*flow.Flow) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		for _, f := range all {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// choose returns which hosts count. flows tells how many flows each host had, if
// Options leave the choice to them.
func (o Options) choose(flows map[string]int) func(host string) bool {
	best, most := "", 0
	for h, n := range flows {
		if n > most || n == most && h < best {
			best, most = h, n
		}
	}
	hosts := o.Hosts
	if len(hosts) == 0 && most > 0 {
		hosts = []string{best}
	}
	return func(host string) bool { return o.Every || counted(host, hosts) }
}

// counted reports whether authority is one of hosts, with or without its port.
func counted(authority string, hosts []string) bool {
	name := authority
	if i := strings.LastIndexByte(name, ':'); i > 0 && !strings.HasSuffix(name, "]") {
		name = name[:i]
	}
	for _, h := range hosts {
		if strings.EqualFold(h, authority) || strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}
