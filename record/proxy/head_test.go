package proxy

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestHeadersInTLSAreRecordedAsTheyWereOnTheWire(t *testing.T) {
	for _, p := range paths {
		if !p.tls || p.h2 {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			r := p.open(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }, Options{})
			raw, err := net.Dial("tcp", r.addr)
			if !p.reverse {
				raw, err = connectTo(r.addr, r.origin.Listener.Addr().String())
			}
			if err != nil {
				t.Fatal(err)
			}
			c := tls.Client(raw, &tls.Config{RootCAs: r.roots(), ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
			defer c.Close()
			fmt.Fprintf(c, "GET /a HTTP/1.1\r\nzeta: 1\r\nHost: shop.test\r\nALPHA: b\r\nZeta: 2\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			want := flow.Headers{{Name: "zeta", Value: "1"}, {Name: "Host", Value: "shop.test"}, {Name: "ALPHA", Value: "b"}, {Name: "Zeta", Value: "2"}}
			if got := r.sink.next(t).Request.Headers; !slices.Equal(got, want) {
				t.Errorf("recorded %v, want %v", got, want)
			}
		})
	}
}

func TestHeadersAreRecordedAsTheyWereOnTheWire(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nzeta: 1\r\nSET-cookie: a=1\r\nset-Cookie: b=2\r\nContent-length: 2\r\nAlpha:  spaced \r\n\r\nok"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				br := bufio.NewReader(c)
				for {
					req, err := http.ReadRequest(br)
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"+answer)
				}
			}()
		}
	}()
	target := l.Addr().String()
	r := start(t, Options{CA: testCA(t)})
	for _, tunnel := range []bool{false, true} {
		c, prefix := net.Conn(nil), "http://"+target
		if tunnel {
			c, err = connectTo(r.addr, target)
			prefix = ""
		} else {
			c, err = net.Dial("tcp", r.addr)
		}
		if err != nil {
			t.Fatal(err)
		}
		br := bufio.NewReader(c)
		for i, chunk := range []string{"", "4\r\nGET \r\n0\r\n\r\n"} { // kept alive
			sent := "x-LOWER: 1\r\nHost: " + target + "\r\nACCEPT: a\r\nX-lower: 2\r\nCookie: c=d; e=f\r\naccept: b\r\n"
			if chunk != "" {
				sent += "Transfer-Encoding: chunked\r\n"
			}
			fmt.Fprintf(c, "POST %s/%d?a|b{}\" HTTP/1.1\r\n%sProxy-Authorization: Basic c2VjcmV0\r\nProxy-Connection: keep-alive\r\n\r\n%s", prefix, i, strings.TrimSuffix(sent, "\""), chunk)
			resp, err := http.ReadResponse(br, nil)
			for err == nil && resp.StatusCode == 103 {
				resp, err = http.ReadResponse(br, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			f := r.sink.next(t)
			if got := names(f.Request.Headers); got != strings.ReplaceAll(strings.TrimSpace(sent), "\r\n", "\n") {
				t.Errorf("request %d recorded as\n%s", i, got)
			}
			if want := fmt.Sprintf("/%d?a|b{}\"", i); f.Request.Target != want {
				t.Errorf("target recorded as %q, want %q", f.Request.Target, want)
			}
			if got, want := names(f.Response.Headers), "zeta: 1\nSET-cookie: a=1\nset-Cookie: b=2\nContent-length: 2\nAlpha: spaced"; got != want {
				t.Errorf("response %d recorded as\n%s", i, got)
			}
		}
		c.Close()
	}
}

func TestTheTargetGetsTheRequestTargetByteForByte(t *testing.T) {
	seen := make(chan string, 1)
	origin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	go func() {
		for {
			c, err := origin.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(c).ReadString('\n')
			seen <- line
			io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
			c.Close()
		}
	}()
	r := start(t, Options{})
	for _, target := range []string{"/", "/a%2Fb/%7e", "/a|b{c}^", "/ü?ü=ü", "/?", "/?a=b?c", "//twice//", "/a;b=c", "/x?y#z"} {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET http://%s%s HTTP/1.1\r\nHost: x\r\n\r\n", origin.Addr(), target)
		if got := within(t, seen, "the request at the target"); got != "GET "+target+" HTTP/1.1\r\n" {
			t.Errorf("%s arrived as %q", target, got)
		}
		if f := r.sink.next(t); f.Request.Target != target || f.Request.Authority != origin.Addr().String() {
			t.Errorf("%s recorded as %q of %q", target, f.Request.Target, f.Request.Authority)
		}
		c.Close()
	}
}

func TestPipelinedRequestsAreRecordedEachWithItsHead(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.URL.Path, b)
	}
	for _, p := range paths {
		if p.h2 {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			r := p.open(t, handler, Options{})
			c := p.dial(t, r)
			defer c.Close()
			base := strings.TrimSuffix(p.rawTarget(r), "/")
			var all strings.Builder
			for i, body := range []string{"", "GET /no HTTP/1.1\r\n\r\n", "x", ""} {
				fmt.Fprintf(&all, "POST %s/%d HTTP/1.1\r\nhOST: h\r\nn%d: v\r\nContent-length: %d\r\n\r\n%s", base, i, i, len(body), body)
			}
			io.WriteString(c, all.String())
			br := bufio.NewReader(c)
			for i := range 4 {
				resp, err := http.ReadResponse(br, nil)
				if err != nil {
					t.Fatal(err)
				}
				b, _ := io.ReadAll(resp.Body)
				if !strings.HasPrefix(string(b), fmt.Sprintf("/%d ", i)) {
					t.Errorf("answer %d is %q", i, b)
				}
				f := r.sink.next(t)
				if len(f.Request.Headers) != 3 || f.Request.Headers[0].Name != "hOST" && !(p.reverse && p.tls) || f.Request.Headers[1].Name != fmt.Sprintf("n%d", i) {
					t.Errorf("request %d recorded with\n%s", i, names(f.Request.Headers))
				}
			}
		})
	}
}

func TestRequestTapWhereverTheBytesAreCut(t *testing.T) {
	const stream = "GET /1 HTTP/1.1\r\nA: 1\r\n\r\n" +
		"POST /2 HTTP/1.1\nContent-Length: 18\nb: 2\n\nGET /no HTTP/1.1\r\n" +
		"PUT /3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nGET /\r\nA\r\n0123456789\r\n0\r\nTrailer: GET / HTTP/1.1\r\n\r\n" +
		"GET /4 HTTP/1.1\r\n\r\n"
	for cut := range len(stream) + 1 {
		for _, step := range []int{len(stream), 1} {
			tap := new(requestTap)
			for _, part := range []string{stream[:cut], stream[cut:]} {
				for len(part) > 0 {
					n := min(step, len(part))
					tap.feed([]byte(part[:n]))
					part = part[n:]
				}
			}
			for i, method := range []string{"GET", "POST", "PUT", "GET"} {
				h, ok := tap.next(method, fmt.Sprintf("/%d", i+1))
				if !ok {
					t.Fatalf("cut at %d, step %d: request %d not found", cut, step, i+1)
				}
				if want := []string{"A: 1", "Content-Length: 18\nb: 2", "Transfer-Encoding: chunked", ""}[i]; names(h.headers) != want {
					t.Errorf("cut at %d: request %d has %q, want %q", cut, i+1, names(h.headers), want)
				}
			}
			if len(tap.queued) != 0 || tap.state != tapHead {
				t.Errorf("cut at %d: %d heads left in state %d", cut, len(tap.queued), tap.state)
			}
		}
	}
}

func TestRequestTapStopsWhenInDoubt(t *testing.T) {
	for name, stream := range map[string]string{
		"a folded line":              "GET / HTTP/1.1\r\nA: 1\r\n 2\r\n\r\n",
		"no colon":                   "GET / HTTP/1.1\r\nA\r\n\r\n",
		"an empty first line":        "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
		"another transfer coding":    "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"a length that is none":      "GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
		"a head without end":         "GET / HTTP/1.1\r\nA: " + strings.Repeat("a", maxHead),
		"a blank before a colon":     "GET / HTTP/1.1\r\nA : b\r\n\r\n",
		"two lengths":                "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"chunks in HTTP/1.0":         "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"an HTTP/2 preface":          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"a chunk size that is none":  "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"a chunk line without end":   "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("0", 5000),
		"a chunk size past counting": "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
	} {
		tap := new(requestTap)
		tap.feed([]byte(stream))
		if tap.state != tapOff || len(tap.held) > 0 || len(tap.queued) > 0 {
			t.Errorf("%s: state %d, %d heads", name, tap.state, len(tap.queued))
		}
		tap.feed([]byte("GET / HTTP/1.1\r\n\r\n"))
		if _, ok := tap.next("GET", "/"); ok {
			t.Errorf("%s: a head was found behind it", name)
		}
	}
}

func TestRequestTapNeverPanicsAndStaysSmall(t *testing.T) {
	f := func(b []byte) {
		tap := new(requestTap)
		tap.feed(b)
		if len(tap.held) > maxHead+1 {
			t.Errorf("holds %d bytes", len(tap.held))
		}
	}
	const seed = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
	for i := range seed {
		for _, c := range []byte{0, '\r', '\n', ' ', ':', '-', 'f', 0xff} {
			b := []byte(seed)
			b[i] = c
			f(b)
		}
	}
}

func TestHopByHopFieldsStayAtTheirHop(t *testing.T) {
	h := http.Header{
		"Connection": {"close, X-Mine", "te"}, "X-Mine": {"1"}, "Keep-Alive": {"1"}, "Te": {"trailers, deflate"},
		"Proxy-Authorization": {"secret"}, "Proxy-Connection": {"1"}, "Upgrade": {"h2c"}, "Authorization": {"kept"}, "Cookie": {"kept"},
	}
	stripHop(h)
	if got, want := names(canonical(h, true)), "authorization: kept\ncookie: kept\nte: trailers, deflate"; got != want {
		t.Errorf("left:\n%s\nwant:\n%s", got, want)
	}
	h = http.Header{"Te": {"deflate"}}
	if stripHop(h); len(h) != 0 {
		t.Errorf("left: %v", h)
	}
}
