package stats

import (
	"strings"
	"testing"
)

func thresholdSummary() *Summary {
	return &Summary{
		Requests: 1000, Failures: 5, Rate: 51.25, OutcomeMatch: 0.995, SessionMatch: 0.8, Sessions: Sessions{Ended: 10, Matched: 8},
		Response:  Latency{P50: 20_000, P90: 90_000, P95: 150_000, P99: 299_999, P999: 900_000, Max: 2_000_000, Mean: 30_000},
		Service:   Latency{P95: 100_000},
		Endpoints: []EndpointSummary{{Name: "GET /cart", Requests: 10, Failures: 10, Response: Latency{P95: 210_000}}},
	}
}

func TestThresholds(t *testing.T) {
	for _, test := range []struct {
		text, value string
		ok          bool
	}{
		{"p99 < 300ms", "300ms", true},
		{"p99<299.999ms", "300ms", false},
		{"p99 <= 299999us", "300ms", true},
		{"response p50 < 20ms", "20ms", false},
		{"p99.9 > 1s", "900ms", false},
		{"max < 2.5s", "2s", true},
		{"mean < 31ms", "30ms", true},
		{"service p95 < 200ms", "100ms", true},
		{"failures < 1%", "0.5%", true},
		{"failures < 0.5%", "0.5%", false},
		{"failures <= 0.5 %", "0.5%", true},
		{"match >= 99.5%", "99.5%", true},
		{"rps > 50", "51.2/s", true},
		{"rps > 52/s", "51.2/s", false},
		{"p95{GET /cart} < 200ms", "210ms", false},
		{"p95 {GET /cart} < 300ms", "210ms", true},
		{"failures{GET /cart} < 1%", "100%", false},
		{"p95{GET /none} < 1h", "none", false},
		{"session match >= 75%", "80%", true},
		{"session  match>=90%", "80%", false},
	} {
		th, err := ParseThreshold(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		value, ok := th.Check(thresholdSummary())
		if value != test.value || ok != test.ok {
			t.Errorf("%s: got %s %v, want %s %v", test.text, value, ok, test.value, test.ok)
		}
		if th.String() != test.text {
			t.Errorf("%s prints as %s", test.text, th)
		}
	}
}

func TestWrongThresholdsSayWhatIsAllowed(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "no < or >",
		"p99":                       "no < or >",
		"p99 = 3ms":                 "no < or >",
		"p98 < 3ms":                 `figure "p98" is not known`,
		"p99 < 300":                 "no duration",
		"p99 < -3ms":                "no duration",
		"p99 < ":                    "no duration",
		"failures < 3":              "no percentage",
		"failures < 101%":           "no percentage",
		"failures < NaN%":           "no percentage",
		"rps > fast":                "no number of requests",
		"p95{GET /cart < 3ms":       "brace is not closed",
		"p95{} < 3ms":               "no endpoint",
		"service failures < 1%":     "is no time",
		"session match{GET /} < 1%": "sessions have no endpoint",
		"the p95 of it all < 200ms": "no single figure",
	} {
		_, err := ParseThreshold(text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "write FIGURE < LIMIT") {
			t.Errorf("%q: got %v, want %q and the help", text, err, want)
		}
	}
}

func TestAThresholdOnNothingMeasuredFails(t *testing.T) {
	th, err := ParseThreshold("p99 < 300ms")
	if err != nil {
		t.Fatal(err)
	}
	if value, ok := th.Check(&Summary{}); ok || value != "none" {
		t.Errorf("got %s %v", value, ok)
	}
}

func TestARunThatMostlyFailedKeepsNoDefault(t *testing.T) {
	for _, test := range []struct {
		name string
		s    Summary
		ok   bool
	}{
		{"nothing was answered", Summary{}, false},
		{"everything was skipped", Summary{Skipped: 9}, false},
		{"most was skipped behind a login that failed", Summary{Requests: 10, Failures: 1, Skipped: 90}, false},
		{"half failed", Summary{Requests: 10, Failures: 5}, false},
		{"less than half failed", Summary{Requests: 10, Failures: 4}, true},
	} {
		if got := test.s.Check(WithDefault(nil)); got != test.ok || test.s.Thresholds[0].Threshold != "failures < 50%" {
			t.Errorf("%s: got %v with %+v", test.name, got, test.s.Thresholds)
		}
	}
}

func TestAThresholdOnFailuresTakesThePlaceOfTheDefault(t *testing.T) {
	for text, want := range map[string]string{
		"failures < 100%":      "failures < 100%",
		"failures <= 90%":      "failures <= 90%",
		"p99 < 1s":             "failures < 50%, p99 < 1s",
		"failures{GET /} < 1%": "failures < 50%, failures{GET /} < 1%",
		"match >= 99%":         "failures < 50%, match >= 99%",
	} {
		th, err := ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range WithDefault([]Threshold{th}) {
			again, err := ParseThreshold(x.String())
			if err != nil || again != x {
				t.Errorf("%s reads back as %+v, %v", x, again, err)
			}
			got = append(got, x.String())
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: got %v, want %s", text, got, want)
		}
	}
}
