package learn

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/correlate"
	"github.com/starling-load/starling/model/outcome"
	"github.com/starling-load/starling/model/precedence"
	"github.com/starling-load/starling/record/flow"
)

// keepSessions adds the recorded sessions to m. browsers holds the name of the browser
// of each session, sent how its exchanges were sent, expected what answers.
func (l *learner) keepSessions(m *model.Model, browsers []string, sent [][]correlate.Act, expected [][]outcome.Expected) {
	for i, v := range l.sessions {
		start := v.exchanges[0].Flow.Start
		s := model.Session{User: v.user, Behavior: v.behavior, Browser: browsers[i], Start: start.Sub(m.Recorded.Start)}
		var order precedence.Order
		conns := map[uint64]int{}
		steps := map[int]string{}
		for _, visit := range v.visits {
			steps[visit.first] = visit.step
		}
		for k, step := range v.exchanges {
			f := step.Flow
			how := &sent[i][k]
			a := model.Act{Endpoint: step.Endpoint, Variant: how.Variant, Row: how.Row, Takes: how.Takes, Step: steps[k],
				Status: expected[i][k].Status, Outcome: expected[i][k].Outcome, Poll: expected[i][k].Poll}
			at := f.Start.Sub(start)
			a.After, a.Delay = order.Add(k, at, at+f.Answered())
			a.Delay = min(a.Delay, model.MaxThink)
			if f.Conn != 0 {
				if conns[f.Conn] == 0 {
					conns[f.Conn] = len(conns) + 1
				}
				a.Conn = conns[f.Conn]
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
	flows := map[string][]*flow.Flow{}
	var users []string // in the order of their first session
	for _, v := range l.sessions {
		if flows[v.user] == nil {
			users = append(users, v.user)
		}
		for _, s := range v.exchanges {
			flows[v.user] = append(flows[v.user], s.Flow)
		}
	}
	names := map[string]string{} // by user
	known := map[string]int{}    // index in m.Browsers, by the headers
	taken := map[string]int{}
	for _, u := range users {
		headers := browserHeaders(flows[u])
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

// browserHeaders returns the header fields that tell of a user's browser, sorted
// by name, in the case of their first use.
func browserHeaders(flows []*flow.Flow) []model.Header {
	names := map[string]string{}          // the first spelling, by the name in lower case
	values := map[string]map[string]int{} // how often each value occurs, by name
	for _, f := range flows {
		for _, h := range f.Request.Headers {
			if !content.OfBrowser(h.Name) || strings.ContainsAny(h.Value, "\r\n\x00") {
				continue
			}
			low := strings.ToLower(h.Name)
			if values[low] == nil {
				names[low], values[low] = h.Name, map[string]int{}
			}
			values[low][h.Value]++
		}
	}
	var out []model.Header
	for _, low := range slices.Sorted(maps.Keys(values)) {
		most, best, n := 0, "", 0
		for _, v := range slices.Sorted(maps.Keys(values[low])) {
			n += values[low][v]
			if values[low][v] > most {
				most, best = values[low][v], v
			}
		}
		if 2*n > len(flows) {
			out = append(out, model.Header{Name: names[low], Value: best})
		}
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

// protocol returns the version of HTTP that requests of an endpoint need. It is HTTP/2
// if that was spoken without TLS, and for gRPC, which has no other version. In all
// other cases client and target agree on one.
func (l *learner) protocol(name string) model.Protocol {
	needed, n := 0, 0
	for _, v := range l.sessions {
		for _, s := range v.exchanges {
			if s.Endpoint != name {
				continue
			}
			n++
			if f := s.Flow; f.Protocol == "HTTP/2.0" && (f.Scheme == "http" || strings.HasPrefix(f.Request.Headers.Value("Content-Type"), "application/grpc")) {
				needed++
			}
		}
	}
	if 2*needed > n {
		return model.HTTP2
	}
	return model.AnyProtocol
}

// hand gives keep the flows of each session.
func (l *learner) hand(keep func([]*flow.Flow)) {
	if keep == nil {
		return
	}
	for _, v := range l.sessions {
		flows := make([]*flow.Flow, len(v.exchanges))
		for i := range v.exchanges {
			flows[i] = v.exchanges[i].Flow
		}
		keep(flows)
	}
}
