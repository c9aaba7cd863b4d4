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
	n   int // flows added by fallBehind
}

func newLine() *line {
	return &line{queue: newQueue(1<<20, 500*time.Millisecond), now: time.Unix(1_700_000_000, 0)}
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

// fallBehind adds a flow every 10 ms and takes one every 50 ms, for so long. Forty sessions at
// a time go on, each for four seconds.
func (l *line) fallBehind(during time.Duration) (taken int, oldest time.Duration) {
	for i := range int(during / (10 * time.Millisecond)) {
		l.add(uint64(1 + l.n/400*40 + l.n%40))
		l.n++
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
	if taken < 500 || taken > 1200 {
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
		if waited := time.Duration(i) * 6 * time.Millisecond; session != 1 || hurry != (waited > 500*time.Millisecond/8) {
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

// pick returns a session that is chosen where half of them are, and one that is not.
func (l *line) pick() (chosen, other uint64) {
	l.halved, l.changed = 1, l.now
	defer func() { l.halved = 0 }()
	for session := uint64(1); chosen == 0 || other == 0; session++ {
		if l.chosen(session, l.now) {
			chosen = session
		} else {
			other = session
		}
	}
	return chosen, other
}

func TestASessionThatLosesAFlowToItsAgeLosesTheRest(t *testing.T) {
	l := newLine()
	chosen, other := l.pick()
	l.add(other)
	l.add(chosen)
	l.now = l.now.Add(400 * time.Millisecond)
	l.add(other)
	l.halved, l.changed = 1, l.now
	if session, hurry := l.take(); session != chosen || hurry {
		t.Errorf("session %d is taken, in a hurry: %v; want %d, without haste", session, hurry, chosen)
	}
	if session, _ := l.take(); session != 0 {
		t.Errorf("a later flow of session %d is taken", session)
	}
	if l.add(other) || !l.sheds(other, l.now) || !l.add(chosen) {
		t.Error("a session that lost a flow goes on, or one that lost none does not")
	}
	if l.total.flows != 3 || l.total.sessions != 1 {
		t.Errorf("lost %+v, want 3 flows of one session", l.total)
	}
}

func TestWhileItShedsNewSessionsMustBeChosen(t *testing.T) {
	l := newLine()
	chosen, other := l.pick()
	l.halved, l.changed = 1, l.now
	if l.add(other) || !l.add(chosen) || !l.add(0) {
		t.Error("a session that is not chosen comes in, or others do not")
	}
	for range 3 { // all are taken at once for a while
		l.take()
		l.now = l.now.Add(calm)
		l.add(chosen)
	}
	if l.halved != 0 || !l.add(other+1<<20) {
		t.Errorf("one session of 2^%d is chosen after a time without haste", l.halved)
	}
}

func TestWhoIsBehindAgainAndAgainHurriesForLonger(t *testing.T) {
	l := newLine()
	for want := leastHaste; want < mostHaste; want *= 2 {
		l.add(1)
		l.now = l.now.Add(300 * time.Millisecond)
		if _, hurry := l.take(); !hurry || l.haste != want {
			t.Fatalf("in a hurry: %v, for %v; want %v", hurry, l.haste, want)
		}
		l.add(1)
		if _, hurry := l.take(); !hurry {
			t.Error("the hurry is over at once")
		}
		l.now = l.hurry.Add(time.Millisecond)
		l.add(1)
		if _, hurry := l.take(); hurry {
			t.Error("the hurry does not end")
		}
	}
	l.stood(10*time.Millisecond, l.now)
	l.add(1)
	if _, hurry := l.take(); hurry {
		t.Error("the writer hurries, although it stood still for a moment only")
	}
	l.stood(100*time.Millisecond, l.now)
	l.add(1)
	if _, hurry := l.take(); !hurry {
		t.Error("the writer stood still, and does not hurry")
	}
	chosen, _ := l.pick()
	l.halved, l.changed = 1, l.now
	for still, want := range map[time.Duration]bool{200 * time.Millisecond: false, 300 * time.Millisecond: true} {
		l.starved = time.Time{}
		l.stood(still, l.now)
		l.add(chosen)
		if _, hurry := l.take(); hurry != want {
			t.Errorf("while it sheds, after standing still for %v: in a hurry: %v", still, hurry)
		}
	}
	l.halved = 0
	l.now = l.now.Add(3 * mostHaste)
	l.add(1)
	l.now = l.now.Add(300 * time.Millisecond)
	if l.take(); l.haste != leastHaste {
		t.Errorf("after a long time without, it hurries for %v; want %v", l.haste, leastHaste)
	}
}
