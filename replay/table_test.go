package replay

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/model/precedence"
)

// A span is when an act was under way, from the start of its session.
type span struct{ start, done time.Duration }

// recordedSpans draws what a recording of a session may look like: in order of
// start, overlapping or not, some without length.
func recordedSpans(t *rapid.T) []span {
	spans := make([]span, rapid.IntRange(1, 40).Draw(t, "acts"))
	at := time.Duration(0)
	for i := range spans {
		at += time.Duration(rapid.IntRange(0, 5).Draw(t, "pause"))
		spans[i] = span{at, at + time.Duration(rapid.IntRange(0, 12).Draw(t, "length"))}
	}
	return spans
}

// tableOf returns the session that repeats the spans.
func tableOf(spans []span) *Table {
	var order precedence.Order
	next := 0
	return &Table{Pull: func() (Waiting, bool) {
		if next == len(spans) {
			return Waiting{}, false
		}
		after, delay := order.Add(next, spans[next].start, spans[next].done)
		next++
		return Waiting{Act{ID: next - 1, Delay: delay}, after}, true
	}}
}

func (t *Table) Fill(*Act) {}

// rehearse plays a session in made-up time: act n takes took(n). It returns when
// each act was under way, by ID.
func rehearse(t interface{ Fatalf(string, ...any) }, s Session, took func(id int) time.Duration) map[int]span {
	type due struct {
		act Act
		at  span
	}
	var underWay []due
	played := map[int]span{}
	now := time.Duration(0)
	ready := s.Next(nil)
	for {
		for _, a := range ready {
			if _, had := played[a.ID]; had {
				t.Fatalf("act %d was made ready twice", a.ID)
			}
			at := span{start: now + a.Delay}
			at.done = at.start + took(a.ID)
			played[a.ID] = at
			underWay = append(underWay, due{a, at})
		}
		if len(underWay) == 0 {
			return played
		}
		first := 0
		for i, d := range underWay {
			if d.at.done < underWay[first].at.done {
				first = i
			}
		}
		over := underWay[first]
		underWay = slices.Delete(underWay, first, first+1)
		now = over.at.done
		ready = s.Next(&Answer{Act: &over.act})
	}
}

func TestAnUnchangedTargetIsAskedAtTheRecordedInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spans := recordedSpans(t)
		played := rehearse(t, tableOf(spans), func(id int) time.Duration { return spans[id].done - spans[id].start })
		for id, want := range spans {
			if played[id] != want {
				t.Fatalf("act %d of %v was under way %v, want %v", id, spans, played[id], want)
			}
		}
	})
}

// The rule itself, word by word, against a target of any speed.
func TestAnActWaitsForWhatWasOverBeforeItAndForNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spans := recordedSpans(t)
		lengths := rapid.SliceOfN(rapid.IntRange(0, 40), len(spans), len(spans)).Draw(t, "lengths")
		played := rehearse(t, tableOf(spans), func(id int) time.Duration { return time.Duration(lengths[id]) })
		if len(played) != len(spans) {
			t.Fatalf("%d of %d acts were made", len(played), len(spans))
		}
		for id, s := range spans {
			recordedEnd, playedEnd := time.Duration(0), time.Duration(0)
			for before := range id {
				if spans[before].done <= s.start {
					recordedEnd = max(recordedEnd, spans[before].done)
					playedEnd = max(playedEnd, played[before].done)
				}
			}
			if want := playedEnd + s.start - recordedEnd; played[id].start != want {
				t.Fatalf("act %d of %v began at %d, want %d: answers took %v", id, spans, played[id].start, want, lengths)
			}
		}
	})
}

func TestATableHoldsABoundedPartOfASession(t *testing.T) {
	const acts = 100_000
	var order precedence.Order
	next, most := 0, 0
	tab := &Table{}
	tab.Pull = func() (Waiting, bool) {
		if next == acts {
			return Waiting{}, false
		}
		at := time.Duration(next/6) * 10 // six at a time
		after, delay := order.Add(next, at, at+9)
		next++
		most = max(most, len(tab.blocked), len(tab.over.above))
		return Waiting{Act{ID: next - 1, Delay: delay}, after}, true
	}
	if played := rehearse(t, tab, func(int) time.Duration { return 3 }); len(played) != acts {
		t.Errorf("%d of %d acts were made", len(played), acts)
	}
	if most > maxBlocked {
		t.Errorf("held %d acts at once, want at most %d", most, maxBlocked)
	}
}

func TestATableInAnyOrderIsPlayedWhole(t *testing.T) {
	// A poller beside a page: act 2 waits for nothing although act 1 waits for act 0.
	acts := []Waiting{{Act{ID: 0}, nil}, {Act{ID: 1, Delay: 5}, []int{0}}, {Act{ID: 2, Delay: 1}, nil}, {Act{ID: 3, Delay: 2}, []int{1, 2}}}
	tab := &Table{Pull: func() (Waiting, bool) {
		if len(acts) == 0 {
			return Waiting{}, false
		}
		a := acts[0]
		acts = acts[1:]
		return a, true
	}}
	played := rehearse(t, tab, func(int) time.Duration { return 10 })
	want := map[int]span{0: {0, 10}, 1: {15, 25}, 2: {1, 11}, 3: {27, 37}}
	for id, s := range want {
		if played[id] != s {
			t.Errorf("act %d was under way %v, want %v", id, played[id], s)
		}
	}
}
