package correlate

import (
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/record/flow"
)

// An Exchange is one exchange of a session, with the name of its endpoint and its
// path template ({} for each variable segment).
type Exchange struct {
	Endpoint string
	Path     string
	Flow     *flow.Flow
}

// Options steer Learn. The zero value works.
type Options struct {
	// Data are the data files whose columns the recorded users typed.
	Data []model.Source

	// Pseudonym reports whether a value stands in the recording in place of a secret.
	// nil: there are none.
	Pseudonym func(value string) bool

	// Alias gives values of Data by the pseudonyms that requests carry in their place now
	// and then.
	Alias map[string]string

	// Refuse names bindings that are coincidences: what is bound to them is sent as
	// recorded, unless it is a live form or document.
	Refuse []string
}

// A Result is what the requests of a recording are made of.
type Result struct {
	Endpoints map[string]model.Endpoint // with Name and Variants, the commonest first
	Bindings  []model.Binding           // in the order of their first use
	Rows      []map[string]int          // per session: its user's row in each data file, where it is known
	Acts      [][]Act                   // per session and exchange: how it was sent

	Unresolved []model.Unresolved // by endpoint and place
	Elements   []model.Element    // that the Takes of Acts name
}

// An Act says which request of an endpoint an exchange sent, and where it had its
// values, as in model.Act.
type Act struct {
	Variant string
	Row     int
	Takes   []model.Take
}

// Learn explains the requests of sessions. Every flow must have a response; the
// flows of a session are in the order of their start. The flows must not change
// while Learn runs. The result depends on the arguments alone.
func Learn(sessions [][]Exchange, o Options) *Result {
	l := New(o)
	for _, s := range sessions {
		for _, e := range s {
			l.Look(e.Flow)
		}
	}
	l.Add(sessions)
	return l.Result()
}

// New returns a Learner that knows nothing.
func New(o Options) *Learner {
	return &Learner{
		options: o, result: &Result{Endpoints: map[string]model.Endpoint{}}, byName: map[string]*target{}, repeated: map[source]bool{}, secrets: map[string]string{},
		cookies: cookieSet{}, selectors: selectors{}, shared: newShared(), data: newData(o.Data), kept: map[string]string{}, evidence: map[string][]string{}, elements: elements{known: map[string]int{}}, left: maxScanned,
	}
}

// Look notes which cookies the answer of f sets. It is called for all flows, before the
// first Add.
func (l *Learner) Look(f *flow.Flow) { l.cookies.add(f) }

// Add explains the requests of more sessions, as Learn does. What it found out about a
// place of requests holds for the sessions of later calls, too: they say only what each
// of their requests has there. So the first sessions should show every endpoint several
// times. Places that they do not show are explained when they are seen first. The
// flows are not needed after Add.
func (l *Learner) Add(sessions [][]Exchange) {
	l.begin(sessions)
	for _, t := range l.targets {
		t.align()
		for _, p := range t.settled {
			l.again(p)
		}
		for _, p := range t.leaves {
			l.fromData(p)
		}
	}
	l.decide()
	for _, t := range l.targets {
		t.build(l)
	}
	l.end()
}

// begin reads the sessions and sorts their requests by endpoint.
func (l *Learner) begin(sessions [][]Exchange) {
	for i, s := range sessions {
		l.sessions = append(l.sessions, newSession(i, s, l.cookies, l.selectors, l.shared, l.options.Alias))
	}
	l.total += len(sessions)
	l.data.assign(l.sessions)
	for _, s := range l.sessions {
		l.result.Rows = append(l.result.Rows, s.row)
	}
	for _, s := range l.sessions {
		acts := make([]Act, len(s.exchanges))
		l.result.Acts = append(l.result.Acts, acts)
		for i, e := range s.exchanges {
			e.act = &acts[i]
			if e.sentFrom != nil {
				e.sentFrom.settle(e, l.data)
			} else if e.changes == nil || e.changes.isDraft() {
				e.fromScript()
			}
		}
	}
	for _, s := range l.sessions {
		for _, e := range s.exchanges {
			t := l.byName[e.Endpoint]
			if t == nil {
				t = &target{name: e.Endpoint, byPlace: map[string]*leaf{}, byKey: map[string][]*variant{}, chains: map[string]codec.Chain{}}
				l.byName[t.name] = t
				l.known = append(l.known, t)
			}
			if len(t.uses) == 0 {
				l.targets = append(l.targets, t)
			}
			t.uses = append(t.uses, e)
		}
	}
}

// decide explains the places that are seen for the first time: the leaves of the targets.
func (l *Learner) decide() {
	l.structural()
	l.follow(true)
	l.answerChallenges()
	l.edit()
	l.bind()
	l.follow(false)
	l.bindPartly()
	l.pick()
	l.pin()
	l.share()
	l.compute()
	l.classify()
	l.admit()
}

// end forgets the sessions. What was found out of places stays.
func (l *Learner) end() {
	for _, t := range l.targets {
		t.settle()
	}
	l.sessions, l.targets, l.generated = nil, nil, nil
	l.shared.forget()
	l.elements.recent = nil
	clear(l.secrets)
}

// Result returns what was found out. Nothing may be added afterwards.
func (l *Learner) Result() *Result {
	l.nameBindings()
	for _, t := range l.known {
		l.result.Endpoints[t.name] = t.endpoint()
	}
	l.sortUnresolved()
	l.result.Elements = l.elements.list
	return l.result
}

// A Learner explains sessions that come one after another, in bounded memory: it keeps
// what it found out, and of each request what the model says of it.
type Learner struct {
	options   Options
	cookies   cookieSet // that answers set
	selectors selectors
	shared    *shared
	data      *data

	sessions  []*session      // at hand
	targets   []*target       // of them, in the order of their first use
	generated map[string]bool // paths of scripts that the target makes for each request; nil: not asked for

	known    []*target // of all sessions, in the order of their first use
	byName   map[string]*target
	bindings []*binding        // in the order of their first use
	repeated map[source]bool   // whether answers in XML have a place more than once
	secrets  map[string]string // forms of values that clients hash before they send them
	kept     map[string]string // texts of rows, each once
	elements elements
	evidence map[string][]string // selectors of the lists that leaves with a key identify elements of
	left     int                 // bytes of answers that may be searched
	total    int                 // sessions
	result   *Result
}

// A session is a recorded session with an index of everything that was sent and received.
type session struct {
	number    int
	exchanges []*parsed
	of        map[string][]*parsed // exchanges by endpoint
	read      map[source]*reading  // see hits
	received  map[string][]place   // where a value was received; see given
	sent      map[string]*parsed   // which request carried a value first
	row       map[string]int       // the user's row in each data file
	own       []model.Field        // what only this row has
	choices   []choice             // what the user chose of lists; nil: not asked for
	referer   string               // the page that a program always says it comes from; see alwaysFrom
	compared  int                  // bytes of answers that were searched for documents
	selectors selectors
	shared    *shared

	membersOf map[*parsed][]string // see members
	revisions map[string][]place   // see shownAs
	searches  map[string]*search   // by value; see searched
}

// selectors keeps selectors as they are parsed: all sessions use the same. One that cannot
// be parsed finds nothing.
type selectors map[string]*content.Selector

func (s selectors) parse(text string) *content.Selector {
	parsed, had := s[text]
	if !had {
		if one, err := content.ParseSelector(text); err == nil {
			parsed = &one
		}
		s[text] = parsed
	}
	return parsed
}

// A place is where one answer holds a value.
type place struct {
	exchange *parsed
	selector string
}

// A parsed is an exchange with what its content holds.
type parsed struct {
	Exchange
	session *session
	index   int
	whole   *flow.Request // as it was sent
	spans   []content.Span
	doc     *content.Doc
	head    time.Time // when the answer began
	hash    uint64    // of the body of the answer; see shared
	cache   map[string][]string
	act     *Act // how it was sent

	changes *spot           // the form or document that the request changes; nil: none
	spots   map[string]spot // where values of the request come from, by their places

	sentFrom *shownForm     // nil: from no form
	targets  [][]string     // of the forms of the answer: see formTargets
	places   map[string]int // indices of spans by selector, see place

	traced bool // origin and link are known: see cameFrom
	origin *parsed
	link   int
	found  map[string][]content.Match // by selector

	effect effect

	ids   *identities                // see identities
	kinds map[string][]*content.Span // see kindsIn
}

// An effect is what is known of a request: whether it changes something.
type effect uint8

const (
	unknown effect = iota
	reads
	writes
)

// newSession reads the exchanges of session n. set holds the cookies of the recording.
func newSession(n int, exchanges []Exchange, set cookieSet, known selectors, bodies *shared, alias map[string]string) *session {
	s := &session{number: n, selectors: known, shared: bodies, of: map[string][]*parsed{}, read: map[source]*reading{}, sent: map[string]*parsed{}, row: map[string]int{}}
	for i, one := range exchanges {
		e := &parsed{
			Exchange: one, session: s, index: i, whole: &one.Flow.Request,
			doc:  content.New(one.Flow.Response),
			head: one.Flow.Start.Add(one.Flow.FirstByte),
		}
		s.exchanges = append(s.exchanges, e)
		s.of[e.Endpoint] = append(s.of[e.Endpoint], e)
		e.rewrite()
		e.spans = content.Spans(&e.Flow.Request)
		e.spans = content.AppendCookies(e.spans, &e.Flow.Request, set.own)
		for i := range e.spans {
			sp := &e.spans[i]
			if v, ok := alias[sp.Value]; ok {
				sp.Value = v
			}
			if s.sent[sp.Value] == nil {
				s.sent[sp.Value] = e
			}
		}
	}
	s.referer = s.alwaysFrom()
	return s
}

// alwaysFrom returns the page that a program says it comes from with all of its requests,
// although it was shown none, as some targets want it; "" if it does not. One of many
// things is a page that a browser was on when its address was not recorded.
func (s *session) alwaysFrom() string {
	if len(s.exchanges) < 2 {
		return ""
	}
	from := s.exchanges[0].Flow.Request.Headers.Value("Referer")
	_, path, _ := strings.Cut(from, "://")
	_, path, _ = strings.Cut(path, "/")
	if strings.Contains(path, "?") || content.Template(path) != path {
		return ""
	}
	for _, e := range s.exchanges {
		if e.Flow.Request.Headers.Value("Referer") != from || e.doc.Media() == "text/html" {
			return ""
		}
	}
	return from
}

// maxSame is how many places of a value a further one is compared with: a list may show a word
// in each of its elements.
const maxSame = 8

// given returns the places where each value was received, in the order of the answers.
func (s *session) given() map[string][]place {
	if s.received == nil {
		s.received = map[string][]place{}
		for _, e := range s.exchanges {
			for _, leaf := range e.doc.Leaves() {
				at := place{e, s.anybodys(leaf.Selector)}
				if list := s.received[leaf.Value]; !slices.Contains(list[max(0, len(list)-maxSame):], at) {
					s.received[leaf.Value] = append(list, at)
				}
			}
		}
	}
	return s.received
}

// before reports whether the answer of e could be read before the request of u. A
// stream of events counts only when it had ended: a replay reads it as a whole.
func (e *parsed) before(u *parsed) bool {
	at := e.head
	if e.doc.Media() == "text/event-stream" {
		at = e.Flow.Start.Add(e.Flow.Done)
	}
	return e.index < u.index && !at.After(u.Flow.Start)
}

// place returns the index of the span with a selector, or -1.
func (e *parsed) place(selector string) int {
	if e.places == nil {
		e.places = make(map[string]int, len(e.spans))
		for i := range e.spans {
			if _, had := e.places[e.spans[i].Selector]; !had {
				e.places[e.spans[i].Selector] = i
			}
		}
	}
	if i, ok := e.places[selector]; ok {
		return i
	}
	return -1
}

// values returns what a selector finds in the answer of e.
func (e *parsed) values(selector string) []string {
	if v, ok := e.cache[selector]; ok {
		return v
	}
	v := e.session.shared.valuesOf(e, selector)
	if e.cache == nil {
		e.cache = map[string][]string{}
	}
	e.cache[selector] = v
	return v
}

// issuedFirst reports whether the value was received in the session before the
// client sent it.
func (u *parsed) issuedFirst(value string) bool {
	at := u.session.given()[value]
	if len(at) == 0 {
		return false
	}
	sender := u.session.sent[value]
	return sender == nil || at[0].exchange.before(sender)
}

// sentFirst reports whether the client sent the value in an earlier write of the session,
// before any answer held it: the user named something, and means that by this value.
// Values that may be equal by chance are none of these.
func (u *parsed) sentFirst(value string) bool {
	sender := u.session.sent[value]
	if sender == nil || sender.index >= u.index || sender.Flow.Response.Status >= 400 || content.Bits(value) < minBits {
		return false
	}
	at := u.session.given()[value]
	return (len(at) == 0 || !at[0].exchange.before(sender)) && sender.writes()
}

// writes reports whether e changes something at the target.
func (e *parsed) writes() bool {
	if e.effect == unknown {
		e.effect = reads
		if content.Writes(&e.Flow.Request) {
			e.effect = writes
		}
	}
	return e.effect == writes
}
