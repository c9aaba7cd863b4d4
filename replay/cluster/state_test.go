package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// script drives a state: each line is "SECONDS EVENT NAME [NUMBER]" and, after
// an arrow, the actions expected. Between the lines the clock ticks, without
// consequences, but before "wake": then the coordinator stood still.
func script(t *testing.T, replayers int, text string) *state {
	t.Helper()
	s := newState(replayers)
	ticked := time.Duration(0)
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		left, want, _ := strings.Cut(line, "->")
		var at float64
		var event, name string
		var n uint64
		fmt.Sscan(left, &at, &event, &name, &n)
		now := time.Duration(at * float64(time.Second))
		for ; event != "wake" && ticked < now; ticked += beatEvery / 2 {
			if got := show(s.step(ticked, tickEvent{})); got != "" {
				t.Errorf("before line %d, %q: a tick at %s gives %q", i+1, strings.TrimSpace(left), ticked, got)
			}
		}
		ticked = max(ticked, now)
		got := show(s.step(now, parseEvent(event, name, n)))
		if want = strings.TrimSpace(want); got != want {
			t.Errorf("line %d, %q:\ngot  %q\nwant %q", i+1, strings.TrimSpace(left), got, want)
		}
	}
	return s
}

func parseEvent(event, name string, n uint64) any {
	switch event {
	case "join":
		return joinEvent{name}
	case "ready":
		return readyEvent{name}
	case "beat":
		return beatEvent{name}
	case "interval":
		return intervalEvent{name, n}
	case "done":
		return doneEvent{name: name, intervals: n}
	case "fail":
		return doneEvent{name: name, intervals: n, failure: "no model"}
	case "leave":
		return doneEvent{name: name, intervals: n, left: true}
	case "stop":
		return stopEvent{}
	case "cut":
		return cutEvent{}
	case "linked":
		return linkedEvent{}
	}
	return tickEvent{}
}

func show(actions []any) string {
	var parts []string
	for _, a := range actions {
		switch a := a.(type) {
		case admitAction:
			parts = append(parts, fmt.Sprintf("admit %s %d", a.name, a.index))
		case refuseAction:
			parts = append(parts, "refuse "+a.name)
		case startAction:
			parts = append(parts, "start")
		case stopAction:
			parts = append(parts, "stop")
		case vacateAction:
			parts = append(parts, "vacate "+a.name)
		case loseAction:
			parts = append(parts, "lose "+a.name)
		case findAction:
			parts = append(parts, "find "+a.name)
		case answerAction:
			parts = append(parts, string(a.order))
		case overAction:
			parts = append(parts, "over")
		}
	}
	return strings.Join(parts, ", ")
}

func TestARunOfTwoReplayers(t *testing.T) {
	s := script(t, 2, `
		0   join a        -> admit a 0
		0   join a        -> admit a 0
		1   join b        -> admit b 1
		1   join c        -> refuse c
		2   ready a
		2   beat b  -> play
		3   ready b       -> start
		4   interval a 0
		4   interval b 0
		5   interval a 1
		5   done a 2
		5   done b 2
		6   interval b 1  -> over
		7   join d`)
	if err := s.verdict(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

func TestASilentReplayerIsLostAndTheOthersGoOn(t *testing.T) {
	s := script(t, 2, `
		0    join a       -> admit a 0
		0    join b       -> admit b 1
		1    ready a
		1    ready b      -> start
		2    beat a  -> play
		2    interval b 0
		4    beat a  -> play
		4.9  tick
		5.1  tick         -> lose b
		5.2  beat a  -> play
		6    interval a 0
		7    done a 1     -> over`)
	if err := s.verdict(); err != nil {
		t.Errorf("got %v, want no error: one replayer came to its end", err)
	}
}

func TestAllLostIsAnError(t *testing.T) {
	s := script(t, 1, `
		0  join a   -> admit a 0
		0  ready a  -> start
		3  tick
		3.1 tick    -> lose a, over`)
	if err := s.verdict(); err == nil {
		t.Error("got no error although nobody came to the end")
	}
}

func TestAPlaceVacatedBeforeTheStartIsGivenAgain(t *testing.T) {
	script(t, 2, `
		0  join a   -> admit a 0
		1  join b   -> admit b 1
		1  ready b
		3  beat b   -> play
		3.1 tick    -> vacate a
		4  join c   -> admit c 0
		5  beat b  -> play
		5  ready c  -> start`)
}

func TestIntervalsMissingAtTheEndLoseTheReplayer(t *testing.T) {
	script(t, 1, `
		0   join a        -> admit a 0
		0   ready a       -> start
		1   interval a 0
		2   done a 3
		3   interval a 1
		13.1 tick         -> lose a, over`)
}

func TestAnIntervalMissingInTheMiddleLosesTheReplayer(t *testing.T) {
	script(t, 1, `
		0   join a        -> admit a 0
		0   ready a       -> start
		1   interval a 0
		3   interval a 2
		3   interval a 2
		3   done a 3
		13.1 tick         -> lose a, over`)
}

func TestIntervalsOutOfOrderAreAllHere(t *testing.T) {
	script(t, 1, `
		0   join a        -> admit a 0
		0   ready a       -> start
		1   interval a 1
		1   interval a 0
		3   done a 3
		3   interval a 2  -> over`)
}

func TestAReplayerThatLeavesEarlyIsLost(t *testing.T) {
	script(t, 2, `
		0   join a        -> admit a 0
		0   join b        -> admit b 1
		0   ready a
		0   ready b       -> start
		1   leave a 1
		1   interval a 0  -> lose a
		2   done b 0      -> over`)
}

func TestAPlaceLeftBeforeTheStartIsGivenAgain(t *testing.T) {
	script(t, 1, `
		0   join a        -> admit a 0
		0   leave a 0     -> vacate a
		1   join b        -> admit b 0
		1   ready b       -> start`)
}

func TestStopEndsARunThatNobodyJoined(t *testing.T) {
	s := script(t, 2, `
		0  stop  -> stop, over
		1  join a`)
	if err := s.verdict(); err != nil {
		t.Errorf("got %v, want no error: it was asked to stop", err)
	}
}

func TestStopWaitsForWhatReplayersStillSend(t *testing.T) {
	script(t, 2, `
		0  join a        -> admit a 0
		0  join b        -> admit b 1
		0  ready a
		0  ready b       -> start
		1  stop          -> stop
		1  stop
		2  done a 1
		2  interval a 0
		2  done b 0      -> over`)
}

func TestAFailedReplayerEndsTheRunWithItsReason(t *testing.T) {
	s := script(t, 2, `
		0  join a        -> admit a 0
		0  join b        -> admit b 1
		1  fail a 0      -> stop
		2  done b 0      -> over`)
	if err := s.verdict(); err == nil || !strings.Contains(err.Error(), "a: no model") {
		t.Errorf("got %v, want the replayer's reason", err)
	}
}

func TestALostReplayerThatIsHeardAgainIsFound(t *testing.T) {
	s := script(t, 2, `
		0   join a        -> admit a 0
		0   join b        -> admit b 1
		1   ready a
		1   ready b       -> start
		3   beat b        -> play
		4.1 tick          -> lose a
		5   beat b        -> play
		6   beat a        -> find a, play
		7   interval a 0
		8   beat b        -> play
		8   done a 1
		8   done b 0      -> over`)
	if err := s.verdict(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

func TestTheEndOfALostReplayerFindsIt(t *testing.T) {
	script(t, 2, `
		0   join a        -> admit a 0
		0   join b        -> admit b 1
		1   ready a
		1   ready b       -> start
		3   beat b        -> play
		4.1 tick          -> lose a
		5   interval a 0  -> find a
		5   done a 1
		5   beat a        -> play
		5   done b 0      -> over`)
}

func TestAReplayerThatHasLeftIsNotFoundAgain(t *testing.T) {
	script(t, 2, `
		0   join a        -> admit a 0
		0   join b        -> admit b 1
		0   ready a
		0   ready b       -> start
		1   leave a 0     -> lose a
		1.5 beat a        -> play
		2   done b 0      -> over`)
}

func TestNobodyIsLostWhileNATSIsOutOfReach(t *testing.T) {
	s := script(t, 2, `
		0    join a       -> admit a 0
		0    join b       -> admit b 1
		1    ready a
		1    ready b      -> start
		2    beat a       -> play
		2    beat b       -> play
		3.5  cut
		4    cut
		17   linked
		20   beat a       -> play
		21.6 tick         -> lose b
		22   beat a       -> play
		23   interval a 0
		23   done a 1     -> over`)
	if err := s.verdict(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

func TestWithoutNATSTheRunEndsAtLast(t *testing.T) {
	s := script(t, 1, `
		0     join a      -> admit a 0
		0     ready a     -> start
		1     cut
		121.1 tick        -> lose a, over`)
	if err := s.verdict(); err == nil || !strings.Contains(err.Error(), "NATS server was out of reach for 2m0s") {
		t.Errorf("got %v, want that NATS is gone", err)
	}
}

func TestAnInterruptWithoutNATSDoesNotWaitLong(t *testing.T) {
	script(t, 1, `
		0     join a      -> admit a 0
		0     ready a     -> start
		1     cut
		2     stop        -> stop
		11.1  tick        -> lose a, over`)
}

func TestTheCoordinatorsOwnPauseIsNotTheSilenceOfOthers(t *testing.T) {
	script(t, 1, `
		0     join a      -> admit a 0
		0     ready a     -> start
		1     beat a      -> play
		9     wake
		9.1   beat a      -> play
		12.2  tick        -> lose a, over`)
}

func TestWhoHasNoPlaceIsToldToLeave(t *testing.T) {
	script(t, 1, `
		0    join a       -> admit a 0
		3.1  tick         -> vacate a
		3.2  beat a       -> leave
		4    join b       -> admit b 0`)
}

func TestAReplayerThatMissedTheStopIsToldByTheAnswer(t *testing.T) {
	script(t, 1, `
		0    join a       -> admit a 0
		0    ready a      -> start
		1    stop         -> stop
		1.5  beat a       -> stop
		2    done a 0     -> over`)
}
