package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/client"
)

// Names of failures besides those of package model.
const (
	Skipped  = "skipped"   // a value is missing, and the request was not sent
	NoAnswer = "no answer" // no whole answer came
)

// MaxRounds is the number of times that each session is played at most.
const MaxRounds = 5

// Options say what is played.
type Options struct {
	Model  *model.Model
	Plan   replay.Plan    // where to; users, rate, scale and duration are not used
	Client client.Options // how connections are made
	Pause  time.Duration  // longest pause between steps; 0: 2 s

	// OnRound is told after each round what the best one so far brought.
	OnRound func(r *Report)
}

// A Report says which steps match the recording. Its JSON keys are stable.
type Report struct {
	Rounds   int        `json:"rounds"`
	Steps    int        `json:"steps"`
	Matched  int        `json:"matched"`
	Types    []Type     `json:"types"`
	Promoted []Promoted `json:"promoted"` // constants that are taken from answers now
	Rest     []Failure  `json:"rest"`     // steps that do not match
}

// A Type is one type of user.
type Type struct {
	Name    string `json:"name"`
	Steps   int    `json:"steps"`
	Matched int    `json:"matched"`
}

// A Promoted is a constant of a request that the target issues otherwise.
type Promoted struct {
	Endpoint string `json:"endpoint"`
	Place    string `json:"place"` // in the request
	From     string `json:"from"`  // the endpoint whose answer holds it
	Selector string `json:"selector"`
	Binding  string `json:"binding"`
}

// A Failure is a step that does not match.
type Failure struct {
	Type     string `json:"type"`
	Act      int    `json:"act"` // number in the session, from 1
	Endpoint string `json:"endpoint"`
	Reason   string `json:"reason"`
	Detail   string `json:"detail"`
	Edit     string `json:"edit"` // what a person can do about it
}

// Run plays the sessions, up to MaxRounds times. It returns the report of the best round
// and the model that it played; Options.Model stays as it is. The error is that of ctx, or
// says why nothing could be played.
func Run(ctx context.Context, o Options) (*Report, *model.Model, error) {
	if o.Pause == 0 {
		o.Pause = 2 * time.Second
	}
	if len(o.Model.Behaviors) == 0 {
		return nil, nil, errors.New("the model has no behavior to play")
	}
	best, err := o.round(ctx, o.Model)
	if err != nil {
		return nil, nil, err
	}
	r := &trial{options: o, best: best, tried: map[string]bool{}}
	r.over(1)
	for more := true; more && r.best.report.Rounds < MaxRounds && len(r.best.report.Rest) > 0; {
		if more, err = r.improve(ctx); err != nil {
			return nil, nil, err
		}
	}
	return r.best.report, r.best.model, nil
}

// A round is what one round of playing gave.
type round struct {
	model  *model.Model
	report *Report
	steps  map[string][]step // by type
}

// A trial is one Run.
type trial struct {
	options Options
	best    *round
	tried   map[string]bool
}

// improve promotes what the first failures may lack and plays again. It returns false when
// nothing is left to try.
func (r *trial) improve(ctx context.Context) (more bool, err error) {
	candidates := r.candidates()
	if len(candidates) == 0 {
		return false, nil
	}
	m := clone(r.best.model)
	var promoted []Promoted
	for _, c := range candidates {
		r.tried[c.key()] = true
		if p, ok := c.promote(m); ok {
			promoted = append(promoted, p)
		}
	}
	rounds := r.best.report.Rounds + 1
	next, err := r.options.round(ctx, m)
	if err != nil {
		return false, err
	}
	if next.report.Matched > r.best.report.Matched {
		next.report.Promoted = append(next.report.Promoted, r.best.report.Promoted...)
		next.report.Promoted = append(next.report.Promoted, promoted...)
		r.best = next
	}
	r.over(rounds)
	return true, nil
}

// over notes that so many rounds have been played.
func (r *trial) over(rounds int) {
	r.best.report.Rounds = rounds
	if r.options.OnRound != nil {
		r.options.OnRound(r.best.report)
	}
}

// round plays each type once.
func (o *Options) round(ctx context.Context, m *model.Model) (*round, error) {
	r := &round{model: m, report: &Report{Types: []Type{}, Promoted: []Promoted{}, Rest: []Failure{}}, steps: map[string][]step{}}
	for _, b := range m.Behaviors {
		steps, err := play(ctx, scene(m, b.Name, o.Pause), *o)
		if err != nil {
			return nil, fmt.Errorf("play a session of %s: %w", b.Name, err)
		}
		r.steps[b.Name] = steps
		t := Type{Name: b.Name, Steps: len(steps)}
		for i := range steps {
			if x := &steps[i]; x.name == "" {
				t.Matched++
			} else {
				r.report.Rest = append(r.report.Rest, Failure{b.Name, x.act + 1, x.endpoint, x.name, x.detail, edit(m, x)})
			}
		}
		r.report.Types = append(r.report.Types, t)
		r.report.Steps += t.Steps
		r.report.Matched += t.Matched
	}
	return r, nil
}

// edit says what a person can do about a failure.
func edit(m *model.Model, x *step) string {
	for _, u := range m.Unresolved {
		if u.Endpoint == x.endpoint && u.Edit != "" {
			return u.Place + ": " + u.Edit
		}
	}
	switch x.name {
	case Skipped:
		return "add to the binding a place where the target issues the value, or give the value a column of a data file"
	case NoAnswer:
		return "look into the log of the target"
	case model.FailLogin:
		return "give accounts that the target knows: --data FILE"
	case model.FailStatus, model.FailError, model.FailGRPC:
		return "compare the request with the one of the recording: --dry-run prints it; a value that the target issues otherwise needs a binding"
	}
	return "if the answer is right, change the check or the outcome of the endpoint in model.yaml, or pin it in overrides"
}
