package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// watchScript drives a watch that began at 0: each line is "SECONDS EVENT" and,
// after an arrow, the action expected. An event is a tick or the answer play,
// stop or leave.
func watchScript(t *testing.T, patience time.Duration, text string) {
	t.Helper()
	w := newWatch(0, patience)
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		left, want, _ := strings.Cut(line, "->")
		var at float64
		var word string
		fmt.Sscan(left, &at, &word)
		var event any = answerEvent{order(word)}
		if word == "tick" {
			event = tickEvent{}
		}
		got := ""
		switch a := w.step(time.Duration(at*float64(time.Second)), event).(type) {
		case holdAction:
			got = "hold"
		case goOnAction:
			got = "go on"
		case abandonAction:
			got = "abandon"
		case endAction:
			got = "end " + string(a.order)
		}
		if want = strings.TrimSpace(want); got != want {
			t.Errorf("line %d, %q: got %q, want %q", i+1, strings.TrimSpace(line), got, want)
		}
	}
}

func TestAnAnsweredReplayerPlaysOn(t *testing.T) {
	watchScript(t, time.Minute, `
		1    tick
		5    play
		14   tick
		15   play
		25   tick`)
}

func TestWithoutAnAnswerForTenSecondsSendingStops(t *testing.T) {
	watchScript(t, time.Minute, `
		5     play
		15    tick
		15.1  tick   -> hold
		16    tick
		30    tick`)
}

func TestSendingGoesOnOnlyWhenToldSo(t *testing.T) {
	watchScript(t, time.Minute, `
		10.1  tick   -> hold
		20    tick
		25    play   -> go on
		34    tick
		36    tick   -> hold
		40    play   -> go on`)
}

func TestNobodyWaitsForEver(t *testing.T) {
	watchScript(t, time.Minute, `
		10.5  tick   -> hold
		70    tick
		71    tick   -> abandon
		72    play
		90    tick`)
}

func TestAReplayerThatStoodStillGivesTheCoordinatorItsTime(t *testing.T) {
	watchScript(t, time.Minute, `
		1     play
		500   tick   -> hold
		501   play   -> go on`)
}

func TestAnOrderEndsTheWatch(t *testing.T) {
	watchScript(t, time.Minute, `
		1     stop   -> end stop
		100   tick`)
	watchScript(t, time.Minute, `
		11    tick   -> hold
		12    leave  -> end leave
		100   tick`)
}
