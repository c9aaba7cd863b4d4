package ui

import (
	"testing"
	"time"

	"github.com/starling-load/starling/replay/stats"
)

func second(i int, rate float64, users int, p99 int64) stats.Point {
	return stats.Point{
		Start: time.Duration(i) * time.Second, Width: time.Second, Rate: rate, Users: users, InFlight: int64(users),
		Response: stats.Latency{P50: p99 / 4, P95: p99 / 2, P99: p99},
	}
}

func TestPointsAreJoinedWhenThereAreTooMany(t *testing.T) {
	in := []stats.Point{second(0, 10, 1, 400), second(1, 30, 5, 100), second(2, 8, 3, 200), second(3, 0, 3, 0), second(4, 0, 2, 0)}
	got, step := newPoints(in, 3)
	if step != 2*time.Second || len(got) != 3 {
		t.Fatalf("got %d points of %s, want 3 of 2 s", len(got), step)
	}
	if p := got[0]; p.Time != 0 || p.Rate != 20 || p.Users != 5 || *p.P99 != 400 || *p.P50 != 100 {
		t.Errorf("joined: got %+v, want the mean rate, the highest users and percentiles", p)
	}
	if p := got[1]; p.Time != 2 || p.Rate != 4 || *p.P99 != 200 {
		t.Errorf("joined with a silent second: got %+v", p)
	}
	if p := got[2]; p.Rate != 0 || p.P50 != nil || p.P99 != nil {
		t.Errorf("silent: got %+v, want no percentiles", p)
	}
}

func TestPointsOfThePastStayWhereTheyAre(t *testing.T) {
	var in []stats.Point
	for i := range 20 {
		in = append(in, second(i, float64(i), i, int64(100+i)))
	}
	before, _ := newPoints(in[:13], 8)
	after, _ := newPoints(in[:16], 8)
	for i, p := range before[:len(before)-1] {
		if after[i].Time != p.Time || after[i].Rate != p.Rate {
			t.Errorf("point %d moved from %+v to %+v", i, p, after[i])
		}
	}
}

func TestNoPointsAreAnEmptyList(t *testing.T) {
	if got, step := newPoints(nil, 10); got == nil || len(got) != 0 || step != time.Second {
		t.Errorf("got %v of %s", got, step)
	}
}
