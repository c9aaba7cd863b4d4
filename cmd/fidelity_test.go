package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/fidelity"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// A journey is a world of which everything is known: users go from page to page by fixed
// odds, and think for a time that depends on the page.
type journey struct {
	seed     uint64
	sessions int
	slower   float64 // factor on think times
	lost     string  // page that nobody comes to
}

// odds are those of going from one page to another; what is left is the end.
func (journey) odds() [][]float64 {
	return [][]float64{
		{0, 0.5, 0.3, 0, 0.1, 0},
		{0.1, 0.1, 0.5, 0.2, 0, 0},
		{0, 0.4, 0, 0.3, 0.1, 0.1},
		{0.3, 0, 0.2, 0, 0.3, 0},
		{0, 0.1, 0, 0.2, 0, 0.5},
		{0.2, 0, 0, 0, 0, 0},
	}
}

// record writes a recording of the world.
func (j journey) record(t *testing.T, path string) {
	t.Helper()
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	var flows []*flow.Flow
	for s := range j.sessions {
		r := dist.Keyed(j.seed, uint64(s), 0)
		sid := fmt.Sprintf("%016x", r.Uint64())
		at := start.Add(time.Duration(r.Float64() * float64(20*time.Minute)))
		for page := 0; page >= 0; page = next(j.odds()[page], r) {
			took := time.Duration(5+r.IntN(30)) * time.Millisecond
			target := fmt.Sprintf("/page%c", 'a'+page)
			if target != j.lost {
				flows = append(flows, &flow.Flow{
					Conn: uint64(s + 1), Scheme: "http", Protocol: "HTTP/1.1", Start: at, FirstByte: took, Done: took,
					Request: flow.Request{Method: "GET", Target: target, Authority: "journey.test",
						Headers: flow.Headers{{Name: "Cookie", Value: "sid=" + sid}, {Name: "User-Agent", Value: "Mozilla/5.0"}}},
					Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/plain"}}, Body: flow.NewBody([]byte(target))},
				})
			}
			at = at.Add(took + time.Duration(max(j.slower, 1)*math.Exp(r.NormFloat64()/2+float64(page)/4)*float64(time.Second)))
		}
	}
	slices.SortStableFunc(flows, func(a, b *flow.Flow) int { return a.Start.Compare(b.Start) })
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range flows {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// next draws the next page; -1 is the end.
func next(odds []float64, r *rand.Rand) int {
	u := r.Float64()
	for page, p := range odds {
		if u -= p; u < 0 {
			return page
		}
	}
	return -1
}

// runStarling runs a command and returns what it prints and its exit code.
func runStarling(t *testing.T, args ...string) (stdout string, code int) {
	t.Helper()
	var out, errors bytes.Buffer
	code = execute(t.Context(), args, environment{
		stdin: bytes.NewReader(nil), stdout: &out, stderr: &errors,
		getenv: func(string) string { return "" }, environ: func() []string { return nil },
	})
	if code != exitDone && code != exitThreshold {
		t.Fatalf("starling %q ends with %d: %s", args, code, errors.String())
	}
	return out.String(), code
}

func TestModelFidelityOfAKnownWorld(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	world := journey{seed: 1, sessions: 300}
	world.record(t, at("world.flow.zst"))
	runStarling(t, "model", "learn", at("world.flow.zst"), "-o", at("world.model"))
	other := journey{seed: 2, sessions: 300}
	for name, j := range map[string]journey{
		"again": other, "more": {seed: 3, sessions: 900},
		"slow": {seed: 2, sessions: 300, slower: 1.5}, "lost": {seed: 2, sessions: 300, lost: "/pagec"},
	} {
		j.record(t, at(name+".flow.zst"))
	}
	for _, tt := range []struct {
		name    string
		args    []string
		differs []string // none: it is like the recording
	}{
		{"the recorded sessions", nil, nil},
		{"walks, against the recording", []string{"--paths", "walk"}, nil},
		{"walks, against another day", []string{"--paths", "walk", "--recording", at("again.flow.zst")}, nil},
		{"another day", []string{"--replayed", at("again.flow.zst")}, nil},
		{"another day with three times as many users", []string{"--replayed", at("more.flow.zst")}, nil},
		{"slower users", []string{"--replayed", at("slow.flow.zst")}, []string{fidelity.ThinkTime, fidelity.Duration, fidelity.TellingApart}},
		{"a page that is lost", []string{"--replayed", at("lost.flow.zst")}, []string{fidelity.Mix, fidelity.Transitions, fidelity.Length}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, code := runStarling(t, append([]string{"model", "fidelity", at("world.model"), "--json", "--require", "95"}, tt.args...)...)
			var r fidelity.Report
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatal(err)
			}
			if like := len(tt.differs) == 0; like != (code == exitDone) || like != (r.Fidelity >= 95) {
				t.Errorf("fidelity %.1f, exit code %d, worst %v", r.Fidelity, code, r.Worst)
			}
			for _, name := range tt.differs {
				if m := r.Metric(name); m == nil || !m.Differs {
					t.Errorf("%s does not differ: %+v", name, m)
				}
			}
		})
	}
}
