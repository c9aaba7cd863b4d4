package client

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/starling-load/starling/record/flow"
)

// pattern is a reader of bytes that repeat after 251.
type pattern struct{ at int }

func (p *pattern) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte((p.at + i) % 251)
	}
	p.at = (p.at + len(b)) % 251
	return len(b), nil
}

func uploadOf(size int64, open func() (io.ReadCloser, error)) *Request {
	r := get("/upload")
	r.Method = "PUT"
	r.Body.Size = size
	r.Upload = open
	return r
}

func TestALargeBodyIsSentWholeAndNotHeld(t *testing.T) {
	const size = 100 << 20
	sum := crc32.NewIEEE()
	io.CopyN(sum, &pattern{}, size)
	want := fmt.Sprint(size, sum.Sum32())
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := crc32.NewIEEE()
		n, err := io.Copy(sum, r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, n, sum.Sum32())
	})
	for name, open := range protocolServers(t, handler) {
		t.Run(name, func(t *testing.T) {
			c := open()
			peak := watchHeap(t)
			for range 2 { // the connection goes on behind an upload
				closed := false
				req := uploadOf(size, func() (io.ReadCloser, error) {
					return &closer{io.LimitReader(&pattern{}, size), &closed}, nil
				})
				var resp Response
				if _, err := c.do(t.Context(), req, &resp); err != nil {
					t.Fatal(err)
				}
				if got := string(resp.Body.Data); got != want {
					t.Errorf("the target got %s, want %s", got, want)
				}
				if !closed {
					t.Error("the source was not closed")
				}
			}
			if mib := peak() >> 20; mib > 50 {
				t.Errorf("the heap grew by %d MiB", mib)
			}
		})
	}
}

// closer notes that it was closed.
type closer struct {
	io.Reader
	closed *bool
}

func (c *closer) Close() error { *c.closed = true; return nil }

func TestASourceThatIsWrongIsOurError(t *testing.T) {
	var whole atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			whole.Add(1)
		}
	})
	reader := func(r io.Reader) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	}
	for name, open := range protocolServers(t, handler) {
		for what, source := range map[string]func() (io.ReadCloser, error){
			"short":       reader(strings.NewReader(strings.Repeat("x", 99_999))),
			"empty":       reader(strings.NewReader("")),
			"long":        reader(strings.NewReader(strings.Repeat("x", 100_001))),
			"failing":     reader(io.MultiReader(strings.NewReader("xxx"), iotest.ErrReader(errors.New("disk gone")))),
			"not opening": func() (io.ReadCloser, error) { return nil, errors.New("no such file") },
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				c := open()
				var resp Response
				if _, err := c.do(t.Context(), uploadOf(100_000, source), &resp); ErrorName(err) != "upload" {
					t.Errorf("got %q (%v), want upload", ErrorName(err), err)
				}
				good := uploadOf(3, reader(strings.NewReader("abc")))
				if _, err := c.do(t.Context(), good, &resp); err != nil {
					t.Errorf("the next exchange: %v", err)
				}
			})
		}
	}
	if got := whole.Load(); got != 20 {
		t.Errorf("the target saw %d whole requests, want the 20 good ones", got)
	}
}

func TestATargetMayAnswerBeforeTheBodyIsSent(t *testing.T) {
	at := listen(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		if _, err := http.ReadRequest(r); err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nstop")
		io.Copy(io.Discard, io.LimitReader(r, 1<<20))
	})
	c := dial(t, Options{}, "http://"+at)
	endless := uploadOf(1<<40, func() (io.ReadCloser, error) { return io.NopCloser(&pattern{}), nil })
	for range 2 {
		var resp Response
		if _, err := c.do(t.Context(), endless, &resp); err != nil || resp.Status != 413 || string(resp.Body.Data) != "stop" {
			t.Errorf("got %d %q, %v", resp.Status, resp.Body.Data, err)
		}
	}
}

func TestASourceIsClosedWhenTheAnswerComesEarly(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		io.WriteString(w, "stop")
	})
	for name, open := range protocolServers(t, handler) {
		t.Run(name, func(t *testing.T) {
			closed := false
			endless := uploadOf(1<<40, func() (io.ReadCloser, error) { return &closer{&pattern{}, &closed}, nil })
			var resp Response
			if _, err := open().do(t.Context(), endless, &resp); err != nil || resp.Status != 413 || string(resp.Body.Data) != "stop" {
				t.Errorf("got %d %q, %v", resp.Status, resp.Body.Data, err)
			}
			if !closed {
				t.Error("the source is open")
			}
		})
	}
}

func TestABodyWaitsForTheAnswerThatItExpects(t *testing.T) {
	for name, tt := range map[string]struct {
		answers string // "100": let it come; else the final status at once
		want    string // what the target then reads
	}{
		"the target lets it come": {"100", "payload"},
		"the target refuses":      {"417", ""},
	} {
		t.Run(name, func(t *testing.T) {
			read := make(chan string, 1)
			at := listen(t, func(c net.Conn) {
				r := bufio.NewReader(c)
				req, err := http.ReadRequest(r)
				if err != nil || req.Header.Get("Expect") == "" {
					read <- "no expectation"
					return
				}
				if r.Buffered() > 0 {
					read <- "did not wait"
					return
				}
				if tt.answers != "100" {
					io.WriteString(c, "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")
					rest, _ := io.ReadAll(r)
					read <- string(rest)
					return
				}
				io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
				body, _ := io.ReadAll(req.Body)
				read <- string(body)
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			})
			req := get("/")
			req.Method = "POST"
			req.Headers = flow.Headers{{Name: "Expect", Value: "100-continue"}}
			req.Body = flow.NewBody([]byte("payload"))
			var resp Response
			if _, err := dial(t, Options{}, "http://"+at).do(t.Context(), req, &resp); err != nil {
				t.Error(err)
			}
			if got := <-read; got != tt.want {
				t.Errorf("the target read %q, want %q", got, tt.want)
			}
		})
	}
}

func TestARepeatedUploadIsOpenedAgain(t *testing.T) {
	var conns atomic.Int64
	at := listen(t, func(c net.Conn) {
		n := conns.Add(1)
		r := bufio.NewReader(c)
		for range 2 {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			if n == 1 && req.ContentLength > 3 {
				return // as if it had closed before
			}
			body, _ := io.ReadAll(req.Body)
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}
	})
	c := dial(t, Options{}, "http://"+at)
	for i, text := range []string{"one", "second"} {
		opened := 0
		var resp Response
		_, err := c.do(t.Context(), uploadOf(int64(len(text)), func() (io.ReadCloser, error) {
			opened++
			return io.NopCloser(strings.NewReader(text)), nil
		}), &resp)
		if err != nil || string(resp.Body.Data) != text || opened != i+1 {
			t.Errorf("%s: got %q, %v, opened %d times", text, resp.Body.Data, err, opened)
		}
	}
}
