package verbatim_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/proxy"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/verbatim"
)

// kept is a sink that keeps flows.
type kept struct {
	mu    sync.Mutex
	flows []*flow.Flow
}

func (*kept) Conn(*flow.Conn) {}
func (*kept) Loss(*flow.Loss) {}
func (k *kept) Flow(f *flow.Flow) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.flows = append(k.flows, f)
}

// recordVia starts the recording proxy in front of a target and returns its
// address, and a function that stops it and returns what passed, in order of
// start.
func recordVia(t *testing.T, scheme, target string) (address string, stop func() []*flow.Flow) {
	t.Helper()
	var sink kept
	p, err := proxy.New(proxy.Options{Listen: "127.0.0.1:0", Upstream: &url.URL{Scheme: scheme, Host: target}, Sink: &sink})
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()
	return l.Addr().String(), func() []*flow.Flow {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		slices.SortFunc(sink.flows, func(a, b *flow.Flow) int { return a.Start.Compare(b.Start) })
		return sink.flows
	}
}

// repeat replays one session verbatim, once.
func repeat(t *testing.T, flows []*flow.Flow, target string) *stats.Summary {
	t.Helper()
	p := replay.Plan{Target: target, Users: 1, Sessions: 1}
	src, err := verbatim.New(verbatim.Flows{flows}, p.Origins(verbatim.OriginOf(flows[0])), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	arrivals, err := p.Arrivals(replay.Starts{})
	if err != nil {
		t.Fatal(err)
	}
	timeline := stats.NewTimeline()
	err = replay.Run(t.Context(), replay.Options{Plan: p, Source: src, Arrivals: arrivals, OnInterval: func(iv *stats.Interval) { timeline.Add(iv) }})
	if err != nil {
		t.Fatal(err)
	}
	return timeline.Summary()
}

// A room is a chat server that notes what it hears. A guest is greeted, told
// about requests to /beside, and answered.
type room struct {
	mu    sync.Mutex
	heard []string
	told  chan struct{}  // one for each request to /beside
	here  sync.WaitGroup // guests
	mute  bool           // it hangs up on the first message
}

func (r *room) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, text)
}

func (r *room) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path == "/beside" {
		r.note("beside")
		r.told <- struct{}{}
		io.WriteString(w, "ok")
		return
	}
	r.here.Add(1)
	defer r.here.Done()
	c, err := websocket.Accept(w, req, nil)
	if err != nil {
		r.note(err.Error())
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(1 << 20)
	ctx := req.Context()
	c.Write(ctx, websocket.MessageText, []byte("welcome"))
	for {
		_, m, err := c.Read(ctx)
		if err != nil {
			r.note(fmt.Sprint("closed ", websocket.CloseStatus(err)))
			return
		}
		if r.mute {
			return
		}
		r.note(string(m))
		if string(m) == "wait" {
			<-r.told
			c.Write(ctx, websocket.MessageText, []byte("somebody came by"))
			continue
		}
		c.Write(ctx, websocket.MessageText, slices.Concat([]byte("re "), m[:4]))
	}
}

// chat is the recorded guest: an answer is awaited before the next message, and
// a request is made while the room waits for it.
func chat(t *testing.T, address string) {
	t.Helper()
	ctx := t.Context()
	c, _, err := websocket.Dial(ctx, "ws://"+address+"/room", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	read := func() {
		if _, _, err := c.Read(ctx); err != nil {
			t.Error(err)
		}
	}
	read()
	for _, text := range []string{"hello", strings.Repeat("long ", 30_000)} {
		c.Write(ctx, websocket.MessageText, []byte(text))
		read()
	}
	c.Write(ctx, websocket.MessageText, []byte("wait"))
	time.Sleep(20 * time.Millisecond)
	resp, err := http.Get("http://" + address + "/beside")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	read()
	c.Close(websocket.StatusNormalClosure, "")
}

func TestARecordedWebSocketIsReplayed(t *testing.T) {
	recorded := &room{told: make(chan struct{}, 10)}
	s := httptest.NewServer(recorded)
	defer s.Close()
	address, stop := recordVia(t, "http", strings.TrimPrefix(s.URL, "http://"))
	chat(t, address)
	http.DefaultClient.CloseIdleConnections()
	flows := stop()
	recorded.here.Wait()
	if len(flows) != 2 || len(recorded.heard) != 5 {
		t.Fatalf("%d flows recorded, the room heard %q", len(flows), recorded.heard)
	}

	again := &room{told: make(chan struct{}, 10)}
	s2 := httptest.NewServer(again)
	defer s2.Close()
	sum := repeat(t, flows, s2.URL)
	again.here.Wait()
	if !slices.Equal(again.heard, recorded.heard) {
		t.Errorf("the room heard %.60q, in the recording %.60q", again.heard, recorded.heard)
	}
	if sum.OK != 2 || sum.SessionMatch != 1 || sum.Skipped != 0 {
		t.Errorf("%d ok, %d skipped, session match %g: %+v", sum.OK, sum.Skipped, sum.SessionMatch, sum.Errors)
	}

	mute := &room{mute: true, told: make(chan struct{}, 10)}
	s3 := httptest.NewServer(mute)
	defer s3.Close()
	sum = repeat(t, flows, s3.URL)
	if sum.SessionMatch != 0 || sum.Failed == 0 || !slices.Contains(mute.heard, "beside") {
		t.Errorf("a room that hangs up: session match %g, %d failed, heard %q; want a failed session that goes on beside its socket: %+v",
			sum.SessionMatch, sum.Failed, mute.heard, sum.Errors)
	}
}

// A store is a gRPC service that takes calls with the right token alone.
type store struct {
	token string
	mu    sync.Mutex
	puts  []string
}

// rawCodec sends bytes as they are.
type rawCodec struct{}

func (rawCodec) Name() string                  { return "raw" }
func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(b []byte, v any) error {
	*v.(*[]byte) = slices.Clone(b)
	return nil
}

func (s *store) serve(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}), grpc.UnknownServiceHandler(func(_ any, g grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(g.Context())
		var in []byte
		if err := g.RecvMsg(&in); err != nil {
			return err
		}
		if !slices.Contains(md["authorization"], s.token) {
			return status.Error(codes.Unauthenticated, "who are you?")
		}
		s.mu.Lock()
		s.puts = append(s.puts, string(in))
		s.mu.Unlock()
		out := slices.Concat([]byte("put "), in)
		return g.SendMsg(&out)
	}))
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() { server.Stop(); <-served })
	return l.Addr().String()
}

func TestRecordedCallsOfGRPCAreRequestsOverHTTP2(t *testing.T) {
	recorded := &store{token: "t1"}
	address, stop := recordVia(t, "h2c", recorded.serve(t))
	c, err := grpc.NewClient("passthrough:///"+address, grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})),
		grpc.WithNoProxy(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	const calls = 20
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "t1")
	for i := range calls {
		in, out := []byte(fmt.Sprintf("value %d", i)), []byte{}
		if err := c.Invoke(ctx, "/kv.Store/Put", &in, &out); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	flows := stop()
	for name, tt := range map[string]struct {
		token string
		puts  int
	}{
		"the same store": {"t1", calls},
		"a store that refuses the token, with HTTP status 200": {"t2", 0},
	} {
		again := &store{token: tt.token}
		sum := repeat(t, flows, "http://"+again.serve(t))
		if len(again.puts) != tt.puts || int(sum.OK) != tt.puts || int(sum.Failed) != calls-tt.puts {
			t.Errorf("%s: %d values put, %d ok, %d failed; want %d, %d, %d: %+v", name, len(again.puts), sum.OK, sum.Failed, tt.puts, tt.puts, calls-tt.puts, sum.Errors)
		}
		if tt.puts == calls && !slices.Equal(again.puts, recorded.puts) {
			t.Errorf("%s: put %q, recorded %q", name, again.puts, recorded.puts)
		}
	}
}
