package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/starling-load/starling/record/flow"
)

func TestServerSentEventsPassAndAreRecordedOneByOne(t *testing.T) {
	next := make(chan struct{})
	events := []string{"data: one\n\n", "id: 2\r\nevent: e\r\ndata: two\r\n\r\n", ": nothing\n\n", "data: three\n\n"}
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		w.(http.Flusher).Flush()
		for _, e := range events {
			<-next
			io.WriteString(w, e)
			w.(http.Flusher).Flush()
		}
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		resp, err := r.client.Get(r.base + "/")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		for _, e := range events {
			next <- struct{}{}
			b := make([]byte, len(e))
			if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != e {
				t.Fatalf("got %q, %v", b, err)
			}
		}
		io.Copy(io.Discard, resp.Body)
		f := r.sink.next(t)
		checkBody(t, "response", f.Response.Body, strings.Join(events, ""))
		want := []string{"data: one", "id: 2\nevent: e\ndata: two", "data: three"}
		if len(f.Messages) != len(want) {
			t.Fatalf("recorded %d messages, want %d", len(f.Messages), len(want))
		}
		for i, m := range f.Messages {
			if m.Kind != flow.MessageEvent || m.FromClient || string(m.Data) != want[i] || m.Size != int64(len(want[i])) {
				t.Errorf("message %d is %q, want %q", i, m.Data, want[i])
			}
			if i > 0 && m.At < f.Messages[i-1].At || m.At < f.FirstByte || m.At > f.Done {
				t.Errorf("message %d at %v", i, m.At)
			}
		}
	})
}

// talk is a WebSocket server that answers each message with itself twice over.
func talk(mode websocket.CompressionMode) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: mode, CompressionThreshold: 1})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(-1)
		for {
			kind, b, err := c.Read(r.Context())
			if err != nil {
				return
			}
			c.Write(r.Context(), kind, append(b, b...))
		}
	}
}

func TestWebSocketFramesPassAndAreRecorded(t *testing.T) {
	modes := map[string]websocket.CompressionMode{
		"plain":                    websocket.CompressionDisabled,
		"deflate with takeover":    websocket.CompressionContextTakeover,
		"deflate without takeover": websocket.CompressionNoContextTakeover,
	}
	for name, mode := range modes {
		for _, p := range paths {
			if p.h2 && p.reverse && !p.tls {
				continue // clear HTTP/2 alone
			}
			t.Run(name+", "+p.name, func(t *testing.T) {
				r := p.open(t, talk(mode), Options{})
				ctx := t.Context()
				c, resp, err := websocket.Dial(ctx, r.base+"/chat", &websocket.DialOptions{HTTPClient: r.client, CompressionMode: mode, CompressionThreshold: 1})
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				c.SetReadLimit(-1)
				if deflate := strings.Contains(resp.Header.Get("Sec-Websocket-Extensions"), "deflate"); deflate != (mode != websocket.CompressionDisabled) {
					t.Fatalf("compression agreed: %v", deflate)
				}
				said := []string{strings.Repeat("hello ", 100), strings.Repeat("hello ", 99), "short", strings.Repeat("long", 30_000)}
				for i, text := range said {
					kind := websocket.MessageText
					if i == 2 {
						kind = websocket.MessageBinary
					}
					if err := c.Write(ctx, kind, []byte(text)); err != nil {
						t.Fatal(err)
					}
					if _, b, err := c.Read(ctx); err != nil || string(b) != text+text {
						t.Fatalf("message %d came back as %d bytes, %v", i, len(b), err)
					}
				}
				pinged := make(chan error, 1)
				readCtx := c.CloseRead(ctx)
				go func() { pinged <- c.Ping(ctx) }()
				if err := within(t, pinged, "the pong"); err != nil {
					t.Fatal(err)
				}
				c.Close(websocket.StatusNormalClosure, "bye")
				<-readCtx.Done()

				f := r.sink.next(t)
				if f.Error != "" || f.Response == nil || f.Response.Status != 101 || f.Request.Target != "/chat" {
					t.Fatalf("recorded with error %q: %+v", f.Error, f.Response)
				}
				checkTalk(t, f.Messages, said)
			})
		}
	}
}

// checkTalk compares the recorded messages with what was said to talk.
func checkTalk(t *testing.T, got []flow.Message, said []string) {
	t.Helper()
	for i, text := range said {
		if len(got) < 2*i+2 {
			t.Fatalf("only %d messages recorded", len(got))
		}
		kind := flow.MessageText
		if i == 2 {
			kind = flow.MessageBinary
		}
		ask, answer := got[2*i], got[2*i+1]
		if !ask.FromClient || ask.Kind != kind || string(ask.Data) != text || ask.Size != int64(len(text)) {
			t.Errorf("message %d recorded as %v %d %.40q (%d bytes)", 2*i, ask.FromClient, ask.Kind, ask.Data, ask.Size)
		}
		if answer.FromClient || answer.Kind != kind || string(answer.Data) != text+text || answer.At <= ask.At {
			t.Errorf("message %d recorded as %v %d %.40q (%d bytes)", 2*i+1, answer.FromClient, answer.Kind, answer.Data, answer.Size)
		}
	}
	var kinds []string
	for _, m := range got[2*len(said):] {
		kinds = append(kinds, fmt.Sprint(m.FromClient, m.Kind))
		if m.Kind == flow.MessageClose && string(m.Data) != "\x03\xe8bye" {
			t.Errorf("close recorded as %q", m.Data)
		}
	}
	want := fmt.Sprint([]string{fmt.Sprint(true, flow.MessagePing), fmt.Sprint(false, flow.MessagePong), fmt.Sprint(true, flow.MessageClose), fmt.Sprint(false, flow.MessageClose)})
	if fmt.Sprint(kinds) != want {
		t.Errorf("the end was recorded as %v, want %v", kinds, want)
	}
}

func TestAWebSocketThatEndsWithoutSayingSo(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		c.Read(r.Context())
		c.CloseNow()
	}
	for _, who := range []string{"client closed", "response cut"} {
		t.Run(who, func(t *testing.T) {
			r := paths[0].open(t, handler, Options{})
			c, _, err := websocket.Dial(t.Context(), r.base+"/", &websocket.DialOptions{HTTPClient: r.client})
			if err != nil {
				t.Fatal(err)
			}
			if who == "client closed" {
				c.CloseNow()
			} else {
				c.Write(t.Context(), websocket.MessageText, []byte("go"))
				c.Read(t.Context())
				c.CloseNow()
			}
			if f := r.sink.next(t); f.Error != who {
				t.Errorf("recorded with error %q, want %q", f.Error, who)
			}
		})
	}
}

func TestAnUpgradeToAnythingPassesBytesUntouched(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "parrot/1" || r.Header.Get("Connection") != "Upgrade" {
			http.Error(w, "no parrot here", http.StatusUpgradeRequired)
			return
		}
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nUPGRADE: parrot/1\r\n\r\nhi")
		line, _ := rw.ReadString('\n')
		io.WriteString(c, line)
		io.Copy(c, rw) // until the client's half is over
		io.WriteString(c, "over")
	}
	for _, p := range paths {
		if p.h2 {
			continue // has no upgrades
		}
		t.Run(p.name, func(t *testing.T) {
			r := p.open(t, handler, Options{})
			c := p.dial(t, r)
			defer c.Close()
			// the first bytes come with the request
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: parrot\r\nConnection: Upgrade\r\nUpgrade: parrot/1\r\n\r\nearly\n", p.rawTarget(r))
			want := "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nUPGRADE: parrot/1\r\n\r\nhiearly\n"
			b := make([]byte, len(want))
			if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
				t.Fatalf("got %q, %v; want %q", b, err, want)
			}
			io.WriteString(c, "\x00\xff more")
			closeWrite(c)
			rest, err := io.ReadAll(c)
			if err != nil || string(rest) != "\x00\xff moreover" {
				t.Errorf("the rest was %q, %v", rest, err)
			}
			f := r.sink.next(t)
			if f.Error != "" || f.Response.Status != 101 || f.Response.Headers.Value("upgrade") != "parrot/1" || len(f.Messages) != 0 {
				t.Errorf("recorded with error %q: %+v", f.Error, f.Response)
			}
		})
	}
}

// dial opens a connection on which HTTP/1.1 can be written by hand.
func (p path) dial(t *testing.T, r *rig) net.Conn {
	t.Helper()
	var c net.Conn
	var err error
	if p.reverse || !p.tls && !p.tunnel {
		c, err = net.Dial("tcp", r.addr)
	} else {
		c, err = connectTo(r.addr, strings.TrimPrefix(strings.TrimPrefix(r.base, "https://"), "http://"))
	}
	if err == nil && p.tls {
		tc := tls.Client(c, &tls.Config{RootCAs: r.roots(), ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
		c, err = tc, tc.HandshakeContext(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rawTarget is the request target of the origin's root on this path.
func (p path) rawTarget(r *rig) string {
	if !p.reverse && !p.tls && !p.tunnel {
		return r.base + "/"
	}
	return "/"
}

func TestADeclinedUpgradeIsAnOrdinaryResponse(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) }
	r := paths[3].open(t, handler, Options{})
	c := paths[3].dial(t, r)
	defer c.Close()
	br := bufio.NewReader(c)
	for range 2 { // and the connection goes on
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 403 || string(b) != "no\n" {
			t.Errorf("got %d %q", resp.StatusCode, b)
		}
		if f := r.sink.next(t); !f.Complete() {
			t.Errorf("recorded with error %q", f.Error)
		}
	}
}
