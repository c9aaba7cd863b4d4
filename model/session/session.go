package session

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// Options steer Split. The zero value works.
type Options struct {
	// Hosts are the authorities (host or host:port) whose flows count.
	// Empty: the one that most flows went to.
	Hosts []string

	// Idle is the pause after which a user's next request begins a new session.
	// 0: 30 minutes.
	Idle time.Duration

	// Report, where not nil, is filled with what Split saw.
	Report *Report
}

// A Report counts what a split was made from.
type Report struct {
	Flows   int            // of the hosts that count
	Users   int            // identities found
	Foreign map[string]int // flows to other hosts, by authority
	Hosts   []string       // that counted, sorted
}

// Others names the other hosts with their flows, the most first, as "cdn.test 12,
// ads.test 3, 4 more"; "" is none.
func (r Report) Others() string {
	const named = 5
	hosts := slices.SortedFunc(maps.Keys(r.Foreign), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Foreign[b], r.Foreign[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, h := range hosts[:min(named, len(hosts))] {
		parts = append(parts, fmt.Sprintf("%s %d", h, r.Foreign[h]))
	}
	if more := len(hosts) - named; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return strings.Join(parts, ", ")
}

// A Session is one visit of one user.
type Session struct {
	// User names the identity: "u1", "u2", … in the order of appearance.
	// Sessions of one user follow each other.
	User string

	// Flows are in the order of their start. Split does not copy them.
	Flows []*flow.Flow
}

// Split reads all flows and returns their sessions in the order of their first
// request. It ends at the first error of flows. Flows of one session are kept in
// memory until the caller drops them.
func Split(flows iter.Seq2[*flow.Flow, error], o Options) ([]Session, error) {
	if o.Idle <= 0 {
		o.Idle = 30 * time.Minute
	}
	var all []*flow.Flow
	for f, err := range flows {
		if err != nil {
			return nil, fmt.Errorf("split into sessions: %w", err)
		}
		all = append(all, f)
	}
	own, report := filter(all, o.Hosts)
	slices.SortStableFunc(own, func(a, b *flow.Flow) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Number, b.Number))
	})
	users := identify(own)
	order := []int{}
	byUser := map[int][]*flow.Flow{}
	for i, f := range own {
		u := users[i]
		if byUser[u] == nil {
			order = append(order, u)
		}
		byUser[u] = append(byUser[u], f)
	}
	var sessions []Session
	for n, u := range order {
		sessions = append(sessions, cut(byUser[u], "u"+strconv.Itoa(n+1), o.Idle)...)
	}
	slices.SortStableFunc(sessions, func(a, b Session) int {
		return a.Flows[0].Start.Compare(b.Flows[0].Start)
	})
	report.Users = len(order)
	if o.Report != nil {
		*o.Report = report
	}
	return sessions, nil
}

// filter keeps the flows of the hosts that count.
func filter(all []*flow.Flow, hosts []string) ([]*flow.Flow, Report) {
	report := Report{Foreign: map[string]int{}}
	counts := map[string]int{}
	for _, f := range all {
		counts[f.Request.Authority]++
	}
	if len(hosts) == 0 {
		best, most := "", 0
		for h, n := range counts {
			if n > most || n == most && h < best {
				best, most = h, n
			}
		}
		if most > 0 {
			hosts = []string{best}
		}
	}
	var own []*flow.Flow
	for _, f := range all {
		if counted(f.Request.Authority, hosts) {
			own = append(own, f)
		} else {
			report.Foreign[f.Request.Authority]++
		}
	}
	report.Flows = len(own)
	for h := range counts {
		if counted(h, hosts) {
			report.Hosts = append(report.Hosts, h)
		}
	}
	slices.Sort(report.Hosts)
	return own, report
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

// cut divides the flows of one user where the pause is longer than idle.
func cut(flows []*flow.Flow, user string, idle time.Duration) []Session {
	var out []Session
	var end time.Time
	for i, f := range flows {
		if i == 0 || f.Start.Sub(end) > idle {
			out = append(out, Session{User: user})
		}
		s := &out[len(out)-1]
		s.Flows = append(s.Flows, f)
		if done := f.Start.Add(f.Done); done.After(end) {
			end = done
		}
	}
	return out
}
