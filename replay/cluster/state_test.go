package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// script drives a state: each line is "SECONDS EVENT NAME [NUMBER]" and, after
// an arrow, the actions expected.
func script(t *testing.T, replayers int, text string) *state {
	t.Helper()
	s := newState(replayers)
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		left, want, _ := strings.Cut(line, "->")
		var at float64
		var event, name string
		var n uint64
		fmt.Sscan(left, &at, &event, &name, &n)
		got := show(s.step(time.Duration(at*float64(time.Second)), parseEvent(event, name, n)))
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
		2   beat b
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
		2    beat a
		2    interval b 0
		4    beat a
		4.9  tick
		5.1  tick         -> lose b
		5.2  beat a
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
		4  tick     -> lose a, over`)
	if err := s.verdict(); err == nil {
		t.Error("got no error although nobody came to the end")
	}
}

func TestAPlaceVacatedBeforeTheStartIsGivenAgain(t *testing.T) {
	script(t, 2, `
		0  join a   -> admit a 0
		1  join b   -> admit b 1
		1  ready b
		3.5 beat b
		4  tick     -> vacate a
		4  join c   -> admit c 0
		5  beat b
		5  ready c  -> start`)
}

func TestIntervalsMissingAtTheEndLoseTheReplayer(t *testing.T) {
	script(t, 1, `
		0   join a        -> admit a 0
		0   ready a       -> start
		1   interval a 0
		2   done a 3
		3   interval a 1
		9   tick
		14  tick          -> lose a, over`)
}

func TestAnIntervalMissingInTheMiddleLosesTheReplayer(t *testing.T) {
	script(t, 1, `
		0   join a        -> admit a 0
		0   ready a       -> start
		1   interval a 0
		3   interval a 2
		3   interval a 2
		3   done a 3
		14  tick          -> lose a, over`)
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
