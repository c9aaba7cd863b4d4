package page

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/starling-load/starling/model/fidelity"
)

// report has names that try to leave their place, and curves with odd values.
func report() *fidelity.Report {
	worst := fidelity.Part{Name: "distribution (KS)", Value: 0.4, Limit: 0.01, Floor: 0.02, Ratio: 20, RatioLimit: 1.15, Low: 12, High: 31, Differs: true, Excess: 2.8}
	fair := fidelity.Part{Name: "divergence", Ratio: 0.9, RatioLimit: 1.15, Low: 0.4, High: 1.7}
	return &fidelity.Report{
		Fidelity: 24.7, Worst: []string{fidelity.ThinkTime}, Notes: []string{"<img src=x>"},
		Metrics: []fidelity.Metric{
			{Name: fidelity.ThinkTime, Part: worst, Reason: "users think <b>twice</b> as long", Advice: "look", Parts: []fidelity.Part{worst, fair}},
			{Name: fidelity.Mix, Part: fair, Parts: []fidelity.Part{fair}},
		},
		Curves: []fidelity.Curve{
			{Metric: fidelity.Mix, Title: "share", Bars: []string{"GET /<script>alert(1)</script>", "GET /b"}, Recorded: []float64{0.75, 0.25}, Other: []float64{0.5, 0}},
			{Metric: fidelity.ThinkTime, Title: "up to", Unit: "s", Log: true, X: []float64{0, 0.5, 90}, Recorded: []float64{0, 0.5, 1}, Other: []float64{0.2, 0.4, 1}, Low: []float64{0, 0.3, 1}, High: []float64{0.1, 0.6, 1}},
			{Metric: fidelity.Rate, Title: "flat", Unit: "s", X: []float64{0, 1}, Recorded: []float64{0, 0}, Other: []float64{0, 0}},
		},
	}
}

func written(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, `a"<i>.model`, "shop.flow.zst", report()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestThePageSaysWhatTheReportSays(t *testing.T) {
	out := written(t)
	for _, want := range []string{
		`<div class="score">24<small> of 100</small></div>`, "1 of 2 metrics differ", "20.0 times what chance makes of the recording",
		"users think &lt;b&gt;twice&lt;/b&gt; as long", `<tr class="differs">`, "75.0 %", `style="width:33.3%"`, `style="width:0.0%"`,
		"prefers-color-scheme: dark", `name="viewport"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if n := strings.Count(out, "<svg"); n != 2 {
		t.Errorf("%d charts, want 2", n)
	}
	if n := strings.Count(out, `class="differs"`); n != 1 {
		t.Errorf("%d parts are marked, want 1", n)
	}
}

func TestThePageNeedsNothingAndRunsNothing(t *testing.T) {
	out := written(t)
	for _, never := range []string{"<script", "<img", "<i>.model", "http://", "https://", "url(", "@import", "NaN", "Inf", "ZgotmplZ"} {
		if strings.Contains(out, never) {
			t.Errorf("the page has %q", never)
		}
	}
}

func TestCurvesStayWithinTheirDrawing(t *testing.T) {
	numbers := regexp.MustCompile(`[ML]([-\d.]+) ([-\d.]+)`)
	for _, c := range report().Curves[1:] {
		drawn := newChart(&c)
		points := numbers.FindAllStringSubmatch(drawn.Band+drawn.Recorded+drawn.Other, -1)
		if len(points) < 2*len(c.X) {
			t.Errorf("%s: %d points of %d values", c.Title, len(points), 2*len(c.X))
		}
		for _, p := range append(drawn.X, drawn.Y...) {
			if math.IsNaN(p.At) || p.At < 0 || p.At > width {
				t.Errorf("%s: a tick at %v", c.Title, p.At)
			}
		}
		for _, p := range points {
			if len(p[1]) > 6 || strings.HasPrefix(p[1], "-") || strings.HasPrefix(p[2], "-") {
				t.Errorf("%s: a point at %s, %s", c.Title, p[1], p[2])
			}
		}
	}
}

func TestTicksAreFewAndRound(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		log    bool
		want   string
	}{
		{[]float64{0, 1}, false, "0 0.2 0.4 0.6 0.8 1"},
		{[]float64{0, 0.3}, false, "0 0.1 0.2 0.3"},
		{[]float64{0, 47}, false, "0 10 20 30 40"},
		{[]float64{0, 3600}, false, "0 1e+03 2e+03 3e+03"},
		{[]float64{0.001, 10}, true, "0.001 0.01 0.1 1 10"},
		{[]float64{20, 70}, true, "20 30 40 50 60 70"},
		{[]float64{0, 0}, false, "0 0.2 0.4 0.6 0.8 1"},
	} {
		var got []string
		for _, v := range newAxis(tt.values, tt.log, 0, 100).ticks() {
			got = append(got, number(v))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("ticks of %v: %s, want %s", tt.values, s, tt.want)
		}
	}
}

func TestLabelsHaveUnits(t *testing.T) {
	for _, tt := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0.25, "s", "250ms"}, {1, "s", "1s"}, {20, "s", "20s"}, {90, "s", "1m30s"}, {600, "s", "10m"}, {3600, "s", "1h"}, {5400, "s", "1h30m"}, {100, "s", "1m40s"},
		{1500, "bytes", "1.5 kB"}, {2e6, "bytes", "2 MB"}, {12, "requests", "12"},
	} {
		if got := label(tt.value, tt.unit); got != tt.want {
			t.Errorf("%v %s is written %q, want %q", tt.value, tt.unit, got, tt.want)
		}
	}
}
