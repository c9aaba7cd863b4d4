package learn

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
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

	// Sample is the number of flows from which on endpoints, and where values come from,
	// are learned from some of the sessions: some that show each kind of request, and
	// some at random. The others say only what they did. 0: 50,000.
	Sample int

	// Keep, where not nil, is given the flows of the acts of each session of the model,
	// in the order of its sessions. Of a long recording it is nil for all but some
	// sessions, which were drawn at random.
	Keep func(flows []*flow.Flow)

	// Progress, where not nil, is told now and then how many of the flows were read, in
	// which of several readings.
	Progress func(reading string, flows, of int)

	// Pseudonym reports whether a value stands in the recording in place of a secret. Such
	// values are named where a replay would send them. nil: there are none.
	Pseudonym func(value string) bool

	// Alias gives values of Data by the pseudonyms that the recording has in their place
	// now and then.
	Alias map[string]string

	// Refuse names bindings that are coincidences: what is bound to them is sent as
	// recorded, unless it is a live form or document.
	Refuse []string

	// Split is what session.Split reported of the sessions. From it the model says
	// what went to other hosts. The zero value says nothing.
	Split session.Report
}

// Learn makes a model of the sessions. The model is valid. The error is ErrNothing, wrapped
// with what was left out, or says which data file is wrong.
func Learn(sessions []session.Session, o Options) (*model.Model, *Report, error) {
	var bodies shelf
	flows, sizes := 0, make([]int, len(sessions))
	for i := range sessions {
		flows += len(sessions[i].Flows)
		for _, f := range sessions[i].Flows {
			if f != nil {
				known := bodies.share(f)
				sizes[i] += weigh(f) - known
			}
		}
	}
	return learn(func(yield func(recording) error) error {
		for i, s := range sessions {
			if err := yield(recording{number: i, user: s.User, kind: s.Kind, cut: s.Cut, flows: s.Flows, size: sizes[i]}); err != nil {
				return err
			}
		}
		return nil
	}, flows, o)
}

// learn learns from sessions that have so many flows.
func learn(from source, flows int, o Options) (*model.Model, *Report, error) {
	o = o.withDefaults()
	if err := checkData(o.Data); err != nil {
		return nil, nil, err
	}
	l := newLearner(o, flows)
	kept, err := l.survey(from)
	if err != nil {
		return nil, nil, err
	}
	if len(kept) == 0 {
		return nil, l.report, fmt.Errorf("%w%s; record traffic through the proxy and learn again", ErrNothing, l.report.lost())
	}
	l.nameBy(kept)
	l.take(kept)
	if !l.sample.whole {
		l.report.sampled = len(kept)
		if err := l.takeRest(from, kept); err != nil {
			return nil, nil, err
		}
	}
	return l.model()
}

func (o Options) withDefaults() Options {
	if o.Types <= 0 {
		o.Types = 8
	}
	if o.Sample <= 0 {
		o.Sample = 50_000
	}
	return o
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
	case f.Error != "" && !isStream(f):
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

// isStream reports whether the answer is a stream of events, which ends when the
// user leaves.
func isStream(f *flow.Flow) bool {
	return content.New(f.Response).Media() == "text/event-stream"
}

// model puts the parts together.
func (l *learner) model() (*model.Model, *Report, error) {
	found := l.correlate.Result()
	answers := l.expected(found.Acts)
	shown := l.echoes.Result()
	l.correlate, l.outcome, l.echoes, l.cache = nil, nil, nil, nil // their memory is needed for the model
	l.arrange(found, answers, shown)
	l.findAssets()
	m := &model.Model{Version: model.Version, Bindings: found.Bindings, Data: slices.Clone(l.options.Data)}
	if l.options.Supplied != nil {
		m.Data = slices.Clone(l.options.Supplied)
	}
	l.findVisits()
	m.Recorded, m.Origins = l.recorded()
	m.Recorded.LeftOut = l.leftOut.list()
	m.Behaviors = l.behaviors(l.options.Types)
	for _, name := range l.endpoints {
		e := found.Endpoints[name]
		e.Asset = l.assets[name]
		e.Origin, e.Check, e.Outcomes = l.further[name], answers.Checks[name], answers.Outcomes[name]
		use := l.uses[name]
		for i := range e.Variants {
			e.Variants[i].Request.Events, e.Variants[i].Request.Protocol = use.eventsRead(), use.protocol()
		}
		m.Endpoints = append(m.Endpoints, e)
	}
	browsers := l.browsers(m)
	l.keepSessions(m, browsers, found.Acts, answers.Steps, shown)
	l.keepAccounts(m, found.Rows)
	l.letIn(m)
	l.hand()
	m.Elements, m.Unresolved, m.Notes = found.Elements, found.Unresolved, l.report.notes()
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
	main := ""
	for _, o := range slices.Sorted(maps.Keys(l.origins)) {
		if l.origins[o] > l.origins[main] || main == "" {
			main = o
		}
	}
	r.Start = l.sessions[0].steps[0].start
	r.Duration = max(0, l.end.Sub(r.Start))
	if main == "" { // a log without hosts
		return r, nil
	}
	list := []model.Origin{{Name: "main", URL: main}}
	for _, url := range slices.Compact(slices.Sorted(maps.Values(l.further))) {
		list = append(list, model.Origin{Name: url, URL: url})
	}
	return r, list
}
