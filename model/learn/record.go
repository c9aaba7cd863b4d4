package learn

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/correlate"
	"github.com/starling-load/starling/model/outcome"
	"github.com/starling-load/starling/model/precedence"
)

// keepSessions adds the recorded sessions to m. browsers holds the name of the browser
// of each session, sent how its exchanges were sent, expected what answers, shown what
// answers show of what was written before.
func (l *learner) keepSessions(m *model.Model, browsers []string, sent [][]correlate.Act, expected [][]outcome.Expected, shown [][][]model.Echo) {
	for i, v := range l.sessions {
		start := v.steps[0].start
		s := model.Session{User: v.user, Behavior: v.behavior, Browser: browsers[i], Start: start.Sub(m.Recorded.Start)}
		var order precedence.Order
		conns := map[uint64]int{}
		steps := map[int]string{}
		for _, visit := range v.visits {
			steps[visit.first] = visit.step
		}
		for k, step := range v.steps {
			how := &sent[i][k]
			a := model.Act{Endpoint: step.endpoint, Variant: how.Variant, Row: how.Row, Takes: how.Takes, Step: steps[k],
				Status: expected[i][k].Status, Outcome: expected[i][k].Outcome, Poll: expected[i][k].Poll, Echoes: shown[i][k]}
			at := step.start.Sub(start)
			a.After, a.Delay = order.Add(k, at, at+step.answered)
			a.Delay = min(a.Delay, model.MaxThink)
			if step.conn != 0 {
				if conns[step.conn] == 0 {
					conns[step.conn] = len(conns) + 1
				}
				a.Conn = conns[step.conn]
			}
			s.Acts = append(s.Acts, a)
		}
		m.Sessions = append(m.Sessions, s)
	}
}

// browsers adds the browsers of the users to m and returns, for each session, the name
// of its browser. A header field belongs to the browser of a user if most of the
// user's requests have it. Its value is the commonest.
func (l *learner) browsers(m *model.Model) []string {
	names := map[string]string{} // by user
	known := map[string]int{}    // index in m.Browsers, by the headers
	taken := map[string]int{}
	for _, u := range l.agents.users {
		headers := l.agents.headers(u)
		if len(headers) == 0 {
			continue
		}
		key := ""
		for _, h := range headers {
			key += h.Name + "\x00" + h.Value + "\x00"
		}
		i, had := known[key]
		if !had {
			i = len(m.Browsers)
			known[key] = i
			name := browserName(headers)
			if taken[name]++; taken[name] > 1 {
				name += "-" + strconv.Itoa(taken[name])
			}
			m.Browsers = append(m.Browsers, model.Browser{Name: name, Headers: headers})
		}
		m.Browsers[i].Weight++
		names[u] = m.Browsers[i].Name
	}
	total := 0.0
	for _, b := range m.Browsers {
		total += b.Weight
	}
	for i := range m.Browsers {
		m.Browsers[i].Weight /= total
	}
	slices.SortStableFunc(m.Browsers, func(a, b model.Browser) int { return cmp.Compare(b.Weight, a.Weight) })
	out := make([]string, len(l.sessions))
	for i, v := range l.sessions {
		out[i] = names[v.user]
	}
	return out
}

// browserName returns the name of a browser: the first product of its agent, such as
// "mozilla" or "okhttp".
func browserName(headers []model.Header) string {
	for _, h := range headers {
		if !strings.EqualFold(h.Name, "User-Agent") {
			continue
		}
		product, _, _ := strings.Cut(strings.ToLower(h.Value), "/")
		product = strings.Trim(strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
				return r
			}
			return '-'
		}, product), "-.")
		if product != "" {
			return product[:min(len(product), 40)]
		}
	}
	return "browser"
}
