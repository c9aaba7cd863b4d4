package replay

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
)

// Verbatim returns the source that repeats recorded sessions as they were: the
// same requests at the same offsets from the start of their session, though
// never before the answer to the one before has come. Cookies that the target
// sets replace the recorded ones; everything else is sent as recorded, and an
// answer passes when it looks like the recorded one. notes says, in lines for
// people, what is not replayed.
//
// Each session is the flows of one user in order of start, not empty.
func Verbatim(sessions [][]*flow.Flow) (src Source, notes []string, err error) {
	v := &verbatim{}
	upgraded, cut := 0, 0
	for _, flows := range sessions {
		var steps []Step
		for _, f := range flows {
			switch {
			case upgrades(f):
				upgraded++
				continue
			case f.Request.Body.Truncated():
				cut++
				continue
			}
			step := recordedStep(f)
			step.Offset = f.Start.Sub(flows[0].Start)
			steps = append(steps, step)
		}
		if len(steps) > 0 {
			v.sessions = append(v.sessions, steps)
		}
	}
	if len(v.sessions) == 0 {
		return nil, nil, errors.New("the recording holds no request that can be replayed")
	}
	if upgraded > 0 {
		notes = append(notes, fmt.Sprintf("%d upgraded (WebSocket) flows are not replayed", upgraded))
	}
	if cut > 0 {
		notes = append(notes, fmt.Sprintf("%d requests are not replayed: the recording kept only the beginning of their bodies", cut))
	}
	return v, notes, nil
}

type verbatim struct {
	sessions [][]Step
}

// Session implements Source. Beyond the last session the first follows again.
func (v *verbatim) Session(i, _ uint64) Session {
	return &repetition{steps: v.sessions[i%uint64(len(v.sessions))]}
}

type repetition struct{ steps []Step }

// Next implements Session.
func (r *repetition) Next(*Exchange) (Step, bool) {
	if len(r.steps) == 0 {
		return Step{}, false
	}
	step := r.steps[0]
	r.steps = r.steps[1:]
	return step, true
}

// recordedStep turns a flow into the step that repeats it.
func recordedStep(f *flow.Flow) Step {
	step := Step{Endpoint: f.Request.Method + " " + f.Request.Path(), Observe: true}
	step.Request = client.Request{Request: flow.Request{
		Method: f.Request.Method, Target: f.Request.Target, Body: f.Request.Body,
	}}
	for _, h := range f.Request.Headers {
		switch strings.ToLower(h.Name) {
		case "host", "connection", "proxy-connection", "keep-alive", "te", "upgrade",
			"content-length", "transfer-encoding", "proxy-authorization":
		case "cookie":
			for pair := range strings.SplitSeq(h.Value, ";") {
				if c, ok := parseCookie(pair); ok {
					step.Cookies = append(step.Cookies, c)
				}
			}
		default:
			step.Request.Headers = append(step.Request.Headers, h)
		}
	}
	for _, m := range f.Messages {
		if m.Kind == flow.MessageEvent && !m.FromClient {
			step.Request.Events++
		}
	}
	if f.Response != nil {
		step.Judge = recordedCheck(f.Response).Compile().Judge
	}
	return step
}

// recordedCheck accepts what looks like resp.
func recordedCheck(resp *flow.Response) *model.Check {
	shape := content.New(resp).Shape()
	c := &model.Check{Status: []int{resp.Status / 100}, Known: shape.Features}
	if !resp.Body.Truncated() {
		c.Require = shape.Features
	}
	if shape.Content != "" {
		c.Content = []string{shape.Content}
	}
	return c
}

// upgrades reports whether f left HTTP, as a WebSocket does.
func upgrades(f *flow.Flow) bool {
	return f.Response != nil && f.Response.Status == http.StatusSwitchingProtocols
}

// replayable reports whether Verbatim makes a step of f.
func replayable(f *flow.Flow) bool { return !upgrades(f) && !f.Request.Body.Truncated() }

// Offsets returns the starts of the sessions that Verbatim makes of these,
// relative to the first of them, ascending when the sessions are, and the time
// from the first start to the last end. A session with nothing that can be
// replayed has no start.
func Offsets(sessions [][]*flow.Flow) (starts []time.Duration, span time.Duration) {
	var first time.Time
	for _, flows := range sessions {
		if !slices.ContainsFunc(flows, replayable) {
			continue
		}
		if len(starts) == 0 {
			first = flows[0].Start
		}
		starts = append(starts, flows[0].Start.Sub(first))
		last := flows[len(flows)-1]
		span = max(span, last.Start.Add(last.Done).Sub(first))
	}
	return starts, span
}
