package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// answering reads a request and writes text.
func answering(text string) func(net.Conn) {
	return func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, text)
	}
}

// endless reads a request and writes head, then piece until the client is gone.
func endless(head, piece string) func(net.Conn) {
	return func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		_, err := io.WriteString(c, head)
		for err == nil {
			_, err = io.WriteString(c, piece)
		}
	}
}

// framing serves HTTP/2: answer deals with each request.
func framing(answer func(f *http2.Framer, c net.Conn, stream uint32)) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		f := http2.NewFramer(c, c)
		f.WriteSettings()
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			if h, ok := frame.(*http2.HeadersFrame); ok {
				answer(f, c, h.StreamID)
			}
		}
	}
}

// block encodes fields as the head of an answer.
func block(fields ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(fields); i += 2 {
		e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return b.Bytes()
}

// headOf answers with a head alone.
func headOf(f *http2.Framer, stream uint32, end bool, fields ...string) {
	f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, EndStream: end, BlockFragment: block(fields...)})
}

const ok = "HTTP/1.1 200 OK\r\n"

// hostile are targets by what they do, and how the exchange must end.
var hostile = map[string]struct {
	protocol Protocol
	handle   func(net.Conn)
	want     string
}{
	"closes at once": {HTTP1, answering(""), "closed"},
	"resets": {HTTP1, func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		c.(*net.TCPConn).SetLinger(0)
	}, "reset"},
	"never answers":                     {HTTP1, func(c net.Conn) { io.Copy(io.Discard, c) }, "timeout"},
	"drips its head":                    {HTTP1, drip(ok), "timeout"},
	"answers garbage":                   {HTTP1, answering("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "bad response"},
	"answers as HTTP/3":                 {HTTP1, answering("HTTP/3.0 200 OK\r\n\r\n"), "bad response"},
	"answers with status 42":            {HTTP1, answering("HTTP/1.1 42 Odd\r\n\r\n"), "bad response"},
	"answers with an odd coding":        {HTTP1, answering(ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), "bad response"},
	"cuts the body":                     {HTTP1, answering(ok + "Content-Length: 100\r\n\r\nshort"), "closed"},
	"cuts the head":                     {HTTP1, answering(ok + "Content-Le"), "closed"},
	"cuts a chunked body":               {HTTP1, answering(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), "closed"},
	"cuts the trailers":                 {HTTP1, answering(ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n"), "closed"},
	"sends a bad chunk size":            {HTTP1, answering(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"), "bad chunk"},
	"sends an endless chunk line":       {HTTP1, endless(ok+"Transfer-Encoding: chunked\r\n\r\n5;", "x"), "bad chunk"},
	"sends endless trailers":            {HTTP1, endless(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n"), "long head"},
	"sends two lengths":                 {HTTP1, answering(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "bad length"},
	"sends a negative length":           {HTTP1, answering(ok + "Content-Length: -5\r\n\r\nab"), "bad length"},
	"sends a length past counting":      {HTTP1, answering(ok + "Content-Length: 99999999999999999999\r\n\r\nab"), "bad length"},
	"sends an endless body":             {HTTP1, endless(ok+"\r\n", strings.Repeat("x", 1<<16)), "timeout"},
	"sends endless headers":             {HTTP1, endless(ok, "X-Filler: "+strings.Repeat("y", 1000)+"\r\n"), "long head"},
	"sends one endless header":          {HTTP1, endless(ok+"X-Filler: ", strings.Repeat("y", 1000)), "long head"},
	"sends cookies by the ten thousand": {HTTP1, answering(ok + strings.Repeat("Set-Cookie: a=b\r\n", 10_000) + "\r\n"), "long head"},
	"sends a flood of 1xx":              {HTTP1, endless("", "HTTP/1.1 103 Early Hints\r\n\r\n"), "interim flood"},
	"switches protocols unasked":        {HTTP1, answering("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), "bad upgrade"},

	"speaks no HTTP/2":       {HTTP2, answering("HTTP/1.1 400 Bad Request\r\n\r\n"), "no http/2"},
	"closes at once, HTTP/2": {HTTP2, framing(func(_ *http2.Framer, c net.Conn, _ uint32) { hangUp(c) }), "closed"},
	"closes in mid-answer": {HTTP2, framing(func(f *http2.Framer, c net.Conn, s uint32) {
		headOf(f, s, false, ":status", "200")
		hangUp(c)
	}), "closed"},
	"resets the stream": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		f.WriteRSTStream(s, http2.ErrCodeInternal)
	}), "stream reset"},
	"resets the stream as if we had cancelled it": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		headOf(f, s, false, ":status", "200")
		f.WriteRSTStream(s, http2.ErrCodeCancel)
	}), "stream reset"},
	"resets the stream as a broken protocol": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		f.WriteRSTStream(s, http2.ErrCodeProtocol)
	}), "stream reset"},
	"refuses the stream": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		f.WriteRSTStream(s, http2.ErrCodeRefusedStream)
	}), "stream refused"},
	"goes away": {HTTP2, framing(func(f *http2.Framer, c net.Conn, s uint32) {
		f.WriteGoAway(s, http2.ErrCodeEnhanceYourCalm, []byte("hunter2"))
		hangUp(c)
	}), "goaway"},
	"goes away without looking": {HTTP2, framing(func(f *http2.Framer, c net.Conn, s uint32) {
		f.WriteGoAway(0, http2.ErrCodeNo, []byte("hunter2"))
		hangUp(c)
	}), "stream refused"},
	"goes away in mid-answer": {HTTP2, framing(func(f *http2.Framer, c net.Conn, s uint32) {
		headOf(f, s, false, ":status", "200")
		f.WriteGoAway(s, http2.ErrCodeInternal, []byte("hunter2"))
		hangUp(c)
	}), "goaway"},
	"sends data past the window": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		headOf(f, s, false, ":status", "200")
		for err := error(nil); err == nil; {
			err = f.WriteData(s, false, make([]byte, 16<<10))
		}
	}), "flow control"},
	"overflows the window": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		f.WriteWindowUpdate(0, 1<<31-1)
		f.WriteWindowUpdate(0, 1<<31-1)
	}), "flow control"},
	"sends a frame of a wrong size": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		f.WriteRawFrame(http2.FramePing, 0, 0, []byte("short"))
	}), "bad frame"},
	"sends a frame that is too large": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		f.WriteRawFrame(http2.FrameData, 0, s, make([]byte, 1<<20))
	}), "bad frame"},
	"sends data on stream 0": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		f.WriteRawFrame(http2.FrameData, 0, 0, []byte("x"))
	}), "protocol"},
	"sends a head that does not decompress": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: s, EndHeaders: true, BlockFragment: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}})
	}), "header compression"},
	"sends a head without status": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		headOf(f, s, true, "content-type", "text/plain")
	}), "bad response"},
	"sends a status that is no number": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		headOf(f, s, true, ":status", "hunter2")
	}), "bad response"},
	"floods with CONTINUATION": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: s, BlockFragment: block(":status", "200")})
		filler := bytes.Repeat(block("x-filler", strings.Repeat("y", 1000)), 10)
		for err := error(nil); err == nil; {
			err = f.WriteContinuation(s, false, filler)
		}
	}), "protocol"},
	"floods with 1xx": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		for err := error(nil); err == nil; {
			err = f.WriteHeaders(http2.HeadersFrameParam{StreamID: s, EndHeaders: true, BlockFragment: []byte{0x08, 3, '1', '0', '3'}})
		}
	}), "interim flood"},
	"sends more than its length": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		headOf(f, s, false, ":status", "200", "content-length", "3")
		f.WriteData(s, true, []byte("hunter2"))
	}), "bad length"},
	"sends less than its length": {HTTP2, framing(func(f *http2.Framer, _ net.Conn, s uint32) {
		headOf(f, s, false, ":status", "200", "content-length", "30")
		f.WriteData(s, true, []byte("hunter2"))
	}), "bad length"},
	"never answers, HTTP/2": {HTTP2, framing(func(*http2.Framer, net.Conn, uint32) {}), "timeout"},
}

// hangUp closes the target's direction. Closing both at once would be a reset if
// the client has sent what was not read yet.
func hangUp(c net.Conn) { c.(*net.TCPConn).CloseWrite() }

// drip writes text a byte at a time, slowly, and never the end of it.
func drip(text string) func(net.Conn) {
	return func(c net.Conn) {
		for i := 0; ; i++ {
			if _, err := c.Write([]byte{text[i%(len(text)-2)]}); err != nil || i == len(text)-3 {
				io.Copy(io.Discard, c)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
}

func TestHostileTargetsEndAsNamedErrors(t *testing.T) {
	for name, tt := range hostile {
		t.Run("target "+name, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, Options{MaxBody: 1 << 16}, 1)
			limit := time.Minute
			if tt.want == "timeout" {
				limit = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			var resp Response
			timing, err := p.Do(ctx, Route{Origin: "http://" + listen(t, tt.handle), Protocol: tt.protocol}, 0, get("/"), &resp)
			if got := ErrorName(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error quotes the target: %v", err)
			}
			if timing.Sent.IsZero() || timing.Done.Before(timing.Sent) {
				t.Errorf("implausible timing %+v", timing)
			}
			if len(resp.Body.Data) > 1<<16 {
				t.Errorf("kept %d bytes", len(resp.Body.Data))
			}
		})
	}
}

func TestTheUserGoesOnAfterAHostileAnswer(t *testing.T) {
	for name, tt := range hostile {
		switch tt.want {
		case "timeout", "stream reset", "stream refused", "bad length":
			continue // the connection may go on, and the target with it
		}
		t.Run("target "+name, func(t *testing.T) {
			t.Parallel()
			good := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "good") }))
			good.Config.Protocols = new(http.Protocols)
			good.Config.Protocols.SetHTTP1(true)
			good.Config.Protocols.SetUnencryptedHTTP2(true)
			good.Start()
			defer good.Close()
			first := make(chan struct{}, 1)
			first <- struct{}{}
			at := listen(t, func(c net.Conn) {
				select {
				case <-first:
					tt.handle(c)
				default:
					relay(c, good.Listener.Addr().String())
				}
			})
			p := newPool(t, Options{}, 1)
			route := Route{Origin: "http://" + at, Protocol: tt.protocol}
			var resp Response
			post := get("/")
			post.Method = "POST" // which is not sent again by itself
			p.Do(t.Context(), route, 0, post, &resp)
			if _, err := p.Do(t.Context(), route, 0, post, &resp); err != nil || string(resp.Body.Data) != "good" {
				t.Errorf("the next exchange: %q, %v", resp.Body.Data, err)
			}
		})
	}
}

// relay joins c to a server at address until either ends.
func relay(c net.Conn, address string) {
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		io.Copy(to, c)
		to.Close()
	}()
	io.Copy(c, to)
}

// refuseSOCKS accepts no method of authentication.
func refuseSOCKS(c net.Conn) {
	io.ReadFull(c, make([]byte, 3))
	c.Write([]byte{5, 0xff})
}

func TestConnectFailuresAreNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	l.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quiet()
	secure.StartTLS()
	defer secure.Close()
	silent := listen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	for name, tt := range map[string]struct {
		o    Options
		r    Route
		want string
	}{
		"nobody listens":                 {Options{}, Route{Origin: "http://" + free}, "connect refused"},
		"TLS to a plain server":          {Options{}, Route{Origin: "https://" + plain.Listener.Addr().String()}, "tls"},
		"certificate that nobody signed": {Options{}, Route{Origin: secure.URL}, "tls"},
		"certificate for another name":   {Options{Roots: rootOf(secure)}, Route{Origin: secure.URL, Host: "shop.test"}, "tls"},
		"handshake without an answer":    {Options{DialTimeout: 50 * time.Millisecond}, Route{Origin: "https://" + silent}, "connect timeout"},
		"name without an address":        {Options{}, Route{Origin: "http://starling-test.invalid"}, "dns"},
		"HTTP/2 where there is none":     {Options{Roots: rootOf(secure)}, Route{Origin: secure.URL, Protocol: HTTP2}, "no http/2"},
		"proxy where nobody listens":     {Options{Proxy: "http://" + free}, Route{Origin: secure.URL}, "connect refused"},
		"proxy that refuses":             {Options{Proxy: plain.URL}, Route{Origin: secure.URL}, "proxy"},
		"proxy that is none":             {Options{Proxy: "socks5://" + listen(t, refuseSOCKS)}, Route{Origin: secure.URL}, "proxy"},
		"no port left":                   {Options{Sources: []string{"192.0.2.1"}}, Route{Origin: plain.URL}, "ports"},
		"origin without a scheme":        {Options{}, Route{Origin: "shop"}, "bad request"},
	} {
		t.Run(name, func(t *testing.T) {
			var resp Response
			timing, err := newPool(t, tt.o, 0).Do(t.Context(), tt.r, 0, get("/"), &resp)
			if got := ErrorName(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
			if timing.Sent.IsZero() || timing.Done.Before(timing.Sent) {
				t.Errorf("implausible timing %+v", timing)
			}
		})
	}
}

func TestEveryNameHasItsLine(t *testing.T) {
	for err, want := range map[error]string{
		nil:                                   "",
		context.Canceled:                      "canceled",
		context.DeadlineExceeded:              "timeout",
		io.ErrUnexpectedEOF:                   "closed",
		errors.New("something else"):          "network",
		named("x", errors.New("a")):           "x",
		named("y", named("x", io.EOF)):        "x",
		&net.DNSError{IsNotFound: true}:       "dns",
		&net.OpError{Op: "read", Err: io.EOF}: "closed",
	} {
		if got := ErrorName(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// A server that ends a connection has not looked at the requests that come just then.
// The client sends them again until they are served.
func TestARefusedRequestIsSentUntilItIsServed(t *testing.T) {
	var seen atomic.Int32
	at := listen(t, framing(func(f *http2.Framer, c net.Conn, s uint32) {
		if seen.Add(1) <= 4 {
			f.WriteGoAway(0, http2.ErrCodeNo, nil)
			hangUp(c)
			return
		}
		headOf(f, s, true, ":status", "204")
	}))
	post := get("/")
	post.Method = "POST"
	var resp Response
	_, err := newPool(t, Options{}, 1).Do(t.Context(), Route{Origin: "http://" + at, Protocol: HTTP2}, 0, post, &resp)
	if err != nil || resp.Status != 204 || seen.Load() != 5 {
		t.Errorf("status %d after %d requests: %v; want 204 after 5", resp.Status, seen.Load(), err)
	}
}
