package stats

import (
	"strings"
	"testing"
)

func TestValidity(t *testing.T) {
	for _, test := range []struct {
		name    string
		s       Summary
		verdict string
		reason  string
	}{
		{"a healthy run", Summary{Lateness: Latency{P99: 900}, Response: Latency{P50: 5_000}, Due: 100, Arrived: 100}, Valid, ""},
		{"late by 40 ms on a busy machine", Summary{Lateness: Latency{P99: 40_000}, Response: Latency{P50: 5_000}}, Valid, ""},
		{"late by 60 ms beside 5 ms", Summary{Lateness: Latency{P99: 60_000}, Response: Latency{P50: 5_000}}, Degraded, "behind their schedule"},
		{"late by 60 ms beside 2 s", Summary{Lateness: Latency{P99: 60_000}, Response: Latency{P50: 2_000_000}}, Valid, ""},
		{"late by 600 ms", Summary{Lateness: Latency{P99: 600_000}, Response: Latency{P50: 5_000}}, Invalid, "behind their schedule"},
		{"6 % of the sessions missed", Summary{Due: 100, Arrived: 94}, Invalid, "not started (6 of 100)"},
		{"3 % of the sessions missed", Summary{Due: 100, Arrived: 97}, Degraded, "not started (3 of 100)"},
		{"1 % of the sessions missed", Summary{Due: 100, Arrived: 99}, Valid, ""},
		{"a third of the time at full CPU", Summary{Machine: MachineSummary{Seconds: 30, BusySeconds: 10}}, Degraded, "of all its cores in 33%"},
		{"a tenth of the time at full CPU", Summary{Machine: MachineSummary{Seconds: 30, BusySeconds: 3}}, Valid, ""},
		{"most of the time at full CPU", Summary{Machine: MachineSummary{Seconds: 30, BusySeconds: 20}}, Invalid, "of all its cores in 67%"},
		{"a run of half a second at full CPU", Summary{Machine: MachineSummary{Seconds: 0.5, BusySeconds: 0.5}}, Valid, ""},
		{"a long garbage collection", Summary{Machine: MachineSummary{GCPauseMaxUS: 150_000}}, Degraded, "150ms within one second"},
		{"ports exhausted", Summary{Errors: []ErrorGroup{{Name: "ports", Count: 3}}}, Invalid, "no free local port"},
		{"descriptors exhausted", Summary{Errors: []ErrorGroup{{Name: "descriptors", Count: 3}}}, Invalid, "ulimit -n"},
		{"errors of the target", Summary{Errors: []ErrorGroup{{Name: "reset", Count: 3}}}, Valid, ""},
		{"a replayer lost", Summary{Lost: []string{"r1"}}, Degraded, "r1 fell silent"},
		{"lost and out of ports", Summary{Lost: []string{"r1"}, Errors: []ErrorGroup{{Name: "ports", Count: 3}}}, Invalid, "r1 fell silent"},
		{"paused", Summary{Paused: 12.5}, Degraded, "paused for 12.5s"},
		{"ended early", Summary{Partial: true}, Degraded, "planned end"},
	} {
		test.s.Judge()
		got := test.s.Validity
		if got.Verdict != test.verdict || !strings.Contains(strings.Join(got.Reasons, "\n"), test.reason) || (got.Verdict == Valid) != (len(got.Reasons) == 0) {
			t.Errorf("%s: got %+v, want %s with %q", test.name, got, test.verdict, test.reason)
		}
	}
}
