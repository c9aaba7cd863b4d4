package outcome

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flow"
)

// A Session holds the recorded steps of one session, in order.
type Session struct {
	User  string
	Steps []Step
}

// A Step is a recorded exchange. The flow has a response.
type Step struct {
	Flow     *flow.Flow
	Endpoint string
	Variant  string
	LeadsTo  string // template of where a redirection leads; "": not known
	Stream   bool   // the answer is a stream, whose content is not judged
}

// A Result says what answers are expected.
type Result struct {
	Checks     map[string]model.Check     // by endpoint: of any step
	Outcomes   map[string][]model.Outcome // by endpoint: the kinds of answers, where there are several
	Steps      [][]Expected               // per session and step
	Exceptions int                        // steps that expect another answer than the recorded one
	Cut        int                        // answers whose end the recording lacks
}

// Expected is what a step expects, with the meanings of model.Act.
type Expected struct {
	Outcome string
	Status  int
	Poll    int
}

// maxOutcomes is the number of kinds of answers of one endpoint. Kinds beyond it that
// differ only in what they require are taken together.
const maxOutcomes = 32

// Learn learns what the steps of sessions expect. private are texts that tell users
// apart, such as those of data files. The result depends on the arguments alone.
func Learn(sessions []Session, private []string) *Result {
	l := New(private)
	for i := range sessions {
		for k := range sessions[i].Steps {
			l.Look(&sessions[i].Steps[k].Flow.Request)
		}
	}
	for i := range sessions {
		l.Add(&sessions[i])
	}
	return l.Result(func(session, step int) string { return sessions[session].Steps[step].Variant })
}

// A Learner looks at sessions one after another. It keeps some 150 bytes of each answer.
type Learner struct{ o *observer }

// New returns a Learner that has seen nothing. For private see Learn.
func New(private []string) *Learner { return &Learner{newObserver(private)} }

// Look notes the texts that a user typed. It is called for the requests of all sessions,
// before the first Add.
func (l *Learner) Look(r *flow.Request) { l.o.lookAt(r) }

// Add looks at the answers of the next session. The flows are not needed afterwards.
func (l *Learner) Add(s *Session) { l.o.observe(s) }

// Result returns what the steps expect, in the order of Add. variant names the variant of
// a step; Step.Variant does not count.
func (l *Learner) Result(variant func(session, step int) string) *Result {
	r, o := &Result{Checks: map[string]model.Check{}, Outcomes: map[string][]model.Outcome{}}, l.o
	for i, steps := range o.of {
		r.Steps = append(r.Steps, make([]Expected, len(steps)))
		for k, s := range steps {
			s.variant = variant(i, k)
		}
	}
	for s, id := range o.closed {
		s.flaky = s.flaky || o.open[id]
	}
	polls := o.findPolls()
	volatile := map[string]bool{}
	learners := make([]*learner, len(o.endpoints))
	for i, name := range o.endpoints {
		learners[i] = &learner{name: name, seen: o.byEndpoint[name], volatile: volatile}
		learners[i].sort()
	}
	for _, l := range learners {
		l.learn()
		l.report(r, polls)
	}
	r.Cut = o.cut
	return r
}

// A learner learns the outcomes of one endpoint.
type learner struct {
	name     string
	seen     []*seen
	kinds    [][]*seen // those of one key, the commonest first
	groups   []*group
	volatile map[string]bool // forms that come and go on pages of the service, for no known reason
}

// A group is a kind of answers: those with one key, that require the same besides what
// all of the key have.
type group struct {
	key   string
	extra []string // sorted
	after string   // the write that brings extra
	fact  *model.Fact
	of    []*seen
	check model.Check
	name  string
}

// sort sorts the answers by kind and finds what steps require by themselves.
func (l *learner) sort() {
	l.settleUnchanged()
	for _, key := range l.keys() {
		of := slices.DeleteFunc(slices.Clone(l.seen), func(s *seen) bool { return s.key != key })
		findExtras(of, l.volatile)
		l.kinds = append(l.kinds, of)
	}
}

// learn learns what each kind of answers expects, and puts those that expect the same
// into groups.
func (l *learner) learn() {
	for _, of := range l.kinds {
		key := of[0].key
		base := learnCheck(of, l.volatile)
		base.requireSent(of)
		byExtra := map[string]*group{}
		for _, s := range of {
			id := strings.Join(s.extra, "\x00")
			if s.fact != nil {
				id += "\x00\x00" + s.fact.Selector + "=" + s.fact.Value
			}
			g := byExtra[id]
			if g == nil {
				if len(l.groups) >= maxOutcomes && len(byExtra) > 0 {
					s.extra, s.fact = nil, nil
					g = l.groups[len(l.groups)-1]
				} else {
					g = &group{key: key, extra: s.extra, after: s.after, fact: s.fact}
					g.check = base.with(s)
					byExtra[id] = g
					l.groups = append(l.groups, g)
				}
			}
			g.of = append(g.of, s)
			s.group = g
		}
	}
	l.excuse()
	l.nameGroups()
}

// keys returns the keys of the answers, the commonest first.
func (l *learner) keys() []string {
	counts := map[string]int{}
	var keys []string
	for _, s := range l.seen {
		if counts[s.key] == 0 {
			keys = append(keys, s.key)
		}
		counts[s.key]++
	}
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	return keys
}

// settleUnchanged gives answers 304 the key of the commonest good answer of the
// endpoint: that is what a user without the page in the cache gets.
func (l *learner) settleUnchanged() {
	best, counts := "", map[string]int{}
	for _, s := range l.seen {
		if s.status/100 == 2 {
			if counts[s.key]++; counts[s.key] > counts[best] {
				best = s.key
			}
		}
	}
	for _, s := range l.seen {
		if s.status == 304 && best != "" {
			s.key = best
		}
	}
}

// excuse lets steps whose answer was an exception expect what the others had. An error
// of the service, or that it puts a request off, is an exception unless half of the
// requests of that structure had it. So is a refusal that nothing in the request or before
// it tells from requests that were accepted.
func (l *learner) excuse() {
	total, had := map[string]int{}, map[string]int{}
	for _, s := range l.seen {
		total[s.variant]++
		had[s.variant+"\x00"+strconv.Itoa(s.status)]++
	}
	usual := map[string]*group{}
	for _, g := range l.groups { // the commonest first
		for _, s := range g.of {
			if s.status < 400 && usual[s.variant] == nil {
				usual[s.variant] = g
			}
		}
	}
	for _, s := range l.seen {
		rare := 2*had[s.variant+"\x00"+strconv.Itoa(s.status)] < total[s.variant]
		if g := usual[s.variant]; g != nil && rare && (passing(s.status) || s.flaky) && !s.putOff {
			s.group, s.excused = g, true
		}
	}
}

// passing reports whether a status tells of the state of the service and not of the
// request.
func passing(status int) bool {
	return status >= 500 || status == 408 || status == 425 || status == 429
}

// report adds what was learned to r.
func (l *learner) report(r *Result, polls map[*seen]int) {
	used := map[*group]int{}
	for _, s := range l.seen {
		used[s.group]++
	}
	r.Checks[l.name] = l.usual(used)
	for _, s := range l.seen {
		e := &r.Steps[s.session][s.step]
		e.Status, e.Poll = s.status, polls[s]
		if s.excused {
			r.Exceptions++
		}
		switch {
		case len(used) > 1:
			e.Outcome = s.group.name
		case s.excused:
			e.Status = 0
		}
	}
	if len(used) < 2 {
		return
	}
	for _, g := range l.groups {
		if used[g] > 0 {
			r.Outcomes[l.name] = append(r.Outcomes[l.name], model.Outcome{Name: g.name, Recorded: used[g], Check: g.check})
		}
	}
}

// usual returns the check of any step: that of the only kind of answers, or what is
// common to the good ones, and to errors that half of the answers are.
func (l *learner) usual(used map[*group]int) model.Check {
	if len(used) == 1 {
		return l.seen[0].group.check
	}
	counts := map[int]int{}
	for _, s := range l.seen {
		counts[s.status]++
	}
	usual := slices.DeleteFunc(slices.Clone(l.seen), func(s *seen) bool { return s.status >= 400 && 2*counts[s.status] < len(l.seen) })
	if len(usual) == 0 {
		usual = l.seen
	}
	c := learnCheck(usual, l.volatile)
	c.requireSent(usual)
	return c.Check
}
