package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/stats/runfile"
)

// writeRecording makes sessions of four requests each, one session a
// connection, in two blocks.
func writeRecording(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 3, 4, "recording FILE ORIGIN COUNT [LAST-ORIGIN]")
	origin, err := url.Parse(args[1])
	ts.Check(err)
	last, err := url.Parse(args[len(args)-1])
	ts.Check(err)
	count := number(ts, args[2])
	w, err := flowfile.Create(ts.MkAbs(args[0]), flowfile.WriterOptions{})
	ts.Check(err)
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	for i := range count {
		session, step := i/4, i%4
		if len(args) == 4 && i == count-1 {
			origin = last
		}
		ts.Check(w.Write(&flow.Flow{
			Conn: uint64(session + 1), Scheme: origin.Scheme, Protocol: "HTTP/1.1",
			Request: flow.Request{
				Method: "GET", Target: fmt.Sprintf("/page/%d?session=%d", step, session), Authority: origin.Host,
				Headers: flow.Headers{{Name: "Host", Value: origin.Host}, {Name: "User-Agent", Value: "visitor"}},
			},
			Response: &flow.Response{
				Status:  200,
				Headers: flow.Headers{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}},
				Body:    flow.NewBody([]byte(fmt.Sprintf("GET /page/%d\n", step))),
			},
			Start:     start.Add(time.Duration(session)*50*time.Millisecond + time.Duration(step)*400*time.Millisecond),
			FirstByte: 2 * time.Millisecond, Done: 3 * time.Millisecond,
		}))
		if i == count/2 {
			ts.Check(w.Flush())
		}
	}
	ts.Check(w.Close())
}

// awaitFlows waits for a recorder, which seals what it has once a second.
func awaitFlows(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "recorded FILE COUNT")
	until(ts, "flows in "+args[0], func() bool {
		totals, _ := flowfile.Stat(ts.MkAbs(args[0])) // an error says that it is not whole yet
		return totals.Flows >= uint64(number(ts, args[1]))
	})
}

func flipByte(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "flip FILE OFFSET")
	data := []byte(ts.ReadFile(args[0]))
	at := number(ts, args[1])
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 0xff
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

func cutFile(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "cut FILE LENGTH")
	length := number(ts, args[1])
	if length < 0 {
		length += len(ts.ReadFile(args[0]))
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(length)))
}

func printContent(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 1, "content FILE")
	r, err := zstd.NewReader(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	defer r.Close()
	_, err = io.Copy(ts.Stdout(), r)
	ts.Check(err)
}

// writeRun makes the run file of 40 requests a second that are answered after
// RESPONSE, give or take some.
func writeRun(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 3, 3, "runfile FILE SECONDS RESPONSE")
	seconds := number(ts, args[1])
	response, err := time.ParseDuration(args[2])
	ts.Check(err)
	w, err := runfile.Create(ts.MkAbs(args[0]), &stats.Manifest{
		Source: "some.model", Target: "http://shop.test", Schedule: "40 users",
		Duration: time.Duration(seconds) * time.Second, Start: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC),
	})
	ts.Check(err)
	timeline, collector := stats.NewTimeline(), stats.NewCollector("local", 0)
	random := rand.New(rand.NewPCG(1, 2))
	for second := range seconds {
		for i := range 40 {
			at := time.Duration(second)*time.Second + time.Duration(i)*20*time.Millisecond
			took := time.Duration(float64(response) * (0.8 + 0.4*random.Float64()))
			collector.Started("GET /")
			collector.Record(&stats.Result{Endpoint: "GET /", Scheduled: at, Sent: at, FirstByte: at + took, Done: at + took, Status: 200})
		}
		interval := collector.Tick(time.Duration(second+1)*time.Second, stats.Machine{Cores: 2})
		timeline.Add(interval)
		ts.Check(w.Interval(interval))
	}
	ts.Check(w.Close(timeline.Summary()))
}

// figureOf returns a member of the JSON on stdout. A path is names and indexes
// with dots between.
func figureOf(ts *testscript.TestScript, path string) any {
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &v); err != nil {
		ts.Fatalf("stdout is not JSON: %v", err)
	}
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			i := number(ts, name)
			if i >= len(x) {
				ts.Fatalf("%s: only %d elements", path, len(x))
			}
			v = x[i]
		default:
			ts.Fatalf("%s: nothing at %s", path, name)
		}
	}
	return v
}

func checkFigure(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 3, 3, "figure PATH OP WANT")
	// The builtin's own output would take the place of stdout: print nothing.
	got := figureOf(ts, args[0])
	text := fmt.Sprint(got)
	if n, ok := got.(float64); ok {
		text = strconv.FormatFloat(n, 'f', -1, 64)
	}
	ok := false
	switch args[1] {
	case "==":
		ok = text == args[2]
	case "!=":
		ok = text != args[2]
	case "<", ">":
		n, isNumber := got.(float64)
		want, err := strconv.ParseFloat(args[2], 64)
		ts.Check(err)
		ok = isNumber && (args[1] == "<" && n < want || args[1] == ">" && n > want)
	}
	if !ok {
		ts.Fatalf("%s is %s, want %s %s", args[0], text, args[1], args[2])
	}
}

// reported are the counters of a report.
type reported struct {
	Started, OK, Failed, Aborted uint64
	TimedOut                     uint64 `json:"timed_out"`
	InFlight                     int64  `json:"in_flight"`
}

func (r reported) balanced() bool {
	return r.Started == r.OK+r.Failed+r.TimedOut+r.Aborted+uint64(r.InFlight)
}

func checkIdentity(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 0, 0, "identity")
	var report struct {
		reported
		Requests  uint64
		Endpoints []struct {
			Name string
			reported
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &report))
	if report.Started == 0 || !report.balanced() {
		ts.Fatalf("counters of the run do not add up: %+v", report.reported)
	}
	var sum uint64
	for _, e := range report.Endpoints {
		if !e.balanced() {
			ts.Fatalf("counters of %s do not add up: %+v", e.Name, e.reported)
		}
		sum += e.Started
	}
	if sum != report.Started {
		ts.Fatalf("the endpoints started %d requests, the run %d", sum, report.Started)
	}
}

func writeKeyPair(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "keypair FILE VAR")
	id, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(id.String()+"\n"), 0o600))
	ts.Setenv(args[1], id.Recipient().String())
}
