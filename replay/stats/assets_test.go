package stats

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestPartsOfPagesAreFolded(t *testing.T) {
	s := NewTimeline().Summary()
	for name, asset := range map[string]bool{"GET /": false, "GET /a.css": true, "GET /b.js": true} {
		s.Endpoints = append(s.Endpoints, EndpointSummary{Name: name, Asset: asset, Requests: 30, Failures: 3, Rate: 1.5, OutcomeMatch: 0.9, Response: Latency{Max: int64(len(name))}})
	}
	text := func() string {
		var b bytes.Buffer
		if err := s.Text(&b, nil); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	all, n := s.Assets()
	if n != 2 || all.Requests != 60 || all.Failures != 6 || all.Rate != 3 || all.OutcomeMatch != 0.9 || all.Response.Max != int64(len("GET /a.css")) {
		t.Errorf("%d parts: %+v", n, all)
	}
	if got := text(); !strings.Contains(got, "2 parts of pages") || strings.Contains(got, "a.css") || !strings.Contains(got, "GET /") {
		t.Errorf("folded:\n%s", got)
	}
	s.Unfold()
	if got := text(); strings.Contains(got, "parts of pages") || !strings.Contains(got, "GET /a.css") || !strings.Contains(got, "GET /b.js") {
		t.Errorf("unfolded:\n%s", got)
	}
}

func TestAssetsComeFromTheManifest(t *testing.T) {
	timeline := NewTimeline()
	timeline.Of(&Manifest{Assets: []string{"GET /a.css"}})
	timeline.Add(&Interval{End: time.Second, Endpoints: map[string]*Cell{"GET /": new(Cell), "GET /a.css": new(Cell)}})
	for _, e := range timeline.Summary().Endpoints {
		if e.Asset != (e.Name == "GET /a.css") {
			t.Errorf("%s is a part of pages: %v", e.Name, e.Asset)
		}
	}
}
