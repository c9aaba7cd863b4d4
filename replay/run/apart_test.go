package run

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// Visitors of a desk were recorded while a monitor asked for its health every two seconds.
// A number of users is that many visitors. The recorded arrivals are all of it. What the
// desk saw tells.
func TestMonitorsAreNoUsers(t *testing.T) {
	const visitors, checks = 6, 12
	begin := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	desk0 := httptest.NewServer(&desk{})
	defer desk0.Close()
	var flows []*flow.Flow
	get := func(c *http.Client, path string) {
		resp, err := c.Get(desk0.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	for i := range visitors {
		jar, _ := cookiejar.New(nil)
		x := &tap{conn: uint64(i + 1), clock: begin.Add(time.Duration(3*i) * time.Second)}
		for _, path := range []string{"/desk", "/news", "/desk"} {
			get(&http.Client{Jar: jar, Transport: x}, path)
			x.clock = x.clock.Add(time.Duration(i+1) * 150 * time.Millisecond)
		}
		flows = append(flows, x.flows...)
	}
	monitor := &tap{conn: 99}
	for i := range checks {
		monitor.clock = begin.Add(time.Duration(2*i) * time.Second)
		get(&http.Client{Transport: monitor}, "/health")
	}
	flows = append(flows, monitor.flows...)
	sessions, err := session.Split(func(yield func(*flow.Flow, error) bool) {
		for i, f := range flows {
			if f.Number = uint64(i + 1); !yield(f, nil) {
				return
			}
		}
	}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := learn.Learn(sessions, learn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := folderOf(t, m)
	for _, tt := range []struct {
		name                string
		plan                replay.Plan
		news, health, notes int
	}{
		{"users", replay.Plan{Users: 20, Sessions: 1}, 20, 0, 1},
		{"users who walk", replay.Plan{Users: 20, Sessions: 1, Paths: replay.WalkPaths}, 20, 0, 1},
		{"recorded arrivals", replay.Plan{Scale: 1}, visitors, checks, 0},
		{"three times the recorded arrivals", replay.Plan{Scale: 3}, 3 * visitors, checks, 1},
		{"half of them", replay.Plan{Scale: 0.5}, visitors / 2, checks, 1},
		{"three times, of users who walk", replay.Plan{Scale: 3, Paths: replay.WalkPaths}, 3 * visitors, checks, 1},
		{"recorded arrivals of users who walk", replay.Plan{Scale: 1, Paths: replay.WalkPaths}, visitors, checks, 0},
	} {
		d, notes := &desk{token: 1000}, 0
		s := httptest.NewServer(d)
		tt.plan.Target, tt.plan.Speed = s.URL, 50
		r, err := New(t.Context(), Job{Source: Source{Model: dir}, Plan: tt.plan}, Options{OnNote: func(string) { notes++ }})
		if err != nil {
			t.Fatal(err)
		}
		sum, err := r.Play(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if news, health := d.count("GET /news"), d.count("GET /health"); news != tt.news || health != tt.health {
			t.Errorf("%s: %d times the news, %d health checks, want %d and %d", tt.name, news, health, tt.news, tt.health)
		}
		if notes != tt.notes || sum.Faithful.Verdict != faithful.Faithful {
			t.Errorf("%s: %d notes, want %d; the run was %s %q", tt.name, notes, tt.notes, sum.Faithful.Verdict, sum.Faithful.Reasons)
		}
	}
}
