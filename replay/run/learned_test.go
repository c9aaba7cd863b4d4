package run

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A recording of logins with form tokens works on a fresh application only when it is
// learned from: that is what the application's own books say.
func TestARecordingIsPlayedWithLiveValues(t *testing.T) {
	recorded := httptest.NewServer(newNotebook())
	clock := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "notes.flow.zst")
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, user := range []string{"ann", "bob", "cleo"} {
		for _, f := range visit(t, recorded.URL, uint64(i+1), user, i, clock.Add(time.Duration(i)*time.Second)) {
			if err := w.Write(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	recorded.Close()
	learnIt := func(_ context.Context, r Recording) (*model.Model, string, error) {
		sessions, err := session.Split(flowfile.ReaderOptions{}.Flows(r.Path), session.Options{})
		if err != nil {
			return nil, "", err
		}
		m, _, err := learn.Learn(sessions, learn.Options{Origin: func(f *flow.Flow) string { further, _ := r.OriginOf(f); return further }})
		return m, "notes.learned.model", err
	}
	for _, tt := range []struct {
		name          string
		learn         func(context.Context, Recording) (*model.Model, string, error)
		logins, notes int
		verdict       string
	}{
		{"learned", learnIt, 6, 6, faithful.Faithful},
		{"verbatim", nil, 0, 0, faithful.Not},
	} {
		// What it issues is not what the recorded one issued.
		n := newNotebook()
		n.issued = 1000
		s := httptest.NewServer(n)
		r, err := New(t.Context(), Job{Source: Source{Recording: path}, Plan: replay.Plan{Target: s.URL, Scale: 2, Speed: 4}}, Options{Learn: tt.learn})
		if err != nil {
			t.Fatal(err)
		}
		sum, err := r.Play(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		logins, notes := n.state()
		if logins != tt.logins || notes != tt.notes || sum.Faithful.Verdict != tt.verdict {
			t.Errorf("%s: %d logins, %d notes, %s %q; want %d, %d, %s", tt.name, logins, notes, sum.Faithful.Verdict, sum.Faithful.Reasons, tt.logins, tt.notes, tt.verdict)
		}
	}
}
