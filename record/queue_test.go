package record

import (
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A line is a queue with a clock that a test moves.
type line struct {
	*queue
	now time.Time
}

func newLine() *line {
	return &line{newQueue(1<<20, 500*time.Millisecond), time.Unix(1_700_000_000, 0)}
}

func (l *line) add(session uint64) bool { return l.addFlow(page(session, 10), session, l.now) }

// take takes the next flow and tells its session, 0 if there is none.
func (l *line) take() (session uint64, hurry bool) {
	it, _ := l.pop(l.now)
	l.done(it)
	if it.record == nil {
		return 0, false
	}
	return it.record.(*flow.Flow).Conn, it.hurry
}

// fallBehind adds a flow of session 1 every 10 ms and takes one in five of them, for so long.
func (l *line) fallBehind(during time.Duration) (taken int, oldest time.Duration) {
	for i := range int(during / (10 * time.Millisecond)) {
		l.add(uint64(1 + i/20))
		if i%5 == 0 {
			if it, _ := l.pop(l.now); it.record != nil {
				l.done(it)
				taken++
				oldest = max(oldest, l.now.Sub(it.at))
			}
		}
		l.now = l.now.Add(10 * time.Millisecond)
	}
	return taken, oldest
}

func TestWhatIsTakenIsNeverOld(t *testing.T) {
	l := newLine()
	taken, oldest := l.fallBehind(time.Minute)
	if most := 250*time.Millisecond + patience + 100*time.Millisecond; oldest > most {
		t.Errorf("a flow had waited for %v when it was taken; want at most %v", oldest, most)
	}
	if taken < 1000 || l.total.flows < 4000 || l.total.flows > 5000 {
		t.Errorf("%d flows taken, %d shed of 6000; the writer takes 1200", taken, l.total.flows)
	}
	// Half of a second has been shed, and nothing is counted twice.
	left := 0
	l.close(StoppedClosed)
	for session, _ := l.take(); session != 0; session, _ = l.take() {
		left++
	}
	if got := taken + left + int(l.total.flows); got != 6000 || !l.ended() || l.bytes != 0 {
		t.Errorf("%d flows taken, %d in the end, %d shed: %d of 6000; %d bytes are left", taken, left, l.total.flows, got, l.bytes)
	}
}

func TestABurstIsHurriedAndNothingOfItShed(t *testing.T) {
	l := newLine()
	for range 100 {
		l.add(1)
	}
	for i := range 100 { // the writer needs 600 ms for it
		session, hurry := l.take()
		if waited := time.Duration(i) * 6 * time.Millisecond; session != 1 || hurry != (waited > 250*time.Millisecond) {
			t.Fatalf("flow %d, after %v: session %d, in a hurry: %v", i, waited, session, hurry)
		}
		l.now = l.now.Add(6 * time.Millisecond)
	}
	if session, _ := l.take(); session != 0 || l.total.any() || !l.behind.IsZero() {
		t.Errorf("session %d is left, lost %+v, behind since %v", session, l.total, l.behind)
	}
}

func TestWhenTheMachineStoodStillNothingIsShed(t *testing.T) {
	l := newLine()
	for range 100 {
		l.add(1)
	}
	l.now = l.now.Add(time.Hour)
	for range 100 {
		if session, hurry := l.take(); session != 1 || !hurry {
			t.Fatalf("session %d, in a hurry: %v", session, hurry)
		}
		l.now = l.now.Add(time.Millisecond)
	}
	if l.total.any() {
		t.Errorf("lost %+v", l.total)
	}
}

func TestASessionThatLosesAFlowToItsAgeLosesTheRest(t *testing.T) {
	l := newLine()
	l.fallBehind(5 * time.Second)
	for session, _ := l.take(); session != 0; session, _ = l.take() {
		l.now = l.now.Add(time.Millisecond)
	}
	l.add(1000)
	l.now = l.now.Add(600 * time.Millisecond)
	l.add(1000)
	l.add(1001)
	if session, hurry := l.take(); session != 1001 || hurry {
		t.Errorf("session %d is taken, in a hurry: %v; want 1001, whose flow is new, without haste", session, hurry)
	}
	before := l.total
	if l.add(1000) || !l.sheds(1000, l.now) {
		t.Error("a session that lost a flow goes on")
	}
	if l.total.flows != before.flows+1 || l.total.sessions != before.sessions {
		t.Errorf("lost %+v, and before the last flow %+v", l.total, before)
	}
}

func TestWhileItShedsNobodyNewComesIn(t *testing.T) {
	l := newLine()
	l.fallBehind(5 * time.Second)
	for session, _ := l.take(); session != 0; session, _ = l.take() {
		l.now = l.now.Add(time.Millisecond)
	}
	l.add(2001)
	l.now = l.now.Add(400 * time.Millisecond)
	l.add(2002)
	l.take() // has waited for more than half of what is allowed
	if l.behind.IsZero() {
		t.Fatal("the writer is not behind")
	}
	if l.add(2003) || !l.add(0) {
		t.Error("a new session comes in, or a flow without session does not")
	}
}
