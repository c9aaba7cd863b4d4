package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// heap returns the bytes that live and dead objects take.
func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// watchHeap looks at the heap again and again. What it returns ends that and tells
// by how much the heap has grown at most.
func watchHeap(t *testing.T) (peak func() uint64) {
	t.Helper()
	runtime.GC()
	before, most := heap(), uint64(0)
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				most = max(most, heap())
			}
		}
	}()
	return func() uint64 {
		close(end)
		<-done
		return max(most, before) - before
	}
}

func TestHostileTargetsTakeBoundedMemory(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 100 {
		z.Write(make([]byte, 1<<20))
	}
	z.Close()
	const gzipped = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	for name, tt := range map[string]struct {
		protocol Protocol
		handle   func(net.Conn)
	}{
		"an endless body":                {HTTP1, endless(ok+"\r\n", strings.Repeat("x", 1<<16))},
		"endless chunks":                 {HTTP1, endless(ok+"Transfer-Encoding: chunked\r\n\r\n", "10000\r\n"+strings.Repeat("x", 1<<16)+"\r\n")},
		"tiny chunks":                    {HTTP1, endless(ok+"Transfer-Encoding: chunked\r\n\r\n", strings.Repeat("1\r\nx\r\n", 10_000))},
		"a length of 10 GB":              {HTTP1, endless(ok+"Content-Length: 10000000000\r\n\r\n", strings.Repeat("x", 1<<16))},
		"a length of 10 GB, and nothing": {HTTP1, answering(ok + "Content-Length: 10000000000\r\n\r\n")},
		"a bomb":                         {HTTP1, answering(gzipped + fmt.Sprintf("Content-Length: %d\r\n\r\n", bomb.Len()) + bomb.String())},
		"an endless bomb":                {HTTP1, endless(gzipped+"\r\n", bomb.String())},
		"a head without end":             {HTTP1, endless(ok, "X-Filler: "+strings.Repeat("y", 1000)+"\r\n")},
		"a flood of cookies":             {HTTP1, endless(ok, strings.Repeat("Set-Cookie: a=b\r\n", 100))},
		"4,000 cookies":                  {HTTP1, answering(ok + strings.Repeat("Set-Cookie: abcdefghijklmnopqrstuvwxyz=0123456789; Path=/\r\n", 4000) + "Content-Length: 0\r\n\r\n")},
		"a flood of 1xx":                 {HTTP1, endless("", "HTTP/1.1 103 Early Hints\r\nLink: "+strings.Repeat("y", 5000)+"\r\n\r\n")},
		"HTTP/2 without end": {HTTP2, framing(func(f *http2.Framer, c net.Conn, s uint32) {
			headOf(f, s, false, ":status", "200")
			go io.Copy(io.Discard, c) // windows are opened unseen: they are as large as what was read
			for err := error(nil); err == nil; {
				err = f.WriteData(s, false, make([]byte, 1<<14))
			}
		})},
		"HTTP/2 data past the window":   {HTTP2, hostile["sends data past the window"].handle},
		"HTTP/2 with a flood of fields": {HTTP2, hostile["floods with CONTINUATION"].handle},
	} {
		t.Run(name, func(t *testing.T) {
			at := listen(t, tt.handle)
			peak := watchHeap(t)
			held := hold(t, Route{Origin: "http://" + at, Protocol: tt.protocol})
			grown := peak()
			t.Logf("the heap grew by %d MiB, bodies hold %d MiB", grown>>20, held>>20)
			if grown > 300<<20 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
			if held > 64<<20 {
				t.Errorf("bodies hold %d MiB, which is more than the budget", held>>20)
			}
		})
	}
}

// hold makes exchanges of 200 users at once, cuts them after a while, and holds
// all answers until the last is over. It returns how much was kept.
func hold(t *testing.T, r Route) (kept int64) {
	t.Helper()
	d, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	answers := make([]Response, 200)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			p := d.Pool(1)
			defer p.Close()
			p.Do(ctx, r, 0, get("/"), &answers[i])
		})
	}
	all.Wait()
	for i := range answers {
		kept += int64(cap(answers[i].Body.Data))
		answers[i].Release()
	}
	if left := d.buffers.left.Load(); left != d.options.Budget {
		t.Errorf("%d bytes of the budget are left after all was released, want %d", left, d.options.Budget)
	}
	return kept
}

func TestBodiesBeyondTheBudgetAreCountedNotKept(t *testing.T) {
	at := listen(t, func(c net.Conn) {
		endless := "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000)
		for range 10 {
			io.ReadFull(c, make([]byte, len("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")))
			io.WriteString(c, endless)
		}
	})
	c := dial(t, Options{Budget: 350_000}, "http://"+at)
	answers := make([]Response, 4)
	for i := range answers {
		if _, err := c.do(t.Context(), get("/"), &answers[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i, whole := range []bool{true, true, false, false} {
		b := answers[i].Body
		if b.Size != 100_000 || b.Truncated() == whole || strings.Trim(string(b.Data), "x") != "" {
			t.Errorf("answer %d: %d bytes of %d", i, len(b.Data), b.Size)
		}
	}
	answers[0].Release()
	answers[0].Release() // which changes nothing
	answers[1].Release()
	var resp Response
	if _, err := c.do(t.Context(), get("/"), &resp); err != nil || resp.Body.Truncated() {
		t.Errorf("after a release: %d bytes of %d, %v", len(resp.Body.Data), resp.Body.Size, err)
	}
}

func TestABodyIsKeptAsFarAsTheRequestAsks(t *testing.T) {
	at := listen(t, func(c net.Conn) {
		io.ReadFull(c, make([]byte, 10))
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"+strings.Repeat("x", 5000))
	})
	for keep, want := range map[int64]int{0: 1000, -1: 0, 1: 1, 600: 600, 4999: 4999, 1 << 40: 5000} {
		req := get("/")
		req.Keep = keep
		var resp Response
		if _, err := dial(t, Options{MaxBody: 1000}, "http://"+at).do(t.Context(), req, &resp); err != nil {
			t.Fatal(err)
		}
		if len(resp.Body.Data) != want || resp.Body.Size != 5000 {
			t.Errorf("keep %d: %d bytes of %d, want %d", keep, len(resp.Body.Data), resp.Body.Size, want)
		}
	}
}
