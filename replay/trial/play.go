package trial

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/modelled"
)

// A step is an act of a session and what came of it.
type step struct {
	act      int // index in the recorded session, or number of the act of a walk
	endpoint string
	variant  string
	request  flow.Request
	name     string // of the failure; "": it matches
	detail   string
	issued   []content.Leaf // what its answer holds
}

// maxIssued is the number of values of one answer that are kept.
const maxIssued = 5000

// scene returns the part of m that one type of user plays: its recorded session with the
// most kinds of requests, with pauses of at most most. A type without a session walks.
func scene(m *model.Model, behavior string, most time.Duration) *model.Model {
	one := *m
	one.Sessions = nil
	best := 0
	for i := range m.Sessions {
		if s := &m.Sessions[i]; s.Behavior == behavior && kinds(s) > best {
			best = kinds(s)
			one.Sessions = []model.Session{*s}
		}
	}
	if best > 0 {
		s := &one.Sessions[0]
		s.Start, s.Acts = 0, slices.Clone(s.Acts)
		for i := range s.Acts {
			if s.Acts[i].Poll == 0 {
				s.Acts[i].Delay = min(s.Acts[i].Delay, most)
			}
		}
		return &one
	}
	one.Behaviors = nil
	for _, b := range m.Behaviors {
		if b.Name == behavior {
			b.Weight = 1
			one.Behaviors = []model.Behavior{b}
		}
	}
	return &one
}

// kinds counts the kinds of requests of a session.
func kinds(s *model.Session) int {
	seen := map[[2]string]bool{}
	for i := range s.Acts {
		seen[[2]string{s.Acts[i].Endpoint, s.Acts[i].Variant}] = true
	}
	return len(seen)
}

// play plays a scene once and returns its steps in the order of the recording.
func play(ctx context.Context, m *model.Model, o Options) ([]step, error) {
	plan := o.Plan
	plan.Users, plan.Sessions, plan.Rate, plan.Scale, plan.Duration = 1, 1, 0, 0, 0
	src, err := modelled.New(m, plan)
	if err != nil {
		return nil, err
	}
	arrivals, err := plan.Arrivals(replay.Starts{})
	if err != nil {
		return nil, err
	}
	w := &witness{Source: src, model: m, steps: map[int]*step{}}
	if err := replay.Run(ctx, replay.Options{Plan: plan, Source: w, Arrivals: arrivals, Client: o.Client}); err != nil {
		return nil, err
	}
	return w.result(), nil
}

// A witness is a source that notes what becomes of each act.
type witness struct {
	replay.Source
	model *model.Model

	mu    sync.Mutex // guards what follows
	steps map[int]*step
}

// Session implements replay.Source.
func (w *witness) Session(i, u uint64) replay.Session {
	s := w.Source.Session(i, u)
	if s == nil {
		return nil
	}
	return &witnessed{s, w}
}

// A witnessed session is one that a witness looks at.
type witnessed struct {
	replay.Session
	witness *witness
}

// Fill implements replay.Session.
func (s *witnessed) Fill(a *replay.Act) {
	s.Session.Fill(a)
	if a.Judge == nil {
		return
	}
	judge, id := a.Judge, a.ID
	a.Judge = func(resp *flow.Response, doc *content.Doc) (name, detail string) {
		name, detail = judge(resp, doc)
		s.witness.judged(id, name, detail)
		return name, detail
	}
}

// Next implements replay.Session.
func (s *witnessed) Next(over *replay.Answer) []replay.Act {
	if over != nil {
		s.witness.saw(over)
	}
	return s.Session.Next(over)
}

// of returns the step of an act. The caller holds mu.
func (w *witness) of(id int) *step {
	if w.steps[id] == nil {
		w.steps[id] = &step{act: id}
	}
	return w.steps[id]
}

// judged notes how the last answer to an act was judged.
func (w *witness) judged(id int, name, detail string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.of(id)
	x.name, x.detail = name, detail
}

// saw notes an act that is over.
func (w *witness) saw(over *replay.Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := over.Act
	if a.Kind == replay.Pause && !a.Spare {
		return // of an origin that is not mapped, or of a walk
	}
	x := w.of(a.ID)
	x.endpoint, x.request = a.Endpoint, a.Request.Request
	x.request.Headers = slices.Clone(x.request.Headers)
	if len(w.model.Sessions) > 0 {
		s := &w.model.Sessions[0]
		switch {
		case a.Entry:
			x.variant = s.Entry[a.ID-modelled.FirstEntry].Variant
		case a.ID < len(s.Acts):
			x.variant = s.Acts[a.ID].Variant
		}
	}
	switch {
	case a.Skip != "":
		x.name, x.detail = Skipped, "the target issued no value for "+a.Skip
	case a.Spare, over.OK:
		x.name, x.detail = "", ""
	case over.Response == nil:
		x.name, x.detail = NoAnswer, "no whole answer came"
	}
	if over.Response != nil {
		leaves := over.Doc.Leaves()
		for _, l := range leaves[:min(len(leaves), maxIssued)] {
			x.issued = append(x.issued, content.Leaf{Selector: strings.Clone(l.Selector), Value: strings.Clone(l.Value)})
		}
	}
}

func (w *witness) result() []step {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []step
	for _, x := range w.steps {
		list = append(list, *x)
	}
	slices.SortFunc(list, func(a, b step) int { return cmp.Compare(a.act, b.act) })
	return list
}
