package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/spool"
)

// A pattern is an endless body of random bytes that repeat after 1 MiB, which is
// not a multiple of any buffer.
type pattern struct {
	block []byte
	at    int
}

func newPattern() *pattern {
	p := &pattern{block: make([]byte, 1<<20+1)}
	rand.NewChaCha8([32]byte{}).Read(p.block)
	return p
}

func (p *pattern) Read(b []byte) (int, error) {
	n := copy(b, p.block[p.at:])
	if p.at += n; p.at == len(p.block) {
		p.at = 1
	}
	return n, nil
}

// highHeap watches the heap until stop, which returns its highest size in bytes.
func highHeap() (stop func() uint64) {
	var top atomic.Uint64
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			top.Store(max(top.Load(), m.HeapAlloc))
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	return func() uint64 { close(done); wg.Wait(); return top.Load() }
}

func TestBigBodiesPassWithFlatMemory(t *testing.T) {
	const size = 100 << 20
	whole := xxhash.New()
	io.Copy(whole, io.LimitReader(newPattern(), size))
	handler := func(w http.ResponseWriter, r *http.Request) {
		h := xxhash.New()
		n, _ := io.Copy(h, r.Body)
		w.Header().Set("X-Got", fmt.Sprint(n, h.Sum64()))
		io.Copy(w, io.LimitReader(newPattern(), size))
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		stop := highHeap()
		resp, err := r.client.Do(request(t, "POST", r.base+"/", io.LimitReader(newPattern(), size)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		h := xxhash.New()
		n, err := io.Copy(h, resp.Body)
		if n != size || err != nil || h.Sum64() != whole.Sum64() {
			t.Errorf("client got %d bytes, hash %x, %v", n, h.Sum64(), err)
		}
		if got, want := resp.Header.Get("X-Got"), fmt.Sprint(size, whole.Sum64()); got != want {
			t.Errorf("the target got %s, want %s", got, want)
		}
		f := r.sink.next(t)
		if grown := int64(stop()) - int64(before.HeapAlloc); grown > 80<<20 {
			t.Errorf("heap grew by %d MiB; two bodies of 8 MiB are kept", grown>>20)
		}
		for what, b := range map[string]flow.Body{"request": f.Request.Body, "response": f.Response.Body} {
			if b.Size != size || b.Hash != whole.Sum64() || len(b.Data) != 8<<20 || !b.Truncated() {
				t.Errorf("%s body recorded with %d bytes of %d, hash %x", what, len(b.Data), b.Size, b.Hash)
			}
		}
	})
}

func TestLongRequestBodiesGoToTheSpool(t *testing.T) {
	const size = 20 << 20
	whole := xxhash.New()
	io.Copy(whole, io.LimitReader(newPattern(), size))
	for _, test := range []struct {
		name  string
		room  int64 // of the spool
		most  int64
		whole bool
	}{
		{"whole", size, size, true},
		{"cut where it is longer than wanted", size, size - 1, false},
		{"cut where the disk has no room", size / 2, size, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := paths[0].open(t, func(w http.ResponseWriter, r *http.Request) {
				n, _ := io.Copy(io.Discard, r.Body)
				fmt.Fprint(w, n)
			}, Options{MaxBody: 1 << 20, Spool: spool.New(test.room), MaxLong: test.most})
			if _, body := r.get(t, request(t, "POST", r.base+"/", io.LimitReader(newPattern(), size))); body != fmt.Sprint(size) {
				t.Errorf("the target got %s bytes, want %d", body, size)
			}
			b := r.sink.next(t).Request.Body
			if b.Size != size || b.Hash != whole.Sum64() || len(b.Data) != 1<<20 || b.Kept() != test.whole {
				t.Fatalf("%d bytes of %d in memory, hash %x, kept %v; want all kept: %v", len(b.Data), b.Size, b.Hash, b.Kept(), test.whole)
			}
			if !test.whole {
				return
			}
			content, err := b.Open()
			if err != nil {
				t.Fatal(err)
			}
			h := xxhash.New()
			n, err := io.Copy(h, content)
			if err := errors.Join(err, content.Close()); err != nil || n != size || h.Sum64() != whole.Sum64() {
				t.Errorf("%d bytes with hash %x, %v; want %d with %x", n, h.Sum64(), err, size, whole.Sum64())
			}
		})
	}
}

func TestBeyondTheBudgetBodiesKeepNoMoreDataButPass(t *testing.T) {
	const size = 100_000
	handler := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Write(b)
	}
	r := paths[1].open(t, handler, Options{MaxInFlight: 50_000})
	resp, body := r.get(t, request(t, "POST", r.base+"/", io.LimitReader(newPattern(), size)))
	f := r.sink.next(t)
	if resp.StatusCode != 200 || len(body) != size {
		t.Fatalf("client got %d bytes", len(body))
	}
	kept := len(f.Request.Body.Data) + len(f.Response.Body.Data)
	if kept == 0 || kept > 50_000 || f.Request.Body.Size != size || f.Response.Body.Hash != xxhash.Sum64String(body) {
		t.Errorf("kept %d bytes; recorded %d and %x", kept, f.Request.Body.Size, f.Response.Body.Hash)
	}
	if !strings.HasPrefix(body, string(f.Response.Body.Data)) {
		t.Error("what was kept is not the beginning")
	}
	if n := r.p.Counts(); n.BodiesCut != 2 {
		t.Errorf("counts %+v", n)
	}
}

func TestMessagesAreBoundedInNumberAndSize(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: "+strings.Repeat("x", 2*maxMessage)+"\n\n")
		for range maxMessages + 10 {
			io.WriteString(w, "data\n\n")
		}
	}
	r := paths[1].open(t, handler, Options{})
	r.get(t, request(t, "GET", r.base+"/", nil))
	f := r.sink.next(t)
	if len(f.Messages) != maxMessages || len(f.Messages[0].Data) != maxMessage || f.Messages[0].Size != 2*maxMessage+6 {
		t.Errorf("%d messages, the first with %d of %d bytes", len(f.Messages), len(f.Messages[0].Data), f.Messages[0].Size)
	}
	if n := r.p.Counts(); n.MessagesCut != 12 {
		t.Errorf("counts %+v, want 12 messages cut", n)
	}
}

func TestStoppingWaitsForExchangesAndThenCutsThem(t *testing.T) {
	for _, p := range paths {
		for _, long := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, too long %v", p.name, long), func(t *testing.T) {
				release := make(chan struct{})
				handler := func(w http.ResponseWriter, r *http.Request) {
					io.WriteString(w, "part")
					w.(http.Flusher).Flush()
					select {
					case <-release:
					case <-r.Context().Done():
					}
				}
				grace := time.Hour
				if long {
					grace = time.Millisecond
				}
				r := p.open(t, handler, Options{Grace: grace})
				resp, err := r.client.Get(r.base + "/")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				stopped := make(chan error, 1)
				go func() { stopped <- r.stop() }()
				want := "stopped"
				if !long {
					want = ""
					for { // until nothing new is taken
						c, err := net.Dial("tcp", r.addr)
						if err != nil {
							break
						}
						c.Close()
					}
					close(release)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				r.client.CloseIdleConnections()
				if err := within(t, stopped, "the end of Serve"); err != nil {
					t.Error(err)
				}
				select {
				case f := <-r.sink.flows: // before Serve returned
					if f.Error != want || string(f.Response.Body.Data) != "part" {
						t.Errorf("recorded with error %q, want %q", f.Error, want)
					}
				default:
					t.Error("Serve returned before the flow was with the sink")
				}
			})
		}
	}
}

func TestStoppingCutsTunnelsAndSockets(t *testing.T) {
	hello := make(chan struct{}, 1)
	r := start(t, Options{CA: testCA(t), Grace: time.Millisecond})
	target := serveTCP(t, func(c net.Conn) {
		io.WriteString(c, "hi")
		hello <- struct{}{}
		io.Copy(io.Discard, c)
	})
	c, err := connectTo(r.addr, target)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	within(t, hello, "the tunnel")
	idle, err := connectTo(r.addr, target) // and one that says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	done := make(chan error, 1)
	go func() { done <- r.stop() }()
	if err := within(t, done, "the end of Serve"); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("tunnel: %v", err)
	}
}

func TestManyClientsAtOnce(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.URL.Path, b)
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		const clients, each = 16, 20
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				for k := range each {
					path, body := fmt.Sprintf("/%d/%d", i, k), strings.Repeat("b", i*100+k)
					resp, err := r.client.Post(r.base+path, "text/plain", strings.NewReader(body))
					if err != nil {
						t.Error(err)
						return
					}
					b, _ := io.ReadAll(resp.Body)
					resp.Body.Close()
					if string(b) != path+" "+body {
						t.Errorf("%s: got %.40q", path, b)
					}
				}
			})
		}
		wg.Wait()
		for range clients * each {
			f := r.sink.next(t)
			if want := f.Request.Target + " " + string(f.Request.Body.Data); !f.Complete() || string(f.Response.Body.Data) != want {
				t.Errorf("recorded with error %q: %.40q for %.40q", f.Error, f.Response.Body.Data, want)
			}
		}
		if n := r.p.Counts(); n.Flows != clients*each || n.Conns == 0 {
			t.Errorf("counts %+v", n)
		}
	})
}

// angry panics in the path of the traffic.
type angry struct{ *memory }

func (a angry) Conn(*flow.Conn) { panic("SECRET") }

func TestAPanicEndsItsExchangeAlone(t *testing.T) {
	var log quietLog
	p, err := New(Options{Sink: angry{newMemory()}, Logger: log.logger(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{addr: l.Addr().String(), ca: testCA(t)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()
	client := &http.Client{Transport: paths[0].transport(r)}
	for range 2 {
		resp, err := client.Get("http://127.0.0.1:1/")
		if err == nil {
			resp.Body.Close()
		}
	}
	client.CloseIdleConnections()
	cancel()
	within(t, done, "the end of Serve")
	if n := p.Counts(); n.Panics != 2 {
		t.Errorf("counts %+v, want 2 panics", n)
	}
	if strings.Contains(log.String(), "SECRET") {
		t.Errorf("logged: %s", log.String())
	}
}

func TestAPortInUseIsNamedWithWhatToDo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	p, err := New(Options{Sink: newMemory(), Listen: addr})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Listen()
	want := "listen on " + addr + ": address already in use; stop the program that holds the port or choose another address"
	if err == nil || err.Error() != want || !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	parse := func(s string) *url.URL { u, _ := url.Parse(s); return u }
	for name, o := range map[string]Options{
		"no sink":             {},
		"a negative limit":    {Sink: newMemory(), MaxBody: -1},
		"TLS without CA":      {Sink: newMemory(), ListenTLS: true},
		"an upstream path":    {Sink: newMemory(), Upstream: parse("http://h/path")},
		"an upstream scheme":  {Sink: newMemory(), Upstream: parse("ftp://h")},
		"an upstream no host": {Sink: newMemory(), Upstream: parse("h:80")},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestAReverseProxyToItselfIsRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse("http://" + l.Addr().String())
	p, err := New(Options{Sink: newMemory(), Upstream: u})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Serve(t.Context(), l); err == nil || !strings.Contains(err.Error(), "itself") {
		t.Errorf("got %v", err)
	}
}
