package cmd

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/run"
	"github.com/starling-load/starling/ui"
)

func TestALiveViewGoesOnToTheNextRun(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	newRun := func() *run.Run {
		r, err := run.New(t.Context(), run.Job{
			Source: run.Source{URL: s.URL}, Plan: replay.Plan{Duration: 50 * time.Millisecond},
		}, run.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	live := newLive()
	if got := live.Snapshot().State; got != ui.Waiting {
		t.Errorf("without a run the state is %s", got)
	}
	changed := live.Changed()
	first := newRun()
	live.show(first)
	if !isClosed(changed) {
		t.Error("the first run is no change")
	}
	changed = live.Changed()
	if _, err := first.Play(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !isClosed(changed) {
		t.Error("playing is no change")
	}
	view := live.Snapshot()
	if view.State != ui.Done || view.Summary == nil || len(view.Replayers) != 1 || view.Replayers[0].State != ui.ReplayerDone {
		t.Errorf("the first run is shown as %s, with replayers %+v", view.State, view.Replayers)
	}
	changed = live.Changed()
	if isClosed(changed) {
		t.Error("a run that is done changes")
	}
	live.show(newRun())
	if !isClosed(changed) || live.Snapshot().State != ui.Waiting {
		t.Errorf("the second run is no change, or not shown; the state is %s", live.Snapshot().State)
	}
}
