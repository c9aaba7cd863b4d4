package faithful

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// recorded is ten sessions: each logs in, reads a page with two images beside each
// other, and seven of them write a note.
func recorded() *Recorded {
	var b Builder
	for i := range 10 {
		steps := []Step{
			{Endpoint: "POST /login", Write: true}, {Endpoint: "GET /notes"},
			{Endpoint: "GET /img/{id}"}, {Endpoint: "GET /img/{id}", Beside: 1},
		}
		if i < 7 {
			steps = append(steps, Step{Endpoint: "POST /notes", Write: true})
		}
		b.Session(steps)
	}
	return b.Recorded()
}

// likeIt is a run of so many rounds of recorded, in which all went well.
func likeIt(rounds uint64) Replayed {
	n := 10 * rounds
	return Replayed{
		Started: n, Ended: n, Matched: n,
		Work: Work{Due: 47 * rounds, Done: 47 * rounds, WritesDue: 17 * rounds, Writes: 17 * rounds, Sent: 47 * rounds, UnderWay: 57 * rounds, Ready: 57 * rounds},
		Endpoints: map[string]Asked{
			"POST /login":   {Sent: n, Due: n, Done: n, Writes: n},
			"GET /notes":    {Sent: n, Due: n, Done: n},
			"GET /img/{id}": {Sent: 2 * n, Due: 2 * n, Done: 2 * n},
			"POST /notes":   {Sent: 7 * rounds, Due: 7 * rounds, Done: 7 * rounds, Writes: 7 * rounds},
		},
	}
}

// lose lets requests to an endpoint fail, share of them by why.
func (r *Replayed) lose(endpoint string, n uint64, why string) {
	a := r.Endpoints[endpoint]
	a.Done -= n
	a.Why = why
	r.Done -= n
	if a.Writes > 0 {
		a.Writes -= n
		r.Work.Writes -= n
	}
	r.Matched -= min(n, r.Matched)
	r.Endpoints[endpoint] = a
}

func TestARunLikeTheRecordingIsFaithful(t *testing.T) {
	v := Judge(recorded(), likeIt(3))
	want := &Verdict{
		Verdict: Faithful, Reasons: []string{}, Steps: Pair{4.7, 4.7}, Writes: Pair{1.7, 1.7},
		Unreached: []string{}, MixDistance: 0, Overlap: Pair{1 + 10.0/47, 57.0 / 47}, Supplies: []Supply{},
	}
	if d := cmp.Diff(want, v); d != "" {
		t.Error(d)
	}
}

func TestAccountsInUseAreACause(t *testing.T) {
	for _, tt := range []struct {
		supply  Supply
		verdict string
		reason  string
	}{
		{Supply{File: "accounts", Needed: 41200, Supplied: 12000, Sessions: 50000, InUse: 200}, Faithful, ""},
		{Supply{File: "accounts", Needed: 41200, Supplied: 12, Sessions: 50000, InUse: 45000}, Partly,
			"45,000 of 50,000 sessions had a row of accounts.csv that another user had at the same time: needs 41,200 accounts, 12 supplied"},
		{Supply{File: "staff", With: "role=head", Needed: 3, Sessions: 3, InUse: 3}, Partly,
			"3 of 3 sessions had a row of staff.csv that another user had at the same time: needs 3 staff with role=head, none supplied"},
	} {
		rec := recorded()
		rec.Supplies = []Supply{tt.supply}
		v := Judge(rec, likeIt(3))
		if v.Verdict != tt.verdict || strings.Join(v.Reasons, "; ") != tt.reason || len(v.Supplies) != 1 {
			t.Errorf("%+v: %s because of %q; want %s because of %q", tt.supply, v.Verdict, v.Reasons, tt.verdict, tt.reason)
		}
	}
}

func TestWritesWithIdentifiersOfTheRecordingAreNotKnownToBeRight(t *testing.T) {
	r := likeIt(2)
	for name, want := range map[string]string{"GET /notes": Faithful, "POST /notes": Partly} {
		a := r.Endpoints[name]
		a.Guessed = true
		r.Endpoints[name] = a
		v := Judge(recorded(), r)
		if v.Verdict != want || want == Partly && !strings.HasSuffix(v.Reasons[0], ": POST /notes") {
			t.Errorf("%s with such identifiers: %s %q, want %s", name, v.Verdict, v.Reasons, want)
		}
		a.Guessed = false
		r.Endpoints[name] = a
	}
}

func TestASourceWithoutARecordingHasNoVerdict(t *testing.T) {
	if v := Judge(nil, likeIt(1)); v != nil {
		t.Errorf("got %+v", v)
	}
	if r := new(Builder).Recorded(); r != nil {
		t.Errorf("a recording of nothing is %+v", r)
	}
}

// manyLogins makes logins the most of the writes of a recording, and manyMore of a run.
func manyLogins(r *Recorded) {
	r.Writes, r.Steps = r.Writes+990, r.Steps+990
	r.Endpoints[2].Writes += 990 // POST /login
	r.Endpoints[2].Steps += 990
}

func manyMore(r *Replayed) {
	r.Due, r.Done, r.WritesDue, r.Work.Writes = r.Due+2970, r.Done+2970, r.WritesDue+2970, r.Work.Writes+2970
	r.Endpoints["POST /login"] = Asked{Sent: 3000, Due: 3000, Done: 3000, Writes: 3000}
}

func TestWhatDidNotHappenIsNamed(t *testing.T) {
	tests := []struct {
		name    string
		rec     func(*Recorded)
		run     func(*Replayed)
		verdict string
		reason  string // begins the first reason
	}{
		{name: "one write of many fails", run: func(r *Replayed) { r.lose("POST /notes", 1, "shape") }, verdict: Faithful},
		{name: "some writes fail", run: func(r *Replayed) { r.lose("POST /notes", 5, "status 422") },
			verdict: Partly, reason: "writes 1.53 of 1.70 a session: POST /notes 16 of 21 (status 422)"},
		{name: "one kind of write never succeeds", run: func(r *Replayed) { r.lose("POST /notes", 21, "shape") },
			verdict: Not, reason: "writes 1.00 of 1.70 a session: POST /notes never succeeded (shape)"},
		{name: "one kind of write fails now and then, and logins make up for it", rec: func(r *Recorded) {
			r.Writes += 990
			r.Steps += 990
			r.Endpoints[2].Writes += 990 // POST /login
			r.Endpoints[2].Steps += 990
		}, run: func(r *Replayed) {
			r.Due, r.Done, r.WritesDue, r.Work.Writes = r.Due+2970, r.Done+2970, r.WritesDue+2970, r.Work.Writes+2970
			r.Endpoints["POST /login"] = Asked{Sent: 3000, Due: 3000, Done: 3000, Writes: 3000}
			r.lose("POST /notes", 3, "status 409")
		}, verdict: Partly, reason: "writes 101 of 101 a session: POST /notes 18 of 21 (status 409)"},
		{name: "two of nine writes of a kind fail among many others", rec: manyLogins, run: func(r *Replayed) {
			manyMore(r)
			r.Endpoints["POST /notes"] = Asked{Sent: 9, Due: 9, Done: 9, Writes: 9} // as chance has it
			r.lose("POST /notes", 2, "status 409")
		}, verdict: Partly, reason: "writes 101 of 101 a session: POST /notes 7 of 9 (status 409)"},
		{name: "a single write of a kind fails among many others", rec: manyLogins, run: func(r *Replayed) {
			manyMore(r)
			r.lose("POST /notes", 1, "status 409")
		}, verdict: Faithful},
		{name: "requests that change nothing fail beside writes of the same endpoint", rec: func(r *Recorded) {
			manyLogins(r)
			r.Endpoints[3].Steps, r.Steps = 100, r.Steps+93 // POST /notes is a write now and then
		}, run: func(r *Replayed) {
			manyMore(r)
			r.Endpoints["POST /notes"] = Asked{Sent: 300, Due: 300, Done: 300, Writes: 21}
			r.lose("POST /notes", 6, "shape")
			a := r.Endpoints["POST /notes"]
			a.Writes, r.Work.Writes, r.Due, r.Done = 21, r.Work.Writes+6, r.Due+279, r.Done+279
			r.Endpoints["POST /notes"], r.Matched = a, r.Ended
		}, verdict: Faithful},
		{name: "a rare write never succeeds among many others", rec: func(r *Recorded) {
			r.Writes += 990
			r.Steps += 990
			r.Endpoints[2].Writes += 990 // POST /login
			r.Endpoints[2].Steps += 990
		}, run: func(r *Replayed) {
			r.Due, r.Done, r.WritesDue, r.Work.Writes = r.Due+2970, r.Done+2970, r.WritesDue+2970, r.Work.Writes+2970
			r.Endpoints["POST /login"] = Asked{Sent: 3000, Due: 3000, Done: 3000, Writes: 3000}
			r.lose("POST /notes", 21, "skipped: no csrf")
		}, verdict: Not, reason: "writes 100 of 101 a session: POST /notes never succeeded (skipped: no csrf)"},
		{name: "writes never come due", run: func(r *Replayed) {
			delete(r.Endpoints, "POST /notes")
			r.Due, r.Done, r.WritesDue, r.Work.Writes, r.Sent = r.Due-21, r.Done-21, r.WritesDue-21, r.Work.Writes-21, r.Sent-21
		}, verdict: Not, reason: "writes 1.00 of 1.70 a session: POST /notes was never sent"},
		{name: "reads fail", run: func(r *Replayed) { r.lose("GET /notes", 30, "login lost") },
			verdict: Not, reason: "3.70 of 4.70 steps a session had their recorded outcome: GET /notes never succeeded (login lost)"},
		{name: "nobody comes to an end", run: func(r *Replayed) { *r = Replayed{Started: 30, Cut: 30, Endpoints: r.Endpoints} },
			verdict: Not, reason: "no session came to its end"},
		{name: "nothing happens at all", run: func(r *Replayed) { *r = Replayed{} }, verdict: Not, reason: "no session came to its end"},
		{name: "sessions without a step end", run: func(r *Replayed) { *r = Replayed{Started: 30, Ended: 30, Matched: 30} }, verdict: Not},
		{name: "sessions circle", run: func(r *Replayed) {
			r.Due, r.Done, r.Sent = r.Due+300, r.Done+300, r.Sent+300
			r.Endpoints["GET /notes"] = Asked{Sent: 330, Due: 330, Done: 330}
		}, verdict: Not, reason: "the sessions that ended had 14.7 steps each, the recorded ones 4.70"},
		{name: "long sessions are cut", run: func(r *Replayed) {
			r.Ended, r.Matched, r.Cut = 9, 9, 21
			r.Work = Work{Due: 36, Done: 36, WritesDue: 9, Writes: 9, Sent: 120, UnderWay: 145, Ready: 145}
		}, verdict: Not, reason: "the sessions that ended had 1.00 writes each, the recorded ones 1.70; 21 longer ones were cut by the end of the run"},
		{name: "most requests are of one kind", run: func(r *Replayed) {
			r.Endpoints["GET /img/{id}"] = Asked{Sent: 900, Due: 900, Done: 900}
		}, verdict: Not, reason: "the mix of requests is another (distance 0.49): GET /img/{id} is 92% of them instead of 43%"},
		{name: "an endpoint is never reached", rec: func(r *Recorded) {
			r.Endpoints = append(r.Endpoints, Endpoint{Name: "GET /rare", Steps: 1})
		}, run: func(*Replayed) {}, verdict: Partly, reason: "never reached: GET /rare"},
		{name: "an endpoint is too rare to be expected", rec: func(r *Recorded) {
			r.Sessions, r.Endpoints = 1000, append(r.Endpoints, Endpoint{Name: "GET /rare", Steps: 1})
			for i := range r.Endpoints[:4] {
				r.Endpoints[i].Steps, r.Endpoints[i].Writes = 100*r.Endpoints[i].Steps, 100*r.Endpoints[i].Writes
			}
			r.Steps, r.Writes = 4701, 1700
		}, run: func(r *Replayed) { *r = likeIt(20) }, verdict: Faithful},
		{name: "requests come one after another", run: func(r *Replayed) { r.UnderWay, r.Ready = r.Sent, r.Sent },
			verdict: Partly, reason: "requests overlapped less: each found 0.00 of its session beside it, in the recording 0.21"},
		{name: "a fast target answers before the next is sent", run: func(r *Replayed) { r.UnderWay = r.Sent }, verdict: Faithful},
		{name: "sockets are left out", rec: func(r *Recorded) { r.LeftOut = []LeftOut{{What: "sockets", Flows: 1, Whole: true}} },
			run: func(*Replayed) {}, verdict: Partly, reason: "left out: sockets (1 recorded)"},
		{name: "a single broken flow is left out", rec: func(r *Recorded) { r.Steps, r.LeftOut = 47, []LeftOut{{What: "no response", Flows: 0}} },
			run: func(*Replayed) {}, verdict: Faithful},
		{name: "nothing tells a right answer from a wrong one", rec: func(r *Recorded) { r.Bare = 40 }, run: func(*Replayed) {},
			verdict: Partly, reason: "85% of the recorded answers were 200 without content"},
		{name: "few of the recorded sessions had a turn", rec: func(r *Recorded) {
			r.Sessions, r.Steps, r.Writes = 1000, 4700, 1700
			for i := range r.Endpoints {
				r.Endpoints[i].Steps, r.Endpoints[i].Writes = 100*r.Endpoints[i].Steps, 100*r.Endpoints[i].Writes
			}
		}, run: func(*Replayed) {}, verdict: Partly, reason: "30 of 1000 recorded sessions had a turn"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec, run := recorded(), likeIt(3)
			if tt.rec != nil {
				tt.rec(rec)
			}
			tt.run(&run)
			v := Judge(rec, run)
			first := ""
			if len(v.Reasons) > 0 {
				first = v.Reasons[0]
			}
			if v.Verdict != tt.verdict || !strings.HasPrefix(first, tt.reason) || len(v.Reasons) > maxReasons {
				t.Errorf("got %s %q, want %s %q", v.Verdict, v.Reasons, tt.verdict, tt.reason)
			}
		})
	}
}

// One session of an uneven recording differs from the mean by chance: that alone is
// no reason.
func TestWhatChanceDoesIsNoReason(t *testing.T) {
	rec := recorded()
	run := Replayed{Started: 5, Ended: 5, Matched: 5, Work: Work{Due: 22, Done: 22, WritesDue: 7, Writes: 7, Sent: 22, UnderWay: 27, Ready: 27}, Endpoints: map[string]Asked{
		"POST /login": {Sent: 5, Due: 5, Done: 5, Writes: 5}, "GET /notes": {Sent: 5, Due: 5, Done: 5},
		"GET /img/{id}": {Sent: 10, Due: 10, Done: 10}, "POST /notes": {Sent: 2, Due: 2, Done: 2, Writes: 2},
	}}
	if v := Judge(rec, run); v.Verdict != Faithful {
		t.Errorf("got %s %q", v.Verdict, v.Reasons)
	}
}

// Whatever is lost, the verdict is never better than without the loss.
func TestLosingMoreNeverReadsBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rec, run := recorded(), likeIt(3)
		names := slices.Sorted(maps.Keys(run.Endpoints))
		before := rank(Judge(rec, run).Verdict)
		for range rapid.IntRange(1, 8).Draw(t, "losses") {
			name := rapid.SampledFrom(names).Draw(t, "endpoint")
			if left := run.Endpoints[name].Done; left > 0 {
				run.lose(name, rapid.Uint64Range(1, left).Draw(t, "lost"), "shape")
			}
			v := Judge(rec, run)
			if rank(v.Verdict) < before {
				t.Fatalf("a loss at %s makes the verdict %s %q", name, v.Verdict, v.Reasons)
			}
			before = rank(v.Verdict)
		}
		if run.Done == 0 && before != rank(Not) {
			t.Fatal("nothing was done, and the run is not called not")
		}
	})
}

// Ten sessions of a page with five parts beside each other, as the engine counts them.
func TestTheStructureOfPagesIsJudgedWhateverTheTargetTakes(t *testing.T) {
	var b Builder
	for range 10 {
		steps := []Step{{Endpoint: "GET /"}}
		for k := range 5 {
			steps = append(steps, Step{Endpoint: "GET /part", Beside: k})
		}
		b.Session(steps)
	}
	played := func(atOnce int) Replayed {
		r := Replayed{Started: 10, Ended: 10, Matched: 10, Endpoints: map[string]Asked{"GET /": {Sent: 10, Due: 10, Done: 10}, "GET /part": {Sent: 50, Due: 50, Done: 50}}}
		for range 10 {
			var s Session
			over := func(n int) {
				for range n {
					s.Over(true, false, true)
				}
			}
			s.Send(s.Ready())
			over(1)
			for left := 5; left > 0; left -= atOnce {
				n := min(left, atOnce)
				ready := make([]uint64, n)
				for k := range n { // all wait for their time, and then each is over before the next is sent
					ready[k] = s.Ready()
				}
				for k := range n {
					s.Send(ready[k])
					over(1)
				}
			}
			r.Work.Add(s.Work(false))
		}
		return r
	}
	for _, tt := range []struct {
		atOnce      int
		verdict     string
		pages, peak float64
	}{{5, Faithful, 3, 5}, {3, Partly, 2, 3}, {1, Partly, 1, 1}} {
		v := Judge(b.Recorded(), played(tt.atOnce))
		if v.PageRequests != (Pair{3, tt.pages}) || v.Peak != (Pair{5, tt.peak}) {
			t.Errorf("%d at once: %v requests a page, peak %v", tt.atOnce, v.PageRequests, v.Peak)
		}
		if v.Verdict != tt.verdict {
			t.Errorf("%d at once: %s %q, want %s", tt.atOnce, v.Verdict, v.Reasons, tt.verdict)
		}
	}
}

func TestWorksAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(0, 1000)
		draw := func(name string) Work {
			return Work{n.Draw(t, name), n.Draw(t, name), n.Draw(t, name), n.Draw(t, name), n.Draw(t, name), n.Draw(t, name), n.Draw(t, name), n.Draw(t, name), n.Draw(t, name)}
		}
		a, b, c := draw("a"), draw("b"), draw("c")
		left, right := a, b
		left.Add(b)
		left.Add(c)
		right.Add(c)
		right.Add(a)
		if left != right {
			t.Fatalf("%+v and %+v", left, right)
		}
	})
}

func TestABuilderTellsSpreadsAndBounds(t *testing.T) {
	r := recorded()
	if r.Sessions != 10 || r.Steps != 47 || r.Writes != 17 {
		t.Errorf("got %+v", r)
	}
	sd := math.Sqrt(0.7 * 0.3)
	for _, x := range []struct{ got, want float64 }{{r.StepsSpread, sd}, {r.WritesSpread, sd}, {r.Overlap, 1 + 10.0/47}} {
		if math.Abs(x.got-x.want) > 1e-9 {
			t.Errorf("got %g, want %g", x.got, x.want)
		}
	}
	var b Builder
	for i := range maxEndpoints + 5 {
		b.Session([]Step{{Endpoint: "GET /" + strings.Repeat("x", i)}})
	}
	if r := b.Recorded(); r.Endpoints != nil || r.Steps != maxEndpoints+5 {
		t.Errorf("%d endpoints of %d steps; want none, since there are too many", len(r.Endpoints), r.Steps)
	}
	if v := Judge(b.Recorded(), likeIt(1)); v.MixDistance != 0 || len(v.Unreached) != 0 {
		t.Errorf("without endpoints there is no mix: %+v", v)
	}
}
