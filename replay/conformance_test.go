package replay

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/stats"
)

// checkSource holds a source to what the engine relies on: it plays sessions of
// it in made-up time, without a target, whose answers never come.
func checkSource(t *testing.T, src Source) {
	t.Helper()
	if len(src.Origins()) == 0 {
		t.Fatal("the source names no origin")
	}
	for i := range uint64(4) {
		first, again := scriptOf(t, src, i, i%2), scriptOf(t, src, i, i%2)
		if diff := cmp.Diff(first, again, cmpopts.IgnoreFields(Act{}, "Judge"), cmpopts.IgnoreUnexported(client.Request{}, client.Response{})); diff != "" {
			t.Errorf("session %d differs when it is played again:\n%s", i, diff)
		}
	}
}

// scriptOf plays a session, at most a thousand acts of it, and returns these in
// the order in which they are over.
func scriptOf(t *testing.T, src Source, i, u uint64) []Act {
	t.Helper()
	const limit = 1000
	s := src.Session(i, u)
	if s == nil {
		return nil
	}
	seen := map[int]bool{}
	var script []Act
	underWay := s.Next(nil)
	for len(underWay) > 0 && len(script) < limit {
		a := underWay[0]
		underWay = underWay[1:]
		switch {
		case seen[a.ID]:
			t.Fatalf("session %d: act %d is made twice", i, a.ID)
		case a.Delay < 0:
			t.Fatalf("session %d: act %d is due %s before the one it waits for", i, a.ID, -a.Delay)
		case a.Origin < 0 || a.Origin >= len(src.Origins()):
			t.Fatalf("session %d: act %d goes to origin %d of %d", i, a.ID, a.Origin, len(src.Origins()))
		case a.Endpoint == "":
			t.Fatalf("session %d: act %d has no name to be counted under", i, a.ID)
		}
		seen[a.ID] = true
		s.Fill(&a)
		for _, strand := range a.Closes {
			underWay = slices.DeleteFunc(underWay, func(b Act) bool { return b.Strand == strand })
		}
		if a.Skip == "" && a.Kind == Request && (a.Request.Method == "" || a.Request.Target == "" || a.Request.Headers.Has("Cookie") || a.Request.Headers.Has("Host")) {
			t.Fatalf("session %d: act %d cannot be sent: %s %q %v", i, a.ID, a.Request.Method, a.Request.Target, a.Request.Headers)
		}
		script = append(script, a)
		underWay = append(underWay, s.Next(&Answer{Act: &a})...)
	}
	return script
}

func TestEverySourceDoesWhatTheEngineReliesOn(t *testing.T) {
	p := Plan{Target: "http://127.0.0.1:1", Users: 2, Sessions: 1, Seed: 3}
	for name, src := range map[string]Source{
		"one request":         singleOn(t, p.Target+"/x", p),
		"a recording":         verbatimOn(t, Flows{pageLoad(0), pageLoad(0)}, p),
		"a model":             modelledOn(t, wikiModel(), p),
		"every step":          modelledOn(t, newspaper(), p),
		"sessions of a model": modelledOn(t, recordedNewspaper(), p),
	} {
		t.Run(name, func(t *testing.T) { checkSource(t, src) })
	}
}

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

func verbatimOn(t *testing.T, flows Flows, p Plan) Source {
	t.Helper()
	src, err := Verbatim(flows, p.Origins("http://recorded.example"))
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
		for _, connections := range []Connections{UserConnections, RecordedConnections, SharedConnections} {
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
				p := Plan{Target: s.URL, Users: 1, Sessions: 1, Connections: connections}
				recorded := "http://recorded.example"
				if flows[0].Scheme == "https" {
					recorded = "https://recorded.example"
				}
				src, err := Verbatim(Flows{flows}, p.Origins(recorded))
				if err != nil {
					t.Fatal(err)
				}
				sum := total(t, play(t, t.Context(), Options{Plan: p, Source: src, Client: tt.options}))
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
