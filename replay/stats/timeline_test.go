package stats

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// intervals draws what a few replayers report.
func intervals(t *rapid.T) []*Interval {
	var list []*Interval
	window := windows().Draw(t, "window")
	for r := range rapid.IntRange(1, 3).Draw(t, "replayers") {
		c := NewCollector(fmt.Sprint("r", r), window)
		for s := range rapid.IntRange(1, 5).Draw(t, "seconds") {
			for range rapid.IntRange(0, 4).Draw(t, "results") {
				x := results().Draw(t, "result")
				c.Started(x.Endpoint)
				if rapid.Bool().Draw(t, "ends") {
					c.Record(&x)
				}
			}
			c.Users(rapid.IntRange(0, 9).Draw(t, "users"))
			c.Due(2)
			c.Paused(time.Duration(rapid.IntRange(0, 2).Draw(t, "paused")) * time.Second)
			c.Arrived(2)
			c.SessionOver(SessionResult{Matched: rapid.Bool().Draw(t, "matched"), Cut: rapid.Bool().Draw(t, "cut")})
			if rapid.Bool().Draw(t, "skips") {
				c.Skipped("POST /cart", rapid.SampledFrom([]string{"csrf", "cart"}).Draw(t, "value"))
			}
			list = append(list, c.Tick(time.Duration(s+1)*time.Second, Machine{CPU: float64(s) / 4, Cores: 2}))
		}
		list = append(list, c.Last(6*time.Second, Machine{})...)
	}
	return list
}

func TestMergingIsCommutativeAssociativeAndIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := intervals(t)
		straight, shuffled := NewTimeline(), NewTimeline()
		for _, iv := range list {
			if !straight.Add(iv) {
				t.Fatalf("%s %d is refused", iv.Replayer, iv.Seq)
			}
		}
		twice := append(append([]*Interval{}, list...), list...)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		r.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
		added := 0
		for _, iv := range twice {
			if shuffled.Add(iv) {
				added++
			}
		}
		if added != len(list) {
			t.Fatalf("%d of %d intervals were new", added, len(list))
		}
		if d := cmp.Diff(straight.Summary(), shuffled.Summary()); d != "" {
			t.Fatalf("summary in order (-) and shuffled with duplicates (+): %s", d)
		}
		var sessions Sessions
		for _, iv := range list {
			sessions.add(iv.Sessions)
		}
		if straight.Summary().Sessions != sessions {
			t.Fatalf("the summary has %+v, the intervals %+v", straight.Summary().Sessions, sessions)
		}
		if d := cmp.Diff(straight.Seconds(0), shuffled.Seconds(0)); d != "" {
			t.Fatalf("seconds in order (-) and shuffled (+): %s", d)
		}
	})
}

func TestCellsMergeInAnyGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cells []*Cell
		for _, iv := range intervals(t) {
			cells = append(cells, &iv.Total)
		}
		left, right := new(Cell), new(Cell)
		for _, c := range cells {
			left.Merge(c)
		}
		for i := len(cells) - 1; i >= 0; i-- {
			pair := cells[i].Clone()
			pair.Merge(right)
			right = pair
		}
		x, _ := json.Marshal(left)
		y, _ := json.Marshal(right)
		if string(x) != string(y) {
			t.Fatalf("from the left %s, from the right %s", x, y)
		}
	})
}

func TestAnIntervalSurvivesJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, iv := range intervals(t) {
			b, err := json.Marshal(iv)
			if err != nil {
				t.Fatal(err)
			}
			var back Interval
			if err := json.Unmarshal(b, &back); err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(&back)
			if err != nil {
				t.Fatal(err)
			}
			if string(b) != string(again) {
				t.Fatalf("got %s, want %s", again, b)
			}
		}
	})
}

func TestLongRunsGetWiderPointsAndLoseNothing(t *testing.T) {
	timeline := NewTimeline()
	const hours = 5
	for i := range hours * 3600 {
		timeline.Add(&Interval{
			Replayer: "r", Seq: uint64(i), Start: time.Duration(i) * time.Second, End: time.Duration(i+1) * time.Second,
			Total: Cell{Counts: Counts{Started: 1, OK: 1}},
		})
	}
	points := timeline.Seconds(0)
	if len(points) > maxSlots {
		t.Errorf("%d points are kept", len(points))
	}
	var sum float64
	for i, p := range points {
		sum += p.Rate * p.Width.Seconds()
		if want := time.Duration(i) * p.Width; p.Start != want {
			t.Fatalf("point %d begins at %s, want %s", i, p.Start, want)
		}
	}
	if sum != hours*3600 {
		t.Errorf("the points hold %g requests, want %d", sum, hours*3600)
	}
	if got := timeline.Seconds(4 * time.Hour); len(got) == 0 || got[0].Start+got[0].Width <= 4*time.Hour {
		t.Error("points from an offset on begin elsewhere")
	}
}

func TestUsersOfReplayersAddUp(t *testing.T) {
	timeline := NewTimeline()
	for _, r := range []string{"a", "b"} {
		for s := range 3 {
			timeline.Add(&Interval{Replayer: r, Seq: uint64(s), Start: time.Duration(s) * time.Second, End: time.Duration(s+1) * time.Second, Users: 10 + s})
		}
	}
	if got := timeline.Summary().UsersMax; got != 24 {
		t.Errorf("up to %d users, want 24", got)
	}
}

func TestStoppedExchangesDoNotSpoilTheOutcomeMatch(t *testing.T) {
	c := NewCollector("r", 0)
	end := func(o Outcome, e string) {
		c.Started("e")
		c.Record(&Result{Endpoint: "e", Outcome: o, Error: e, Sent: 1, Done: 2, Status: 200})
	}
	end(OK, "")
	end(OK, "")
	end(OK, "")
	end(Aborted, ErrorStopped)
	end(Failed, "reset")
	timeline := NewTimeline()
	timeline.Add(c.Tick(time.Second, Machine{}))
	if got := timeline.Summary().OutcomeMatch; got != 0.75 {
		t.Errorf("outcome match is %g, want 0.75: the failed one counts, the stopped one does not", got)
	}
}

func TestLateIntervalsOfAReplayerAreTaken(t *testing.T) {
	var s seqs
	for _, n := range []uint64{0, 2, 1, 5} {
		if !s.add(n) {
			t.Errorf("%d is not new", n)
		}
	}
	for _, n := range []uint64{0, 1, 2, 5} {
		if s.add(n) {
			t.Errorf("%d is new twice", n)
		}
	}
	if !s.add(3) || !s.add(4) || s.add(4) || len(s.above) != 0 {
		t.Errorf("after 0 to 5 the set holds %v above %d", s.above, s.next)
	}
}
