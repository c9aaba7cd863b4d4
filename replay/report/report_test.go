package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/stats"
)

// spoiled is a run whose names try to leave their place in every form.
func spoiled(t *testing.T) *stats.Run {
	t.Helper()
	var b faithful.Builder
	b.Session([]faithful.Step{{Endpoint: "POST /<b>|x", Write: true}, {Endpoint: "GET /never"}})
	m := stats.Manifest{
		Source: "a|b.model", Target: "http://x.test/<script>", Start: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), Recorded: b.Recorded(),
		Unresolved: []stats.Unresolved{{Endpoint: "POST /<b>|x", Place: "header X-Mark", Example: "ab…", Reason: "no answer held it before"}},
	}
	line := stats.NewTimeline()
	line.Of(&m)
	c := stats.NewCollector("local", 0)
	for range 3 {
		c.Started("POST /<b>|x")
		c.Record(&stats.Result{Endpoint: "POST /<b>|x", Done: time.Millisecond, Status: 500, Outcome: stats.Failed, Error: "status", Detail: "<img src=x>\n", Write: true})
		var s faithful.Session
		s.Send(s.Ready())
		s.Over(true, true, false)
		c.Arrived(1)
		c.SessionOver(stats.SessionResult{Work: s.Work(false)})
	}
	line.Add(c.Tick(time.Second, stats.Machine{}))
	limit, err := stats.ParseThreshold("failures < 1%")
	if err != nil {
		t.Fatal(err)
	}
	return &stats.Run{Manifest: m, Summary: line.Summary(limit)}
}

func TestEveryFormSaysFirstWhetherTheRunWasLikeTheRecording(t *testing.T) {
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := Write(&b, format, spoiled(t)); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, want := range []string{"never succeeded (status 500)", "not", "valid"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", format, want, text)
			}
		}
		if format != "csv" && !strings.Contains(text, "X-Mark") {
			t.Errorf("%s does not name the value that nothing explains:\n%s", format, text)
		}
		if format == "html" && (strings.Contains(text, "<img") || strings.Contains(text, "<script")) {
			t.Errorf("markup of the target is markup of the page:\n%s", text)
		}
	}
}

func TestCellsOfMarkdownStayInTheirPlace(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "markdown", spoiled(t)); err != nil {
		t.Fatal(err)
	}
	columns := 0
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns != 0 && n != columns {
			t.Errorf("%d columns instead of %d: %s", n, columns, line)
		}
		columns = n
	}
}

func TestJUnitHasATestForEachVerdict(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "junit", spoiled(t)); err != nil {
		t.Fatal(err)
	}
	var got suite
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	failed := map[string]bool{}
	for _, c := range got.Cases {
		failed[c.Name] = c.Failure != nil
	}
	if got.Tests != 3 || got.Failures != 2 || failed["validity"] || !failed["faithful"] || !failed["failures < 1%"] {
		t.Errorf("got %+v", got)
	}
}

func TestCSVHasALineForEachEndpoint(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "csv", spoiled(t)); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 3 || rows[2][0] != "POST /<b>|x" || rows[2][2] != "3" || rows[1][12] != faithful.Not {
		t.Errorf("got %q, %v", rows, err)
	}
}

func TestThereIsNoOtherForm(t *testing.T) {
	if err := Write(&bytes.Buffer{}, "pdf", spoiled(t)); err == nil || !strings.Contains(err.Error(), "csv, html, junit, markdown") {
		t.Errorf("got %v", err)
	}
}
