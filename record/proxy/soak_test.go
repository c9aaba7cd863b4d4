package proxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// counter is a Sink that counts.
type counter struct {
	conns, flows, broken, lost atomic.Int64
}

func (c *counter) Conn(*flow.Conn) { c.conns.Add(1) }
func (c *counter) Loss(*flow.Loss) { c.lost.Add(1) }
func (c *counter) Flow(f *flow.Flow) {
	c.flows.Add(1)
	if !f.Complete() {
		c.broken.Add(1)
	}
}

// hammer sends n requests with 16 clients and returns how many were answered as
// they should be.
func hammer(t testing.TB, client *http.Client, url, want string, n int) int64 {
	t.Helper()
	var answered, next atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for next.Add(1) <= int64(n) {
				resp, err := client.Get(url)
				if err != nil {
					t.Error(err)
					return
				}
				b, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if string(b) == want {
					answered.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return answered.Load()
}

// liveHeap is what is reachable, in bytes.
func liveHeap() int64 {
	var m runtime.MemStats
	for range 2 { // the first moves what pools hold out of use
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTwentyThousandRequestsLeaveNothingBehind(t *testing.T) {
	n := 20_000
	if testing.Short() || underRace {
		n = 2_000
	}
	want := strings.Repeat("x", 1<<10)
	handler := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, want) }
	for _, p := range []path{paths[1], paths[3], paths[4]} {
		t.Run(p.name, func(t *testing.T) {
			sum := new(counter)
			r := p.open(t, handler, Options{Sink: sum})
			hammer(t, r.client, r.base+"/", want, n/10)
			files, routines, heap := descriptors(t), runtime.NumGoroutine(), liveHeap()
			if got := hammer(t, r.client, r.base+"/", want, n); got != int64(n) {
				t.Errorf("%d of %d requests were answered", got, n)
			}
			if grown := liveHeap() - heap; grown > 4<<20 {
				t.Errorf("%d requests left %d KiB behind", n, grown>>10)
			}
			if more := runtime.NumGoroutine() - routines; more > 100 {
				t.Errorf("%d goroutines were left behind", more)
			}
			if more := descriptors(t) - files; more > 50 {
				t.Errorf("%d descriptors were left behind", more)
			}
			r.client.CloseIdleConnections()
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			if got := sum.flows.Load(); got != int64(n+n/10) || sum.broken.Load() != 0 || sum.lost.Load() != 0 {
				t.Errorf("%d flows for %d requests, %d of them broken, %d losses", got, n+n/10, sum.broken.Load(), sum.lost.Load())
			}
		})
	}
}

// descriptors counts the open files of this process, 0 where that is not known.
func descriptors(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// full is a Sink of which the queue is always full: it counts and keeps nothing.
type full struct{ shed atomic.Int64 }

func (*full) Conn(*flow.Conn)   {}
func (f *full) Flow(*flow.Flow) { f.shed.Add(1) }
func (*full) Loss(*flow.Loss)   {}

func TestARecorderThatKeepsNothingLeavesTheTrafficAlone(t *testing.T) {
	const n = 5_000
	want := strings.Repeat("x", 10<<10)
	handler := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, want) }
	sink := new(full)
	rate := func(o Options) float64 {
		r := paths[1].open(t, handler, o)
		began := time.Now()
		if got := hammer(t, r.client, r.base+"/", want, n); got != n {
			t.Errorf("%d of %d requests were answered", got, n)
		}
		took := time.Since(began)
		r.client.CloseIdleConnections()
		if err := r.stop(); err != nil { // the flow of an answer may come after it
			t.Error(err)
		}
		return n / took.Seconds()
	}
	off := rate(Options{Sink: sink, Lists: Lists{SkipPaths: []string{"*"}}})
	if sink.shed.Load() != 0 {
		t.Errorf("%d flows with recording off", sink.shed.Load())
	}
	over := rate(Options{Sink: sink})
	if got := sink.shed.Load(); got != n {
		t.Errorf("%d flows were shed, want %d", got, n)
	}
	t.Logf("%.0f requests/s shed, %.0f with recording off: ratio %.2f", over, off, over/off)
}

func TestFourGigabytesPassWithFlatMemory(t *testing.T) {
	size := int64(256 << 20)
	if underRace {
		size = 32 << 20
	}
	if os.Getenv("STARLING_LONG") != "" {
		size = 4 << 30
	}
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		io.Copy(w, r.Body)
	}))
	defer origin.Close()
	u, _ := url.Parse(origin.URL)
	r := start(t, Options{Upstream: u, MaxBody: 1 << 20})
	before := liveHeap()
	stop := highHeap()
	began := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	req := request(t, "POST", "http://"+r.addr+"/", io.LimitReader(zeros{}, size)).WithContext(ctx)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	took := time.Since(began)
	grown := int64(stop()) - before
	if n != size || err != nil {
		t.Errorf("%d of %d bytes came back, %v", n, size, err)
	}
	if grown > 24<<20 {
		t.Errorf("heap grew by %d MiB; two beginnings of 1 MiB are kept", grown>>20)
	}
	f := r.sink.next(t)
	for what, b := range map[string]flow.Body{"request": f.Request.Body, "response": f.Response.Body} {
		if b.Size != size || len(b.Data) != 1<<20 || b.Hash == 0 || b.Hash != f.Request.Body.Hash {
			t.Errorf("%s body recorded with %d bytes of %d, hash %x", what, len(b.Data), b.Size, b.Hash)
		}
	}
	t.Logf("%d MiB up and down in %v, heap higher by %d MiB at most", size>>20, took.Round(time.Millisecond), grown>>20)
}
