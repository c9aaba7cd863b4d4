package convert_test

import (
	"bytes"
	"compress/gzip"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flow"
)

// same compares recordings whose connections may be numbered anew: each flow
// with the client of its connection.
func same(t *rapid.T, want, got converttest.Result, o ...cmp.Option) {
	t.Helper()
	if len(want.Flows) != len(got.Flows) {
		t.Fatalf("%d flows went out, %d came in", len(want.Flows), len(got.Flows))
	}
	o = append(o, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(flow.Flow{}, "Conn", "Number"))
	for i, w := range want.Flows {
		g := got.Flows[i]
		if a, b := want.Conns[w.Conn], got.Conns[g.Conn]; b == nil || a.Client != b.Client {
			t.Fatalf("flow %d went out on %+v and came in on %+v", i, a, b)
		}
		if diff := cmp.Diff(w, g, o...); diff != "" {
			t.Fatalf("flow %d (out -, in +):\n%s", i, diff)
		}
	}
}

func TestFlowsThatGoThroughHARStayTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := converttest.AnyRecording().Draw(rt, "recording")
		got := converttest.ReadAll(t, "", converttest.Export(t, "har", want), converttest.Options{})
		same(rt, want, got)
		used := map[uint64]bool{}
		for i, f := range want.Flows {
			if used[f.Conn] {
				continue
			}
			used[f.Conn] = true
			a, b := *want.Conns[f.Conn], *got.Conns[got.Flows[i].Conn]
			b.ID = a.ID
			if diff := cmp.Diff(a, b); diff != "" {
				rt.Fatalf("connection %d:\n%s", f.Conn, diff)
			}
		}
	})
}

func TestFlowsThatGoThroughGoReplayStayTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := converttest.AnyRecording().Draw(rt, "recording")
		got := converttest.ReadAll(t, "", converttest.Export(t, "gor", want), converttest.Options{})
		for _, f := range want.Flows {
			if f.Response == nil {
				f.Done = 0 // when it was given up has no place there
			}
		}
		// A pair comes in when its response does; what has none, at the end.
		order(want.Flows)
		order(got.Flows)
		same(rt, want, got)
	})
}

// order puts answered flows first, and otherwise leaves them.
func order(flows []*flow.Flow) {
	var answered, alone []*flow.Flow
	for _, f := range flows {
		if f.Response != nil {
			answered = append(answered, f)
		} else {
			alone = append(alone, f)
		}
	}
	copy(flows[copy(flows, answered):], alone)
}

func TestRequestsThatGoThroughCurlStayTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := converttest.AnyRecording().Draw(rt, "recording")
		for _, f := range want.Flows { // what a command does not hold
			f.Response, f.Error, f.Request.Trailers = nil, "no response", nil
			f.Start, f.RequestDone, f.FirstByte, f.Done = time.Time{}, 0, 0, 0
			f.Request.Headers = sorted(f.Request.Headers)
		}
		got := converttest.ReadAll(t, "curl", converttest.Export(t, "curl", want), converttest.Options{})
		for i, f := range got.Flows {
			f.Start, f.Conn = time.Time{}, want.Flows[i].Conn
			f.Request.Headers = sorted(f.Request.Headers)
		}
		got.Conns = want.Conns
		same(rt, want, got)
	})
}

// sorted puts lines in order of their names, which curl does not keep for the
// lines of its own.
func sorted(h flow.Headers) flow.Headers {
	out := append(flow.Headers(nil), h...)
	for i := range out {
		for k := i; k > 0 && out[k].Name < out[k-1].Name; k-- {
			out[k], out[k-1] = out[k-1], out[k]
		}
	}
	return out
}

func TestHARKeepsWhatItHasNoWordFor(t *testing.T) {
	start := time.Unix(1_700_000_000, 123456789).UTC()
	f := &flow.Flow{
		Conn: 1, Scheme: "https", Protocol: "HTTP/2.0", Start: start, RequestDone: 1, FirstByte: 2, Done: 9 * time.Second, Error: "response cut",
		Request: flow.Request{Method: "GET", Target: "/live", Authority: "shop.test", Body: flow.Body{Data: []byte("cut"), Size: 10}},
		Response: &flow.Response{
			Status: 200, Headers: flow.Headers{{Name: "content-encoding", Value: "br"}},
			Body: flow.Body{Data: []byte{1, 2, 0xff}, Size: 1 << 40},
		},
		Messages: []flow.Message{
			{At: time.Second, Kind: flow.MessageEvent, Data: []byte("data: x"), Size: 7},
			{At: 2 * time.Second, Kind: flow.MessageGRPC, FromClient: true, Data: []byte{0xff, 1}, Size: 5},
		},
	}
	socket := &flow.Flow{
		Conn: 1, Scheme: "https", Protocol: "HTTP/1.1", Start: start, RequestDone: 1, FirstByte: 2, Done: time.Minute,
		Request:  flow.Request{Method: "GET", Target: "/ws", Authority: "shop.test"},
		Response: &flow.Response{Status: 101},
		Messages: []flow.Message{
			{At: 1, FromClient: true, Kind: flow.MessageText, Data: []byte("hi ü"), Size: 5},
			{At: 1001, Kind: flow.MessageBinary, Data: []byte{0, 255}, Size: 2},
			{At: time.Second, Kind: flow.MessagePing}, {At: time.Second, FromClient: true, Kind: flow.MessagePong, Data: []byte{0xfe}, Size: 1},
			{At: time.Second, Kind: flow.MessageClose, Data: []byte("\x03\xe8bye"), Size: 5},
		},
	}
	want := converttest.Result{Conns: map[uint64]*flow.Conn{1: {ID: 1, Client: "[::1]:4000", Opened: start}}, Flows: []*flow.Flow{f, socket}}
	got := converttest.ReadAll(t, "har", converttest.Export(t, "har", want), converttest.Options{})
	if diff := cmp.Diff(want.Flows, got.Flows, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(flow.Flow{}, "Number")); diff != "" {
		t.Errorf("out -, in +:\n%s", diff)
	}
}

func TestHARHoldsGzippedBodiesDecoded(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte("<p>welcome</p>"))
	z.Close()
	f := &flow.Flow{
		Scheme: "http", Protocol: "HTTP/1.1", Start: time.Unix(1, 0).UTC(), RequestDone: 1, FirstByte: 2, Done: 3,
		Request: flow.Request{Method: "GET", Target: "/", Authority: "shop.test"},
		Response: &flow.Response{Status: 200, Body: flow.NewBody(zipped.Bytes()), Headers: flow.Headers{
			{Name: "Content-Encoding", Value: "gzip"}, {Name: "Content-Length", Value: strconv.Itoa(zipped.Len())}, {Name: "Vary", Value: "x"}}},
	}
	har := converttest.Export(t, "har", converttest.Result{Flows: []*flow.Flow{f}})
	if !bytes.Contains(har, []byte(`"text":"<p>welcome</p>"`)) {
		t.Errorf("the HAR does not hold the text: %s", har)
	}
	got := converttest.ReadAll(t, "har", har, converttest.Options{}).Flows[0].Response
	want := &flow.Response{Status: 200, Body: flow.NewBody([]byte("<p>welcome</p>")), Headers: flow.Headers{{Name: "Content-Length", Value: "14"}, {Name: "Vary", Value: "x"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("header lines and body do not agree:\n%s", diff)
	}
}
