package fidelity

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"
)

func compared(t *testing.T, a, b *Traffic, o Options) *Report {
	t.Helper()
	r, err := Compare(a, b, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTrafficOfTheSameWorldIsLikeTheRecording(t *testing.T) {
	w := truth{sessions: 2000, hours: 1}
	recorded := w.generate(1)
	for name, other := range map[string]*Traffic{"the same": w.generate(1), "another day": w.generate(2), "at three times the scale": (&truth{sessions: 6000, hours: 1}).generate(3)} {
		if underRace && len(other.sessions) > len(recorded.sessions) {
			continue // the run without the race detector has it
		}
		r := compared(t, recorded, other, Options{})
		if r.Fidelity < 95 {
			t.Errorf("%s: fidelity %.1f, want 95 or more\n%s", name, r.Fidelity, text(t, r))
		}
		for _, m := range r.Metrics {
			if p := m.Parts[0]; slices.Contains([]string{Mix, Transitions, Memory, Duration, ThinkTime, Concurrency, Rate}, m.Name) && (p.Ratio < 0.4 || p.Ratio > 1.8) {
				t.Errorf("%s: the ratio of %s, %s, is %.2f, want near 1", name, m.Name, p.Name, p.Ratio)
			}
		}
	}
}

func TestHalvesOfARecordingAreLikeEachOther(t *testing.T) {
	recorded := (&truth{sessions: 600, hours: 0.5}).generate(1)
	low := 0
	splits := 40
	if underRace {
		splits = 10
	}
	for i := range uint64(splits) {
		a, b := halfOf(recorded, i)
		if r := compared(t, a, b, Options{Seed: i, Halvings: 20}); r.Fidelity < 95 {
			low++
			t.Logf("split %d: %.1f %v", i, r.Fidelity, r.Worst)
		}
	}
	if low > splits/20 {
		t.Errorf("%d of %d splits of a recording have a fidelity below 95, want 5 %% at most", low, splits)
	}
}

func TestEachSabotageMovesItsMetric(t *testing.T) {
	fair := truth{sessions: 3000, hours: 1}
	recorded := fair.generate(1)
	// Metrics that a sabotage leaves alone.
	for _, tt := range []struct {
		name    string
		spoil   func(*truth)
		differs []string
		alike   []string
	}{
		{"think times are normal", func(w *truth) { w.normalThink = true }, []string{ThinkTime}, []string{Mix, Transitions, Memory, Length, Data, Types, Bytes, Answers}},
		{"lengths are geometric", func(w *truth) { w.geometric = true }, []string{Length}, []string{Data, Bytes, Answers}},
		{"the order is shuffled", func(w *truth) { w.shuffled = true }, []string{Transitions, Memory}, []string{Mix, Length, Data, Bytes, Answers}},
		{"arrivals are Poisson", func(w *truth) { w.poisson = true }, []string{Burstiness, Rate, Concurrency}, []string{Mix, Transitions, Memory, Length, Duration, ThinkTime, Data, Types, Bytes, Answers}},
		{"sessions are copied exactly", func(w *truth) { w.copies = 4; w.sessions /= 4 }, []string{Burstiness}, []string{Mix, Length, Duration, Types, Bytes, Answers}},
		{"ids are uniform", func(w *truth) { w.uniform = true }, []string{Data}, []string{Mix, Transitions, Memory, Length, Duration, ThinkTime, Burstiness, Rate, Types, Bytes, Answers}},
		{"a type weighs more", func(w *truth) { w.weightShift = 0.15 }, []string{Types}, []string{Data, Bytes, Answers, Burstiness}},
		{"a tenth is refused", func(w *truth) { w.refused = 0.1 }, []string{Answers}, []string{Mix, Transitions, Memory, Length, Duration, ThinkTime, Burstiness, Rate, Types, Bytes, Data}},
		{"answers are twice as long", func(w *truth) { w.bigger = 2 }, []string{Bytes}, []string{Mix, Transitions, Memory, Length, Duration, ThinkTime, Burstiness, Rate, Types, Data}},
		{"a request is never sent", func(w *truth) { w.dropped = "GET /p3/{id}" }, []string{Mix, Shares, Transitions}, []string{Data, Answers, Burstiness}},
		{"each user thinks at the pace of all", func(w *truth) { w.noPace = true }, []string{Pace}, []string{Mix, Transitions, Length, Data, Types, Bytes, Answers}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if underRace && len(tt.differs) == 1 {
				t.Skip("the run without the race detector has it")
			}
			w := fair
			tt.spoil(&w)
			r := compared(t, recorded, w.generate(2), Options{Halvings: 30})
			for _, name := range tt.differs {
				if m := r.Metric(name); m == nil || !m.Differs || m.Reason == "" || m.Advice == "" {
					t.Errorf("%s does not differ, or without reason and advice: %+v", name, m)
				}
			}
			for _, name := range tt.alike {
				if m := r.Metric(name); m == nil || m.Differs {
					t.Errorf("%s differs: %+v", name, m)
				}
			}
			if r.Fidelity >= 95 || len(r.Worst) == 0 {
				t.Errorf("fidelity %.1f, want less than 95; worst %v", r.Fidelity, r.Worst)
			}
			if t.Failed() {
				t.Log(text(t, r))
			}
		})
	}
}

func TestThreePointsOfATypeShowInALargeRecording(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("compares 40,000 sessions")
	}
	w := truth{sessions: 20_000, hours: 6}
	recorded := w.generate(1)
	fair := compared(t, recorded, w.generate(2), Options{Halvings: 20})
	w.weightShift = 0.03
	shifted := compared(t, recorded, w.generate(2), Options{Halvings: 20})
	if m := fair.Metric(Types); m.Differs {
		t.Errorf("the same weights differ: %+v", m)
	}
	if m := shifted.Metric(Types); !m.Differs || m.Value < 0.02 || m.Value > 0.04 {
		t.Errorf("three points do not differ: %+v", m)
	}
}

func TestALateScheduleDiffers(t *testing.T) {
	w := truth{sessions: 400, hours: 0.5}
	recorded, other := w.generate(1), w.generate(2)
	for _, tt := range []struct {
		p99, p999 time.Duration
		differs   bool
	}{{time.Millisecond, 9 * time.Millisecond, false}, {12 * time.Millisecond, 16 * time.Millisecond, true}} { // 5 ms of normal jitter
		other.Schedule = &Schedule{P99: tt.p99, P999: tt.p999}
		r := compared(t, recorded, other, Options{Halvings: 5})
		if m := r.Metric(Punctuality); m == nil || m.Differs != tt.differs || slices.Contains(r.Worst, Punctuality) != tt.differs {
			t.Errorf("late by %v and %v: %+v, want differs %v", tt.p99, tt.p999, m, tt.differs)
		}
	}
}

func TestTheSameTrafficGivesTheSameReport(t *testing.T) {
	w := truth{sessions: 300, hours: 0.5}
	var reports [2][]byte
	for i := range reports {
		r := compared(t, w.generate(1), w.generate(2), Options{Seed: 3, Halvings: 10})
		var err error
		if reports[i], err = json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(reports[0], reports[1]) {
		t.Errorf("two reports on the same traffic differ:\n%s\n%s", reports[0], reports[1])
	}
}

func TestTooFewSessionsAreRefused(t *testing.T) {
	few := (&truth{sessions: 7, hours: 0.1}).generate(1)
	if _, err := Compare(few, few, Options{}); !errors.Is(err, ErrTooFew) {
		t.Errorf("7 sessions: %v, want ErrTooFew", err)
	}
}
