package run

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
)

// A recording in which one session has nothing to send, one begins with what
// cannot be sent, and one is to two origins of which one is mapped nowhere.
func TestWhatCannotBeSentIsSkippedAndTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mixed.flow.zst")
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	write := func(conn uint64, at time.Duration, authority, target string, change func(*flow.Flow)) {
		f := &flow.Flow{
			Conn: conn, Scheme: "http", Protocol: "HTTP/1.1", Start: start.Add(at), Done: time.Millisecond,
			Request:  flow.Request{Method: "GET", Target: target, Authority: authority},
			Response: &flow.Response{Status: 200},
		}
		if change != nil {
			change(f)
		}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	upgraded := func(f *flow.Flow) { f.Response.Status = 101 }
	const ms = time.Millisecond
	write(1, 0, "shop.test", "/tunnel", upgraded)
	write(2, 5*ms, "shop.test", "/tunnel", upgraded)
	write(2, 10*ms, "shop.test", "/a", nil)
	write(3, 30*ms, "shop.test", "/b", nil)
	write(3, 32*ms, "cdn.test", "/c.js", nil)
	write(3, 34*ms, "shop.test:8080", "/admin", nil)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var notes []string
	in, err := openInput(t.Context(), Job{Source: Source{Recording: path}, Plan: replay.Plan{Target: "http://127.0.0.1:1", Scale: 1}},
		Options{OnNote: func(text string) { notes = append(notes, text) }}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	r, src, err := in.repeat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if got, want := r.starts().At, []time.Duration{0, 25 * ms}; !slices.Equal(got, want) {
		t.Errorf("sessions start at %v, want %v", got, want)
	}
	var sent []string
	for i := range uint64(2) {
		s := src.Session(i, 0)
		for acts := s.Next(nil); len(acts) > 0; acts = s.Next(&replay.Answer{Act: &acts[0]}) {
			text := acts[0].Request.Target
			if acts[0].Skip != "" {
				text += " skipped"
			}
			sent = append(sent, text)
		}
	}
	if want := []string{"/tunnel skipped", "/a", "/b"}; !slices.Equal(sent, want) {
		t.Errorf("the sessions send %q, want %q", sent, want)
	}
	for _, want := range []string{"http://cdn.test (16.7% of the requests), http://shop.test:8080 (16.7% of the requests)", "2 requests are not replayed: a client for upgrades to something else than a WebSocket is missing"} {
		if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, want) }) {
			t.Errorf("notes %q do not say %q", notes, want)
		}
	}
	if in.main() != "http://shop.test" {
		t.Errorf("the main origin is %s", in.main())
	}
}

func TestARecordingThatIsAllDamageSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cut.flow.zst")
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		f := &flow.Flow{Scheme: "http", Request: flow.Request{Method: "GET", Target: "/", Authority: "shop.test"}}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:150], 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := openInput(t.Context(), Job{Source: Source{Recording: path}, Plan: replay.Plan{Target: "http://127.0.0.1:1", Scale: 1}}, Options{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := in.repeat(t.Context()); err == nil || !strings.Contains(err.Error(), "can be read") {
		t.Errorf("it is refused with %v", err)
	}
}
