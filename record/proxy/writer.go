package proxy

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
)

// A responseWriter hands the response to the client as it arrives: it flushes every
// piece, and sends the head at once when the body may take its time. It adds no fields.
type responseWriter struct {
	http.ResponseWriter
	p        *Proxy
	control  http.ResponseController
	empty    bool // no body follows: head and end go out together
	last     bool // the connection ends with this answer
	hijacked bool // the connection is somebody else's: nothing is written
}

func newResponseWriter(p *Proxy, w http.ResponseWriter) *responseWriter {
	return &responseWriter{ResponseWriter: w, p: p, control: *http.NewResponseController(w)}
}

// promptSize is the length of a body, in bytes, above which its head is sent at once.
const promptSize = 16 << 10

// WriteHeader sends a final head. A nil value keeps the server from adding a Date or
// Content-Type of its own.
func (w *responseWriter) WriteHeader(status int) {
	if w.hijacked {
		return
	}
	h := w.Header()
	for _, name := range []string{"Date", "Content-Type"} {
		if _, ok := h[name]; !ok {
			h[name] = nil
		}
	}
	if w.last {
		h.Set("Connection", "close")
	}
	w.ResponseWriter.WriteHeader(status)
	if w.empty {
		return
	}
	if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err != nil || n > promptSize {
		_ = w.control.Flush() // a client that has gone is noticed by the next write
	}
}

// interim sends an informational head.
func (w *responseWriter) interim(status int, fields http.Header) {
	h := w.Header()
	maps.Copy(h, fields)
	w.ResponseWriter.WriteHeader(status)
	clear(h)
}

func (w *responseWriter) Write(p []byte) (int, error) {
	if w.hijacked {
		return len(p), nil
	}
	n, err := w.ResponseWriter.Write(p)
	if err == nil {
		err = w.control.Flush()
	}
	return n, err
}

// ReadFrom copies a body through a buffer that is used again.
func (w *responseWriter) ReadFrom(r io.Reader) (int64, error) {
	buf := w.p.buffers.Get().(*[]byte)
	defer w.p.buffers.Put(buf)
	return io.CopyBuffer(struct{ io.Writer }{w}, r, *buf)
}

// Flush sends what was written.
func (w *responseWriter) Flush() {
	if !w.hijacked {
		_ = w.control.Flush()
	}
}

// FlushError is Flush with its error.
func (w *responseWriter) FlushError() error {
	if w.hijacked {
		return nil
	}
	return w.control.Flush()
}

// Hijack takes the connection over. Bytes that the server has read ahead can still be
// read from it. The buffers of the bufio.ReadWriter are small and empty.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, ahead, err := w.control.Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.hijacked = true
	if c, ok := conn.(*clientConn); ok {
		conn = c.Conn // no more heads to read along
	}
	rest, _ := ahead.Reader.Peek(ahead.Reader.Buffered())
	c := &peekConn{Conn: conn, ahead: append([]byte(nil), rest...)}
	return c, bufio.NewReadWriter(bufio.NewReaderSize(c, 16), bufio.NewWriterSize(c, 16)), nil
}
