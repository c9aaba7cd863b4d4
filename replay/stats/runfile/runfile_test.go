package runfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/replay/stats"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sampleManifest and sampleRun make the run of the golden files: two replayers,
// twelve seconds, one endpoint that fails at times, and one exchange of each
// replayer that ends after the window.
func sampleManifest() *stats.Manifest {
	return &stats.Manifest{
		Version: "1.0", Seed: 7, Source: "shop.model", ModelHash: "4f2c", Target: "http://127.0.0.1:8080",
		Schedule: "recorded arrivals × 10 for 12s", Scale: 10, Duration: 12 * time.Second,
		Start:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Host:   stats.Host{Name: "bench", OS: "linux", Arch: "amd64", Cores: 2, Go: "go1.26"},
		Labels: []string{"release=1.4"},
	}
}

func sampleRun(seconds int, add func(*stats.Interval)) *stats.Timeline {
	timeline := stats.NewTimeline()
	window := time.Duration(seconds) * time.Second
	collectors := []*stats.Collector{stats.NewCollector("r0", window), stats.NewCollector("r1", window)}
	for second := range seconds {
		for _, c := range collectors {
			for i := range 20 {
				at := time.Duration(second)*time.Second + time.Duration(i)*50*time.Millisecond
				r := stats.Result{
					Endpoint: "GET /products/{id}", Scheduled: at, Sent: at + 100*time.Microsecond,
					FirstByte: at + 5*time.Millisecond, Done: at + time.Duration(5+i)*time.Millisecond,
					Status: 200, BytesIn: 1500, BytesOut: 300, Fields: []string{"$.id:string", "$.stock:number"},
				}
				if i%10 == 9 {
					r.Endpoint, r.Fields = "POST /cart", nil
					r.Outcome, r.Error, r.Status, r.Detail = stats.Failed, "status", 500, "status 500, 2xx was recorded"
				}
				c.Started(r.Endpoint)
				c.Record(&r)
			}
			c.Users(5 + second)
			c.Due(2)
			c.Arrived(2)
			c.SessionOver(stats.SessionResult{Matched: second%4 > 0})
			iv := c.Tick(time.Duration(second+1)*time.Second, stats.Machine{CPU: 0.5, Cores: 2, Goroutines: 30, OpenFiles: 20, HeapBytes: 9 << 20})
			timeline.Add(iv)
			add(iv)
		}
	}
	for _, c := range collectors {
		c.Started("GET /export")
		c.Record(&stats.Result{Endpoint: "GET /export", Scheduled: window, Sent: window, Done: window + 2*time.Second, Outcome: stats.Failed, Error: "reset", Detail: "connection reset by peer"})
		c.Skipped("POST /cart", "csrf")
		c.SessionOver(stats.SessionResult{Cut: true})
		for _, iv := range c.Last(window+2*time.Second, stats.Machine{}) {
			timeline.Add(iv)
			add(iv)
		}
	}
	return timeline
}

func writeSample(t *testing.T, path string, finish bool) *stats.Summary {
	t.Helper()
	return writeSeconds(t, path, 12, finish)
}

func writeSeconds(t *testing.T, path string, seconds int, finish bool) *stats.Summary {
	t.Helper()
	w, err := Create(path, sampleManifest())
	if err != nil {
		t.Fatal(err)
	}
	timeline := sampleRun(seconds, func(iv *stats.Interval) {
		if err := w.Interval(iv); err != nil {
			t.Fatal(err)
		}
	})
	threshold, err := stats.ParseThreshold("p99 < 20ms")
	if err != nil {
		t.Fatal(err)
	}
	s := timeline.Summary(threshold)
	if finish {
		err = w.Close(s)
	} else {
		err = w.Close(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestARunFileRoundTrips(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.run.zst")
	want := writeSample(t, path, true)
	run, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if run.Damage != nil || run.Recovered {
		t.Fatalf("damage %v, recovered %v", run.Damage, run.Recovered)
	}
	if d := cmp.Diff(sampleManifest(), &run.Manifest); d != "" {
		t.Errorf("manifest: %s", d)
	}
	if d := cmp.Diff(want, run.Summary); d != "" {
		t.Errorf("summary: %s", d)
	}
	if len(run.Intervals) != 12 || len(run.Points) != 12 || len(run.Spans) != 3 {
		t.Errorf("%d intervals, %d points, %d spans", len(run.Intervals), len(run.Points), len(run.Spans))
	}
	var spans stats.Cell
	var errs uint64
	for _, w := range run.Spans {
		for _, c := range w.Endpoints {
			spans.Merge(c)
		}
		for _, g := range w.Errors {
			errs += g.Count
		}
	}
	if spans.Requests() != want.Requests || spans.Started != want.Started-2 || errs != want.Failures {
		t.Errorf("the spans hold %+v and %d errors, want those of %+v", spans.Counts, errs, want)
	}
}

func TestWithoutASummaryItIsComputedAndMarked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.run.zst")
	want := writeSample(t, path, false)
	run, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !run.Recovered || !run.Summary.Partial || run.Summary.Validity.Verdict != stats.Degraded {
		t.Errorf("recovered %v, partial %v, verdict %s", run.Recovered, run.Summary.Partial, run.Summary.Validity.Verdict)
	}
	got := *run.Summary
	got.Partial, got.Validity, got.Thresholds = want.Partial, want.Validity, want.Thresholds
	if d := cmp.Diff(want, &got); d != "" {
		t.Errorf("figures: %s", d)
	}
}

func TestARunFileIsReadableWhileItIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.run.zst")
	w, err := Create(path, sampleManifest())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	sampleRun(12, func(iv *stats.Interval) {
		if err := w.Interval(iv); err != nil {
			t.Fatal(err)
		}
		n++
		run, err := Read(path)
		if err != nil || run.Damage != nil {
			t.Fatalf("after %d intervals: %v, damage %v", n, err, run.Damage)
		}
		if got := run.Summary.Started; !iv.Drain && got != uint64(20*n) {
			t.Fatalf("after %d intervals: %d started", n, got)
		}
		// A span of five seconds is written when the next is over.
		if over := int(iv.End/spanWidth) - 1; over > 0 && !iv.Drain && len(run.Spans[over-1].Endpoints) == 0 {
			t.Fatalf("at %s span %d has no endpoints", iv.End, over-1)
		}
	})
	if err := w.Close(nil); err != nil {
		t.Fatal(err)
	}
}

func TestAFileCutAtAnyByteReadsUpToTheCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.run.zst")
	writeSeconds(t, path, 2, true)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for n := range whole {
		run, err := read("cut", bytes.NewReader(whole[:n]), int64(n))
		if err != nil {
			if !errors.Is(err, ErrNotRun) || last > 0 {
				t.Fatalf("cut at %d: %v", n, err)
			}
			continue
		}
		s := run.Summary
		if !s.Holds() || s.Started < last || !run.Recovered {
			t.Fatalf("cut at %d: %+v after %d started", n, s.Counts, last)
		}
		var damage *DamageError
		if run.Damage != nil && (!errors.As(run.Damage, &damage) || !errors.Is(run.Damage, io.ErrUnexpectedEOF)) {
			t.Fatalf("cut at %d: damage is %v", n, run.Damage)
		}
		last = s.Started
	}
	if last != 82 {
		t.Errorf("the longest cut holds %d exchanges, want all 82", last)
	}
}

func TestAFlippedByteIsReportedAndCostsOneFrame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.run.zst")
	want := writeSeconds(t, path, 1, true)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		flipped := bytes.Clone(whole)
		flipped[n] ^= 0x10
		run, err := read("bad", bytes.NewReader(flipped), int64(len(flipped)))
		if err != nil {
			t.Fatalf("flip at %d: %v", n, err)
		}
		if run.Damage == nil {
			// Some bits of a frame header carry nothing; then nothing may differ.
			if d := cmp.Diff(want, run.Summary); d != "" || len(run.Intervals) != 1 {
				t.Fatalf("flip at %d is not reported and changes: %s", n, d)
			}
			continue
		}
		if !run.Recovered {
			continue // the damage is elsewhere, the summary stands
		}
		if run.Summary.Started < 42-20 {
			t.Fatalf("flip at %d costs %d exchanges", n, 42-run.Summary.Started)
		}
	}
}

func TestCreateRefusesToOverwrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.run.zst")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, sampleManifest()); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("got %v, want fs.ErrExist", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Error("the file was changed")
	}
}

func TestFilesThatAreNoRunsAreRefused(t *testing.T) {
	dir := t.TempDir()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	pack := func(s string) string { return string(encoder.EncodeAll([]byte(s), nil)) }
	for name, test := range map[string]struct {
		content string
		want    string
	}{
		"empty":            {"", "not a Starling run file"},
		"text":             {"hello\n", "not a Starling run file"},
		"zstd of text":     {pack("hello\n"), "not a Starling run file"},
		"zstd of JSON":     {pack(`{"a":1}` + "\n"), "not a Starling run file"},
		"a later format":   {pack(`{"kind":"manifest","format":99,"manifest":{}}` + "\n"), "use a newer Starling"},
		"a zstd bomb":      {pack(strings.Repeat("a", 65<<20)), "not a Starling run file"},
		"an absurd length": {"\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\x7f", "not a Starling run file"},
	} {
		path := filepath.Join(dir, "x.run.zst")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Read(dir); !errors.Is(err, ErrNotRun) {
		t.Errorf("a folder: %v", err)
	}
}

func TestLinesThatContradictThemselvesAreDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.run.zst")
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	manifest := `{"kind":"manifest","format":1,"manifest":{"seed":3}}` + "\n"
	for name, line := range map[string]string{
		"counts that do not add up": `{"kind":"interval","interval":{"end_ns":1,"total":{"started":5}}}`,
		"a negative start":          `{"kind":"interval","interval":{"start_ns":-5,"end_ns":1}}`,
		"an end before the start":   `{"kind":"interval","interval":{"start_ns":5,"end_ns":1}}`,
		"an end beyond all time":    `{"kind":"interval","interval":{"start_ns":5,"end_ns":9223372036854775807}}`,
		"an endpoint without cell":  `{"kind":"endpoints","span":{"end_ns":1,"endpoints":{"a":null}}}`,
		"a broken histogram":        `{"kind":"interval","interval":{"end_ns":1,"total":{"response":"AAAA"}}}`,
		"no JSON":                   `{"kind":`,
	} {
		if err := os.WriteFile(path, encoder.EncodeAll([]byte(manifest+line+"\n"), nil), 0o600); err != nil {
			t.Fatal(err)
		}
		run, err := Read(path)
		if err != nil || run.Damage == nil || run.Manifest.Seed != 3 {
			t.Errorf("%s: error %v, run %+v", name, err, run)
		}
	}
	later := `{"kind":"weather","sun":true}`
	if err := os.WriteFile(path, encoder.EncodeAll([]byte(manifest+later+"\n"), nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if run, err := Read(path); err != nil || run.Damage != nil {
		t.Errorf("a line of an unknown kind: %v, %v", err, run.Damage)
	}
}

func TestZstdcatReadsARunFile(t *testing.T) {
	tool, err := exec.LookPath("zstdcat")
	if err != nil {
		t.Skip("zstdcat is not installed")
	}
	path := filepath.Join(t.TempDir(), "a.run.zst")
	writeSample(t, path, true)
	out, err := exec.Command(tool, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 1+26+4+1 || !strings.HasPrefix(lines[0], `{"kind":"manifest","format":2,`) || !strings.HasPrefix(lines[31], `{"kind":"summary",`) {
		t.Errorf("%d lines, first %.60s, last %.60s", len(lines), lines[0], lines[len(lines)-1])
	}
}

// The golden files are kept for ever: what format 1 wrote stays readable.
func TestTheGoldenRunFileOfFormatOne(t *testing.T) {
	run, err := Read("testdata/format1.run.zst")
	if err != nil || run.Damage != nil || run.Recovered {
		t.Fatal(err, run.Damage)
	}
	s := run.Summary
	if s.Requests != 480 || s.Failures != 48 || s.Rate != 40 || !s.Holds() || s.OutcomeMatch != 0.9 || len(s.Endpoints) != 2 {
		t.Errorf("the summary is %+v", s)
	}
	if len(run.Intervals) != 12 || len(run.Spans) != 3 || len(run.Points) != 12 || run.Points[5].Rate != 40 {
		t.Errorf("%d intervals, %d spans, points %+v", len(run.Intervals), len(run.Spans), run.Points)
	}
	if s.Drained.Requests != 0 || s.Sessions.Ended != 0 {
		t.Errorf("format 1 knows nothing of %+v and %+v", s.Drained, s.Sessions)
	}
}

func TestTheGoldenRunFileOfFormatTwo(t *testing.T) {
	const golden = "testdata/format2.run.zst"
	if *update {
		if err := os.Remove(golden); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		writeSample(t, golden, true)
	}
	run, err := Read(golden)
	if err != nil || run.Damage != nil {
		t.Fatal(err, run.Damage)
	}
	fresh := filepath.Join(t.TempDir(), "a.run.zst")
	want := writeSample(t, fresh, true)
	if d := cmp.Diff(want, run.Summary); d != "" {
		t.Errorf("summary: %s", d)
	}
	again, err := Read(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(jsonOf(t, run), jsonOf(t, again)); d != "" {
		t.Errorf("a file written today reads otherwise; a new format needs a new version and golden file: %s", d)
	}
}

// jsonOf renders v with histograms encoded by the code of today, since their
// compression may differ between versions of Go.
func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func FuzzRead(f *testing.F) {
	b, err := os.ReadFile("testdata/format1.run.zst")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	if b, err = os.ReadFile("testdata/format2.run.zst"); err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		run, err := read("fuzz", bytes.NewReader(b), int64(len(b)))
		if err == nil && run.Summary == nil {
			t.Fatal("a run without summary")
		}
	})
}
