package verbatim

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/replaytest"
	"github.com/starling-load/starling/replay/stats"
)

// A stage is a target that knows what is asked of it at one time. It answers the
// paths of together when it has been asked for all of them, so that they overlap
// however slow the machine is, or when it has waited long enough.
type stage struct {
	together map[string]bool
	all      chan struct{} // closed when all have been asked for

	mu       sync.Mutex // guards what follows
	missing  int
	now      map[string]bool // paths being answered
	met      map[[2]string]bool
	ended    []string
	peak     int
	protocol map[string]bool
}

func newStage(together ...string) *stage {
	s := &stage{
		together: map[string]bool{}, all: make(chan struct{}), missing: len(together),
		now: map[string]bool{}, met: map[[2]string]bool{}, protocol: map[string]bool{},
	}
	for _, path := range together {
		s.together[path] = true
	}
	return s
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.now[r.URL.Path] = true
	s.peak = max(s.peak, len(s.now))
	s.protocol[r.Proto] = true
	for other := range s.now {
		s.met[[2]string{r.URL.Path, other}], s.met[[2]string{other, r.URL.Path}] = true, true
	}
	if s.together[r.URL.Path] {
		if s.missing--; s.missing == 0 {
			close(s.all)
		}
	}
	s.mu.Unlock()
	if s.together[r.URL.Path] {
		select {
		case <-s.all:
		case <-time.After(5 * time.Second):
		}
	}
	s.mu.Lock()
	delete(s.now, r.URL.Path)
	s.ended = append(s.ended, r.URL.Path)
	s.mu.Unlock()
	io.WriteString(w, r.URL.Path)
}

// pageLoad is a page with six pictures side by side, a script that ends before
// the last two of them begin, and a click.
func pageLoad(conn uint64) []*flow.Flow {
	const ms = time.Millisecond
	act := func(path string, from, to time.Duration) *flow.Flow {
		f := recordedFlow(from, "GET", path, "", path)
		f.Done = to - from
		f.Response.Headers = nil
		return f
	}
	return []*flow.Flow{
		act("/page", 0, 20*ms),
		act("/script", 25*ms, 40*ms),
		act("/1", 25*ms, 60*ms), act("/2", 26*ms, 60*ms), act("/3", 27*ms, 61*ms), act("/4", 28*ms, 62*ms),
		act("/5", 42*ms, 70*ms), act("/6", 43*ms, 70*ms),
		act("/click", 90*ms, 100*ms),
	}
}

func verbatimOn(t *testing.T, flows Flows, p replay.Plan) replay.Source {
	t.Helper()
	src, err := New(flows, p.Origins("http://recorded.example"), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// TestWhatOverlappedOverlapsOverEveryProtocol plays a recorded page load through
// the real client and asks the target what it saw.
func TestWhatOverlappedOverlapsOverEveryProtocol(t *testing.T) {
	for name, tt := range map[string]struct {
		tls, http2 bool
		recorded   func(*flow.Flow)
		options    client.Options
		proto      string
	}{
		"HTTP/1.1":          {false, false, func(*flow.Flow) {}, client.Options{}, "HTTP/1.1"},
		"HTTP/1.1 over TLS": {true, true, func(*flow.Flow) {}, client.Options{}, "HTTP/1.1"},
		"HTTP/2 over TLS":   {true, true, func(f *flow.Flow) { f.Protocol, f.Scheme = "HTTP/2.0", "https" }, client.Options{}, "HTTP/2.0"},
		"HTTP/2 in clear":   {false, true, func(f *flow.Flow) { f.Protocol = "HTTP/2.0" }, client.Options{}, "HTTP/2.0"},
	} {
		for _, connections := range []replay.Connections{replay.UserConnections, replay.RecordedConnections, replay.SharedConnections} {
			t.Run(name+" "+string(connections), func(t *testing.T) {
				st := newStage("/script", "/1", "/2", "/3", "/4")
				s := httptest.NewUnstartedServer(st)
				s.Config.Protocols = new(http.Protocols)
				s.Config.Protocols.SetHTTP1(true)
				s.Config.Protocols.SetHTTP2(tt.http2)
				s.Config.Protocols.SetUnencryptedHTTP2(tt.http2)
				if tt.tls {
					s.EnableHTTP2 = tt.http2
					s.TLS = &tls.Config{}
					s.StartTLS()
					tt.options.Roots = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
				} else {
					s.Start()
				}
				defer s.Close()
				flows := pageLoad(0)
				for i, f := range flows {
					f.Conn = uint64(i%6) + 1
					tt.recorded(f)
				}
				p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1, Connections: connections}
				recorded := "http://recorded.example"
				if flows[0].Scheme == "https" {
					recorded = "https://recorded.example"
				}
				src, err := New(Flows{flows}, p.Origins(recorded), nil, 1)
				if err != nil {
					t.Fatal(err)
				}
				sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: src, Client: tt.options}))
				checkOverlap(t, st, sum, len(flows))
				if len(st.protocol) != 1 || !st.protocol[tt.proto] {
					t.Errorf("the target saw %v, want %s alone", st.protocol, tt.proto)
				}
			})
		}
	}
}

// checkOverlap holds what the target saw of pageLoad to the happens-before rule:
// the pictures 1 to 4 and the script overlap, and what was over before something
// else stays so.
func checkOverlap(t *testing.T, st *stage, sum *stats.Summary, acts int) {
	t.Helper()
	if int(sum.OK) != acts || sum.SessionMatch != 1 || len(st.ended) != acts {
		t.Errorf("%d of %d acts passed, session match %g, the target saw %d: %+v", sum.OK, acts, sum.SessionMatch, len(st.ended), sum.Errors)
	}
	if st.peak < 5 {
		t.Errorf("at most %d requests at a time, want 5", st.peak)
	}
	for _, pair := range [][2]string{{"/page", "/script"}, {"/page", "/1"}, {"/script", "/5"}, {"/4", "/click"}, {"/6", "/click"}} {
		if st.met[pair] {
			t.Errorf("%s was sent before %s was answered", pair[1], pair[0])
		}
	}
	if len(st.ended) == acts && (st.ended[0] != "/page" || st.ended[acts-1] != "/click") {
		t.Errorf("answered in the order %q", st.ended)
	}
}

func TestARecordingDoesWhatTheEngineReliesOn(t *testing.T) {
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 2, Sessions: 1, Seed: 3}
	replaytest.CheckSource(t, verbatimOn(t, Flows{pageLoad(0), pageLoad(0)}, p))
}
