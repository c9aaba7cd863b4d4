package modelled

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
)

// New returns the source that plays m against the targets of p: its recorded
// sessions, or walks of its behaviors, as p.Paths says. It sends nothing to origins
// that p does not map.
func New(m *model.Model, p replay.Plan) (replay.Source, error) {
	graph, err := model.NewGraph(m)
	if err != nil {
		return nil, err
	}
	s := &source{
		plan: p, graph: graph, origins: p.Origins(m.MainOrigin()), behaviors: m.Behaviors,
		sessions: m.Sessions, bindings: m.Bindings, elements: m.Elements, data: m.Data, index: make(map[string]int, len(m.Endpoints)),
	}
	s.walks = p.Paths == replay.WalkPaths || p.Paths == "" && len(m.Sessions) == 0
	switch {
	case len(m.Sessions) > 0:
		if s.recorded, err = p.Recorded(Starts(m)); err != nil {
			return nil, err
		}
		s.mixUsers(m)
	case !s.walks:
		return nil, errors.New("the model holds no recorded sessions to play; walk its behaviors instead")
	}
	if err = errors.Join(s.compileEndpoints(m), s.compileBindings(m)); err != nil {
		return nil, err
	}
	s.compileBrowsers(m)
	s.compileTracks(m)
	s.compileAccounts()
	s.compilePeople()
	s.patience, s.boards = patience(m.Sessions), s.compileBoards()
	return s, nil
}

// mixUsers lets the users play what the weights say, as far as these are not those of the
// recorded arrivals. Robots and pollers come with recorded arrivals only, and play what they
// did there, also where users walk.
func (s *source) mixUsers(m *model.Model) {
	arrivals := s.recorded
	s.apart = sessionsApart(m)
	switch x := newMix(m, s.plan.Seed); {
	case x == nil || s.plan.Scale > 0 && !x.edited:
	case s.plan.Scale > 0:
		s.recorded = func(i uint64) (int, uint64) {
			if track, before := arrivals(i); s.apart[track] {
				return track, before
			}
			return x.session(i)
		}
	case x.edited, len(x.types) > 1, slices.Contains(s.apart, true):
		s.recorded = x.session
	}
}

// A source plays a model. It is immutable but for its boards.
type source struct {
	plan      replay.Plan
	graph     *model.Graph
	origins   []replay.Origin
	behaviors []model.Behavior
	sessions  []model.Session
	reactions map[shape][]reaction
	renewals  []renewal
	tracks    []track                                         // the sessions made ready to play
	recorded  func(session uint64) (track int, before uint64) // see replay.Plan; nil: there are none
	apart     []bool                                          // the sessions that are not those of users
	people    people
	accounts  []accounts // by data file
	patience  int        // how often a request is repeated that the target puts off
	boards    map[spot]*board
	walks     bool        // sessions are walks of behaviors, not recorded ones
	splices   []crossings // by behavior
	endpoints []endpoint
	index     map[string]int // of endpoints, by name
	browsers  []browser
	bindings  []model.Binding
	elements  []model.Element
	data      []model.Source
}

// Starts says when the recorded sessions of m began. Those of robots and pollers come once,
// whatever the number of users.
func Starts(m *model.Model) replay.Starts {
	s := replay.Starts{At: m.Starts(), Span: m.Recorded.Duration}
	if apart := sessionsApart(m); slices.Contains(apart, true) {
		s.Once = apart
	}
	return s
}

// AtHome returns the plan that plays each recorded session of m once, at the origins of
// the recording.
func AtHome(m *model.Model) replay.Plan {
	p := replay.Plan{Target: m.MainOrigin(), Scale: 1}
	for _, o := range m.Origins[min(1, len(m.Origins)):] {
		p.Map = append(p.Map, replay.Origin{Recorded: o.URL, Live: o.URL})
	}
	return p
}

// Origins implements Source.
func (s *source) Origins() []replay.Origin { return s.origins }

// Session implements Source. A session that is made of recorded ones has a method Stands:
// which recorded act each act stands for.
func (s *source) Session(i, u uint64) replay.Session {
	v := visitor{source: s, number: i, track: -1, user: u, browser: s.browserOf(u), issued: make([]issued, len(s.bindings))}
	if track, before, ok := s.repeats(i); ok {
		v.track, v.copy = track, before
		return newRepeat(v, &s.tracks[track])
	}
	start := s.graph.Start(dist.Keyed(s.plan.Seed, i, 0))
	if of := &s.splices[start.Behavior()]; len(of.starts) > 0 {
		return newSplice(v, of)
	}
	return newWalk(v)
}

// repeats returns which recorded session a session plays, and how many others play it
// before. Walks play none.
func (s *source) repeats(i uint64) (track int, before uint64, ok bool) {
	if s.recorded == nil {
		return -1, 0, false
	}
	track, before = s.recorded(i)
	return track, before, !s.walks || s.apart[track]
}

func (s *source) compileTracks(m *model.Model) {
	for i := range m.Sessions {
		s.tracks = append(s.tracks, s.compileTrack(&m.Sessions[i]))
	}
	s.compileReactions()
	s.compileRenewals()
	for i := range m.Behaviors {
		s.splices = append(s.splices, s.compileCrossings(&m.Behaviors[i]))
	}
}

func (s *source) compileEndpoints(m *model.Model) error {
	bindings := make(map[string]int, len(m.Bindings))
	for i, b := range m.Bindings {
		bindings[b.Name] = i
	}
	urls := make(map[string]string, len(m.Origins))
	for _, o := range m.Origins {
		urls[o.Name] = o.URL
	}
	var errs []error
	logins, moved := m.Logins(), newMove(s.origins)
	for i := range m.Endpoints {
		from := &m.Endpoints[i]
		e := endpoint{name: from.Name, asset: from.Asset, judge: s.here(from.Check).Compile().Knowing(logins), outcomes: make(map[string]*model.Judge, len(from.Outcomes)), blank: blankOf(from), lax: len(from.Check.Status) == 0}
		for k := range from.Outcomes {
			e.outcomes[from.Outcomes[k].Name] = s.here(from.Outcomes[k].Check).Compile().Knowing(logins)
		}
		e.ofWrites = map[*model.Judge]*model.Judge{e.judge: e.judge.OfWrite()}
		for _, j := range e.outcomes {
			e.ofWrites[j] = j.OfWrite()
		}
		if from.Origin != "" {
			e.origin = replay.FindOrigin(s.origins, urls[from.Origin])
		}
		for k := range from.Variants {
			v, err := compileVariant(moved.variant(&from.Variants[k]), bindings, m.Data)
			if err != nil {
				errs = append(errs, fmt.Errorf("endpoint %q: %w", e.name, err))
			}
			if v.change = compileChange(&from.Variants[k], m.Bindings); v.change != nil {
				v.change.another = s.walks
			}
			e.variants = append(e.variants, v)
		}
		s.endpoints = append(s.endpoints, e)
		s.index[e.name] = i
	}
	return errors.Join(errs...)
}

// here is c for a replay: a redirection that led to an origin of the recording may lead
// to wherever that is now, and only its path is compared.
func (s *source) here(c model.Check) *model.Check {
	redirect := slices.Clone(c.Redirect)
	for i, to := range redirect {
		scheme, rest, whole := strings.Cut(to, "://")
		if !whole {
			continue
		}
		host, path, _ := strings.Cut(rest, "/")
		if replay.FindOrigin(s.origins, scheme+"://"+host) >= 0 {
			redirect[i] = "/" + path
		}
	}
	c.Redirect = redirect
	return &c
}

func (s *source) compileBindings(m *model.Model) error {
	var errs []error
	for i, b := range m.Bindings {
		for k, src := range b.Sources {
			if b.Refused {
				break
			}
			selector, err := content.ParseSelector(src.Selector)
			e, ok := s.index[src.Endpoint]
			if err != nil || !ok {
				errs = append(errs, fmt.Errorf("binding %q: source %q at %q cannot be used", b.Name, src.Selector, src.Endpoint))
				continue
			}
			s.endpoints[e].issues = append(s.endpoints[e].issues, issue{binding: i, source: k, selector: selector})
		}
	}
	return errors.Join(errs...)
}

// A browser is a model.Browser made ready to send.
type browser struct {
	name    string
	weight  float64
	headers flow.Headers
}

func (s *source) compileBrowsers(m *model.Model) {
	for _, b := range m.Browsers {
		to := browser{name: b.Name, weight: b.Weight}
		for _, h := range b.Headers {
			to.headers = append(to.headers, flow.Header{Name: h.Name, Value: h.Value})
		}
		s.browsers = append(s.browsers, to)
	}
}
