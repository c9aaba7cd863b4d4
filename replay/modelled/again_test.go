package modelled

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// jobModel is a session that starts a job, asks for it n times until it is done, and
// fetches its result, with the number that the last answer holds.
func jobModel(n int) *model.Model {
	m := newspaper()
	start, job, result := endpointOf("POST /start"), endpointOf("GET /job"), endpointOf("GET /result")
	job.Check = model.Check{Status: []int{2}, Require: []string{"$.state:string"}}
	job.Outcomes = []model.Outcome{{Name: "done", Check: model.Check{Status: []int{2}, Facts: []model.Fact{{Selector: "json:state", Value: "done"}}}}}
	result.Variants[0].Request.Target = "/result?n=${n}"
	result.Variants[0].Values = []model.Value{{Name: "n", Kind: model.Bound, Ref: "n"}}
	m.Bindings = []model.Binding{{Name: "n", Sources: []model.Select{{Endpoint: "GET /job", Selector: "json:n"}}}}
	m.Endpoints = append(m.Endpoints, start, job, result)
	acts := []model.Act{{Endpoint: "POST /start"}}
	for k := range n {
		acts = append(acts, model.Act{Endpoint: "GET /job", After: []int{k}, Delay: time.Millisecond, Poll: 1})
	}
	acts[n].Outcome = "done"
	acts = append(acts, model.Act{Endpoint: "GET /result", After: []int{n}, Takes: []model.Take{{Act: n}}})
	m.Sessions = []model.Session{{Acts: acts}}
	return m
}

// jobServer has a job that is done when it is asked for the n-th time.
type jobServer struct {
	n      int
	mu     sync.Mutex
	polls  int
	result string
}

func (s *jobServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.URL.Path {
	case "/job":
		s.polls++
		w.Header().Set("Content-Type", "application/json")
		state := "running"
		if s.polls >= s.n {
			state = "done"
		}
		fmt.Fprintf(w, `{"state":%q,"n":"%d"}`, state, s.polls)
	case "/result":
		s.result = r.URL.Query().Get("n")
	}
}

// A poll goes on until the state that ended it in the recording, however often that was.
func TestAPollEndsWithItsState(t *testing.T) {
	for _, tt := range []struct {
		name           string
		recorded, live int
		polls          int
		match          float64
	}{
		{"as recorded", 4, 4, 4, 1},
		{"sooner", 4, 2, 2, 1},
		{"at once", 4, 1, 1, 1},
		{"later", 4, 9, 9, 1},
		{"at the last moment", 4, 12, 12, 1},
		{"never", 4, 1000, 12, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			job := &jobServer{n: tt.live}
			s := httptest.NewServer(job)
			defer s.Close()
			p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
			sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, jobModel(tt.recorded), p)}))
			if job.polls != tt.polls || float64(sum.SessionMatch) != tt.match || sum.Skipped != 0 {
				t.Errorf("%d polls, session match %g, %d skipped; want %d, %g, 0: %+v", job.polls, sum.SessionMatch, sum.Skipped, tt.polls, tt.match, sum.Errors)
			}
			if want := fmt.Sprint(tt.polls); job.result != want {
				t.Errorf("the result %q was asked for, want that of the last answer, %q", job.result, want)
			}
			if failed := uint64(1 - tt.match); sum.Failed != failed || sum.OK != uint64(tt.polls+2)-failed {
				t.Errorf("%d ok, %d failed, want %d and %d: %+v", sum.OK, sum.Failed, uint64(tt.polls+2)-failed, failed, sum.Errors)
			}
		})
	}
}

// A target that puts requests off is asked again, not before it said.
func TestARequestThatIsPutOffIsSentAgain(t *testing.T) {
	for _, tt := range []struct {
		name     string
		refusals int // at the beginning
		header   string
		polls    bool // the recording has a refusal and a repetition
		requests int
		match    float64
	}{
		{"once", 1, "0", false, 2, 1},
		{"once, by a date", 1, "Mon, 02 Jan 2006 15:04:05 GMT", false, 2, 1},
		{"twice, where no recorded user was refused", 2, "0", false, 2, 0},
		{"twice, where recorded users were refused", 2, "0", true, 3, 1},
		{"for ever, where recorded users were refused", 99, "0", true, 6, 0},
		{"without a word", 1, "", false, 1, 0},
		{"for an hour", 1, "3600", false, 1, 0},
		{"nonsense", 1, "soon", false, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen replaytest.Journal
			n := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen.Add("%s", r.URL.Path)
				if n++; n <= tt.refusals {
					w.Header().Set("Retry-After", tt.header)
					w.WriteHeader(http.StatusTooManyRequests)
				}
				io.WriteString(w, "ok")
			}))
			defer s.Close()
			m := newspaper()
			e := endpointOf("GET /x")
			e.Check.Status = []int{2}
			m.Endpoints = append(m.Endpoints, e)
			acts := []model.Act{{Endpoint: e.Name, Status: 200}}
			if tt.polls {
				acts = []model.Act{{Endpoint: e.Name, Outcome: "429", Status: 429, Poll: 1}, {Endpoint: e.Name, After: []int{0}, Outcome: "200", Poll: 1}}
				m.Endpoints[len(m.Endpoints)-1].Outcomes = []model.Outcome{{Name: "429", Check: model.Check{Status: []int{429}}}, {Name: "200", Check: model.Check{Status: []int{2}}}}
			}
			m.Sessions = []model.Session{{Acts: acts}}
			p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
			sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
			if got := len(seen.Sorted()); got != tt.requests || float64(sum.SessionMatch) != tt.match {
				t.Errorf("%d requests, session match %g; want %d and %g: %+v", got, sum.SessionMatch, tt.requests, tt.match, sum.Errors)
			}
			if sum.OK+sum.Failed != uint64(tt.requests) {
				t.Errorf("%d ok and %d failed of %d requests", sum.OK, sum.Failed, tt.requests)
			}
		})
	}
}

// How long a user waits is what the target said, in real time, whatever the speed.
func TestTheWaitIsWhatTheTargetSaid(t *testing.T) {
	for speed, want := range map[float64]time.Duration{0: 7 * time.Second, 1: 7 * time.Second, 10: 70 * time.Second} {
		m := newspaper()
		m.Sessions = []model.Session{{Acts: []model.Act{{Endpoint: "GET /", Status: 200}}}}
		s := modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Speed: speed}).Session(0, 0)
		a := s.Next(nil)[0]
		s.Fill(&a)
		over := answered(&a, 0)
		over.Response.Status, over.OK = http.StatusServiceUnavailable, false
		over.Response.Headers = flow.Headers{{Name: "Retry-After", Value: "7"}}
		a.Judge(over.Response, over.Doc)
		again := s.Next(over)
		if len(again) != 1 || again[0].ID != a.ID || again[0].Delay != want || !over.Again {
			t.Errorf("at speed %g: %+v, want act %d once more after %v of the recording's time", speed, again, a.ID, want)
		}
	}
}
