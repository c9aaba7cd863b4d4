package faithful

import (
	"fmt"
	"math"
)

// work judges what came due and did not have its recorded outcome.
func (j *judge) work() {
	r := &j.run
	if r.Ended == 0 {
		j.find(Not, 1, "no session came to its end: nobody's work was done whole; give the run more time")
		return
	}
	lost := 1 - share(r.Done, r.Due)
	verdict := level(lost, lostPartly, lostNot)
	if r.Due == 0 {
		lost, verdict = 1, Not
	}
	j.find(verdict, lost, "%s of %s steps a session had their recorded outcome%s",
		figure(perSession(r.Done, r.Ended)), figure(perSession(r.Due, r.Ended)), j.losers(func(a Asked) (uint64, uint64) { return a.Done, a.Due }))
}

// length judges whether the sessions that were played are as long as the recorded
// ones. due is what came due in them, spread the standard deviation of the recorded
// ones.
func (j *judge) length(what string, recorded float64, due uint64, spread float64) {
	n := float64(j.run.Ended)
	if n == 0 || recorded == 0 {
		return
	}
	mean := float64(due) / n
	if math.Abs(mean-recorded) <= deviations*spread/math.Sqrt(n) {
		return
	}
	off := math.Abs(mean/recorded - 1)
	text := "the sessions that ended had %s %s each, the recorded ones %s"
	if j.run.Cut > 0 && mean < recorded {
		text += fmt.Sprintf("; %d longer ones were cut by the end of the run", j.run.Cut)
	}
	j.find(level(off, lengthPartly, lengthNot), min(off, 1), text, figure(mean), what, figure(recorded))
}

// sessions judges how many sessions completed, and how many had a turn.
func (j *judge) sessions() {
	r := &j.run
	if r.Ended > 0 {
		missed := 1 - share(r.Matched, r.Ended)
		j.find(level(missed, 1-matchPartly, 1), missed/4, "%d of %d sessions completed as recorded", r.Matched, r.Ended)
	}
	if lost := 1 - share(r.Done, r.Due); j.rec.Begun > 0 && r.Ended > 0 {
		j.find(level(lost, lostPartly, lostNot), 1.5, "%d of %d recorded sessions perhaps began before the recording, and nothing in it shows how their users got in: record from before they log in",
			j.rec.Begun, j.rec.Sessions)
	}
	if r.Stuck > 0 {
		stuck := share(r.Stuck, r.Ended+r.Cut)
		j.find(worst(Partly, level(stuck, stuckPartly, stuckNot)), stuck, "%d sessions had no way on (see the errors for the places)", r.Stuck)
	}
	if n := float64(r.Started); n < turnShare*float64(j.rec.Sessions) && n < turnLeast {
		j.find(Partly, 0.01, "%d of %d recorded sessions had a turn; give the run more time or users", r.Started, j.rec.Sessions)
	}
}

// expected is how many requests to an endpoint the sessions that started would have
// made if they were drawn from the recorded ones.
func (j *judge) expected(e Endpoint) float64 {
	return float64(e.Steps) * float64(j.run.Started) / float64(j.rec.Sessions)
}

// leftOut judges what of the recording cannot be in the run, and what cannot be
// judged.
func (j *judge) leftOut() {
	for _, l := range j.rec.LeftOut {
		lost := float64(l.Flows) / float64(l.Flows+j.rec.Steps)
		verdict := level(lost, omittedPartly, omittedNot)
		if l.Whole || l.Writes > 0 && float64(l.Writes) > omittedPartly*float64(j.rec.Writes+l.Writes) {
			verdict = worst(verdict, Partly)
		}
		j.find(verdict, lost, "left out: %s (%d recorded)", l.What, l.Flows)
	}
	if bare := float64(j.rec.Bare) / float64(j.rec.Steps); bare > barePartly {
		j.find(Partly, 0.02, "%s of the recorded answers were 200 without content, so that nothing tells a right one from a wrong one", percent(bare))
	}
}

// share is a of b as a ratio, 0 when b is 0.
func share(a, b uint64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// figure renders a mean with three digits.
func figure(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

func percent(ratio float64) string { return fmt.Sprintf("%.0f%%", 100*ratio) }
