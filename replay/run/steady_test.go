package run

import (
	"testing"
	"time"

	"github.com/starling-load/starling/replay"
)

// Of a short run, the users are there after a tenth. Who says how fast they come is obeyed.
func TestUsersComeWithinASession(t *testing.T) {
	for _, tt := range []struct {
		plan replay.Plan
		want time.Duration
	}{
		{replay.Plan{Users: 9, Duration: 20 * time.Second}, 2 * time.Second},
		{replay.Plan{Users: 9, Duration: time.Hour}, time.Minute},
		{replay.Plan{Users: 9, Sessions: 2}, time.Minute},
		{replay.Plan{Users: 9, Sessions: 2, Speed: 4}, 15 * time.Second},
		{replay.Plan{Users: 9, Duration: 20 * time.Second, Spread: time.Second}, time.Second},
		{replay.Plan{Rate: 9, Duration: time.Second}, 0},
	} {
		if got := steady(tt.plan, time.Minute).Spread; got != tt.want {
			t.Errorf("%+v: users come within %s, want %s", tt.plan, got, tt.want)
		}
	}
}
