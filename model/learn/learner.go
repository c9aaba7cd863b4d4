package learn

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/correlate"
	"github.com/starling-load/starling/model/echo"
	"github.com/starling-load/starling/model/endpoint"
	"github.com/starling-load/starling/model/outcome"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/model/way"
	"github.com/starling-load/starling/record/flow"
)

// A learner holds the work of one Learn. The sessions are read twice. First it chooses
// the sample, and notes what has to be known of all of them. From the sample it learns
// endpoints and where values come from. Then it takes the others, some at a time, and
// keeps of each exchange what the model says of it.
type learner struct {
	options   Options
	report    *Report
	sample    *sample
	cache     *cache
	correlate *correlate.Learner
	outcome   *outcome.Learner
	echoes    *echo.Learner

	sessions  []recorded
	templates *endpoint.Templates
	endpoints []string          // in the order of their first use
	further   map[string]string // their origins, of those that are not of the main one
	uses      map[string]*use   // by endpoint
	origins   map[string]int    // flows by origin, of those to the main one
	end       time.Time         // when the last answer was over
	agents    agents
	leftOut   leftOut
	assets    map[string]bool // endpoints that are parts of pages
	crossings map[string]bool // endpoints at which users come or go
	kept      map[int][]*flow.Flow
	ways      *way.Ways
	quickest  time.Duration // the least pause of a user before a request that a script may send as well
}

// A recorded session, as learning sees it.
type recorded struct {
	number   int // in the order in which they were taken
	user     string
	kind     session.Kind // of what made it
	cut      session.Cut  // what the recording may lack of it
	steps    []step
	visits   []visit
	trace    way.Trace // of how its user got in
	behavior string    // name of the type of user
}

// A step is what is kept of an exchange of a session.
type step struct {
	endpoint       string
	start          time.Time
	done, answered time.Duration // since start
	conn           uint64
	is             traits
}

// over returns when the step was over.
func (s *step) over() time.Time { return s.start.Add(max(s.done, 0)) }

// traits are what kind of exchange a step is.
type traits uint16

const (
	get        traits = 1 << iota
	navigation        // the user opened a page
	scripted          // a script of a page sent it
	preflight         // the browser asked leave for another request
	stream            // the answer is a stream of events
	cookies           // the answer sets cookies
	unknown           // what was answered is not known
	renewal           // a program sent it because its credentials were refused
	opened            // a page of its own in the window of the user
)

func traitsOf(f *flow.Flow) traits {
	var t traits
	for _, x := range [...]struct {
		is   bool
		what traits
	}{
		{f.Request.Method == "GET", get}, {isNavigation(f), navigation}, {isScripted(f), scripted}, {isPreflight(f), preflight},
		{isStream(f), stream}, {isOpened(f), opened}, {f.Response.Headers.Value("Set-Cookie") != "", cookies}, {f.Response.Status == unknownStatus, unknown},
	} {
		if x.is {
			t |= x.what
		}
	}
	return t
}

func newLearner(o Options, flows int) *learner {
	return &learner{
		options: o, sample: newSample(o.Sample, flows), cache: newCache(), agents: newAgents(),
		correlate: correlate.New(correlate.Options{Data: o.Data, Pseudonym: o.Pseudonym, Alias: o.Alias, Refuse: o.Refuse}), outcome: outcome.New(privateTexts(o.Data)), echoes: echo.New(),
		report:  &Report{Lost: map[string]int{}, RestsOn: append([]string{}, o.Split.Lines()...), others: o.Split.Others()},
		further: map[string]string{}, uses: map[string]*use{}, origins: map[string]int{}, kept: map[int][]*flow.Flow{}, ways: way.New(),
	}
}

// survey goes over all sessions, counts what is left out, and returns the sample.
func (l *learner) survey(from source) (kept []recording, err error) {
	for _, n := range l.options.Split.Foreign {
		l.report.Flows += n
		l.report.Lost["another host"] += n
	}
	users := map[string]bool{}
	err = from(func(r recording) error {
		r.flows = l.usable(r.flows, func(f *flow.Flow, why string) {
			if l.report.Flows++; why != "" {
				l.report.Lost[why]++
				l.leftOut.add(f, why)
			}
		})
		if len(r.flows) == 0 {
			return nil
		}
		l.report.Sessions++
		l.report.Used += len(r.flows)
		users[r.user] = true
		for _, f := range r.flows {
			if leadsPast(f) {
				l.leftOut.add(f, whyPast)
			}
			l.correlate.Look(f)
			l.outcome.Look(&f.Request)
		}
		l.ways.Look(r.flows)
		if l.sample.wants(&r) {
			kept = append(kept, r)
		} else {
			l.cache.add(r.flows, false)
		}
		return nil
	})
	l.report.Users = len(users)
	sortByStart(kept)
	return kept, err
}

// usable returns the flows that can be learned from, in the order of their start. count
// is told of each flow why it cannot; "": it can.
func (l *learner) usable(flows []*flow.Flow, count func(f *flow.Flow, why string)) []*flow.Flow {
	var out []*flow.Flow
	for _, f := range flows {
		if f == nil {
			continue
		}
		if l.options.Unanswered && lacksAnswer(f) {
			f = withoutAnswer(f)
		}
		why := unusable(f)
		if count(f, why); why == "" {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b *flow.Flow) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Number, b.Number))
	})
	return out
}

func sortByStart(list []recording) {
	slices.SortStableFunc(list, func(a, b recording) int {
		return cmp.Or(a.flows[0].Start.Compare(b.flows[0].Start), cmp.Compare(a.number, b.number))
	})
}

// nameBy learns the endpoints from the sample.
func (l *learner) nameBy(kept []recording) {
	var flows []*flow.Flow
	for i := range kept {
		l.cache.add(kept[i].flows, l.sample.whole)
	}
	for i := range kept {
		l.cache.show(kept[i].flows)
		flows = append(flows, kept[i].flows...)
	}
	l.templates = endpoint.Learn(flows, endpoint.Options{Data: model.ColumnsByValue(l.options.Data)})
}

// most is how many flows, and about how many bytes of them, are taken at once.
const (
	batchFlows = 10_000
	batchBytes = 64 << 20
)

// takeRest takes the sessions that are not of the sample.
func (l *learner) takeRest(from source, kept []recording) error {
	taken := make(map[int]bool, len(kept))
	for i := range kept {
		taken[kept[i].number] = true
	}
	var batch []recording
	flows, size := 0, 0
	take := func() {
		sortByStart(batch)
		for i := range batch {
			l.cache.show(batch[i].flows)
		}
		l.take(batch)
		batch, flows, size = nil, 0, 0
	}
	err := from(func(r recording) error {
		if taken[r.number] {
			return nil
		}
		if r.flows = l.usable(r.flows, func(*flow.Flow, string) {}); len(r.flows) == 0 {
			return nil
		}
		batch = append(batch, r)
		flows += len(r.flows)
		if size += r.load(); flows >= batchFlows || size >= batchBytes {
			take()
		}
		return nil
	})
	if err == nil && len(batch) > 0 {
		take()
	}
	return err
}

// take adds sessions. Their flows are not needed afterwards.
func (l *learner) take(batch []recording) {
	exchanges := make([][]correlate.Exchange, len(batch))
	for i := range batch {
		exchanges[i] = l.exchanges(&batch[i])
	}
	var bound sync.WaitGroup // values are looked at while answers are: neither knows of the other
	bound.Go(func() { l.correlate.Add(exchanges) })
	defer bound.Wait()
	shown := make([]echo.Session, len(batch))
	for i := range batch {
		for _, x := range exchanges[i] {
			shown[i].Steps = append(shown[i].Steps, echo.Step{Flow: x.Flow, Endpoint: x.Endpoint})
		}
	}
	l.echoes.Add(shown)
	for i := range batch {
		r := &batch[i]
		s := recorded{number: len(l.sessions), user: r.user, kind: r.kind, cut: r.cut, trace: l.ways.Trace(r.flows), steps: make([]step, 0, len(r.flows))}
		answers := outcome.Session{User: r.user}
		renewals := renewals(exchanges[i])
		for k, x := range exchanges[i] {
			one := l.step(&x)
			if renewals[k] {
				one.is |= renewal
			}
			s.steps = append(s.steps, one)
			if one.is&unknown == 0 {
				answers.Steps = append(answers.Steps, outcome.Step{Flow: x.Flow, Endpoint: x.Endpoint, LeadsTo: l.leadsTo(x.Flow), Stream: one.is&stream != 0})
			}
		}
		l.outcome.Add(&answers)
		l.agents.add(r.user, r.flows)
		if l.options.Keep != nil && r.drawn {
			l.kept[s.number] = r.flows
		}
		l.sessions = append(l.sessions, s)
	}
}

// exchanges finds the endpoints of the requests of a session.
func (l *learner) exchanges(r *recording) []correlate.Exchange {
	out := make([]correlate.Exchange, len(r.flows))
	for i, f := range l.ways.Jarred(r.flows) {
		x := correlate.Exchange{Flow: f, Endpoint: l.templates.Name(f), Path: l.templates.Path(f)}
		if l.options.Origin != nil {
			l.apart(&x, l.options.Origin(f))
		}
		if u := l.uses[x.Endpoint]; u == nil {
			l.uses[x.Endpoint] = &use{name: x.Endpoint}
			l.endpoints = append(l.endpoints, x.Endpoint)
		} else {
			x.Endpoint = u.name // one in memory
		}
		out[i] = x
	}
	return out
}

// step notes what is kept of an exchange.
func (l *learner) step(x *correlate.Exchange) step {
	f := x.Flow
	l.uses[x.Endpoint].add(f)
	if f.Request.Authority != "" && l.further[x.Endpoint] == "" {
		l.origins[f.Scheme+"://"+f.Request.Authority]++
	}
	if done := f.Start.Add(f.Done); done.After(l.end) {
		l.end = done
	}
	return step{endpoint: x.Endpoint, start: f.Start, done: f.Done, answered: f.Answered(), conn: f.Conn, is: traitsOf(f)}
}

// findAssets notes the endpoints that were only read and that answered only with assets.
// Pages request them; users do not choose them.
func (l *learner) findAssets() {
	l.assets = map[string]bool{}
	for name, u := range l.uses {
		if u.asset && !u.other {
			l.assets[name] = true
		}
	}
}

// arrange brings the sessions, and what was found of them, into the order of their start.
func (l *learner) arrange(found *correlate.Result, answers *outcome.Result, shown [][][]model.Echo) {
	slices.SortStableFunc(l.sessions, func(a, b recorded) int { return a.steps[0].start.Compare(b.steps[0].start) })
	acts, rows, steps, echoes := slices.Clone(found.Acts), slices.Clone(found.Rows), slices.Clone(answers.Steps), slices.Clone(shown)
	for i, s := range l.sessions {
		found.Acts[i], found.Rows[i], answers.Steps[i], shown[i] = acts[s.number], rows[s.number], steps[s.number], echoes[s.number]
	}
}

// hand gives the flows of each session to who wants to keep them.
func (l *learner) hand() {
	for i := range l.sessions {
		if l.options.Keep != nil {
			l.options.Keep(l.kept[l.sessions[i].number])
		}
	}
}

// A use is what the requests of an endpoint are like.
type use struct {
	name         string
	asset, other bool  // it answered with assets, with something else
	writes       bool  // it changes something
	events       []int // of each stream
	http2, all   int   // requests that need HTTP/2, and all of them
	received     int64 // bytes of all answers
}

func (u *use) add(f *flow.Flow) {
	switch media := content.New(f.Response).Media(); {
	case f.Request.Method != "GET" && f.Request.Method != "HEAD":
		u.other = true
	case isAsset(media), media == "" && namesAsset(f.Request.Target):
		u.asset = true
	case f.Response.Status/100 == 2 && (media != "" || f.Response.Body.Size > 0):
		u.other = true
	}
	u.writes = u.writes || content.Writes(&f.Request)
	u.received += max(0, f.Response.Body.Size)
	if isStream(f) {
		u.events = append(u.events, max(1, len(f.Messages)))
	}
	if u.all++; f.Protocol == "HTTP/2.0" && (f.Scheme == "http" || strings.HasPrefix(f.Request.Headers.Value("Content-Type"), "application/grpc")) {
		u.http2++
	}
}

// eventsRead returns after how many events users leave a stream: the median.
func (u *use) eventsRead() int {
	if len(u.events) == 0 {
		return 0
	}
	slices.Sort(u.events)
	return u.events[len(u.events)/2]
}

// protocol returns the version of HTTP that the requests need. It is HTTP/2 if that was
// spoken without TLS, and for gRPC, which has no other version. In all other cases client
// and target agree on one.
func (u *use) protocol() model.Protocol {
	if 2*u.http2 > u.all {
		return model.HTTP2
	}
	return model.AnyProtocol
}
