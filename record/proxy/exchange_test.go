package proxy

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestAnExchangeIsRecordedWholeOnEveryPath(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Answer", "one")
		w.Header().Add("X-Answer", "two")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, b)
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		const target = "/cart/%7Ea?x=1&y=%20z"
		resp, body := r.get(t, request(t, "POST", r.base+target, strings.NewReader("a body"), "X-Thing", "1", "X-Thing", "2"))
		if want := "POST " + target + " a body"; resp.StatusCode != 201 || body != want {
			t.Fatalf("client got %d %q, want 201 %q", resp.StatusCode, body, want)
		}
		f := r.sink.next(t)
		if !f.Complete() {
			t.Fatalf("flow is not complete: %q", f.Error)
		}
		base, _ := url.Parse(r.base) // a reverse proxy keeps the Host of the client
		scheme, proto := "http", "HTTP/1.1"
		if p.tls {
			scheme = "https"
		}
		if p.h2 {
			proto = "HTTP/2.0"
		}
		if f.Scheme != scheme || f.Protocol != proto || f.Request.Method != "POST" || f.Request.Target != target || f.Request.Authority != base.Host {
			t.Errorf("recorded %s %s %s %s for %s", f.Scheme, f.Protocol, f.Request.Method, f.Request.Target, f.Request.Authority)
		}
		checkBody(t, "request", f.Request.Body, "a body")
		checkBody(t, "response", f.Response.Body, body)
		if got := f.Request.Headers.Values("x-thing"); fmt.Sprint(got) != "[1 2]" {
			t.Errorf("request field recorded as %q", got)
		}
		if got := f.Response.Headers.Values("x-answer"); f.Response.Status != 201 || fmt.Sprint(got) != "[one two]" {
			t.Errorf("response recorded as %d, %q", f.Response.Status, got)
		}
		if f.Start.IsZero() || f.RequestDone <= 0 || f.FirstByte < f.RequestDone || f.Done < f.FirstByte {
			t.Errorf("times: start %v, request %v, first byte %v, done %v", f.Start, f.RequestDone, f.FirstByte, f.Done)
		}
		c := r.sink.conn(t, f.Conn)
		if f.Conn != 1 || c.Server != r.origin.Listener.Addr().String() || c.Client == "" || c.Opened.IsZero() || (c.TLS != nil) != p.tls {
			t.Errorf("connection recorded as %+v", c)
		}
		if p.tls {
			alpn := "" // this client offers nothing for HTTP/1.1
			if p.h2 {
				alpn = "h2"
			}
			if c.TLS.Version != "TLS 1.3" || c.TLS.ALPN != alpn || c.TLS.Cipher == "" {
				t.Errorf("TLS recorded as %+v", c.TLS)
			}
		}
	})
}

func checkBody(t *testing.T, what string, got flow.Body, want string) {
	t.Helper()
	if string(got.Data) != want || got.Size != int64(len(want)) || got.Truncated() {
		t.Errorf("%s body recorded as %q, %d bytes; want %q", what, got.Data, got.Size, want)
	}
}

func TestNothingIsAddedToOrTakenFromTheTraffic(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, strings.Repeat("compressed ", 50))
	z.Close()
	seen := make(chan http.Header, 1)
	handler := func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Clone()
		h := w.Header()
		h["Date"], h["Content-Type"] = nil, nil
		h.Set("Etag", `W/"abc"`)
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", fmt.Sprint(zipped.Len()))
		w.Write(zipped.Bytes())
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		req := request(t, "GET", r.base+"/", nil, "X-One", "1")
		req.Header["User-Agent"] = nil
		resp, body := r.get(t, req)
		sent := <-seen
		if len(sent) != 1 || sent.Get("X-One") != "1" {
			t.Errorf("the target got %v, want X-One alone", sent)
		}
		if body != zipped.String() {
			t.Errorf("client got %d bytes that are not the %d sent", len(body), zipped.Len())
		}
		if resp.ContentLength != int64(zipped.Len()) {
			t.Errorf("client got Content-Length %d, want %d", resp.ContentLength, zipped.Len())
		}
		want := http.Header{"Etag": {`W/"abc"`}, "Content-Encoding": {"gzip"}, "Content-Length": {fmt.Sprint(zipped.Len())}}
		if fmt.Sprint(resp.Header) != fmt.Sprint(want) {
			t.Errorf("client got %v, want %v", resp.Header, want)
		}
		checkBody(t, "response", r.sink.next(t).Response.Body, zipped.String())
	})
}

func TestTheClientsOwnAcceptEncodingPasses(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header["Accept-Encoding"]) }
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		if _, body := r.get(t, request(t, "GET", r.base+"/", nil, "Accept-Encoding", "br, zstd")); body != "[br, zstd]" {
			t.Errorf("the target got %s", body)
		}
	})
}

func TestAChunkPassesBeforeTheNextIsSent(t *testing.T) {
	next := make(chan struct{})
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.(http.Flusher).Flush()
		for _, part := range []string{"first", "second"} {
			<-next
			io.WriteString(w, part)
			w.(http.Flusher).Flush()
		}
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		resp, err := r.client.Get(r.base + "/") // the head comes while the body is held
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		for _, part := range []string{"first", "second"} {
			next <- struct{}{}
			b := make([]byte, len(part))
			if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != part {
				t.Fatalf("got %q, %v", b, err)
			}
		}
		io.Copy(io.Discard, resp.Body)
		checkBody(t, "response", r.sink.next(t).Response.Body, "firstsecond")
	})
}

func TestABodyOfKnownLengthPassesAsItComes(t *testing.T) {
	next := make(chan struct{})
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "2")
		for _, part := range []string{"a", "b"} {
			io.WriteString(w, part)
			w.(http.Flusher).Flush()
			<-next
		}
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		resp, err := r.client.Get(r.base + "/")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		for _, part := range []string{"a", "b"} {
			b := make([]byte, 1)
			if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != part {
				t.Fatalf("got %q, %v", b, err)
			}
			next <- struct{}{}
		}
		io.Copy(io.Discard, resp.Body)
		r.sink.next(t)
	})
}

func TestBothDirectionsStreamAtOnce(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.(http.Flusher).Flush()
		buf := make([]byte, 16)
		for {
			n, err := r.Body.Read(buf)
			w.Write(buf[:n])
			w.(http.Flusher).Flush()
			if err != nil {
				return
			}
		}
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		pr, pw := io.Pipe()
		resp, err := r.client.Do(request(t, "POST", r.base+"/", pr))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		for _, word := range []string{"ping", "pong"} {
			io.WriteString(pw, word)
			b := make([]byte, 4)
			if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != word {
				t.Fatalf("got %q, %v", b, err)
			}
		}
		pw.Close()
		io.Copy(io.Discard, resp.Body)
		f := r.sink.next(t)
		checkBody(t, "request", f.Request.Body, "pingpong")
		checkBody(t, "response", f.Response.Body, "pingpong")
	})
}

func TestExpectContinueIsAnsweredWhenTheTargetAsks(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		b, _ := io.ReadAll(r.Body)
		w.Write(b)
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		got := make(chan int, 4)
		trace := &httptrace.ClientTrace{Got100Continue: func() { got <- 100 }}
		req := request(t, "POST", r.base+"/", strings.NewReader("after 100"), "Expect", "100-continue")
		_, body := r.get(t, req.WithContext(httptrace.WithClientTrace(context.Background(), trace)))
		if body != "after 100" {
			t.Errorf("got %q", body)
		}
		if within(t, got, "100 Continue") != 100 {
			t.Error("no 100 Continue")
		}
		f := r.sink.next(t)
		checkBody(t, "request", f.Request.Body, "after 100")
		if p.h2 {
			return // net/http answers and drops the field by itself
		}
		if len(f.Interim) != 1 || f.Interim[0].Status != 100 {
			t.Errorf("interim responses recorded as %v", f.Interim)
		}
		resp, _ := r.get(t, request(t, "POST", r.base+"/no", strings.NewReader("unwanted"), "Expect", "100-continue"))
		f = r.sink.next(t)
		if resp.StatusCode != 417 || f.Error != "" || f.Request.Body.Size != 0 {
			t.Errorf("refused: status %d, recorded with error %q and %d bytes", resp.StatusCode, f.Error, f.Request.Body.Size)
		}
	})
}

func TestInformationalResponsesPassBeforeTheFinalOne(t *testing.T) {
	hinted := make(chan struct{})
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		<-hinted
		w.Header().Del("Link")
		w.Header().Set("X-Final", "1")
		io.WriteString(w, "done")
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		var link string
		trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			if code == http.StatusEarlyHints {
				link = h.Get("Link")
				hinted <- struct{}{}
			}
			return nil
		}}
		resp, body := r.get(t, request(t, "GET", r.base+"/", nil).WithContext(httptrace.WithClientTrace(context.Background(), trace)))
		if link != "</style.css>; rel=preload" || body != "done" {
			t.Errorf("hint %q, body %q", link, body)
		}
		if resp.Header.Get("Link") != "" || resp.Header.Get("X-Final") != "1" {
			t.Errorf("final head %v", resp.Header)
		}
		f := r.sink.next(t)
		if len(f.Interim) != 1 || f.Interim[0].Status != 103 || f.Interim[0].Headers.Value("link") != link {
			t.Errorf("interim responses recorded as %v", f.Interim)
		}
	})
}

func TestTrailersPassBothWays(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		io.Copy(w, r.Body)
		w.Header().Set("X-Sum", "of "+r.Trailer.Get("X-Check"))
		w.Header().Set(http.TrailerPrefix+"X-Late", "unannounced")
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		req := request(t, "POST", r.base+"/", io.MultiReader(strings.NewReader("body")))
		req.Trailer = http.Header{"X-Check": {"7"}}
		resp, _ := r.get(t, req)
		if resp.Trailer.Get("X-Sum") != "of 7" || resp.Trailer.Get("X-Late") != "unannounced" {
			t.Errorf("client got trailers %v", resp.Trailer)
		}
		f := r.sink.next(t)
		if f.Request.Trailers.Value("x-check") != "7" || f.Response.Trailers.Value("x-sum") != "of 7" || f.Response.Trailers.Value("x-late") != "unannounced" {
			t.Errorf("trailers recorded as %v and %v", f.Request.Trailers, f.Response.Trailers)
		}
	})
}

func TestResponsesWithoutBody(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"1"`)
		switch r.URL.Path {
		case "/204":
			w.WriteHeader(http.StatusNoContent)
		case "/304":
			w.WriteHeader(http.StatusNotModified)
		case "/empty":
			w.Header().Set("Content-Length", "0")
		default:
			w.Header().Set("Content-Length", "1234")
		}
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		for _, c := range []struct {
			method, path string
			status       int
			length       int64
		}{{"HEAD", "/", 200, 1234}, {"GET", "/204", 204, 0}, {"GET", "/304", 304, 0}, {"GET", "/empty", 200, 0}} {
			resp, body := r.get(t, request(t, c.method, r.base+c.path, nil))
			if resp.StatusCode != c.status || body != "" || resp.ContentLength != c.length || resp.Header.Get("Etag") != `"1"` {
				t.Errorf("%s %s: got %d %q length %d %v", c.method, c.path, resp.StatusCode, body, resp.ContentLength, resp.Header)
			}
			f := r.sink.next(t)
			if !f.Complete() || f.Response.Status != c.status || f.Response.Body.Size != 0 || f.Response.Body.Hash != 0 {
				t.Errorf("%s %s: recorded as %d, error %q, body %+v", c.method, c.path, f.Response.Status, f.Error, f.Response.Body)
			}
		}
	})
}

func TestAnUnreachableTargetIsA502OnEveryPath(t *testing.T) {
	eachPath(t, func(http.ResponseWriter, *http.Request) {}, func(t *testing.T, p path, r *rig) {
		r.origin.Close()
		for range 2 { // the connection to the proxy stays usable
			resp, body := r.get(t, request(t, "POST", r.base+"/", strings.NewReader("lost")))
			if resp.StatusCode != 502 || !strings.HasPrefix(body, "starling: ") || !strings.HasSuffix(body, " refused the connection\n") ||
				strings.Count(body, "\n") != 1 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
				t.Errorf("client got %d %q %v", resp.StatusCode, body, resp.Header)
			}
			f := r.sink.next(t)
			if f.Error != "connect refused" || f.Response != nil {
				t.Errorf("recorded with error %q and response %v", f.Error, f.Response)
			}
		}
	})
}

func TestATargetThatBreaksOffBreaksOffForTheClient(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/known" {
			w.Header().Set("Content-Length", "100")
		}
		io.WriteString(w, "part")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		for _, path := range []string{"/known", "/chunked"} {
			resp, err := r.client.Get(r.base + path)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(b) != "part" || err == nil {
				t.Errorf("%s: client got %q, error %v; want the part and an error", path, b, err)
			}
			f := r.sink.next(t)
			if f.Error != "response cut" || f.Response.Status != 200 || string(f.Response.Body.Data) != "part" {
				t.Errorf("%s: recorded with error %q: %+v", path, f.Error, f.Response)
			}
		}
	})
}

func TestATargetThatClosesWithoutAnAnswerIsA502(t *testing.T) {
	handler := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		resp, _ := r.get(t, request(t, "POST", r.base+"/", strings.NewReader("x")))
		f := r.sink.next(t)
		if resp.StatusCode != 502 || f.Response != nil || f.Error == "" {
			t.Errorf("client got %d; recorded with error %q", resp.StatusCode, f.Error)
		}
	})
}

func TestAClientThatLeavesInMidResponse(t *testing.T) {
	left := make(chan struct{})
	handler := func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "part")
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the target notices
		left <- struct{}{}
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		ctx, cancel := context.WithCancel(context.Background())
		resp, err := r.client.Do(request(t, "GET", r.base+"/", nil).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		io.ReadFull(resp.Body, make([]byte, 4))
		cancel()
		resp.Body.Close()
		within(t, left, "the end of the request at the target")
		f := r.sink.next(t)
		if f.Error != "client closed" || string(f.Response.Body.Data) != "part" {
			t.Errorf("recorded with error %q: %+v", f.Error, f.Response)
		}
	})
}

func TestAClientThatLeavesInMidRequest(t *testing.T) {
	began := make(chan struct{})
	handler := func(w http.ResponseWriter, r *http.Request) {
		io.ReadFull(r.Body, make([]byte, 4))
		began <- struct{}{}
		io.Copy(io.Discard, r.Body)
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		pr, pw := io.Pipe()
		done := make(chan error, 1)
		go func() {
			_, err := r.client.Do(request(t, "POST", r.base+"/", pr))
			done <- err
		}()
		io.WriteString(pw, "part")
		within(t, began, "the request at the target")
		pw.CloseWithError(errors.New("changed my mind"))
		if err := within(t, done, "the end of the request"); err == nil {
			t.Error("the client's request succeeded")
		}
		f := r.sink.next(t)
		if f.Error != "client closed" || string(f.Request.Body.Data) != "part" || f.RequestDone != 0 {
			t.Errorf("recorded with error %q, body %+v, request done %v", f.Error, f.Request.Body, f.RequestDone)
		}
	})
}

func TestAnAnswerBeforeTheRequestIsReadPasses(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		resp, err := r.client.Do(request(t, "POST", r.base+"/", io.LimitReader(zeros{}, 8<<20)))
		if err == nil {
			resp.Body.Close()
		}
		if err == nil && resp.StatusCode != 413 && resp.StatusCode != 502 {
			t.Errorf("client got %d", resp.StatusCode)
		}
		if f := r.sink.next(t); f.Complete() && f.Request.Body.Size < 8<<20 {
			t.Errorf("recorded as complete with %d bytes of the request", f.Request.Body.Size)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestNoContentTypeOrDateIsMadeUp(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
		io.WriteString(w, "<html>looks like a page")
	}
	eachPath(t, handler, func(t *testing.T, p path, r *rig) {
		resp, _ := r.get(t, request(t, "GET", r.base+"/", nil))
		if len(resp.Header["Date"])+len(resp.Header["Content-Type"]) > 0 {
			t.Errorf("client got %v", resp.Header)
		}
	})
}
