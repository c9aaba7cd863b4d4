package client

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// counting starts a server that answers when it is let, and counts connections
// and requests under way.
type counting struct {
	*httptest.Server
	conns atomic.Int64 // opened
	live  atomic.Int64 // open
	now   atomic.Int64 // requests under way
	peak  atomic.Int64 // most of them at once
	let   chan struct{}
}

func newCounting(t *testing.T, start func(*httptest.Server)) *counting {
	t.Helper()
	s := &counting{let: make(chan struct{})}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := s.now.Add(1)
		for peak := s.peak.Load(); now > peak && !s.peak.CompareAndSwap(peak, now); peak = s.peak.Load() {
		}
		select {
		case <-s.let:
		case <-r.Context().Done():
		}
		s.now.Add(-1)
		io.WriteString(w, r.RemoteAddr)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.conns.Add(1)
			s.live.Add(1)
		case http.StateClosed:
			s.live.Add(-1)
		}
	}
	start(s.Server)
	t.Cleanup(s.Close)
	return s
}

// until waits for a condition that the other side brings about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 2000 {
		if is() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s: waited in vain", what)
}

func TestAPoolOpensConnectionsUpToItsLimit(t *testing.T) {
	for name, tt := range map[string]struct {
		start              func(*httptest.Server)
		limit, conns, peak int
	}{
		"HTTP/1 with a limit": {(*httptest.Server).Start, 6, 6, 6},
		"HTTP/1 without":      {(*httptest.Server).Start, 0, 30, 30},
		"TLS with a limit":    {(*httptest.Server).StartTLS, 6, 6, 6},
		"HTTP/2":              {func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() }, 6, 1, 30},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCounting(t, tt.start)
			o := Options{}
			if s.TLS != nil {
				o.Roots = rootOf(s.Server)
			}
			p := newPool(t, o, tt.limit)
			var all sync.WaitGroup
			for range 30 {
				all.Go(func() {
					var resp Response
					if _, err := p.Do(t.Context(), Route{Origin: s.URL}, 0, get("/"), &resp); err != nil {
						t.Error(err)
					}
				})
			}
			until(t, "requests at the target", func() bool { return s.now.Load() == int64(tt.peak) })
			close(s.let)
			all.Wait()
			if conns, peak := s.conns.Load(), s.peak.Load(); conns != int64(tt.conns) || peak != int64(tt.peak) {
				t.Errorf("%d connections, %d requests at once; want %d, %d", conns, peak, tt.conns, tt.peak)
			}
			p.Close()
			until(t, "closed connections", func() bool { return s.live.Load() == 0 })
		})
	}
}

func TestAnIdleConnectionIsUsedAgain(t *testing.T) {
	s := newCounting(t, (*httptest.Server).Start)
	close(s.let)
	p := newPool(t, Options{}, 6)
	for range 10 {
		var resp Response
		if _, err := p.Do(t.Context(), Route{Origin: s.URL}, 0, get("/"), &resp); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.conns.Load(); got != 1 {
		t.Errorf("ten exchanges in a row took %d connections, want 1", got)
	}
}

func TestASlotHasItsOwnConnection(t *testing.T) {
	s := newCounting(t, (*httptest.Server).Start)
	close(s.let)
	p := newPool(t, Options{}, 6)
	seen := map[int]string{}
	for i := range 30 {
		slot := i % 3
		var resp Response
		if _, err := p.Do(t.Context(), Route{Origin: s.URL}, slot, get("/"), &resp); err != nil {
			t.Fatal(err)
		}
		at := string(resp.Body.Data)
		if before := seen[slot]; before != "" && before != at {
			t.Errorf("slot %d went from %s to %s", slot, before, at)
		}
		seen[slot] = at
	}
	if got := s.conns.Load(); got != 3 {
		t.Errorf("three slots took %d connections, want 3", got)
	}
}

func TestASlotCarriesOneExchangeAtATime(t *testing.T) {
	s := newCounting(t, (*httptest.Server).Start)
	p := newPool(t, Options{}, 0)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			var resp Response
			if _, err := p.Do(t.Context(), Route{Origin: s.URL}, 1+i%2, get("/"), &resp); err != nil {
				t.Error(err)
			}
		})
	}
	for range 10 {
		s.let <- struct{}{}
	}
	all.Wait()
	if conns, peak := s.conns.Load(), s.peak.Load(); conns != 2 || peak > 2 {
		t.Errorf("two slots took %d connections and %d requests at once", conns, peak)
	}
}

func TestNoConnectionIsLostByThoseWhoGiveUp(t *testing.T) {
	s := newCounting(t, (*httptest.Server).Start)
	close(s.let)
	p := newPool(t, Options{}, 2)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for j := range 100 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+(i*31+j*17)%40)*50*time.Microsecond)
				var resp Response
				p.Do(ctx, Route{Origin: s.URL}, 0, get("/"), &resp)
				cancel()
			}
		})
	}
	all.Wait()
	for range 5 {
		var pair sync.WaitGroup
		for range 4 {
			pair.Go(func() {
				var resp Response
				if _, err := p.Do(t.Context(), Route{Origin: s.URL}, 0, get("/"), &resp); err != nil {
					t.Error(err)
				}
			})
		}
		pair.Wait()
	}
	g := p.groups[place{Route{Origin: s.URL}, 0}]
	if g.open > 2 || g.open != len(g.idle) || len(g.all) != len(g.idle) || len(g.waiting) > 0 {
		t.Errorf("%d connections are counted, %d idle of %d, %d wait", g.open, len(g.idle), len(g.all), len(g.waiting))
	}
}

// idleLink is a link that only lies in a pool.
type idleLink struct{ link }

func (idleLink) many() bool   { return false }
func (idleLink) usable() bool { return true }
func (idleLink) close()       {}

func TestAConnectionGrantedToOneWhoGaveUpGoesOn(t *testing.T) {
	p := newPool(t, Options{}, 1)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	l := &idleLink{}
	for range 5000 {
		g := &group{http1: true, limit: 1, open: 1, all: []link{l}}
		var all sync.WaitGroup
		all.Go(func() { p.release(leased{link: l, group: g}, true) })
		p.mu.Lock()
		if len(g.idle) > 0 { // the connection was free before anybody waited
			p.mu.Unlock()
			all.Wait()
			continue
		}
		got, err := p.queue(gone, g)
		all.Wait()
		if err == nil {
			p.release(got, true)
		}
		if len(g.idle) != 1 || g.open != 1 || len(g.waiting) != 0 {
			t.Fatalf("%d idle, %d open, %d wait; want 1, 1, 0", len(g.idle), g.open, len(g.waiting))
		}
	}
}

func TestClosingAPoolEndsWhatIsUnderWay(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){
		"HTTP/1": (*httptest.Server).Start,
		"HTTP/2": func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newCounting(t, start)
			o := Options{Insecure: true}
			p := newPool(t, o, 1)
			failed := make(chan string)
			for range 3 { // with HTTP/1 two of them wait for the connection
				go func() {
					var resp Response
					_, err := p.Do(t.Context(), Route{Origin: s.URL}, 0, get("/"), &resp)
					failed <- ErrorName(err)
				}()
			}
			until(t, "a request at the target", func() bool { return s.now.Load() > 0 })
			p.Close()
			for range 3 {
				if got := <-failed; got != "canceled" {
					t.Errorf("got %q, want canceled", got)
				}
			}
			close(s.let)
		})
	}
}

func TestWhoGivesUpWaitingTakesNoConnection(t *testing.T) {
	s := newCounting(t, (*httptest.Server).Start)
	p := newPool(t, Options{}, 1)
	exchange := func(ctx context.Context) chan string {
		done := make(chan string, 1)
		go func() {
			var resp Response
			_, err := p.Do(ctx, Route{Origin: s.URL}, 0, get("/"), &resp)
			done <- ErrorName(err)
		}()
		return done
	}
	first := exchange(t.Context())
	until(t, "the first request", func() bool { return s.now.Load() == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	second := exchange(ctx)
	cancel()
	if got := <-second; got != "canceled" {
		t.Errorf("who gave up got %q", got)
	}
	third := exchange(t.Context())
	close(s.let)
	if a, b := <-first, <-third; a != "" || b != "" {
		t.Errorf("the others got %q and %q", a, b)
	}
}

func TestARequestIsSentOnceMoreOnANewConnection(t *testing.T) {
	for _, limit := range []int{0, 2} {
		both := make(chan struct{})
		var first, conns atomic.Int64
		at := listen(t, func(c net.Conn) {
			conns.Add(1)
			r := bufio.NewReader(c)
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			if n := first.Add(1); n == 2 {
				close(both)
			}
			<-both
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			http.ReadRequest(r) // and hang up
		})
		p := newPool(t, Options{}, limit)
		exchange := func(method string) string {
			req := get("/")
			req.Method = method
			var resp Response
			_, err := p.Do(t.Context(), Route{Origin: "http://" + at}, 0, req, &resp)
			return ErrorName(err)
		}
		var pair sync.WaitGroup
		for range 2 {
			pair.Go(func() { exchange("GET") })
		}
		pair.Wait()
		if got := exchange("GET"); got != "" || conns.Load() != 3 {
			t.Errorf("limit %d: a GET ended as %q, %d connections", limit, got, conns.Load())
		}
		if got := exchange("POST"); got != "closed" {
			t.Errorf("limit %d: a POST, which may have been processed, ended as %q", limit, got)
		}
	}
}

func TestARequestThatWasRefusedUnseenIsSentOnceMore(t *testing.T) {
	for name, refuse := range map[string]func(f *http2.Framer, c net.Conn, s uint32){
		"stream": func(f *http2.Framer, _ net.Conn, s uint32) { f.WriteRSTStream(s, http2.ErrCodeRefusedStream) },
		"connection": func(f *http2.Framer, c net.Conn, s uint32) {
			f.WriteGoAway(0, http2.ErrCodeNo, nil)
			c.Close()
		},
	} {
		var seen atomic.Int64
		at := listen(t, framing(func(f *http2.Framer, c net.Conn, s uint32) {
			if seen.Add(1) == 1 {
				refuse(f, c, s)
				return
			}
			headOf(f, s, true, ":status", "204")
		}))
		post := get("/")
		post.Method = "POST"
		var resp Response
		_, err := newPool(t, Options{H2C: true}, 1).Do(t.Context(), Route{Origin: "http://" + at}, 0, post, &resp)
		if err != nil || resp.Status != 204 || seen.Load() != 2 {
			t.Errorf("%s: %d, %v, seen %d times", name, resp.Status, err, seen.Load())
		}
	}
}

func TestWhoWaitsForAStreamIsSentWhenItGetsOne(t *testing.T) {
	s := newCounting(t, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 1}
		s.StartTLS()
	})
	p := newPool(t, Options{Insecure: true}, 1)
	exchange := func() chan Timing {
		done := make(chan Timing, 1)
		go func() {
			var resp Response
			timing, err := p.Do(t.Context(), Route{Origin: s.URL}, 0, get("/"), &resp)
			if err != nil {
				t.Error(err)
			}
			done <- timing
		}()
		return done
	}
	first := exchange() // behind it the client knows how many streams there may be
	s.let <- struct{}{}
	<-first
	second := exchange()
	until(t, "the second request", func() bool { return s.now.Load() == 1 })
	third := exchange()
	time.Sleep(20 * time.Millisecond)
	released := time.Now()
	close(s.let)
	<-second
	timing := <-third
	if timing.Sent.Before(released) || timing.FirstByte.Before(timing.Sent) || s.peak.Load() != 1 || s.conns.Load() != 1 {
		t.Errorf("sent %v before the stream was free; %d at once, %d connections", released.Sub(timing.Sent), s.peak.Load(), s.conns.Load())
	}
}
