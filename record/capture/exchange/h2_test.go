package exchange

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// A speaker writes the frames of one direction.
type speaker struct {
	out   bytes.Buffer
	f     *http2.Framer
	block bytes.Buffer
	enc   *hpack.Encoder
}

func newSpeaker() *speaker {
	s := &speaker{}
	s.f = http2.NewFramer(&s.out, nil)
	s.f.AllowIllegalWrites = true
	s.enc = hpack.NewEncoder(&s.block)
	return s
}

// take returns what was written since the last call.
func (s *speaker) take() string {
	b := s.out.String()
	s.out.Reset()
	return b
}

// encode returns the field block of "name", "value", ….
func (s *speaker) encode(fields ...string) []byte {
	s.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		if err := s.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}); err != nil {
			panic(err)
		}
	}
	return bytes.Clone(s.block.Bytes())
}

func (s *speaker) headers(id uint32, end bool, fields ...string) string {
	_ = s.f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.encode(fields...), EndStream: end, EndHeaders: true})
	return s.take()
}

func (s *speaker) get(id uint32, path string, more ...string) string {
	return s.headers(id, true, append([]string{":method", "GET", ":scheme", "http", ":authority", "shop", ":path", path}, more...)...)
}

func (s *speaker) post(id uint32, path string, more ...string) string {
	return s.headers(id, false, append([]string{":method", "POST", ":scheme", "http", ":authority", "shop", ":path", path}, more...)...)
}

func (s *speaker) data(id uint32, end bool, p string) string {
	_ = s.f.WriteData(id, end, []byte(p))
	return s.take()
}

// frame takes what write writes.
func (s *speaker) frame(write func(f *http2.Framer) error) string {
	if err := write(s.f); err != nil {
		panic(err)
	}
	return s.take()
}

// cuts are the different cuts in which the bytes may arrive.
var cuts = map[string]func(string) []string{"whole": whole, "byte by byte": bytewise, "at random": randomly(3)}

// digest describes the flows in short lines.
func digest(g *gathering) string {
	var b strings.Builder
	for _, f := range g.flows {
		fmt.Fprintf(&b, "%s %s%s", f.Request.Method, f.Request.Authority, f.Request.Target)
		tellMessage(&b, f.Request.Headers, f.Request.Body, f.Request.Trailers)
		for _, r := range f.Interim {
			fmt.Fprintf(&b, " | %d", r.Status)
		}
		if r := f.Response; r != nil {
			fmt.Fprintf(&b, " | %d", r.Status)
			tellMessage(&b, r.Headers, r.Body, r.Trailers)
		}
		for _, m := range f.Messages {
			fmt.Fprintf(&b, " %v:%q", map[bool]string{true: "up", false: "down"}[m.FromClient], m.Data)
		}
		if f.Error != "" {
			fmt.Fprintf(&b, " ! %s", f.Error)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func tellMessage(b *strings.Builder, h flow.Headers, body flow.Body, trailers flow.Headers) {
	for _, f := range h {
		fmt.Fprintf(b, " %s=%s", f.Name, f.Value)
	}
	if body.Size > 0 {
		fmt.Fprintf(b, " [%s]", body.Data)
		if body.Truncated() {
			fmt.Fprintf(b, " of %d", body.Size)
		}
	}
	for _, f := range trailers {
		fmt.Fprintf(b, " %s:%s", f.Name, f.Value)
	}
}

func lines(s ...string) string { return strings.Join(s, "\n") + "\n" }

func TestHTTP2Streams(t *testing.T) {
	tests := []struct {
		name   string
		script func(c, s *speaker) []step
		want   string
	}{
		{"streams interleave, and end in another order than they began", func(c, s *speaker) []step {
			return []step{
				client(c.get(1, "/a") + c.post(3, "/b") + c.data(3, false, "up")),
				server(s.headers(3, false, ":status", "200") + s.data(3, false, "b1") + s.headers(1, false, ":status", "404") + s.data(1, false, "a1")),
				client(c.data(3, true, "load")),
				server(s.data(3, true, "b2") + s.data(1, true, "a2")),
			}
		}, lines("POST shop/b [upload] | 200 [b1b2]", "GET shop/a | 404 [a1a2]")},
		{"fields keep their order, crumbs of a cookie become one", func(c, s *speaker) []step {
			return []step{
				client(c.get(1, "/", "zeta", "1", "cookie", "a=1", "alpha", "2", "cookie", "b=2", "zeta", "3")),
				server(s.headers(1, true, ":status", "204", "set-cookie", "x=1", "set-cookie", "y=2")),
			}
		}, lines("GET shop/ zeta=1 cookie=a=1; b=2 alpha=2 zeta=3 | 204 set-cookie=x=1 set-cookie=y=2")},
		{"the host stands in for a missing authority", func(c, s *speaker) []step {
			return []step{
				client(c.headers(1, true, ":method", "OPTIONS", ":path", "*", "host", "other")),
				server(s.headers(1, true, ":status", "200")),
			}
		}, lines("OPTIONS other* host=other | 200")},
		{"a block goes on in CONTINUATION, with padding and priority", func(c, s *speaker) []step {
			block := c.encode(":method", "GET", ":authority", "shop", ":path", "/long", "x", strings.Repeat("y", 30))
			return []step{
				client(c.frame(func(f *http2.Framer) error {
					return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:3], EndStream: true, PadLength: 7,
						Priority: http2.PriorityParam{StreamDep: 0, Weight: 9}})
				}) + c.frame(func(f *http2.Framer) error { return f.WriteContinuation(1, false, block[3:9]) }) +
					c.frame(func(f *http2.Framer) error { return f.WriteContinuation(1, true, block[9:]) })),
				server(s.headers(1, false, ":status", "200") +
					s.frame(func(f *http2.Framer) error { return f.WriteDataPadded(1, false, []byte("pad"), make([]byte, 200)) }) +
					s.frame(func(f *http2.Framer) error { return f.WriteDataPadded(1, true, nil, make([]byte, 3)) })),
			}
		}, lines("GET shop/long x=" + strings.Repeat("y", 30) + " | 200 [pad]")},
		{"interim responses and trailers both ways", func(c, s *speaker) []step {
			return []step{
				client(c.post(1, "/t", "expect", "100-continue")),
				server(s.headers(1, false, ":status", "100") + s.headers(1, false, ":status", "103", "link", "x")),
				client(c.data(1, false, "body") + c.headers(1, true, "sum", "1")),
				server(s.headers(1, false, ":status", "200") + s.data(1, false, "ok") + s.headers(1, true, "end", "2")),
			}
		}, lines("POST shop/t expect=100-continue [body] sum:1 | 100 | 103 | 200 [ok] end:2")},
		{"the client gives up, the server refuses, the server breaks off", func(c, s *speaker) []step {
			reset := func(s *speaker, id uint32) string {
				return s.frame(func(f *http2.Framer) error { return f.WriteRSTStream(id, http2.ErrCodeCancel) })
			}
			return []step{
				client(c.get(1, "/1") + c.get(3, "/3") + c.get(5, "/5")),
				server(s.headers(1, false, ":status", "200") + s.data(1, false, "so far")),
				client(reset(c, 1)),
				server(reset(s, 3) + s.headers(5, false, ":status", "200") + reset(s, 5) + s.data(1, true, "in flight")),
			}
		}, lines("GET shop/1 | 200 [so far] ! client closed", "GET shop/3 ! target reset", "GET shop/5 | 200 ! response cut")},
		{"an early answer with a reset that asks for no more", func(c, s *speaker) []step {
			return []step{
				client(c.post(1, "/big") + c.data(1, false, "part")),
				server(s.headers(1, true, ":status", "413") + s.frame(func(f *http2.Framer) error { return f.WriteRSTStream(1, http2.ErrCodeNo) })),
			}
		}, lines("POST shop/big [part] | 413 ! request cut")},
		{"a server goes away without having looked at the last request", func(c, s *speaker) []step {
			return []step{
				client(c.get(1, "/1") + c.get(3, "/3")),
				server(s.frame(func(f *http2.Framer) error { return f.WriteGoAway(1, http2.ErrCodeNo, nil) }) + s.headers(1, true, ":status", "200")),
			}
		}, lines("GET shop/3 ! target closed", "GET shop/1 | 200")},
		{"a pushed response is an exchange", func(c, s *speaker) []step {
			return []step{
				client(c.get(1, "/")),
				server(s.frame(func(f *http2.Framer) error {
					return f.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, EndHeaders: true,
						BlockFragment: s.encode(":method", "GET", ":authority", "shop", ":path", "/style")})
				}) + s.headers(1, true, ":status", "200") + s.headers(2, false, ":status", "200") + s.data(2, true, "css")),
			}
		}, lines("GET shop/ | 200", "GET shop/style | 200 [css]")},
		{"the connection ends before answers", func(c, s *speaker) []step {
			return []step{
				client(c.get(1, "/1") + c.get(3, "/3")), server(s.headers(3, false, ":status", "200") + s.data(3, false, "x")), clientFIN, serverFIN,
			}
		}, lines("GET shop/1 ! target closed", "GET shop/3 | 200 [x] ! response cut")},
		{"the capture ends before answers", func(c, s *speaker) []step {
			return []step{client(c.get(1, "/1") + c.post(3, "/3"))}
		}, lines("GET shop/1 ! no response", "POST shop/3 ! no response")},
		{"unknown frames and control frames say nothing", func(c, s *speaker) []step {
			return []step{
				client(c.frame(func(f *http2.Framer) error { return f.WriteRawFrame(0x42, 0xff, 9, []byte("ext")) }) +
					c.frame(func(f *http2.Framer) error { return f.WritePing(false, [8]byte{}) }) +
					c.frame(func(f *http2.Framer) error { return f.WriteWindowUpdate(0, 9) }) + c.get(1, "/")),
				server(s.frame(func(f *http2.Framer) error { return f.WriteSettingsAck() }) + s.headers(1, true, ":status", "200")),
			}
		}, lines("GET shop/ | 200")},
		{"a table of another size, as the settings allow", func(c, s *speaker) []step {
			c.enc.SetMaxDynamicTableSizeLimit(1 << 16)
			c.enc.SetMaxDynamicTableSize(1 << 16)
			many := []string{}
			for i := range 200 {
				many = append(many, fmt.Sprintf("x-%d", i), strings.Repeat("v", 100))
			}
			first := many[:2]
			return []step{
				server(s.frame(func(f *http2.Framer) error {
					return f.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 1 << 16})
				})),
				client(c.get(1, "/many", many...) + c.get(3, "/again", first...)),
				server(s.headers(1, true, ":status", "200") + s.headers(3, true, ":status", "200")),
			}
		}, ""},
		{"a stream that the server ends without an answer", func(c, s *speaker) []step {
			return []step{client(c.get(1, "/a") + c.get(3, "/b")), server(s.data(1, true, "") + s.headers(3, true, ":status", "103"))}
		}, lines("GET shop/a ! response invalid", "GET shop/b | 103 ! response invalid")},
		{"a gRPC call with messages both ways and trailers", func(c, s *speaker) []step {
			return []step{
				client(c.post(1, "/svc/Talk", "content-type", "application/grpc") + c.data(1, false, "\x00\x00\x00\x00\x02hi\x00\x00\x00")),
				server(s.headers(1, false, ":status", "200", "content-type", "application/grpc") + s.data(1, false, "\x00\x00\x00\x00\x03you")),
				client(c.data(1, true, "\x00\x03and")),
				server(s.headers(1, true, "grpc-status", "0")),
			}
		}, "POST shop/svc/Talk content-type=application/grpc [\x00\x00\x00\x00\x02hi\x00\x00\x00\x00\x03and] | 200 content-type=application/grpc [\x00\x00\x00\x00\x03you] grpc-status:0 up:\"hi\" down:\"you\" up:\"and\"\n"},
	}
	for _, tt := range tests {
		for name, cut := range cuts {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				c, s := newSpeaker(), newSpeaker()
				hello := []step{client(preface + c.frame(func(f *http2.Framer) error { return f.WriteSettings() }))}
				g := play(append(hello, tt.script(c, s)...), false, Options{}, cut)
				got := digest(g)
				if tt.want == "" { // only check that nothing is missing
					if len(g.flows) != 2 || len(g.flows[0].Request.Headers) != 200 || len(g.flows[1].Request.Headers) != 1 || g.counts.Partial.Load() != 0 {
						t.Errorf("got %.300s", got)
					}
					return
				}
				if got != tt.want {
					t.Errorf("got\n%swant\n%s", got, tt.want)
				}
				if len(g.losses) != 0 {
					t.Errorf("got loss %+v, want none", *g.losses[0])
				}
				for _, f := range g.flows {
					checkFlow(t, f)
				}
			})
		}
	}
}

func TestHTTP2MiddleOfAConnectionInventsNothing(t *testing.T) {
	c, s := newSpeaker(), newSpeaker()
	secret := []string{"authorization", "Bearer one", "x-tenant", "blue"}
	// Before the capture: the tables of both sides fill.
	_ = c.get(1, "/known", secret...)
	_ = s.headers(1, true, ":status", "200", "server", "shop/1", "x-made", "here")
	g := play([]step{
		client(c.get(3, "/first", secret...)), // refers to an entry that was not seen
		server(s.headers(3, true, ":status", "200", "server", "shop/1")),
		client(c.get(5, "/known", "x-new", "1")), // :path is not known
		server(s.headers(5, true, ":status", "418", "x-new", "2")),
		client(c.get(7, "/fresh", "x-new", "1") + c.data(9, true, "")),
		server(s.headers(7, true, ":status", "418", "x-new", "2")),
		server(s.headers(1, true, ":status", "200", "late", "1")),
	}, true, Options{}, whole)
	for _, f := range g.flows {
		for _, h := range append(f.Request.Headers, f.Response.Headers...) {
			if strings.Contains(h.Name, "\x00") || h.Name == "" {
				t.Errorf("an invented field: %q", h)
			}
		}
	}
	want := lines(
		"GET 10.0.0.2:80/first | 200 ! unknown header state",
		"GET 10.0.0.2:80/fresh x-new=1 | 418 x-new=2 ! unknown header state",
	)
	if got := digest(g); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	// The name of /known refers to an entry that was not seen. The request of stream 1
	// was sent before the capture.
	if lost := g.counts.RequestsLost.Load(); lost != 2 {
		t.Errorf("got %d requests lost, want 2", lost)
	}
	if g.counts.Requests.Load() != 2 || g.counts.Responses.Load() != 4 {
		t.Errorf("got %d requests and %d responses, want 2 and 4", g.counts.Requests.Load(), g.counts.Responses.Load())
	}
}

func TestHTTP2HolesAreDeclared(t *testing.T) {
	type found struct{ requests, responses, requestsLost, responsesLost uint64 }
	tests := []struct {
		name   string
		script func(c, s *speaker) []step
		want   string
		found  found
	}{
		{"inside of DATA the frames go on", func(c, s *speaker) []step {
			d := s.headers(1, false, ":status", "200") + s.data(1, true, "0123456789")
			return []step{client(c.get(1, "/a") + c.get(3, "/b")), server(d[:len(d)-6]), serverGap(4), server(d[len(d)-2:] + s.headers(3, true, ":status", "204"))}
		}, lines("GET shop/a | 200 [0123] of 10 ! gap in response", "GET shop/b | 204"), found{2, 2, 0, 0}},
		{"over the head of a response its frames go on, its fields are unknown", func(c, s *speaker) []step {
			d := s.headers(1, false, ":status", "200", "server", "x") + s.data(1, true, "body")
			e := s.headers(3, true, ":status", "204", "server", "x")
			return []step{client(c.get(1, "/a") + c.get(3, "/b")), server(d[:10]), serverGap(3), server(d[13:] + e)}
		}, lines("GET shop/a ! unknown header state", "GET shop/b | 204 ! unknown header state"), found{2, 1, 0, 1}},
		{"over whole requests they are counted by the numbers of the streams", func(c, s *speaker) []step {
			a, _, d := c.get(1, "/a"), c.get(3, "/b")+c.get(5, "/c"), c.get(7, "/d")+c.frame(func(f *http2.Framer) error { return f.WritePing(false, [8]byte{}) })
			return []step{
				client(a), server(s.headers(1, true, ":status", "201")), clientGap(44), client(d),
				server(s.headers(3, true, ":status", "203") + s.headers(5, true, ":status", "205") + s.headers(7, true, ":status", "207")),
			}
		}, lines("GET shop/a | 201", "GET 10.0.0.2:80/d | 207 ! unknown header state"), found{2, 4, 2, 0}},
		{"of unknown size, and the next frames are found", func(c, s *speaker) []step {
			a := c.get(1, "/a")
			_ = c.get(3, "/b")
			d := c.post(5, "/c", "x-long", "yes") + c.data(5, true, "hello")
			return []step{
				client(a), server(s.headers(1, true, ":status", "201")), clientGap(-1), client("rest of a frame" + d),
				server(s.headers(3, true, ":status", "203") + s.headers(5, true, ":status", "205")),
			}
		}, lines("GET shop/a | 201", "POST 10.0.0.2:80/c x-long=yes [hello] | 205 ! unknown header state"), found{2, 3, 1, 0}},
		{"and numbers that the client leaves out afterwards were no requests", func(c, s *speaker) []step {
			a, _ := c.get(1, "/a"), c.get(3, "/b")
			d, e := c.get(5, "/c"), c.get(9, "/d")
			return []step{
				client(a), server(s.headers(1, true, ":status", "201")), clientGap(44), client(d + e),
				server(s.headers(3, true, ":status", "203") + s.headers(5, true, ":status", "205") + s.headers(9, true, ":status", "209")),
			}
		}, lines("GET shop/a | 201", "GET 10.0.0.2:80/c | 205 ! unknown header state", "GET 10.0.0.2:80/d | 209 ! unknown header state"), found{3, 4, 1, 0}},
		{"over the whole answer", func(c, s *speaker) []step {
			_ = s.headers(1, true, ":status", "200")
			return []step{client(c.get(1, "/a")), serverGap(10), client(c.get(3, "/b")), server(s.headers(3, true, ":status", "404"))}
		}, lines("GET shop/b | 404", "GET shop/a ! gap in response"), found{2, 1, 0, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, s := newSpeaker(), newSpeaker()
			hello := []step{client(preface + c.frame(func(f *http2.Framer) error { return f.WriteSettings() }))}
			g := play(append(hello, tt.script(c, s)...), false, Options{}, whole)
			if got := digest(g); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
			n := &g.counts
			if got := (found{n.Requests.Load(), n.Responses.Load(), n.RequestsLost.Load(), n.ResponsesLost.Load()}); got != tt.found {
				t.Errorf("got %+v, want %+v", got, tt.found)
			}
			if n.Gaps.Load() != 1 {
				t.Errorf("got %d gaps, want 1", n.Gaps.Load())
			}
		})
	}
}

func TestHTTP2MemoryIsBounded(t *testing.T) {
	t.Run("more streams than are followed", func(t *testing.T) {
		c := newSpeaker()
		steps := []step{client(preface)}
		for i := range uint32(maxStreams + 10) {
			steps = append(steps, client(c.get(2*i+1, "/")))
		}
		g := play(steps, false, Options{}, whole)
		if got := g.counts.FlowsShed.Load(); got != 10 || len(g.flows) != maxStreams {
			t.Errorf("got %d shed and %d flows, want 10 and %d", got, len(g.flows), maxStreams)
		}
	})
	t.Run("a small budget", func(t *testing.T) {
		c, s := newSpeaker(), newSpeaker()
		steps := []step{client(preface)}
		for i := range uint32(100) {
			steps = append(steps, client(c.post(2*i+1, "/")+c.data(2*i+1, true, strings.Repeat("x", 5000))))
		}
		for i := range uint32(100) {
			steps = append(steps, server(s.headers(2*i+1, true, ":status", "200")))
		}
		g := play(steps, false, Options{Budget: NewBudget(64 << 10)}, whole)
		if shed := g.counts.FlowsShed.Load(); shed == 0 || int(shed)+len(g.flows) != 100 {
			t.Errorf("got %d shed and %d flows, want 100 together", shed, len(g.flows))
		}
	})
	t.Run("a bomb of a field block", func(t *testing.T) {
		c := newSpeaker()
		block := c.encode(":method", "GET", ":path", "/", "bomb", strings.Repeat("b", 3900))
		block = append(block, bytes.Repeat([]byte{0x80 | 62}, maxBlock-len(block))...)
		steps := []step{client(preface)}
		for first := true; len(block) > 0; first = false {
			n := min(len(block), 16384)
			kind := http2.FrameContinuation
			if first {
				kind = http2.FrameHeaders
			}
			flags := http2.Flags(0)
			if n == len(block) {
				flags = flagEndHeaders
			}
			steps = append(steps, client(c.frame(func(f *http2.Framer) error { return f.WriteRawFrame(kind, flags, 1, block[:n]) })))
			block = block[n:]
		}
		g := play(append(steps, client(c.get(3, "/after"))), false, Options{}, whole)
		if len(g.flows) != 2 || g.flows[0].Error != failLong || g.flows[1].Request.Target != "/after" {
			t.Errorf("got %.300s", digest(g))
		}
	})
}

// FuzzHTTP2 feeds anything to both directions. The flows must be consistent, and all
// memory must be given back.
func FuzzHTTP2(f *testing.F) {
	c, s := newSpeaker(), newSpeaker()
	up := preface + c.get(1, "/") + c.post(3, "/b") + c.data(3, true, "body")
	down := s.headers(1, true, ":status", "200") + s.headers(3, false, ":status", "200") + s.data(3, true, "yes")
	f.Add([]byte(up), []byte(down), uint16(0), int16(0), false)
	f.Add([]byte(up), []byte(down), uint16(30), int16(9), true)
	f.Add([]byte(up), []byte(down), uint16(60), int16(-1), false)
	f.Fuzz(func(t *testing.T, up, down []byte, at uint16, hole int16, mid bool) {
		n := min(int(at), len(up))
		steps := []step{client(string(up[:n]))}
		if hole != 0 {
			steps = append(steps, step{d: tcp.FromClient, gap: int64(max(hole, -1))})
		}
		steps = append(steps, client(string(up[n:])), server(string(down)), clientFIN, serverFIN)
		var kept []step
		for _, s := range steps {
			if s.gap != 0 || s.end || s.data != "" {
				kept = append(kept, s)
			}
		}
		g := playH2(kept, mid)
		for _, f := range g.flows {
			checkFlow(t, f)
		}
		if len(g.flows) > len(up)+len(down) {
			t.Errorf("%d flows of %d bytes", len(g.flows), len(up)+len(down))
		}
	})
}

// playH2 plays any steps to an HTTP/2 layer, whatever they look like.
func playH2(steps []step, mid bool) *gathering {
	if !mid {
		return play(append([]step{client(preface)}, steps...), false, Options{}, whole)
	}
	frame := "\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"
	return play(append([]step{client(frame)}, steps...), true, Options{}, whole)
}
