package run

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/stats"
)

// An Outline says what a run would do.
type Outline struct {
	Manifest   stats.Manifest  `json:"manifest"`
	Origins    []replay.Origin `json:"origins"`    // where requests go, the main one first
	Sessions   uint64          `json:"sessions"`   // that start by the clock; of a plan with users, the users
	Last       time.Duration   `json:"last_ns"`    // when the last of them starts
	Endless    bool            `json:"endless"`    // users begin new sessions until the end of the run
	Thresholds []string        `json:"thresholds"` // that the result is judged by
	work       *work           // the source and the arrivals that would be played
}

// Outline reads all of the job and says what the run would do. It sends nothing, and
// connects to nobody. It calls OnNote and OnDamage as a run does. The caller closes the
// outline.
func (r *Run) Outline(ctx context.Context) (*Outline, error) {
	w, err := r.in.load(ctx)
	if err != nil {
		return nil, err
	}
	p := r.in.job.Plan
	o := &Outline{
		Manifest: r.know(w), Origins: w.source.Origins(), work: w,
		Endless: p.Users > 0 && p.Sessions == 0,
	}
	for _, t := range r.thresholds {
		o.Thresholds = append(o.Thresholds, t.String())
	}
	o.Sessions = w.arriving(p.Duration)
	if o.Sessions > 0 {
		o.Last, _ = w.arrivals.At(o.Sessions - 1)
	}
	return o, ctx.Err()
}

// Close ends the use of Requests.
func (o *Outline) Close() error { return o.work.close() }

// arriving is how many sessions begin before the end. It is a binary search: sessions
// begin in order.
func (w *work) arriving(end time.Duration) uint64 {
	over := func(i uint64) bool {
		at, ok := w.arrivals.At(i)
		return !ok || end > 0 && at >= end
	}
	most := uint64(1)
	for most < 1<<62 && !over(most) {
		most *= 2
	}
	low, high := uint64(0), most // all below low begin before the end, none from high on
	for low < high {
		if i := low + (high-low)/2; over(i) {
			high = i
		} else {
			low = i + 1
		}
	}
	return low
}

// sessions is about how many sessions begin before the end: users begin one after the
// other, of a mean length.
func (w *work) sessions(p replay.Plan, length time.Duration) uint64 {
	begin := w.arriving(p.Duration)
	each := uint64(p.Sessions)
	if each == 0 && length > 0 {
		speed := p.Speed
		if speed == 0 {
			speed = 1
		}
		each = uint64(float64(p.Duration) * speed / float64(length))
	}
	if p.Users == 0 || each == 0 {
		return begin
	}
	return begin * each
}

// A Planned request is one that a run would send.
type Planned struct {
	Session  uint64        `json:"session"` // number of the session, from 0
	At       time.Duration `json:"at_ns"`   // from the start of the run, if answers took no time
	Endpoint string        `json:"endpoint"`
	Method   string        `json:"method,omitempty"`
	URL      string        `json:"url,omitempty"`
	Bytes    int64         `json:"bytes"`             // of the body
	Missing  string        `json:"missing,omitempty"` // the value that only the target can give; such a request is not known whole
}

// Requests yields what the sessions that start by the clock would send, session after
// session. If users begin one session after another, it yields only the first session
// of each user.
func (o *Outline) Requests() iter.Seq[Planned] {
	return func(yield func(Planned) bool) {
		for i := range o.Sessions {
			at, _ := o.work.arrivals.At(i)
			s := o.work.source.Session(i, i)
			if s == nil || !o.rehearse(s, Planned{Session: i, At: at}, yield) {
				return
			}
		}
	}
}

// maxActs bounds the acts of one session in an outline: a session may be an endless
// loop.
const maxActs = 10_000

// rehearse yields what one session would send if every answer were 200 without a
// body. It reports whether to go on.
func (o *Outline) rehearse(s replay.Session, start Planned, yield func(Planned) bool) bool {
	type due struct {
		act replay.Act
		at  time.Duration
	}
	var queue []due
	enter := func(acts []replay.Act, after time.Duration) {
		for _, a := range acts {
			queue = append(queue, due{a, after + o.scaled(a.Delay)})
		}
		slices.SortStableFunc(queue, func(a, b due) int { return cmp.Compare(a.at, b.at) })
	}
	enter(s.Next(nil), start.At)
	for n := 0; len(queue) > 0 && n < maxActs; n++ {
		next := queue[0]
		queue = queue[1:]
		if end := o.Manifest.Duration; end > 0 && next.at >= end {
			return true
		}
		a := next.act
		s.Fill(&a)
		answer := replay.Answer{Act: &a, At: next.at - start.At}
		if a.Kind == replay.Pause {
			queue = slices.DeleteFunc(queue, func(d due) bool { return slices.Contains(a.Closes, d.act.Strand) })
			enter(s.Next(&answer), next.at)
			continue
		}
		p := Planned{Session: start.Session, At: next.at, Endpoint: a.Endpoint, Missing: a.Skip}
		if a.Skip == "" {
			answer.Response = &flow.Response{Status: http.StatusOK}
			answer.Doc = content.New(answer.Response)
			p.Method, p.Bytes = a.Request.Method, a.Request.Body.Size
			p.URL = o.Origins[a.Origin].Live + a.Request.Target
			answer.URL = p.URL
		}
		if !yield(p) {
			return false
		}
		enter(s.Next(&answer), next.at)
	}
	return true
}

// scaled is a recorded time at the speed of the plan.
func (o *Outline) scaled(d time.Duration) time.Duration {
	if speed := o.Manifest.Speed; speed != 0 {
		return time.Duration(float64(d) / speed)
	}
	return d
}
