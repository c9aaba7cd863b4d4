package compare

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/replay/stats"
)

var update = flag.Bool("update", false, "write the golden files anew")

func quiet(seed uint64) *world {
	return &world{r: rand.New(rand.NewPCG(6, seed)), endpoints: 10, requests: 60}
}

// set gives the feature to k answers of n in every cell of the endpoint.
func set(c *stats.Cell, feature string, k uint64) {
	if c.Fields == nil {
		c.Fields = map[string]uint64{}
	}
	c.Fields[feature] = k
}

func TestAFieldOfAnotherTypeIsNamedOnce(t *testing.T) {
	w := quiet(1)
	w.fields = func(candidate bool, e int, c *stats.Cell, r *rand.Rand) {
		noisyFields(candidate, e, c, r)
		if candidate && e == 3 {
			delete(c.Fields, "$.stock:number")
			c.Fields["$.stock:string"] = c.Shaped
		}
	}
	a, b := w.blocks(6)
	// Because of it every answer of the candidate fails its check.
	for _, block := range b {
		c := block.Endpoints[endpointName(3)]
		c.Failed, c.OK = c.OK, 0
		block.Errors = append(block.Errors, stats.ErrorGroup{Endpoint: endpointName(3), Name: "shape", Status: 200, Count: c.Failed})
	}
	r := Compare(a, b, Options{})
	want := []string{"GET /e03: $.stock was number, now string (360 of 360 answers); 360 answers failed their check"}
	if d := cmp.Diff(want, r.Changes); d != "" {
		t.Error(d)
	}
	if r.Verdict != Regression || r.Line() != "regression: GET /e03" {
		t.Errorf("verdict is %q", r.Line())
	}
}

func TestWhatHappensToFeatures(t *testing.T) {
	for _, test := range []struct {
		name     string
		a, b     map[string]uint64 // of 60 answers in each block
		want     []string
		breaking bool
	}{
		{"a field disappears", map[string]uint64{"$.x:string": 60}, map[string]uint64{}, []string{"$.x (string) is gone (was in 360 of 360 answers, now in none of 360)"}, true},
		{"a field appears", map[string]uint64{}, map[string]uint64{"$.x:string": 60}, []string{"$.x (string) is new (360 of 360 answers)"}, false},
		{"an object goes with all that is in it", map[string]uint64{"$.o:object": 60, "$.o.a:string": 60, "$.o.b[].c:number": 60, "$.other:string": 60}, map[string]uint64{"$.other:string": 60},
			[]string{"$.o (object) is gone (was in 360 of 360 answers, now in none of 360)"}, true},
		{"a name that begins alike stays told", map[string]uint64{"$.o:string": 60, "$.old:string": 60}, map[string]uint64{},
			[]string{"$.o (string) is gone (was in 360 of 360 answers, now in none of 360)", "$.old (string) is gone (was in 360 of 360 answers, now in none of 360)"}, true},
		{"a form is gone", map[string]uint64{"form:POST /cart[id,token]": 60}, map[string]uint64{}, []string{"form:POST /cart[id,token] is gone (was in 360 of 360 answers, now in none of 360)"}, true},
		{"an error block appears", map[string]uint64{}, map[string]uint64{"error:alert": 20}, []string{"error:alert is new (120 of 360 answers)"}, true},
		{"a rare field appears once", map[string]uint64{}, map[string]uint64{"$.x:string": 0}, nil, false},
		{"a share that moves a little", map[string]uint64{"$.x:string": 30}, map[string]uint64{"$.x:string": 36}, nil, false},
		{"a share that moves a lot", map[string]uint64{"$.x:string": 50}, map[string]uint64{"$.x:string": 10}, []string{"$.x (string) is in 17% of the answers, was in 83%"}, false},
		{"what did not fit is not told", map[string]uint64{stats.Other: 60}, map[string]uint64{}, nil, false},
	} {
		w := quiet(2)
		w.fields = func(candidate bool, e int, c *stats.Cell, _ *rand.Rand) {
			if e != 0 {
				return
			}
			side := test.a
			if candidate {
				side = test.b
			}
			for f, k := range side {
				set(c, f, k)
			}
		}
		a, b := w.blocks(6)
		r := Compare(a, b, Options{})
		var got []string
		for _, c := range r.Endpoints[0].Content {
			got = append(got, c.text())
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s: %s", test.name, d)
		}
		if (r.Verdict == Regression) != test.breaking {
			t.Errorf("%s: verdict is %s", test.name, r.Verdict)
		}
	}
}

func TestAShareThatJumpsInSomeBlocksIsNoChange(t *testing.T) {
	a := []tally{{55, 60}, {50, 60}, {60, 60}, {58, 60}, {52, 60}, {55, 60}}
	wandering := []tally{{5, 60}, {55, 60}, {60, 60}, {0, 60}, {58, 60}, {10, 60}}
	steady := []tally{{30, 60}, {28, 60}, {33, 60}, {31, 60}, {29, 60}, {30, 60}}
	if c, ok := change("$.x:string", a, wandering); ok {
		t.Errorf("blocks that do not agree give %+v", c)
	}
	if _, ok := change("$.x:string", a, steady); !ok {
		t.Error("blocks that agree give nothing")
	}
}

func TestBlocksWithTooFewRequestsDoNotMakePairs(t *testing.T) {
	w := quiet(13)
	a, b := w.blocks(8)
	for i := range 3 {
		h := stats.NewHistogram()
		h.RecordN(time.Second, 2)
		a[i].Endpoints[endpointName(1)].Response = h
	}
	r := Compare(a, b, Options{})
	if got := r.Endpoints[1].Latency[0].Pairs; got != 5 {
		t.Errorf("%d pairs count, want 5: three blocks have two requests", got)
	}
}

func TestErrorsOfTheCandidate(t *testing.T) {
	rates := func(base, cand float64) func(bool, int) float64 {
		return func(candidate bool, e int) float64 {
			switch {
			case e != 2:
				return 0.01
			case candidate:
				return cand
			}
			return base
		}
	}
	for _, test := range []struct {
		name       string
		base, cand float64
		want       Verdict
	}{
		{"new errors", 0, 0.08, Regression},
		{"more errors", 0.02, 0.15, Regression},
		{"fewer errors", 0.15, 0.01, Improvement},
	} {
		w := quiet(3)
		w.errors = rates(test.base, test.cand)
		a, b := w.blocks(8)
		r := Compare(a, b, Options{})
		e := r.Endpoints[2]
		if len(e.Errors) != 1 || e.Errors[0].Verdict != test.want || e.Errors[0].Class != "status 5xx" || e.Errors[0].New != (test.base == 0) {
			t.Errorf("%s: got %+v", test.name, e.Errors)
		}
		if r.Verdict != test.want || !strings.Contains(strings.Join(r.Changes, "\n"), "GET /e02: status 5xx") {
			t.Errorf("%s: verdict %s, changes %q", test.name, r.Verdict, r.Changes)
		}
		for i, x := range r.Endpoints {
			if i != 2 && (x.Verdict == Regression || x.Verdict == Improvement) {
				t.Errorf("%s: %s is flagged too: %+v", test.name, x.Name, x.Errors)
			}
		}
	}
}

func TestErrorGroupsBecomeClasses(t *testing.T) {
	b := &Block{
		Endpoints: map[string]*stats.Cell{"e": {
			Counts: stats.Counts{Started: 100, OK: 80, Failed: 12, TimedOut: 3, Aborted: 5}, Skipped: 4,
			Status: map[int]uint64{200: 80, 404: 2, 502: 4, 302: 1},
		}},
		Errors: []stats.ErrorGroup{
			{Endpoint: "e", Name: "status", Status: 404, Count: 2},
			{Endpoint: "e", Name: "status", Status: 502, Count: 4},
			{Endpoint: "e", Name: "status", Status: 302, Count: 1},
			{Endpoint: "e", Name: "timeout", Count: 3},
			{Endpoint: "e", Name: "redirect", Status: 302, Count: 5},
			{Endpoint: "e", Name: stats.ErrorSkipped, Count: 4},
			{Endpoint: "e", Name: stats.ErrorStopped, Count: 1},
			{Endpoint: "other", Name: "reset", Count: 9},
		},
	}
	counts := classes([]*Block{b}, "e")
	want := map[class]uint64{"status 4xx": 2, "status 5xx": 4, "status 3xx": 1, "timeout": 3, "redirect": 5, "skipped": 4}
	if d := cmp.Diff(want, counts[0]); d != "" {
		t.Error(d)
	}
	if got := class("timeout").tallies(counts, []*Block{b}, "e"); got[0] != (tally{3, 95}) {
		t.Errorf("timeouts are %v", got)
	}
	if got := skipped.tallies(counts, []*Block{b}, "e"); got[0] != (tally{4, 99}) {
		t.Errorf("skipped are %v", got)
	}
}

func TestVoidBlocksAndSparePairsAreLeftOutAndSaid(t *testing.T) {
	a, b := quiet(4).blocks(8)
	a[1].Void, b[2].Void = "the replayer was busy", "out of ports"
	r := Compare(a, b[:7], Options{})
	if r.Pairs != 5 {
		t.Errorf("%d pairs count, want 5", r.Pairs)
	}
	notes := strings.Join(r.Notes, "\n")
	for _, want := range []string{"only the first 7 pairs", "pair 2 is left out: baseline: the replayer was busy", "pair 3 is left out: candidate: out of ports"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q: %s", want, notes)
		}
	}
}

func TestTooFewPairsAreInconclusive(t *testing.T) {
	for n := range fewestPairs {
		w := quiet(5)
		w.slow = map[int]float64{0: 3}
		a, b := w.blocks(n)
		r := Compare(a, b, Options{})
		if r.Verdict != Inconclusive || !strings.Contains(strings.Join(r.Notes, "\n"), "response times are not judged") {
			t.Errorf("%d pairs: verdict %s, notes %q", n, r.Verdict, r.Notes)
		}
	}
}

func TestAnEndpointOfOneSideOnlyIsNoted(t *testing.T) {
	a, b := quiet(6).blocks(6)
	for i := range a {
		delete(b[i].Endpoints, endpointName(4))
	}
	r := Compare(a, b, Options{})
	if !slices.Contains(r.Notes, "GET /e04 was requested on the baseline only") || r.Endpoints[4].Verdict != Inconclusive {
		t.Errorf("notes %q, verdict %s", r.Notes, r.Endpoints[4].Verdict)
	}
}

func TestDifferencesBelowTheAbsoluteLimitDoNotMatter(t *testing.T) {
	// One endpoint goes from 0.4 ms to 0.6 ms: +50 %, but only 0.2 ms.
	var a, b []*Block
	r := rand.New(rand.NewPCG(7, 7))
	for range 10 {
		for _, s := range []struct {
			list *[]*Block
			us   float64
		}{{&a, 400}, {&b, 600}} {
			h := stats.NewHistogram()
			for range 60 {
				h.Record(time.Duration((s.us + 10*r.NormFloat64()) * 1000))
			}
			*s.list = append(*s.list, &Block{Endpoints: map[string]*stats.Cell{"e": {Counts: stats.Counts{Started: 60, OK: 60}, Response: h}}})
		}
	}
	if got := Compare(a, b, Options{}); got.Verdict != Equivalent {
		t.Errorf("verdict is %s: %+v", got.Verdict, got.Endpoints[0].Latency)
	}
	if got := Compare(a, b, Options{Absolute: 100 * time.Microsecond}); got.Verdict != Regression {
		t.Errorf("with a limit of 0.1 ms the verdict is %s", got.Verdict)
	}
}

func TestEqualSidesWithLittleNoiseAreEquivalentNotUnchanged(t *testing.T) {
	w := quiet(8)
	w.requests = 400
	a, b := w.blocks(14)
	// The same measurements on both sides.
	copy(b, a)
	r := Compare(a, b, Options{})
	if r.Verdict != Equivalent || !strings.HasPrefix(r.Line(), "equivalent") {
		t.Errorf("verdict is %s", r.Verdict)
	}
}

func TestAnInconclusiveCellSaysHowManyPairsItTakes(t *testing.T) {
	a, b := quiet(9).blocks(5)
	r := Compare(a, b, Options{})
	l := r.Endpoints[0].Latency[0]
	if l.Verdict != Inconclusive || l.MorePairs < 1 || l.MDE <= 0 || !strings.Contains(r.Line(), "more pairs would tell") {
		t.Errorf("got %+v, line %q", l, r.Line())
	}
}

// run makes a finished run of that many seconds, one endpoint per offset in ms.
func run(seconds int, seed uint64, slow float64) *stats.Run {
	r := rand.New(rand.NewPCG(10, seed))
	run := &stats.Run{Summary: &stats.Summary{Validity: stats.Validity{Verdict: stats.Valid}}}
	for s := 0; s < seconds; s += 5 {
		iv := &stats.Interval{Start: time.Duration(s) * time.Second, End: time.Duration(s+5) * time.Second, Endpoints: map[string]*stats.Cell{}}
		for _, name := range []string{"GET /a", "GET /b"} {
			c := &stats.Cell{Counts: stats.Counts{Started: 100, OK: 100}, Response: stats.NewHistogram()}
			for range 100 {
				ms := 20 + r.NormFloat64()
				if name == "GET /b" {
					ms *= 1 + slow
				}
				c.Response.Record(time.Duration(ms * float64(time.Millisecond)))
			}
			iv.Endpoints[name] = c
		}
		run.Spans = append(run.Spans, iv)
	}
	return run
}

func TestTwoRunsAreComparedBySlicesWithACaveat(t *testing.T) {
	a, b := run(60, 1, 0), run(60, 2, 0.3)
	r := Compare(Slices(a, 10), Slices(b, 10), Options{Sliced: true})
	if r.Pairs != 10 || r.Verdict != Regression || r.Line() != "regression: GET /b" {
		t.Errorf("%d pairs, %s", r.Pairs, r.Line())
	}
	if !strings.Contains(strings.Join(r.Notes, "\n"), "not covered") {
		t.Errorf("notes lack the caveat: %q", r.Notes)
	}
	var all uint64
	for _, s := range Slices(a, 10) {
		all += s.Endpoints["GET /a"].Started
	}
	if all != 1200 {
		t.Errorf("the slices hold %d exchanges of /a, want 1200", all)
	}
	if got := len(Slices(run(15, 1, 0), 10)); got != 3 {
		t.Errorf("a run of three spans has %d slices", got)
	}
	if got := len(Slices(&stats.Run{}, 10)); got != 0 {
		t.Errorf("an empty run has %d slices", got)
	}
}

func TestAnInvalidRunIsAVoidBlock(t *testing.T) {
	c := stats.NewCollector("r", 0)
	c.Due(100)
	timeline := stats.NewTimeline()
	timeline.Add(c.Tick(time.Second, stats.Machine{}))
	if b := FromTimeline(timeline); !strings.Contains(b.Void, "not started") {
		t.Errorf("a run that missed its schedule is void for %q", b.Void)
	}
}

func demo() *Report {
	w := &world{r: rand.New(rand.NewPCG(11, 1)), endpoints: 12, requests: 60, slow: map[int]float64{5: 0.3}}
	w.fields = func(candidate bool, e int, c *stats.Cell, r *rand.Rand) {
		noisyFields(candidate, e, c, r)
		if candidate && e == 7 {
			delete(c.Fields, "$.stock:number")
			c.Fields["$.stock:string"] = c.Shaped
		}
	}
	a, b := w.blocks(6)
	return Compare(a, b, Options{})
}

func TestTheReportReadsAsTheGoldenPage(t *testing.T) {
	var got bytes.Buffer
	if err := demo().Text(&got); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.txt"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("golden (-) and report (+): %s", d)
	}
}

func TestTheReportIsTheSameEachTime(t *testing.T) {
	a, err := json.Marshal(demo())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if b, _ := json.Marshal(demo()); !bytes.Equal(a, b) {
			t.Fatal("two reports of the same blocks differ")
		}
	}
	var keys map[string]any
	if err := json.Unmarshal(a, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"verdict", "pairs", "sliced", "changes", "notes", "global", "endpoints"} {
		if keys[key] == nil {
			t.Errorf("the JSON lacks %s", key)
		}
	}
}

func TestNamesFromTheTargetCannotWriteOnTheTerminal(t *testing.T) {
	a, b := quiet(12).blocks(6)
	for _, block := range slices.Concat(a, b) {
		block.Endpoints["GET /\x1b[2J\n"] = block.Endpoints[endpointName(0)]
	}
	var out bytes.Buffer
	if err := Compare(a, b, Options{}).Text(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("an escape character is in the report")
	}
}
