package client

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/starling-load/starling/record/flow"
)

// serveSocket starts a WebSocket server, which coder/websocket speaks.
func serveSocket(t *testing.T, start func(*httptest.Server), o *websocket.AcceptOptions, handle func(context.Context, *websocket.Conn)) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, o)
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(1 << 20)
		handle(r.Context(), c)
	}))
	start(s)
	t.Cleanup(s.Close)
	return s
}

// echo sends every message back.
func echo(ctx context.Context, c *websocket.Conn) {
	for {
		kind, data, err := c.Read(ctx)
		if err != nil || c.Write(ctx, kind, data) != nil {
			return
		}
	}
}

func socketRequest() *Request {
	r := get("/chat?room=1")
	r.Authority = ""
	r.Headers = flow.Headers{{Name: "Sec-WebSocket-Version", Value: "13"}, {Name: "sec-websocket-protocol", Value: "chat"},
		{Name: "Sec-WebSocket-Extensions", Value: "permessage-deflate"}}
	return r
}

func text(s string) flow.Message { return flow.Message{Kind: flow.MessageText, Data: []byte(s)} }

func TestAWebSocketCarriesMessages(t *testing.T) {
	for name, tt := range map[string]struct {
		start func(*httptest.Server)
		mode  websocket.CompressionMode
	}{
		"plain":      {(*httptest.Server).Start, websocket.CompressionDisabled},
		"compressed": {(*httptest.Server).Start, websocket.CompressionContextTakeover},
		"over TLS":   {(*httptest.Server).StartTLS, websocket.CompressionNoContextTakeover},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveSocket(t, tt.start, &websocket.AcceptOptions{Subprotocols: []string{"chat"}, CompressionMode: tt.mode}, echo)
			p := newPool(t, Options{Insecure: true}, 1)
			stream, resp, timing, err := p.Open(t.Context(), Route{Origin: s.URL}, socketRequest())
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != 101 || resp.Headers.Value("Sec-WebSocket-Protocol") != "chat" || timing.FirstByte.IsZero() || timing.Connect == 0 {
				t.Errorf("answer %d %v, timing %+v", resp.Status, resp.Headers, timing)
			}
			for _, n := range []int{0, 1, 125, 126, 5000, 65_535, 65_536, 200_000} {
				want := flow.Message{Kind: flow.MessageBinary, Data: []byte(strings.Repeat("ab", n/2+1)[:n])}
				if err := stream.Send(t.Context(), want); err != nil {
					t.Fatal(err)
				}
				got, err := stream.Receive(t.Context())
				if err != nil || got.Kind != want.Kind || string(got.Data) != string(want.Data) || got.Size != int64(n) {
					t.Fatalf("%d bytes came back as %d of kind %d, %v", n, len(got.Data), got.Kind, err)
				}
			}
			if err := stream.Finish(); err != nil {
				t.Error(err)
			}
			if m, err := stream.Receive(t.Context()); err != nil || m.Kind != flow.MessageClose || string(m.Data[:2]) != "\x03\xe8" {
				t.Errorf("the close message is answered by %v, %v", m, err)
			}
			if _, err := stream.Receive(t.Context()); err != io.EOF {
				t.Errorf("behind the close message: %v", err)
			}
			if err := stream.Send(t.Context(), text("late")); ErrorName(err) != "bad request" {
				t.Errorf("a message behind the close message: %v", err)
			}
		})
	}
}

func TestAWebSocketThatTheTargetEnds(t *testing.T) {
	pinged := make(chan error, 1)
	for name, tt := range map[string]struct {
		handle func(context.Context, *websocket.Conn)
		data   string // of the close message
		err    string
	}{
		"by a close message": {func(_ context.Context, c *websocket.Conn) { c.Close(websocket.StatusGoingAway, "restart") }, "\x03\xe9restart", "EOF"},
		"by breaking off":    {func(_ context.Context, c *websocket.Conn) { c.CloseNow() }, "", "closed"},
		"after a ping": {func(ctx context.Context, c *websocket.Conn) {
			ctx = c.CloseRead(ctx)
			pinged <- c.Ping(ctx)
			c.Close(websocket.StatusNormalClosure, "")
		}, "\x03\xe8", "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveSocket(t, (*httptest.Server).Start, nil, tt.handle)
			p := newPool(t, Options{}, 1)
			stream, _, _, err := p.Open(t.Context(), Route{Origin: s.URL}, socketRequest())
			if err != nil {
				t.Fatal(err)
			}
			m, err := stream.Receive(t.Context())
			if tt.data != "" {
				if err != nil || m.Kind != flow.MessageClose || string(m.Data) != tt.data {
					t.Errorf("got %q of kind %d, %v", m.Data, m.Kind, err)
				}
				_, err = stream.Receive(t.Context())
			}
			if got := ErrorName(err); got != tt.err && err.Error() != tt.err {
				t.Errorf("ended as %q (%v), want %q", got, err, tt.err)
			}
			if err := stream.Send(t.Context(), text("late")); ErrorName(err) != "closed" {
				t.Errorf("a message behind the end: %v", err)
			}
			if name == "after a ping" {
				if err := <-pinged; err != nil {
					t.Errorf("the ping was not answered: %v", err)
				}
			}
		})
	}
}

func TestATargetThatOpensNoStreamIsAnAnswer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "who are you?", http.StatusUnauthorized) }))
	defer s.Close()
	p := newPool(t, Options{}, 1)
	events := get("/events")
	for name, req := range map[string]*Request{"socket": socketRequest(), "events": events} {
		stream, resp, _, err := p.Open(t.Context(), Route{Origin: s.URL}, req)
		if stream != nil || err != nil || resp.Status != 401 || string(resp.Body.Data) != "who are you?\n" {
			t.Errorf("%s: %v, %d %q, %v", name, stream, resp.Status, resp.Body.Data, err)
		}
	}
}

func TestHostileStreamsEndAsNamedErrors(t *testing.T) {
	const accept = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
	for name, tt := range map[string]struct {
		behind string // of the handshake, with a wrong key when empty
		open   string
		ends   string
	}{
		"a key that does not fit": {"", "bad upgrade", ""},
		"a reserved frame":        {"\x83\x00", "", "bad message"},
		"half a frame":            {"\x81\x05hel", "", "closed"},
	} {
		t.Run(name, func(t *testing.T) {
			at := listen(t, func(c net.Conn) {
				key := keyOf(c)
				if tt.behind == "" {
					key = "wrong"
				}
				io.WriteString(c, accept+acceptOf(key)+"\r\n\r\n"+tt.behind)
			})
			stream, _, _, err := newPool(t, Options{}, 1).Open(t.Context(), Route{Origin: "http://" + at}, socketRequest())
			if ErrorName(err) != tt.open {
				t.Fatalf("opened as %v, want %q", err, tt.open)
			}
			if stream == nil {
				return
			}
			if _, err := stream.Receive(t.Context()); ErrorName(err) != tt.ends {
				t.Errorf("ended as %q (%v), want %q", ErrorName(err), err, tt.ends)
			}
		})
	}
}

func TestEventsAreMessages(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for i := range 3 {
			fmt.Fprintf(w, "id: %d\ndata: x\n\n", i)
			http.NewResponseController(w).Flush()
		}
		if r.URL.Path == "/ends" {
			return
		}
		<-r.Context().Done()
	})
	for name, open := range protocolServers(t, handler) {
		for _, path := range []string{"/ends", "/goes-on"} {
			t.Run(name+path, func(t *testing.T) {
				c := open()
				stream, resp, _, err := c.Open(t.Context(), c.route, get(path))
				if err != nil || resp.Status != 200 {
					t.Fatal(resp.Status, err)
				}
				for i := range 3 {
					m, err := stream.Receive(t.Context())
					if want := fmt.Sprintf("id: %d\ndata: x", i); err != nil || m.Kind != flow.MessageEvent || string(m.Data) != want {
						t.Fatalf("got %q, %v; want %q", m.Data, err, want)
					}
				}
				if err := stream.Send(t.Context(), text("hello")); ErrorName(err) != "bad request" {
					t.Errorf("sending: %v", err)
				}
				if path == "/goes-on" {
					ctx, cancel := context.WithCancel(t.Context())
					cancel()
					if _, err := stream.Receive(ctx); ErrorName(err) != "canceled" {
						t.Errorf("giving up: %v", err)
					}
					stream.Close()
					if _, err := stream.Receive(t.Context()); ErrorName(err) != "canceled" {
						t.Errorf("after Close: %v", err)
					}
				} else if _, err := stream.Receive(t.Context()); err != io.EOF {
					t.Errorf("at the end: %v", err)
				}
				var resp2 Response
				if _, err := c.do(t.Context(), get("/ends"), &resp2); err != nil {
					t.Errorf("an exchange afterwards: %v", err)
				}
			})
		}
	}
}

func TestACallOfGRPCGoesBothWays(t *testing.T) {
	s := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		for {
			var m []byte
			if err := stream.RecvMsg(&m); err == io.EOF {
				return status.Error(codes.ResourceExhausted, "enough")
			} else if err != nil {
				return err
			}
			for range 2 {
				if err := stream.SendMsg(&m); err != nil {
					return err
				}
			}
		}
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	defer s.Stop()
	p := newPool(t, Options{}, 1)
	route := Route{Origin: "http://" + l.Addr().String(), Protocol: HTTP2}
	var all sync.WaitGroup
	for range 3 { // side by side on one connection
		all.Go(func() {
			req := get("/shop.Chat/Talk")
			req.Method = "POST"
			req.Headers = flow.Headers{{Name: "content-type", Value: "application/grpc+proto"}}
			stream, _, _, err := p.Open(t.Context(), route, req)
			if err != nil {
				t.Error(err)
				return
			}
			for _, message := range []string{"one", "", strings.Repeat("long", 10_000)} {
				if err := stream.Send(t.Context(), flow.Message{Kind: flow.MessageGRPC, Data: []byte(message)}); err != nil {
					t.Error(err)
				}
				for range 2 {
					m, err := stream.Receive(t.Context())
					if err != nil || m.Kind != flow.MessageGRPC || string(m.Data) != message {
						t.Errorf("got %.50q, %v; want %.50q", m.Data, err, message)
					}
				}
			}
			stream.Finish()
			if _, err := stream.Receive(t.Context()); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
			if a := stream.Answer(); a.Status != 200 || a.Trailers.Value("grpc-status") != "8" {
				t.Errorf("answer %d, trailers %v", a.Status, a.Trailers)
			}
		})
	}
	all.Wait()
}

func TestClosingAPoolEndsItsStreams(t *testing.T) {
	var gone atomic.Int64
	s := serveSocket(t, (*httptest.Server).Start, nil, func(ctx context.Context, c *websocket.Conn) {
		echo(ctx, c)
		gone.Add(1)
	})
	p := newPool(t, Options{}, 1)
	ended := make(chan string, 5)
	for range 5 { // they are no HTTP any more, and not of the pool's one connection
		stream, _, _, err := p.Open(t.Context(), Route{Origin: s.URL}, socketRequest())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := stream.Receive(t.Context())
			ended <- ErrorName(err)
		}()
	}
	p.Close()
	for range 5 {
		if got := <-ended; got != "canceled" {
			t.Errorf("a stream ended as %q", got)
		}
	}
	until(t, "streams that end at the target", func() bool { return gone.Load() == 5 })
	if _, _, _, err := p.Open(t.Context(), Route{Origin: s.URL}, socketRequest()); ErrorName(err) != "canceled" {
		t.Errorf("a stream of a closed pool: %v", err)
	}
}

func TestMessagesThatNobodyReceivesTakeBoundedMemory(t *testing.T) {
	sent := make(chan struct{})
	s := serveSocket(t, (*httptest.Server).Start, nil, func(ctx context.Context, c *websocket.Conn) {
		for i := range 1000 {
			c.Write(ctx, websocket.MessageText, []byte(fmt.Sprintf("%04d", i)+strings.Repeat("x", 10_000)))
		}
		close(sent)
		c.Read(ctx)
	})
	stream, _, _, err := newPool(t, Options{}, 1).Open(t.Context(), Route{Origin: s.URL}, socketRequest())
	if err != nil {
		t.Fatal(err)
	}
	<-sent
	until(t, "the last message", func() bool { return stream.Missed() >= 970 })
	for i := stream.Missed(); i < 1000; i++ {
		m, err := stream.Receive(t.Context())
		if err != nil || string(m.Data[:4]) != fmt.Sprintf("%04d", i) {
			t.Fatalf("message %d: %.4q, %v", i, m.Data, err)
		}
	}
	if held := stream.inbox.bytes; held != 0 {
		t.Errorf("an empty inbox holds %d bytes", held)
	}
}

// keyOf reads the request of a handshake and returns its key.
func keyOf(c net.Conn) string {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return ""
	}
	return r.Header.Get("Sec-WebSocket-Key")
}

// acceptOf is what the answer to a key has to hold (RFC 6455, section 4.2.2).
func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
