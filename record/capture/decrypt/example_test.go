package decrypt_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/starling-load/starling/record/capture/decrypt"
)

// A wire is a connection that remembers what passed, in order.
type wire struct {
	net.Conn
	mu     sync.Mutex
	passed []piece
}

type piece struct {
	fromServer bool
	bytes      []byte
}

func (w *wire) note(fromServer bool, p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passed = append(w.passed, piece{fromServer, bytes.Clone(p)})
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.note(true, p[:n])
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	w.note(false, p)
	return w.Conn.Write(p)
}

// printer is a Sink that prints the first line of what each side says.
type printer struct{}

func (printer) Plain(fromServer bool, p []byte, _ int64) {
	line, _, _ := bytes.Cut(p, []byte("\r\n"))
	fmt.Println(fromServer, string(line))
}
func (printer) Gap(bool, int64, int64) {}
func (printer) End(bool, int64, bool)  {}

// A request over TLS, whose client writes a key log, is read from outside.
func Example() {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	w, keyLog := new(wire), new(bytes.Buffer)
	transport := server.Client().Transport.(*http.Transport)
	transport.TLSClientConfig.KeyLogWriter = keyLog
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		w.Conn = conn
		return w, err
	}
	response, err := server.Client().Get(server.URL + "/secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()

	var keys decrypt.Keys
	keys.AddLog(keyLog.Bytes())
	c := decrypt.NewConn(&keys, printer{})
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.passed {
		if err := c.Data(p.fromServer, p.bytes, 0); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(c.Info().Version)
	// Output:
	// false GET /secret HTTP/1.1
	// true HTTP/1.1 404 Not Found
	// TLS 1.3
}
