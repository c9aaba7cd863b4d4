package faithful

import (
	"cmp"
	"fmt"
	"slices"
)

// The verdicts, from the best to the worst.
const (
	Faithful = "faithful" // users did what they did in the recording
	Partly   = "partly"   // most of it
	Not      = "not"      // the run is no repetition of the recording
)

// A Verdict says whether a run was like the recording. Its JSON keys are stable.
type Verdict struct {
	Verdict string   `json:"verdict"`
	Reasons []string `json:"reasons"` // the three worst

	Steps  Pair `json:"steps_per_session"`  // that had their recorded outcome, in sessions that came to their end
	Writes Pair `json:"writes_per_session"` // of these

	Unreached   []string `json:"unreached"`    // recorded endpoints to which nothing was sent, by name
	MixDistance float64  `json:"mix_distance"` // of the requests, 0 (the same) to 1 (nothing in common)
	Overlap     Pair     `json:"overlap"`      // requests of a session under way together, seen by a request that is sent

	// The structure of pages: requests for each one that began alone, and the most
	// requests of a session at once. Both are of what did not wait for each other, however
	// fast the target is.
	PageRequests Pair `json:"requests_per_page"`
	Peak         Pair `json:"peak"`

	// Supplies are the data files that users have rows of.
	Supplies []Supply `json:"supplies"`

	// Varieties are the endpoints that are asked for fewer different things than by as many
	// users, those that lack the most first.
	Varieties []Variety `json:"varieties,omitempty"`
}

// A Pair is a figure of the recording beside that of the run.
type Pair struct {
	Recorded float64 `json:"recorded"`
	Replayed float64 `json:"replayed"`
}

// The limits of Judge. The first of two is where a run is no longer faithful, the
// second where it is not like the recording at all.
const (
	lostPartly, lostNot     = 0.03, 0.20 // steps, or writes, that did not have their recorded outcome, as a share
	lengthPartly, lengthNot = 0.05, 0.25 // |length of the sessions played / recorded − 1|, in steps or writes …
	deviations              = 2          // … and more than this many standard errors
	mixPartly, mixNot       = 0.05, 0.25 // distance of the mix, beyond what chance makes of so few sessions
	matchPartly             = 0.90       // sessions that completed as recorded, as a share
	stuckPartly, stuckNot   = 0, 0.20    // sessions without a way on, as a share
	overlapPartly           = 0.50       // of the requests that were beside another, as a share of the recorded ones …
	overlapLeast            = 0.20       // … if each had at least so many beside it
	unreachedNot            = 0.20       // of the recorded requests, at endpoints never reached
	leastExpected           = 3.0        // requests that must be expected before their absence says anything
	leastDue                = 2          // writes that must have come due before their failure says that they never succeed
	halfDue                 = 4          // … and that most of them fail
	leastLost               = 2          // writes of one kind that must have failed before their share counts by itself
	turnShare, turnLeast    = 0.50, 100  // sessions played: fewer than this share of the recorded, and fewer than that many, say little
	barePartly              = 0.50       // of the steps, whose answer tells nothing
	inUsePartly             = 0.10       // of the sessions, with a row of data that another user had at the same time
	omittedPartly           = 0.02       // of the recorded requests, left out
	omittedNot              = 0.50
	namedEndpoints          = 3
	maxReasons              = 3
)

// Judge compares a run with the recording. nil stands for a source without a
// recording, and has no verdict.
//
// Each deviation beyond a limit is a reason. The verdict is that of the worst. Reasons
// say, in this order of weight, which share of the users' work did not happen.
//
//   - Steps and writes that came due and did not have their recorded outcome.
//   - A kind of write that never succeeded: Not, however rare it is. One of which more
//     than a single request failed, and a share as above: Partly.
//   - Writes with identifiers of the recording, which may be of something else at the target:
//     Partly.
//   - Sessions that are shorter or longer than the recorded ones by more than chance.
//   - Endpoints that were never reached, and a mix of requests that is another.
//   - What the model left out of the recording, and how few of its sessions had a turn.
//   - Requests that came one after another and had overlapped, or in smaller groups.
//   - Accounts that several users had at the same time.
func Judge(rec *Recorded, run Replayed) *Verdict {
	if rec == nil {
		return nil
	}
	j := &judge{rec: rec, run: run}
	j.out = Verdict{
		Unreached: []string{},
		Steps:     Pair{perSession(rec.Steps, rec.Sessions), perSession(run.Done, run.Ended)},
		Writes:    Pair{perSession(rec.Writes, rec.Sessions), perSession(run.Work.Writes, run.Ended)},
	}
	j.work()
	j.writes()
	j.guesses()
	j.length("steps", j.out.Steps.Recorded, run.Due, rec.StepsSpread)
	j.length("writes", j.out.Writes.Recorded, run.WritesDue, rec.WritesSpread)
	j.sessions()
	j.reach()
	j.mix()
	j.overlap()
	j.pages()
	j.leftOut()
	j.supplies()
	return j.verdict()
}

type judge struct {
	rec   *Recorded
	run   Replayed
	out   Verdict
	found []finding
}

// A finding is a deviation.
type finding struct {
	verdict string
	weight  float64 // share of the users' work that is missing
	text    string
}

func (j *judge) find(verdict string, weight float64, format string, args ...any) {
	if verdict != "" {
		j.found = append(j.found, finding{verdict, weight, fmt.Sprintf(format, args...)})
	}
}

// level is the verdict on a deviation, "" when it is within the first limit.
func level(deviation, partly, not float64) string {
	switch {
	case !(deviation > partly):
		return ""
	case deviation > not:
		return Not
	}
	return Partly
}

// rank orders verdicts from the best to the worst.
func rank(verdict string) int {
	return slices.Index([]string{"", Faithful, Partly, Not}, verdict)
}

// worst returns the worse of two verdicts; "" is better than all.
func worst(a, b string) string {
	if rank(a) >= rank(b) {
		return a
	}
	return b
}

func (j *judge) verdict() *Verdict {
	v := j.out
	v.Verdict, v.Reasons = Faithful, []string{}
	slices.SortStableFunc(j.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(rank(b.verdict), rank(a.verdict)), cmp.Compare(b.weight, a.weight))
	})
	for i, f := range j.found {
		v.Verdict = worst(v.Verdict, f.verdict)
		if i < maxReasons {
			v.Reasons = append(v.Reasons, f.text)
		}
	}
	return &v
}
