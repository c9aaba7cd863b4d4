package replay

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTheClockStandsStillWhilePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock{start: time.Now()}
		step := func(d time.Duration) { time.Sleep(d) }
		check := func(when string, want time.Duration, wantPaused bool) {
			t.Helper()
			if at, paused := c.now(); at != want || paused != wantPaused {
				t.Errorf("%s: got %s, paused %v; want %s, %v", when, at, paused, want, wantPaused)
			}
		}
		step(2 * time.Second)
		before := time.Now()
		check("before", 2*time.Second, false)
		c.pause()
		step(time.Minute)
		during := time.Now()
		check("paused", 2*time.Second, true)
		c.pause() // a second call changes nothing
		if d := c.resume(); d != time.Minute {
			t.Errorf("the pause took %s, want 1m0s", d)
		}
		check("resumed", 2*time.Second, false)
		step(time.Second)
		check("later", 3*time.Second, false)
		c.pause()
		step(time.Hour)
		check("paused again", 3*time.Second, true)
		c.resume()
		if d := c.resume(); d != 0 {
			t.Errorf("no pause took %s", d)
		}
		for what, tt := range map[string]struct {
			t    time.Time
			want time.Duration
		}{
			"an instant before the first pause": {before.Add(-time.Second), time.Second},
			"an instant within it":              {during, 2 * time.Second},
			"an instant between the pauses":     {during.Add(500 * time.Millisecond), 2500 * time.Millisecond},
			"an instant before the start":       {c.start.Add(-time.Second), -time.Second},
		} {
			if got := c.offset(tt.t); got != tt.want {
				t.Errorf("%s is at %s, want %s", what, got, tt.want)
			}
		}
	})
}
