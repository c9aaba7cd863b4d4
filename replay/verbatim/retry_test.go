package verbatim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/replaytest"
)

// busy puts off the first requests to /send and all to /never.
func busy(first int, seen *replaytest.Journal) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		seen.Add("%s %s %s", r.URL.Path, body, r.Header.Get("Cookie"))
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/never" || r.URL.Path == "/send" && first > 0 {
			first--
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		}
		io.WriteString(w, "{}")
	})
}

func TestARequestThatIsPutOffIsSentAgain(t *testing.T) {
	post := func(path string) *flow.Flow {
		f := recordedFlow(0, "POST", path, "sid=1", "{}")
		f.Request.Body = flow.NewBody([]byte("text"))
		return f
	}
	refused := post("/send")
	refused.Response.Status = http.StatusTooManyRequests
	for _, tt := range []struct {
		name    string
		flow    *flow.Flow
		first   int
		seen    []string
		matched uint64
	}{
		{"once", post("/send"), 1, []string{"/send text sid=1", "/send text sid=1"}, 1},
		{"for ever", post("/never"), 0, []string{"/never text sid=1", "/never text sid=1", "/never text sid=1", "/never text sid=1"}, 0},
		{"as it was in the recording", refused, 1, []string{"/send text sid=1"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen replaytest.Journal
			s := httptest.NewServer(busy(tt.first, &seen))
			defer s.Close()
			p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
			sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: verbatimOn(t, Flows{{tt.flow}}, p)}))
			if got := seen.Sorted(); !slices.Equal(got, tt.seen) {
				t.Errorf("the target saw %q, want %q", got, tt.seen)
			}
			if sum.Sessions.Matched != tt.matched {
				t.Errorf("sessions %+v, want %d to match", sum.Sessions, tt.matched)
			}
		})
	}
}

func TestTheTargetSaysHowLongToWait(t *testing.T) {
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Speed: 4}
	src, err := New(Flows{{recordedFlow(0, "GET", "/a", "", "{}")}}, p.Origins("http://recorded.example"), nil, p.Speed)
	if err != nil {
		t.Fatal(err)
	}
	session := src.Session(0, 0)
	acts := session.Next(nil)
	late := &flow.Response{Status: http.StatusServiceUnavailable, Headers: flow.Headers{{Name: "Retry-After", Value: "7"}}}
	sent := acts[0]
	sent.Request = client.Request{Request: flow.Request{Method: "GET", Target: "/a", Headers: flow.Headers{{Name: "Accept", Value: "*/*"}, {Name: "Cookie", Value: "a=1"}}}}
	over := &replay.Answer{Act: &sent, Response: late}
	again := session.Next(over)
	if len(again) != 1 || again[0].Delay != 28*time.Second || !over.Again || again[0].ID != sent.ID || again[0].Request.Headers.Has("Cookie") || !again[0].Request.Headers.Has("Accept") {
		t.Errorf("%+v, again %v; want one act 28 s later at recorded speed", again, over.Again)
	}
}
