// Command bombs sends answers through a recorder that decode to a thousand times their
// length, ends the recorder as soon as the last answer has come, and prints how long the
// answers took to pass, how long the recorder took to end, its CPU time and the most memory
// that it had. It fails where the end took more than 5 s or the memory was above 300 MB.
//
// Usage: bombs STARLING [CASE]...
package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/gobwas/ws"
	"github.com/klauspost/compress/zstd"
)

const decoded = 1 << 30 // bytes of each bomb

// A bomb is what is sent count times, over at most together connections.
type bomb struct {
	name, coding    string
	unit            string
	size            int
	count, together int
	socket, h2      bool
}

var bombs = []bomb{
	{name: "gzip", coding: "gzip", count: 40, together: 8},
	{name: "deflate", coding: "deflate", count: 40, together: 8},
	{name: "zstd", coding: "zstd", count: 40, together: 8},
	{name: "br", coding: "br", count: 40, together: 8},
	{name: "gzip-in-gzip", coding: "gzip, gzip", count: 40, together: 8},
	{name: "secrets", coding: "gzip", count: 40, together: 8, size: 7 << 20, unit: `{"password":"hunter2-4711","token":"eyJhIjoiYiJ9x"},`},
	{name: "escapes", coding: "gzip", count: 40, together: 8, size: 7 << 20, unit: `"\u0022%2522&amp;amp;token=a%253Db\\\\",`},
	{name: "websocket", count: 20, together: 20, socket: true},
	{name: "websocket-many", count: 20, together: 20, socket: true, size: 12 << 20},
	{name: "h2", coding: "gzip", count: 200, together: 100, h2: true},
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: bombs STARLING [CASE]...")
	}
	failed := false
	for _, b := range bombs {
		if len(os.Args) == 2 || slices.Contains(os.Args[2:], b.name) {
			if err := b.run(os.Args[1]); err != nil {
				log.Printf("%s: %v", b.name, err)
				failed = true
			}
		}
	}
	if failed {
		os.Exit(1)
	}
}

const (
	longestStop = 5 * time.Second
	mostMemory  = 300 << 10 // KiB
)

// content is the bomb as it is sent.
func (b *bomb) content() []byte {
	unit, size := "7,", decoded
	if b.unit != "" {
		unit = b.unit
	}
	if b.size > 0 {
		size = b.size
	}
	var out bytes.Buffer
	var w io.WriteCloser = nop{&out}
	for c := range strings.SplitSeq(b.coding, ", ") {
		next := w
		switch c {
		case "gzip":
			w, _ = gzip.NewWriterLevel(next, gzip.BestCompression)
		case "deflate":
			w, _ = zlib.NewWriterLevel(next, zlib.BestCompression)
		case "br":
			w = brotli.NewWriterLevel(next, 2)
		case "zstd":
			w, _ = zstd.NewWriter(next, zstd.WithEncoderConcurrency(1))
		}
		w = chained{w, next}
	}
	if b.socket {
		f, _ := flate.NewWriter(&out, flate.BestCompression)
		w = flushed{f}
	}
	block := []byte(strings.Repeat(unit, 1<<20/len(unit)))
	io.WriteString(w, "[")
	for n := 0; n < size; n += len(block) {
		w.Write(block)
	}
	w.Close()
	return out.Bytes()
}

type nop struct{ io.Writer }

func (nop) Close() error { return nil }

// chained closes one coding after the other.
type chained struct {
	io.WriteCloser
	next io.Closer
}

func (c chained) Close() error { return errors.Join(c.WriteCloser.Close(), c.next.Close()) }

// flushed ends a message of a WebSocket (RFC 7692).
type flushed struct{ *flate.Writer }

func (f flushed) Close() error { return f.Flush() }

func (b *bomb) run(starling string) error {
	data := b.content()
	if b.socket {
		data = bytes.TrimSuffix(data, []byte("\x00\x00\xff\xff"))
	}
	target := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.serve(w, data) }))
	target.Config.Protocols = protocols()
	target.Start()
	defer target.Close()

	dir, err := os.MkdirTemp("", "bombs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(starling, "record", "proxy", "--listen", "127.0.0.1:0", "--upstream", target.URL, "-o", filepath.Join(dir, "bombs.flow.zst"))
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Process.Kill()
	lines := bufio.NewReader(said)
	line, _ := lines.ReadString('\n')
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line)
	var text strings.Builder
	read := make(chan struct{})
	go func() {
		io.Copy(&text, lines)
		close(read)
	}()

	sent := time.Now()
	if err := b.visit(address); err != nil {
		return err
	}
	took := time.Since(sent)
	asked := time.Now()
	cmd.Process.Signal(syscall.SIGTERM)
	<-read
	err = cmd.Wait()
	stop := time.Since(asked)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	last := strings.TrimSpace(text.String())
	fmt.Printf("%-15s %3d of %7d bytes  passed in %6.2fs  stop %5.2fs  CPU %5.2fs  %4d MB  %s\n", b.name, b.count, len(data), took.Seconds(), stop.Seconds(),
		(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), usage.Maxrss>>10, last[strings.LastIndexByte(last, '\n')+1:])
	if stop > longestStop || usage.Maxrss > mostMemory {
		err = errors.Join(err, fmt.Errorf("the end took %v, with %d KiB of memory; want at most %v and %d", stop, usage.Maxrss, longestStop, mostMemory))
	}
	return err
}

func protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

func (b *bomb) serve(w http.ResponseWriter, data []byte) {
	if !b.socket {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", b.coding)
		w.Write(data)
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		log.Print(err)
		return
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	for range max(1, 10*b.size>>20) {
		if err := ws.WriteHeader(conn, ws.Header{Fin: true, Rsv: 4, OpCode: ws.OpText, Length: int64(len(data))}); err != nil {
			return
		}
		conn.Write(data)
	}
	ws.WriteHeader(conn, ws.Header{Fin: true, OpCode: ws.OpClose})
	rw.ReadByte()
}

// visit asks for all bombs.
func (b *bomb) visit(address string) error {
	transport := &http.Transport{DisableCompression: true}
	if b.h2 {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	defer transport.CloseIdleConnections()
	var group sync.WaitGroup
	places := make(chan struct{}, b.together)
	errs := make([]error, b.count)
	for i := range errs {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			if b.socket {
				errs[i] = listen(address)
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			defer cancel()
			r, _ := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/%d", address, i), nil)
			r.Header.Set("Accept-Encoding", b.coding)
			answer, err := transport.RoundTrip(r)
			if err == nil {
				_, err = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
			errs[i] = err
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// listen reads a WebSocket to its end.
func listen(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", address)
	in := bufio.NewReader(conn)
	if _, err := http.ReadResponse(in, nil); err != nil {
		return err
	}
	for {
		h, err := ws.ReadHeader(in)
		if err != nil || h.OpCode == ws.OpClose {
			return err
		}
		if _, err := io.CopyN(io.Discard, in, h.Length); err != nil {
			return err
		}
	}
}
