package ui

import (
	"time"

	"github.com/starling-load/starling/replay/stats"
)

// The types of the API. Their TypeScript twins are in web/src/api.ts.

// runInfo says what a run was.
type runInfo struct {
	Target   string    `json:"target"`
	Model    string    `json:"model"`
	Schedule string    `json:"schedule"`
	Seed     uint64    `json:"seed,string"` // more digits than a JavaScript number holds
	Version  string    `json:"version"`
	Started  time.Time `json:"started_at"`
	Planned  float64   `json:"planned_s"`
}

func newRunInfo(m *stats.Manifest) runInfo {
	return runInfo{
		Target: m.Target, Model: m.Source, Schedule: m.Schedule, Seed: m.Seed, Version: m.Version,
		Started: m.Start, Planned: m.Duration.Seconds(),
	}
}

// liveRun is a Snapshot on the wire.
type liveRun struct {
	State     State          `json:"state"`
	Run       runInfo        `json:"run"`
	Users     int            `json:"users"`
	Elapsed   float64        `json:"elapsed_s"`
	Step      float64        `json:"step_s"` // width of the points
	From      float64        `json:"from_s"` // 0: all points
	Points    []point        `json:"points"` // from From on
	Summary   *stats.Summary `json:"summary"`
	Replayers []replayer     `json:"replayers"`
}

func newLiveRun(s Snapshot) *liveRun {
	points, step := newPoints(s.Points, maxPoints)
	return &liveRun{
		State: s.State, Run: newRunInfo(&s.Manifest), Users: s.Users, Elapsed: s.Elapsed.Seconds(),
		Step: step.Seconds(), Points: points, Summary: whole(s.Summary), Replayers: newReplayers(s.Replayers),
	}
}

// tail returns the run with only its last n points, or nil when it has no more than n.
func (l *liveRun) tail(n int) *liveRun {
	if len(l.Points) <= n {
		return nil
	}
	t := *l
	t.Points = l.Points[len(l.Points)-n:]
	t.From = t.Points[0].Time
	return &t
}

// replayer is a Replayer on the wire. Now is nil for one of a finished run.
type replayer struct {
	Name  string        `json:"name"`
	State ReplayerState `json:"state"`
	Note  string        `json:"note"`
	Now   *replayerNow  `json:"now"`
}

type replayerNow struct {
	Users    int     `json:"users"`
	Rate     float64 `json:"rps"`
	CPU      float64 `json:"cpu"`
	Cores    int     `json:"cores"`
	Lateness int64   `json:"lateness_p99_us"`
}

func newReplayers(list []Replayer) []replayer {
	out := make([]replayer, 0, len(list))
	for _, r := range list {
		out = append(out, replayer{r.Name, r.State, r.Note, &replayerNow{
			Users: r.Users, Rate: r.Rate, CPU: r.CPU, Cores: r.Cores, Lateness: r.Lateness.Microseconds(),
		}})
	}
	return out
}

// pastReplayers lists who took part in a finished run.
func pastReplayers(s *stats.Summary) []replayer {
	lost := make(map[string]bool, len(s.Lost))
	for _, name := range s.Lost {
		lost[name] = true
	}
	out := make([]replayer, 0, len(s.Replayers))
	for _, name := range s.Replayers {
		r := replayer{Name: name, State: ReplayerDone}
		if lost[name] {
			r.State, r.Note = ReplayerLost, "fell silent before the end"
			delete(lost, name)
		}
		out = append(out, r)
	}
	for _, name := range s.Lost {
		if lost[name] {
			out = append(out, replayer{Name: name, State: ReplayerLost, Note: "was never heard of"})
		}
	}
	return out
}

// whole returns a copy of s in which lists are empty rather than null, also
// when s is nil.
func whole(s *stats.Summary) *stats.Summary {
	var c stats.Summary
	if s == nil {
		c.Validity.Verdict = stats.Valid
		c.Complete()
	} else {
		c = *s
	}
	if c.Status == nil {
		c.Status = map[int]uint64{}
	}
	c.Endpoints = orEmpty(c.Endpoints)
	c.Errors = orEmpty(c.Errors)
	c.Replayers = orEmpty(c.Replayers)
	c.Lost = orEmpty(c.Lost)
	c.Thresholds = orEmpty(c.Thresholds)
	c.Unresolved = orEmpty(c.Unresolved)
	c.Validity.Reasons = orEmpty(c.Validity.Reasons)
	return &c
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
