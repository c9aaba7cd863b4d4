package stats

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestTheReportOfNothingIsAPageToo(t *testing.T) {
	var b bytes.Buffer
	if err := NewTimeline().Summary().Text(&b, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "Requests     0 in 0s") {
		t.Errorf("got %s", b.String())
	}
}

func TestNamesFromTheTargetCannotWriteOnTheTerminal(t *testing.T) {
	s := &Summary{Endpoints: []EndpointSummary{{Name: "GET /\x1b[2J"}}, Errors: []ErrorGroup{{Name: "x\x07", Samples: []string{"a\nb\x1b]0;t\x07"}}}}
	var b bytes.Buffer
	if err := s.Text(&b, &Manifest{Target: "\x1b[31m"}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\x07") {
		t.Errorf("control characters in %q", b.String())
	}
}

// The keys of `starling report --json` are promised to users.
func TestTheSummaryHasTheDocumentedKeys(t *testing.T) {
	b, err := json.Marshal(NewTimeline().Summary())
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"requests", "failures", "duration_s", "rps", "users_max", "response_time_us", "service_time_us", "lateness_us",
		"status", "endpoints", "errors", "validity", "started", "ok", "failed", "timed_out", "aborted", "in_flight",
		"outcome_match", "session_match", "sessions", "skipped", "drained", "bytes_in", "bytes_out", "replayers", "lost", "thresholds",
		"faithful", "unresolved",
	} {
		null := key == "session_match" || key == "faithful" // nothing ended, and there is no recording
		if v, ok := m[key]; !ok || (v == nil) != null {
			t.Errorf("%s is %v in %s", key, v, b)
		}
	}
	for _, key := range []string{"p50", "p90", "p95", "p99", "p999", "max", "mean"} {
		if _, ok := m["response_time_us"].(map[string]any)[key]; !ok {
			t.Errorf("response_time_us has no %s", key)
		}
	}
}
