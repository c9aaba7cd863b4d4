package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// conn is a Conn over net/http's single-connection client.
type conn struct {
	dialer  *Dialer
	scheme  string
	address string

	mu     sync.Mutex // guards live and closed against Close
	live   *http.ClientConn
	closed bool
	meter  *meter
}

// errClosed is returned by Do after Close.
var errClosed = errors.New("connection given up")

// Do implements Conn.
func (c *conn) Do(ctx context.Context, req *Request, resp *flow.Response) (Timing, error) {
	timing, reused, err := c.attempt(ctx, req, resp)
	if err == nil || !reused || !timing.FirstByte.IsZero() || !idempotent(req.Method) || ctx.Err() != nil {
		return timing, err
	}
	// The target closed an idle connection while the request was on its way;
	// user agents send an idempotent request once more (RFC 9110, 9.2.2).
	first := timing.Sent
	timing, _, err = c.attempt(ctx, req, resp)
	if !first.IsZero() {
		timing.Sent = first
	}
	return timing, err
}

func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE":
		return true
	}
	return false
}

// attempt makes one exchange and reports whether it was on a used connection.
func (c *conn) attempt(ctx context.Context, req *Request, resp *flow.Response) (timing Timing, reused bool, err error) {
	start := time.Now()
	live, m, reused, err := c.connect(ctx)
	if err != nil {
		return Timing{Sent: start, Done: time.Now()}, reused, err
	}
	if !reused {
		timing.Connect = time.Since(start)
	}
	hr, err := httpRequest(ctx, c.scheme, c.address, req)
	if err != nil {
		return Timing{Sent: start, Done: time.Now()}, reused, err
	}
	var firstByte atomic.Int64
	hr = hr.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotFirstResponseByte: func() { firstByte.CompareAndSwap(0, int64(time.Since(start))) },
	}))
	written, read := m.written.Load(), m.read.Load()
	m.arm()
	keep := false
	hresp, err := live.RoundTrip(hr)
	if err == nil {
		keep, err = c.readResponse(hresp, req, resp)
	}
	timing.Done = time.Now()
	timing.Sent = m.sentAt()
	if !reused || timing.Sent.IsZero() {
		timing.Sent = start
	}
	if ns := firstByte.Load(); ns != 0 {
		timing.FirstByte = start.Add(time.Duration(ns))
	}
	timing.BytesOut, timing.BytesIn = m.written.Load()-written, m.read.Load()-read
	if err != nil || !keep {
		c.drop(live)
	}
	return timing, reused, discreet(err)
}

// connect returns the live connection, dialling when there is none.
func (c *conn) connect(ctx context.Context) (live *http.ClientConn, m *meter, reused bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, false, errClosed
	}
	if c.live != nil {
		if c.live.Err() == nil && c.live.Available() > 0 {
			return c.live, c.meter, true, nil
		}
		c.live.Close()
		c.live = nil
	}
	m = &meter{epoch: time.Now()}
	// Dialling holds the lock, so Close waits for it; ctx ends both.
	dialCtx, cancel := context.WithTimeout(context.WithValue(ctx, meterKey{}, m), c.dialer.options.DialTimeout)
	defer cancel()
	live, err = c.dialer.transport.NewClientConn(dialCtx, c.scheme, c.address)
	if err != nil {
		return nil, nil, false, fmt.Errorf("connect to %s: %w", c.address, err)
	}
	c.live, c.meter = live, m
	return live, m, false, nil
}

// drop closes a connection that cannot carry another exchange.
func (c *conn) drop(live *http.ClientConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	live.Close()
	if c.live == live {
		c.live = nil
	}
}

// Close implements Conn.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.live != nil {
		c.live.Close()
		c.live = nil
	}
	return nil
}

// httpRequest turns req into what net/http sends. Names keep their case on
// HTTP/1.1, except those that net/http looks up itself.
func httpRequest(ctx context.Context, scheme, address string, req *Request) (*http.Request, error) {
	u, err := url.ParseRequestURI(req.Target)
	if err != nil {
		return nil, &protocolError{"request target", errors.New("it is no valid path")} // without err, which quotes it
	}
	u.Scheme, u.Host = scheme, address
	hr := &http.Request{
		Method: req.Method, URL: u, Host: req.Authority,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(req.Headers)+1),
	}
	for _, h := range req.Headers {
		name := h.Name
		switch strings.ToLower(name) {
		case "host", "content-length", "transfer-encoding", "connection":
			continue
		case "user-agent", "expect", "accept-encoding", "trailer":
			name = http.CanonicalHeaderKey(name)
		}
		hr.Header[name] = append(hr.Header[name], h.Value)
	}
	if _, ok := hr.Header["User-Agent"]; !ok {
		hr.Header["User-Agent"] = []string{""} // empty: net/http adds none of its own
	}
	if data := req.Body.Data; len(data) > 0 {
		hr.ContentLength = int64(len(data))
		hr.Body = io.NopCloser(bytes.NewReader(data))
		hr.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	}
	return hr.WithContext(ctx), nil
}

// readResponse copies hresp into resp. keep tells whether the connection can
// carry another exchange.
func (c *conn) readResponse(hresp *http.Response, req *Request, resp *flow.Response) (keep bool, err error) {
	defer hresp.Body.Close()
	*resp = flow.Response{Status: hresp.StatusCode, Headers: make(flow.Headers, 0, len(hresp.Header))}
	for _, name := range slices.Sorted(maps.Keys(hresp.Header)) {
		for _, v := range hresp.Header[name] {
			resp.Headers = append(resp.Headers, flow.Header{Name: name, Value: v})
		}
	}
	if hresp.StatusCode == http.StatusSwitchingProtocols {
		return false, &protocolError{"answer", errors.New("101 to a request that asked for no upgrade")}
	}
	if req.Events > 0 && strings.HasPrefix(hresp.Header.Get("Content-Type"), "text/event-stream") {
		return c.readEvents(hresp.Body, req.Events, resp)
	}
	if err := c.readBody(hresp, resp); err != nil {
		return false, err
	}
	return !hresp.Close, nil
}

// readBody keeps the beginning of the body and counts the rest.
func (c *conn) readBody(hresp *http.Response, resp *flow.Response) error {
	limit := c.dialer.options.MaxBody
	size := hresp.ContentLength
	if size < 0 {
		size = 0
	}
	kept := bytes.NewBuffer(make([]byte, 0, min(size, limit, 64<<10)))
	n, err := io.Copy(kept, io.LimitReader(hresp.Body, limit))
	if err == nil {
		var rest int64
		rest, err = io.Copy(io.Discard, hresp.Body)
		n += rest
	}
	resp.Body = flow.Body{Data: kept.Bytes(), Size: n}
	return err
}

// readEvents reads until the given number of events has come. An event ends
// with a blank line (WHATWG HTML, 9.2.5).
func (c *conn) readEvents(body io.Reader, events int, resp *flow.Response) (keep bool, err error) {
	var kept []byte
	var size int64
	buf := make([]byte, 4<<10)
	seen, lineLen := 0, 0
	fresh := true // no field line since the last blank line
	for seen < events {
		n, rerr := body.Read(buf)
		for _, b := range buf[:n] {
			switch b {
			case '\r':
			case '\n':
				if lineLen > 0 {
					fresh = false
				} else if !fresh {
					seen++
					fresh = true
				}
				lineLen = 0
			default:
				lineLen++
			}
		}
		size += int64(n)
		if room := c.dialer.options.MaxBody - int64(len(kept)); room > 0 {
			kept = append(kept, buf[:min(int64(n), room)]...)
		}
		if rerr == io.EOF {
			resp.Body = flow.Body{Data: kept, Size: size}
			return true, nil
		}
		if rerr != nil {
			return false, rerr
		}
	}
	resp.Body = flow.Body{Data: kept, Size: size}
	return false, nil
}
