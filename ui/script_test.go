package ui

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/stats/runfile"
)

// A load makes the results of a shop under load: the same seed, the same results.
type load struct {
	random   *rand.Rand
	slower   map[string]float64 // factor on the service time, by endpoint
	without  string             // field that answers no longer have
	failures float64            // share of POST /checkout that fails
	assets   []string           // endpoints that are parts of pages
}

var endpoints = []struct {
	name   string
	weight int
	median time.Duration
	fields []string
}{
	{"GET /", 30, 4 * time.Millisecond, []string{"title:Shop"}},
	{"GET /product/{id}", 45, 9 * time.Millisecond, []string{"title:Product", "form:POST /cart[product,token]"}},
	{"GET /search", 18, 24 * time.Millisecond, []string{"title:Search"}},
	{"POST /cart", 12, 13 * time.Millisecond, nil},
	{"POST /checkout", 5, 48 * time.Millisecond, nil},
	{"GET /orders/{id}", 5, 11 * time.Millisecond, []string{"title:Order"}},
	{"POST /api/token", 4, 31 * time.Millisecond, []string{"$.token:string", "$.expires:number"}},
	{"GET /api/items", 22, 7 * time.Millisecond, []string{"$.items[].id:string", "$.items[].price:number", "$.items[].stock:number"}},
}

func newLoad(seed uint64) *load {
	return &load{random: rand.New(rand.NewPCG(seed, 7)), failures: 0.05}
}

// second records n exchanges that were scheduled within one second from start.
func (l *load) second(c *stats.Collector, start time.Duration, n int) {
	for range n {
		e := endpoints[l.pick()]
		c.Started(e.name)
		at := start + time.Duration(l.random.Float64()*0.9*float64(time.Second))
		late := time.Duration(l.random.ExpFloat64() * 60 * float64(time.Microsecond))
		factor := 1.0
		if f, ok := l.slower[e.name]; ok {
			factor = f
		}
		service := time.Duration(float64(e.median) * factor * math.Exp(0.35*l.random.NormFloat64()))
		r := &stats.Result{
			Endpoint: e.name, Scheduled: at, Sent: at + late, FirstByte: at + late + service*9/10, Done: at + late + service,
			Status: 200, BytesOut: 240, BytesIn: 3200,
		}
		for _, f := range e.fields {
			if f != l.without {
				r.Fields = append(r.Fields, f)
			}
		}
		if e.name == "POST /checkout" && l.random.Float64() < l.failures {
			r.Status, r.Outcome, r.Error, r.Fields = 409, stats.Failed, "status", nil
			r.Detail = "POST /checkout: status 409, recorded 303: <script>alert(1)</script> out of stock"
		}
		if e.name == "GET /search" && l.random.Float64() < l.failures/20 {
			r.Status, r.Outcome, r.Error, r.FirstByte, r.Fields = 0, stats.TimedOut, "timeout", 0, nil
			r.Detail = "GET /search: no answer within 5 s"
		}
		r.Write = strings.HasPrefix(e.name, "POST ")
		c.Record(r)
		c.SessionOver(stats.SessionResult{Matched: r.Outcome == stats.OK, Work: workOf(r)})
	}
}

func (l *load) pick() int {
	total := 0
	for _, e := range endpoints {
		total += e.weight
	}
	n := l.random.IntN(total)
	for i, e := range endpoints {
		if n -= e.weight; n < 0 {
			return i
		}
	}
	return 0
}

// workOf is the work of a session of one request.
func workOf(r *stats.Result) faithful.Work {
	var s faithful.Session
	s.Send(s.Ready())
	s.Over(true, r.Write, r.Outcome == stats.OK)
	return s.Work(false)
}

// recorded is a recording in which every session makes one request, and one of them
// asks for something that no run asks for.
func recorded() *faithful.Recorded {
	var b faithful.Builder
	for _, e := range endpoints {
		for range e.weight {
			b.Session([]faithful.Step{{Endpoint: e.name, Write: strings.HasPrefix(e.name, "POST ")}})
		}
	}
	b.Session([]faithful.Step{{Endpoint: "GET /help"}})
	return b.Recorded()
}

func manifest(target string, start time.Time) stats.Manifest {
	return stats.Manifest{
		Recorded: recorded(), Unresolved: []stats.Unresolved{{Endpoint: "POST /cart", Place: "header X-Mark", Reason: "no answer held it before"}},
		Version: "0.1.0", Seed: math.MaxUint64, Source: "shop.model", Target: target,
		Schedule: "recorded arrivals × 10 for 60s", Duration: 60 * time.Second, Start: start,
	}
}

// writeRun writes a run of two replayers; without a summary when cut.
func writeRun(t *testing.T, dir, name string, start time.Time, l *load, seconds int, cut bool) {
	t.Helper()
	m := manifest("http://127.0.0.1:9000", start)
	m.Assets = l.assets
	w, err := runfile.Create(filepath.Join(dir, name), &m)
	if err != nil {
		t.Fatal(err)
	}
	line := stats.NewTimeline()
	line.Of(&m)
	for _, replayer := range []string{"replayer-1", "replayer-2"} {
		c := stats.NewCollector(replayer, 0)
		for s := range seconds {
			start := time.Duration(s) * time.Second
			c.Users(min(200, 20+10*s))
			l.second(c, start, 60+l.random.IntN(20))
			iv := c.Tick(start+time.Second, stats.Machine{CPU: 0.4, Cores: 2})
			line.Add(iv)
			if err := w.Interval(iv); err != nil {
				t.Fatal(err)
			}
		}
	}
	sum := line.Summary()
	if cut {
		sum = nil
	}
	if err := w.Close(sum); err != nil {
		t.Fatal(err)
	}
}

// script is a Live that moves when it is told to.
type script struct {
	mu         sync.Mutex // guards what follows
	load       *load
	line       *stats.Timeline
	collectors []*stats.Collector
	state      State
	seconds    int
	users      int
	lost       bool
	start      time.Time
	changed    chan struct{}
	stops      int
}

func newScript() *script {
	s := &script{changed: make(chan struct{}), start: time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)}
	s.begin()
	return s
}

// begin puts a new run in the place of the old one.
func (s *script) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load, s.line = newLoad(1), stats.NewTimeline()
	m := manifest("http://127.0.0.1:9000", s.start)
	s.line.Of(&m)
	s.collectors = []*stats.Collector{stats.NewCollector("replayer-1", 0), stats.NewCollector("replayer-2", 0)}
	s.seconds, s.users, s.lost, s.start = 0, 0, false, s.start.Add(time.Hour)
	s.notify(Waiting)
}

// tick lets a second of load pass.
func (s *script) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := time.Duration(s.seconds) * time.Second
	s.seconds++
	s.users = min(400, 40+20*s.seconds)
	for i, c := range s.collectors {
		if i == 1 && s.lost {
			continue
		}
		c.Users(s.users / 2)
		// A wave, so that charts have something to show.
		n := int(float64(s.users) * (0.8 + 0.25*math.Sin(float64(s.seconds)/5)))
		s.load.slower = map[string]float64{"GET /search": 1 + 1.5*math.Max(0, math.Sin(float64(s.seconds)/9))}
		s.load.second(c, start, n)
		s.line.Add(c.Tick(start+time.Second, stats.Machine{CPU: 0.35 + 0.2*float64(i), Cores: 2}))
	}
	s.notify(Running)
}

// lose makes the second replayer fall silent.
func (s *script) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = true
	s.line.Lose("replayer-2")
	s.notify(s.state)
}

func (s *script) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify(Done)
}

// notify is called with mu held.
func (s *script) notify(state State) {
	s.state = state
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *script) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *script) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops++
	s.notify(Stopping)
}

func (s *script) stopped() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stops
}

func (s *script) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit, err := stats.ParseThreshold("p99 < 300ms")
	if err != nil {
		panic(err)
	}
	sum := s.line.Summary(limit)
	one := Replayer{Name: "replayer-1", State: ReplayerRunning, Users: s.users / 2, Rate: 148.2, CPU: 0.35, Cores: 2, Lateness: 310 * time.Microsecond}
	two := one
	two.Name, two.CPU = "replayer-2", 0.55
	if s.lost {
		two.State, two.Note, two.Users, two.Rate = ReplayerLost, "silent for 8 s", 0, 0
	}
	return Snapshot{
		State: s.state, Manifest: manifest("http://127.0.0.1:9000", s.start),
		Users: s.users, Elapsed: time.Duration(s.seconds) * time.Second,
		Points: s.line.Seconds(0), Summary: sum, Replayers: []Replayer{one, two},
	}
}
