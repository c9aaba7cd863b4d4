package replay

import (
	"testing"
	"time"
)

func TestLatenessIsTakenOffTheNextDelay(t *testing.T) {
	const ms = time.Millisecond
	for _, speed := range []float64{1, 2} {
		u := &user{engine: &engine{Options: Options{Plan: Plan{Speed: speed}}}}
		acts := []Act{{Delay: 0}, {Delay: time.Duration(2*speed) * ms}, {Delay: time.Duration(10*speed) * ms}}
		for i, want := range []time.Duration{100 * ms, 100 * ms, 107 * ms} {
			if got := u.take(acts, 100*ms, 3*ms)[i].due; got != want {
				t.Errorf("speed %g: act %d is due at %s after one that was 3 ms late, want %s", speed, i, got, want)
			}
		}
	}
}
