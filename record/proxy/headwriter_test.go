package proxy

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/record/http1"
	"github.com/starling-load/starling/record/proxy/authority"
)

// rawOrigin answers what ends with end by the bytes of answer, and tells what it
// was sent, and in the end what it did not answer.
func rawOrigin(t *testing.T, ca *authority.Authority, end, answer string) (address string, seen <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if ca != nil {
		c := clientTLS(ca)
		c.NextProtos = []string{"http/1.1"}
		l = tls.NewListener(l, c)
	}
	heard := make(chan string, 16)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				var got []byte
				b := make([]byte, 4<<10)
				for {
					n, err := c.Read(b)
					if got = append(got, b[:n]...); err != nil {
						select {
						case heard <- string(got):
						default: // nobody wants to know
						}
						return
					}
					if bytes.HasSuffix(got, []byte(end)) {
						heard <- string(got)
						got = nil
						io.WriteString(c, answer)
					}
				}
			}()
		}
	}()
	return l.Addr().String(), heard
}

// open1 is open for a raw origin and a raw client, with HTTP/1.1 on both sides.
func (p path) open1(t *testing.T, end, answer string) (r *rig, client net.Conn, prefix string, seen <-chan string) {
	t.Helper()
	ca := testCA(t)
	o := Options{CA: ca}
	origin := ca
	if !p.tls {
		origin = nil
	}
	address, seen := rawOrigin(t, origin, end, answer)
	scheme := "http"
	if p.tls {
		scheme = "https"
		o.UpstreamRoots = (&rig{ca: ca}).roots()
	}
	if p.reverse {
		o.Upstream = mustParse(t, scheme+"://"+address)
		o.ListenTLS = p.tls
	}
	r = start(t, o)
	r.base = scheme + "://" + address
	client = p.dial(t, r)
	t.Cleanup(func() { client.Close() })
	return r, client, strings.TrimSuffix(p.rawTarget(r), "/"), seen
}

// until reads what comes up to and with end.
func until(t *testing.T, c net.Conn, end string) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	var got []byte
	b := make([]byte, 1)
	for !bytes.HasSuffix(got, []byte(end)) {
		if _, err := io.ReadFull(c, b); err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		got = append(got, b[0])
	}
	return string(got)
}

func TestHeadsPassAsTheyAreOnTheWire(t *testing.T) {
	const (
		fields = "zeta:  1\r\nhoST:\tHOST\r\nACCEPT: a\r\nx-dup:b\r\nuser-agent: raw/1\r\nX-Dup: a\r\ncontent-length: 4\r\naccept:\tc \r\nTE: trailers\r\n\r\nbody"
		final  = "HTTP/1.1 200 Everything's fine\r\nserver:odd\r\nSET-cookie: b=2\r\nX-Long: " // a head in several writes
		hint   = "HTTP/1.1 103 Look here\r\nlink: </b>\r\nLINK:  </a>\r\nAlpha: 1\r\n\r\n"
	)
	answer := hint + final + strings.Repeat("long", 3000) + "\r\nset-Cookie: a=1\r\nCONTENT-length: 3\r\ndate: never\r\nETag: \"x\"\r\n\r\nend"
	for _, p := range paths {
		if p.h2 || p.targetH2 {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			r, c, prefix, seen := p.open1(t, "body", answer)
			for range 2 { // kept alive
				sent := strings.ReplaceAll(fields, "HOST", strings.TrimPrefix(strings.TrimPrefix(r.base, "https://"), "http://"))
				io.WriteString(c, "PUT "+prefix+"/x HTTP/1.1\r\n"+sent)
				if got, want := within(t, seen, "the request"), "PUT /x HTTP/1.1\r\n"+sent; got != want {
					t.Errorf("the target was sent\n%q, want\n%q", got, want)
				}
				if got := until(t, c, "\r\n\r\nend"); got != answer {
					t.Errorf("the client was sent\n%q, want\n%q", got, answer)
				}
				f := r.sink.next(t)
				if len(f.Interim) != 1 || names(f.Interim[0].Headers) != "link: </b>\nLINK: </a>\nAlpha: 1" {
					t.Errorf("informational response recorded as %v", f.Interim)
				}
			}
		})
	}
}

func TestFieldsOfAConnectionDoNotPassWithTheOthers(t *testing.T) {
	r, c, prefix, seen := paths[0].open1(t, "\r\n\r\n", "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\nx-B: 2\r\nconnection: keep-alive, x-b\r\nx-A: 1\r\nTransfer-encoding: chunked\r\n\r\n0\r\n\r\n")
	io.WriteString(c, "GET "+prefix+"/ HTTP/1.1\r\nconnection: x-own, Keep-Alive\r\nx-own: 1\r\nx-Kept: 2\r\nproxy-authorization: Basic c2VjcmV0\r\nhost: h\r\n\r\n")
	if got, want := within(t, seen, "the request"), "GET / HTTP/1.1\r\nx-Kept: 2\r\nhost: "+strings.TrimPrefix(r.base, "http://")+"\r\n\r\n"; got != want {
		t.Errorf("the target was sent\n%q, want\n%q", got, want)
	}
	if got, want := until(t, c, "0\r\n\r\n"), "HTTP/1.1 200 OK\r\nx-A: 1\r\nTransfer-encoding: chunked\r\n\r\n0\r\n\r\n"; got != want {
		t.Errorf("the client was sent\n%q, want\n%q", got, want)
	}
	r.sink.next(t)
}

func TestAnOfferOfHTTP2EndsAtThisConnection(t *testing.T) {
	r, c, prefix, seen := paths[1].open1(t, "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend")
	fmt.Fprintf(c, "GET %s/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nX: 1\r\n\r\n", prefix)
	if got, want := within(t, seen, "the request"), "GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\n\r\n"; got != want {
		t.Errorf("the target was sent\n%q, want\n%q", got, want)
	}
	until(t, c, "end")
	if f := r.sink.next(t); f.Error != "" || !f.Request.Headers.Has("Upgrade") {
		t.Errorf("recorded with error %q and\n%s", f.Error, names(f.Request.Headers))
	}
}

// parseHead parses lines of a head without the empty one.
func parseHead(b []byte) (wireHead, bool) {
	var head http1.Head
	rules := headRules()
	rules.Cut = true
	n, err := head.ParseRequest(b, 0, rules)
	if bytes.HasPrefix(b, []byte("HTTP/")) {
		n, err = head.ParseResponse(b, 0, rules)
	}
	return newWireHead(&head, b[:n]), err == nil
}

// shaped is a written head in the form of like.
func shaped(t *testing.T, like *wireHead, written string) string {
	t.Helper()
	var head http1.Head
	if n, err := like.parse(&head, []byte(written), 0); n != len(written) || err != nil {
		t.Fatalf("%q: %v", written, err)
	}
	return string(like.shape(nil, &head, []byte(written)))
}

func TestHeadForms(t *testing.T) {
	for _, c := range []struct{ name, like, written, want string }{
		{"order and case", "GET /x HTTP/1.1\r\nb: 1\r\nA: 2\r\n", "GET / HTTP/1.1\r\nA: 2\r\nB: 1\r\n\r\n", "GET / HTTP/1.1\r\nb: 1\r\nA: 2\r\n\r\n"},
		{"a changed value", "GET / HTTP/1.1\r\nhost: a\r\n", "GET / HTTP/1.1\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nhost: b\r\n\r\n"},
		{"a field of the writer", "GET / HTTP/1.1\r\nb: 1\r\n", "GET / HTTP/1.1\r\nA: 2\r\nB: 1\r\n\r\n", "GET / HTTP/1.1\r\nb: 1\r\nA: 2\r\n\r\n"},
		{"a field that was left out", "GET / HTTP/1.1\r\nb: 1\r\nc: 2\r\n", "GET / HTTP/1.1\r\nC: 2\r\n\r\n", "GET / HTTP/1.1\r\nc: 2\r\n\r\n"},
		{"duplicates", "GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nA:3\r\n", "GET / HTTP/1.1\r\nA: 1\r\nA: 3\r\nB: 2\r\n\r\n", "GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nA:3\r\n\r\n"},
		{"one name the beginning of another", "GET / HTTP/1.1\r\naa: 1\r\na: 2\r\n", "GET / HTTP/1.1\r\nA: 2\r\nAa: 1\r\n\r\n", "GET / HTTP/1.1\r\naa: 1\r\na: 2\r\n\r\n"},
		{"names that differ in more than case", "GET / HTTP/1.1\r\na^: 1\r\n", "GET / HTTP/1.1\r\nA~: 1\r\n\r\n", "GET / HTTP/1.1\r\nA~: 1\r\n\r\n"},
		{"lines that end with LF", "GET / HTTP/1.1\nb: 1\nA: 2\n", "GET / HTTP/1.1\r\nA: 2\r\nB: 1\r\n\r\n", "GET / HTTP/1.1\r\nb: 1\r\nA: 2\r\n\r\n"},
		{"no field at all", "GET / HTTP/1.1\r\na: 1\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"},
		{"an empty value", "GET / HTTP/1.1\r\na:\r\n", "GET / HTTP/1.1\r\nA: \r\n\r\n", "GET / HTTP/1.1\r\na:\r\n\r\n"},
		{"the reason", "HTTP/1.1 200 Fine\r\na: 1\r\n", "HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", "HTTP/1.1 200 Fine\r\na: 1\r\n\r\n"},
		{"no reason", "HTTP/1.1 200\r\na: 1\r\n", "HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", "HTTP/1.1 200\r\na: 1\r\n\r\n"},
		{"the version of the writer", "HTTP/1.1 200 Fine\r\na: 1\r\n", "HTTP/1.0 200 OK\r\nA: 1\r\n\r\n", "HTTP/1.0 200 Fine\r\na: 1\r\n\r\n"},
		{"too many lines", "GET / HTTP/1.1\r\na: 1\r\n", "GET / HTTP/1.1\r\nA: 1\r\n" + strings.Repeat("B: 1\r\n", maxHeadLines) + "\r\n", ""},
	} {
		like, ok := parseHead([]byte(c.like))
		if !ok {
			t.Fatalf("%s: no head", c.name)
		}
		want := c.want
		if want == "" {
			want = c.written
		}
		if got := shaped(t, &like, c.written); got != want {
			t.Errorf("%s:\n%q, want\n%q", c.name, got, want)
		}
	}
}

func TestHeadFormsChangeNoField(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	head := func(first string) string {
		b := first + "\r\n"
		for range random.IntN(8) {
			b += []string{"a", "A", "bb", "Bb", "bB", "c-d", "C-D"}[random.IntN(7)] + ":" +
				[]string{"", " ", "\t", "  "}[random.IntN(4)] + []string{"", "1", "2", "x: y"}[random.IntN(4)] + []string{"", " "}[random.IntN(2)] + "\r\n"
		}
		return b
	}
	fields := func(b string) []string {
		h, ok := parseHead([]byte(b))
		if !ok {
			t.Fatalf("%q is no head", b)
		}
		var list []string
		for _, f := range h.headers {
			list = append(list, strings.ToLower(f.Name)+"="+f.Value)
		}
		slices.Sort(list)
		return append(list, h.first)
	}
	for range 20_000 {
		like, _ := parseHead([]byte(head("GET /like HTTP/1.1")))
		written := head("GET /written HTTP/1.1") + "\r\n"
		got := shaped(t, &like, written)
		if !slices.Equal(fields(got), fields(written)) || strings.Count(got, "\r\n\r\n") != 1 {
			t.Fatalf("%q in the form of %q became %q", written, like.first+"\n"+like.fields, got)
		}
	}
}

func TestHeadWriterWhereverTheBytesAreCut(t *testing.T) {
	const (
		before  = "HTTP/1.1 100 Continue\r\n\r\n"
		written = "HTTP/1.1 200 OK\r\nA: 2\r\nB: 1\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n\r\n" // a body like a head
		want    = before + "HTTP/1.1 200 Fine\r\nb: 1\r\na: 2\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n\r\n"
	)
	like, _ := parseHead([]byte("HTTP/1.1 200 Fine\r\nb: 1\r\na: 2\r\n"))
	for cut := range len(written) + 1 {
		var w headWriter
		var out bytes.Buffer
		w.like.Store(&like)
		w.write(&out, []byte(before))
		for _, part := range []string{written[:cut], written[cut:]} {
			if n, err := w.write(&out, []byte(part)); n != len(part) || err != nil {
				t.Fatalf("cut at %d: wrote %d of %d, %v", cut, n, len(part), err)
			}
		}
		if out.String() != want || len(w.held) > 0 || w.like.Load() != nil {
			t.Errorf("cut at %d:\n%q, want\n%q", cut, out.String(), want)
		}
	}
}

func TestHeadWriterHoldsNoMoreThanAHead(t *testing.T) {
	like, _ := parseHead([]byte("GET / HTTP/1.1\r\nb: 1\r\n"))
	var w headWriter
	var out bytes.Buffer
	w.like.Store(&like)
	line := []byte("B: 1\r\n")
	w.write(&out, []byte("GET / HTTP/1.1\r\n"))
	for range maxHead/len(line) + 2 {
		w.write(&out, line)
	}
	if len(w.held) > 0 || w.like.Load() != nil || out.Len() < maxHead {
		t.Errorf("%d bytes held, %d written", len(w.held), out.Len())
	}
}
