package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

const (
	// maxHead bounds the head of an answer, in bytes, and with it the trailers.
	maxHead = 256 << 10

	// A target may send windowStream bytes of one answer, and windowConn bytes of
	// all on a connection, before the client has read them.
	windowStream = 128 << 10
	windowConn   = 512 << 10
)

// carrierKey carries a *carrier through the context of a dial.
type carrierKey struct{}

// newHTTP2 returns the HTTP/2 of net/http. It finds its connections in the context.
func newHTTP2() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	ready := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return ctx.Value(carrierKey{}).(*carrier).Conn, nil
	}
	return &http.Transport{
		Protocols:              protocols,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHead,
		DialContext:            ready,
		DialTLSContext:         ready,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     windowStream,
			MaxReceiveBufferPerConnection: windowConn,
			StrictMaxConcurrentRequests:   true,
			SendPingTimeout:               10 * time.Second, // so that a dead connection is found out
			PingTimeout:                   5 * time.Second,
		},
	}
}

// http2Link is an HTTP/2 connection.
type http2Link struct {
	conn    *http.ClientConn
	carrier *carrier
	to      *endpoint
	dialer  *Dialer
	leases  int // guarded by the pool
}

func (d *Dialer) http2Link(ctx context.Context, c *carrier, e *endpoint) (link, error) {
	conn, err := d.http2.NewClientConn(context.WithValue(ctx, carrierKey{}, c), e.scheme(), e.address)
	if err != nil {
		c.raw.Close()
		return nil, nameHTTP2(err)
	}
	return &http2Link{conn: conn, carrier: c, to: e, dialer: d}, nil
}

func (l *http2Link) usable() bool { return l.conn.Err() == nil }
func (l *http2Link) many() bool   { return true }
func (l *http2Link) lease() int   { l.leases++; return l.leases }
func (l *http2Link) leave() int   { l.leases--; return l.leases }
func (l *http2Link) close()       { l.conn.Close() }

// exchange implements link.
func (l *http2Link) exchange(ctx context.Context, req *Request, resp *Response, timing *Timing) (keep bool, err error) {
	hr, err := httpRequest(l.to, req)
	if err != nil {
		timing.Done = time.Now()
		return true, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := newWatch(l.conn.Available() == 0)
	hr = hr.WithContext(httptrace.WithClientTrace(ctx, w.trace()))
	hresp, err := l.conn.RoundTrip(hr)
	if err == nil {
		err = readResponse(&l.dialer.scratches, hresp, req, resp)
	}
	timing.Done = time.Now()
	timing.Sent, timing.FirstByte = w.sentAt(), w.firstByteAt()
	cancel()
	if failed := endUpload(hr, err); failed != nil {
		err = failed
	}
	timing.BytesOut, timing.BytesIn = l.carrier.raw.written.Swap(0), l.carrier.raw.read.Swap(0)
	if err == io.ErrUnexpectedEOF && l.usable() {
		err = named(badLength, errors.New("the body is shorter than its Content-Length"))
	}
	err = l.name(err)
	return l.usable() && !spoils(err), err
}

// name names an error of an exchange on l.
func (l *http2Link) name(err error) error {
	if err != nil && l.carrier.raw.http1.Load() {
		return named(noHTTP2, errors.New("the target answers as HTTP/1"))
	}
	return nameHTTP2(err)
}

// endUpload waits until nobody reads the body of hr any more. It returns what was
// wrong with the source of that body. net/http closes the body of every request that
// it has begun to send.
func endUpload(hr *http.Request, err error) error {
	m, ok := hr.Body.(*measured)
	if !ok {
		return nil
	}
	if err != nil {
		m.Close()
	}
	<-m.closed
	return m.err
}

// A watch notes the instants of an exchange over HTTP/2.
type watch struct {
	start     time.Time
	waits     bool         // for a free stream: the request is sent when its head is written
	wrote     atomic.Int64 // ns since start, of the head
	firstByte atomic.Int64 // ns since start
	interim   int          // answers 1xx
}

func newWatch(waits bool) *watch { return &watch{start: time.Now(), waits: waits} }

func (w *watch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		WroteHeaders:         func() { w.wrote.CompareAndSwap(0, int64(time.Since(w.start))) },
		GotFirstResponseByte: func() { w.firstByte.CompareAndSwap(0, int64(time.Since(w.start))) },
		Got1xxResponse: func(int, textproto.MIMEHeader) error {
			if w.interim++; w.interim > maxInterim {
				return errInterimFlood
			}
			return nil
		},
	}
}

// sentAt is the start. If the request had to wait for others, it is the instant at
// which the head was written.
func (w *watch) sentAt() time.Time {
	if ns := w.wrote.Load(); w.waits && ns != 0 {
		return w.start.Add(time.Duration(ns))
	}
	return w.start
}

// firstByteAt is the instant of the first byte of the answer, zero if none came.
func (w *watch) firstByteAt() time.Time {
	ns := w.firstByte.Load()
	if ns == 0 {
		return time.Time{}
	}
	if w.waits { // the answer may come before the writing of the head has returned
		ns = max(ns, w.wrote.Load())
	}
	return w.start.Add(time.Duration(ns))
}

// httpRequest turns req into what net/http sends.
func httpRequest(to *endpoint, req *Request) (*http.Request, error) {
	u, err := url.ParseRequestURI(req.Target)
	if err != nil {
		return nil, named(badRequest, errors.New("request target is no valid path")) // without err, which quotes it
	}
	u.Scheme, u.Host = to.scheme(), to.address
	hr := &http.Request{
		Method: req.Method, URL: u, Host: authority(to, req),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(req.Headers)+1),
	}
	for _, h := range req.Headers {
		name := http.CanonicalHeaderKey(h.Name)
		switch name {
		case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Proxy-Connection", "Keep-Alive", "Upgrade":
			continue
		case "Te":
			if !strings.Contains(strings.ToLower(h.Value), "trailers") {
				continue
			}
			h.Value = "trailers"
		}
		hr.Header[name] = append(hr.Header[name], h.Value)
	}
	if _, ok := hr.Header["User-Agent"]; !ok {
		hr.Header["User-Agent"] = []string{""} // empty: net/http adds none of its own
	}
	if isGRPC(hr.Header.Get("Content-Type")) {
		hr.Header["Te"] = []string{"trailers"} // gRPC over HTTP/2 asks for it in every request
	}
	if len(req.Trailers) > 0 {
		hr.Trailer = make(http.Header, len(req.Trailers))
		for _, h := range req.Trailers {
			hr.Trailer.Add(h.Name, h.Value)
		}
	}
	return hr, setBody(hr, req)
}

// isGRPC reports whether media is a content type of gRPC. gRPC-Web is not.
func isGRPC(media string) bool {
	media, _, _ = strings.Cut(strings.ToLower(media), ";")
	media, _, _ = strings.Cut(strings.TrimSpace(media), "+")
	return media == "application/grpc"
}

// authority returns what is sent as Host.
func authority(to *endpoint, req *Request) string {
	if to.fixed || req.Authority == "" {
		return to.host
	}
	return req.Authority
}

// setBody gives hr the body of req.
func setBody(hr *http.Request, req *Request) error {
	switch {
	case req.Upload != nil:
		source, err := req.Upload()
		if err != nil {
			return named(upload, fmt.Errorf("open the body to send: %w", err))
		}
		hr.ContentLength = req.Body.Size
		hr.Body = newMeasured(source, req.Body.Size)
	case len(req.Body.Data) > 0:
		hr.ContentLength = int64(len(req.Body.Data))
		hr.Body = io.NopCloser(bytes.NewReader(req.Body.Data))
	}
	if hr.ContentLength == 0 && hr.Body != nil {
		hr.Body.Close()
		hr.Body = http.NoBody
	}
	if len(hr.Trailer) > 0 && hr.Body == nil {
		hr.Body, hr.ContentLength = io.NopCloser(strings.NewReader("")), -1
	}
	return nil
}

// readResponse copies hresp into resp.
func readResponse(scratches *scratches, hresp *http.Response, req *Request, resp *Response) error {
	defer hresp.Body.Close()
	resp.Status, resp.Protocol = hresp.StatusCode, hresp.Proto
	resp.Headers = fields(resp.Headers, hresp.Header)
	if hresp.StatusCode == http.StatusSwitchingProtocols {
		return named(badUpgrade, errors.New("answer 101 to a request that asked for no upgrade"))
	}
	if hresp.ContentLength > 0 {
		resp.body.expect(hresp.ContentLength)
	}
	buf := scratches.takeChunk()
	defer scratches.giveChunk(buf)
	body := pieces{hresp.Body, buf[:]}
	var err error
	if req.Events > 0 && message.IsEvents(resp.Headers) {
		_, err = readEvents(body, req.Events, &resp.body)
	} else {
		err = readBody(body, &resp.body)
	}
	resp.Trailers = fields(nil, hresp.Trailer)
	return err
}

// fields appends h to out, sorted by name.
func fields(out flow.Headers, h http.Header) flow.Headers {
	if len(h) == 0 {
		return out
	}
	out = slices.Grow(out, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			out = append(out, flow.Header{Name: name, Value: v})
		}
	}
	return out
}
