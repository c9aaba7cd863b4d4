package learn

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/correlate"
	"github.com/starling-load/starling/model/endpoint"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// ErrNothing is returned for a recording without a single usable exchange.
var ErrNothing = errors.New("no complete exchange to learn from")

// Options steer Learn. The zero value works.
type Options struct {
	// Data are the files whose values the recorded users typed, such as accounts.
	// They become part of the model.
	Data []model.Source

	// Supplied are the same files as the model is to have them, where those differ from what
	// stands in the recording. nil: Data.
	Supplied []model.Source

	// Types is the greatest number of user types. 0: 8.
	Types int

	// Origin names the further origin of the recording that a flow went to, as
	// https://id.test, and "" for the main one. Requests to further origins become
	// endpoints of their own, which a replay sends elsewhere. nil: there is only the
	// main one.
	Origin func(*flow.Flow) string

	// Unanswered lets requests be learned whose answer the recording lacks. Of such a
	// step nothing is expected but that it is not refused.
	Unanswered bool

	// Keep, where not nil, is given the flows of the acts of each session of the model,
	// in the order of its sessions.
	Keep func(flows []*flow.Flow)

	// Pseudonym reports whether a value stands in the recording in place of a secret. Such
	// values are named where a replay would send them. nil: there are none.
	Pseudonym func(value string) bool

	// Refuse names bindings that are coincidences: what is bound to them is sent as
	// recorded, unless it is a live form or document.
	Refuse []string

	// Split is what session.Split reported of the sessions. From it the model says
	// what went to other hosts. The zero value says nothing.
	Split session.Report
}

// Learn makes a model of the sessions. It keeps the flows only while it runs. Its
// memory grows with them. The model is valid. The error is ErrNothing, wrapped with
// what was left out, or says which data file is wrong.
func Learn(sessions []session.Session, o Options) (*model.Model, *Report, error) {
	if o.Types <= 0 {
		o.Types = 8
	}
	if err := checkData(o.Data); err != nil {
		return nil, nil, err
	}
	l := &learner{report: &Report{Lost: map[string]int{}, RestsOn: append([]string{}, o.Split.Lines()...), others: o.Split.Others()}}
	for _, n := range o.Split.Foreign {
		l.report.Flows += n
		l.report.Lost["another host"] += n
	}
	l.filter(sessions, o.Unanswered)
	if len(l.sessions) == 0 {
		return nil, l.report, fmt.Errorf("%w%s; record traffic through the proxy and learn again", ErrNothing, l.report.lost())
	}
	l.showCached()
	l.name(o)
	l.findAssets()
	for i := range l.sessions {
		l.sessions[i].visits = l.visits(l.sessions[i].exchanges)
	}
	return l.model(o)
}

// checkData refuses data files that cannot be columns of a model.
func checkData(files []model.Source) error {
	seen := map[string]bool{}
	for _, f := range files {
		if seen[f.Name] {
			return fmt.Errorf("data file %s: given twice; give each a name of its own", f.Name)
		}
		seen[f.Name] = true
		for i, row := range f.Rows {
			if len(row) != len(f.Columns) {
				return fmt.Errorf("data file %s: row %d has %d values, the header %d; correct the file", f.Name, i+1, len(row), len(f.Columns))
			}
		}
	}
	return nil
}

// A learner holds the work of one Learn.
type learner struct {
	sessions  []recorded
	templates *endpoint.Templates
	endpoints []string          // in the order of their first use
	further   map[string]string // their origins, of those that are not of the main one
	leftOut   leftOut
	assets    map[string]bool // endpoints that are parts of pages
	report    *Report
}

// A recorded session, as learning sees it.
type recorded struct {
	user      string
	kind      session.Kind // of what made it
	exchanges []correlate.Exchange
	visits    []visit
	behavior  string // name of the type of user
}

// filter keeps the exchanges that can be learned from and counts the others.
func (l *learner) filter(sessions []session.Session, unanswered bool) {
	users := map[string]bool{}
	for _, s := range sessions {
		v := recorded{user: s.User, kind: s.Kind}
		for _, f := range s.Flows {
			if f == nil {
				continue
			}
			l.report.Flows++
			if unanswered && lacksAnswer(f) {
				f = withoutAnswer(f)
			}
			if why := unusable(f); why != "" {
				l.report.Lost[why]++
				l.leftOut.add(f, why)
				continue
			}
			v.exchanges = append(v.exchanges, correlate.Exchange{Flow: f})
		}
		if len(v.exchanges) == 0 {
			continue
		}
		slices.SortStableFunc(v.exchanges, func(a, b correlate.Exchange) int {
			return cmp.Or(a.Flow.Start.Compare(b.Flow.Start), cmp.Compare(a.Flow.Number, b.Flow.Number))
		})
		l.sessions = append(l.sessions, v)
		users[s.User] = true
	}
	slices.SortStableFunc(l.sessions, func(a, b recorded) int {
		return a.exchanges[0].Flow.Start.Compare(b.exchanges[0].Flow.Start)
	})
	l.report.Sessions, l.report.Users = len(l.sessions), len(users)
}

// Usable reports whether Learn learns from a flow. With Options.Unanswered it also learns
// from those without an answer.
func Usable(f *flow.Flow) bool { return unusable(f) == "" }

// unusable says why a flow is left out, or "".
func unusable(f *flow.Flow) string {
	switch {
	case f.Response == nil:
		return "no response"
	case f.Response.Status == 101 || f.Request.Method == "CONNECT" || webSocket(f):
		return whySocket
	case f.Error != "" && !stream(f):
		return "incomplete: " + f.Error
	case f.Response.Status != unknownStatus && (f.Response.Status < 200 || f.Response.Status > 599):
		return "no final status"
	case !strings.HasPrefix(f.Request.Target, "/"):
		return "request target without a path"
	case !f.Request.Body.Kept():
		return whyCut
	case f.Request.Body.Truncated():
		return whyLong
	case !sendable(&f.Request):
		return "a request that HTTP does not allow"
	}
	return ""
}

// sendable reports whether a client can send the method and the target.
func sendable(r *flow.Request) bool {
	for i := 0; i < len(r.Method); i++ {
		if c := r.Method[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", c) >= 0 {
			return false
		}
	}
	return r.Method != "" && !strings.ContainsFunc(r.Target, func(c rune) bool { return c <= ' ' || c == 0x7f })
}

// webSocket reports whether f is a socket: its messages are no part of the bodies, as
// events and the messages of gRPC are.
func webSocket(f *flow.Flow) bool {
	return slices.ContainsFunc(f.Messages, func(m flow.Message) bool { return m.Kind != flow.MessageEvent && m.Kind != flow.MessageGRPC })
}

// stream reports whether the answer is a stream of events, which ends when the
// user leaves.
func stream(f *flow.Flow) bool {
	return content.New(f.Response).Media() == "text/event-stream"
}

// name finds the endpoint of every exchange.
func (l *learner) name(o Options) {
	values := map[string]string{}
	for _, f := range o.Data {
		for _, row := range f.Rows {
			for c, v := range row {
				if _, had := values[v]; !had {
					values[v] = f.Columns[c]
				}
			}
		}
	}
	var flows []*flow.Flow
	for _, v := range l.sessions {
		for _, s := range v.exchanges {
			flows = append(flows, s.Flow)
		}
	}
	l.templates = endpoint.Learn(flows, endpoint.Options{Data: values})
	l.further = map[string]string{}
	seen := map[string]bool{}
	for _, v := range l.sessions {
		for i := range v.exchanges {
			s := &v.exchanges[i]
			s.Endpoint, s.Path = l.templates.Name(s.Flow), l.templates.Path(s.Flow)
			if o.Origin != nil {
				l.apart(s, o.Origin(s.Flow))
			}
			if !seen[s.Endpoint] {
				seen[s.Endpoint] = true
				l.endpoints = append(l.endpoints, s.Endpoint)
			}
		}
	}
	l.report.Used = len(flows)
}

// model puts the parts together.
func (l *learner) model(o Options) (*model.Model, *Report, error) {
	steps := make([][]correlate.Exchange, len(l.sessions))
	for i, v := range l.sessions {
		steps[i] = v.exchanges
	}
	found := correlate.Learn(steps, correlate.Options{Data: o.Data, Pseudonym: o.Pseudonym, Refuse: o.Refuse})
	m := &model.Model{Version: model.Version, Bindings: found.Bindings, Data: slices.Clone(o.Data)}
	if o.Supplied != nil {
		m.Data = slices.Clone(o.Supplied)
	}
	m.Recorded, m.Origins = l.recorded()
	m.Recorded.LeftOut = l.leftOut.list()
	m.Behaviors = l.behaviors(o.Types)
	answers := l.outcomes(found.Acts, l.privateTexts(o.Data))
	for _, name := range l.endpoints {
		e := found.Endpoints[name]
		e.Origin, e.Check, e.Outcomes = l.further[name], answers.Checks[name], answers.Outcomes[name]
		events, protocol := l.events(name), l.protocol(name)
		for i := range e.Variants {
			e.Variants[i].Request.Events, e.Variants[i].Request.Protocol = events, protocol
		}
		m.Endpoints = append(m.Endpoints, e)
	}
	browsers := l.browsers(m)
	l.keepSessions(m, browsers, found.Acts, answers.Steps)
	l.keepAccounts(m, found.Rows)
	l.hand(o.Keep)
	m.Unresolved, m.Notes = found.Unresolved, l.report.notes()
	if err := m.Validate(); err != nil {
		return nil, l.report, fmt.Errorf("learned model is not valid: %w", err)
	}
	m = m.Rounded()
	l.report.describe(m)
	return m, l.report, nil
}

// recorded describes where the flows came from.
func (l *learner) recorded() (model.Recorded, []model.Origin) {
	r := model.Recorded{Flows: l.report.Used, Sessions: l.report.Sessions, Users: l.report.Users}
	origins, main := map[string]int{}, ""
	var end time.Time
	for _, v := range l.sessions {
		if start := v.exchanges[0].Flow.Start; r.Start.IsZero() || start.Before(r.Start) {
			r.Start = start
		}
		for _, s := range v.exchanges {
			o := s.Flow.Scheme + "://" + s.Flow.Request.Authority
			if l.further[s.Endpoint] == "" {
				origins[o]++
			}
			if origins[o] > origins[main] || origins[o] == origins[main] && o < main {
				main = o
			}
			if done := s.Flow.Start.Add(s.Flow.Done); done.After(end) {
				end = done
			}
		}
	}
	r.Duration = max(0, end.Sub(r.Start))
	list := []model.Origin{{Name: "main", URL: main}}
	for _, url := range slices.Compact(slices.Sorted(maps.Values(l.further))) {
		list = append(list, model.Origin{Name: url, URL: url})
	}
	return r, list
}

// events returns after how many events users leave a stream: the median.
func (l *learner) events(name string) int {
	var counts []int
	for _, v := range l.sessions {
		for _, s := range v.exchanges {
			if s.Endpoint == name && stream(s.Flow) {
				counts = append(counts, max(1, len(s.Flow.Messages)))
			}
		}
	}
	if len(counts) == 0 {
		return 0
	}
	slices.Sort(counts)
	return counts[len(counts)/2]
}
