package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// oddAnswers are answers that browsers accept.
var oddAnswers = []struct {
	name, answer string
	passed       string // to an HTTP/1 client; "": as it came
	recorded     string // the fields
	odd          http1.Odd
	lost         uint64 // bytes in lines that are no fields
}{
	{"a line without colon", "HTTP/1.1 200 OK\r\nno colon here\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok", "", "X-A: 1\nContent-Length: 2", http1.NoColon, 13},
	{"a line that begins with a colon", "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 2\r\n\r\nok", "", "Content-Length: 2", http1.NoColon, 3},
	{"a blank line before the first field", "HTTP/1.1 200 OK\r\n  adrift\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "Content-Length: 2", http1.NoColon, 8},
	{"a name with a blank", "HTTP/1.1 200 OK\r\nX Odd Name: 1\r\nContent-Length: 2\r\n\r\nok", "", "X Odd Name: 1\nContent-Length: 2", http1.BadName, 0},
	{"a name beyond ASCII", "HTTP/1.1 200 OK\r\nX-\xe9t\xe9: 1\r\nContent-Length: 2\r\n\r\nok", "", "X-\xe9t\xe9: 1\nContent-Length: 2", http1.BadName, 0},
	{"a name with signs", "HTTP/1.1 200 OK\r\nX@Y(z): 1\r\nContent-Length: 2\r\n\r\nok", "", "X@Y(z): 1\nContent-Length: 2", http1.BadName, 0},
	{"a blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "Content-Length: 2", http1.BadName, 0},
	{"a folded line", "HTTP/1.1 200 OK\r\nX-Long: a\r\n\tb\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nX-Long: a b\r\nContent-Length: 2\r\n\r\nok", "X-Long: a b\nContent-Length: 2", http1.Folded, 0},
	{"a control character", "HTTP/1.1 200 OK\r\nX-C: a\x01b\x00c\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nX-C: a b c\r\nContent-Length: 2\r\n\r\nok", "X-C: a\x01b\x00c\nContent-Length: 2", http1.Control, 0},
	{"one length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "Content-Length: 2\ncontent-length: 2", http1.TwoLengths, 0},
	{"one length as a list", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "Content-Length: 2, 2\nContent-Length: 2", http1.TwoLengths, 0},
	{"blanks before the status", "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok", "", "Content-Length: 2", http1.OddLine, 0},
	{"a control character in the reason", "HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 O K\r\nContent-Length: 2\r\n\r\nok", "Content-Length: 2", http1.Control, 0},
	{"a version in small letters", "http/1.1 200 ok\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 ok\r\nContent-Length: 2\r\n\r\nok", "Content-Length: 2", http1.OddLine, 0},
	{"a version of another protocol", "HTTP/2 200\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "Content-Length: 2", http1.OddLine, 0},
	{"that with two digits", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "Content-Length: 2", http1.OddLine, 0},
	{"lines that end in LF", "HTTP/1.1 200 OK\nno colon\nx-a:  1\nContent-Length: 2\n\nok", "HTTP/1.1 200 OK\r\nno colon\r\nx-a:  1\r\nContent-Length: 2\r\n\r\nok", "x-a: 1\nContent-Length: 2", http1.BareLF | http1.NoColon, 8},
	{"odd lines and a chunked body", "HTTP/1.1 200 OK\r\nwhat\r\nTransfer-Encoding:\r\n chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nwhat\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "Transfer-Encoding: chunked", http1.NoColon | http1.Folded, 4},
}

func TestOddAnswersPassAndAreNoted(t *testing.T) {
	for _, c := range oddAnswers {
		for i, p := range slices.Concat(paths[:4], paths[:4]) {
			fields := ""
			if i >= 4 {
				fields = "TE: trailers\r\n" // by net/http
			}
			t.Run(c.name+"/"+p.name+fields, func(t *testing.T) {
				r, conn, prefix, _ := p.open1(t, "\r\n\r\n", c.answer)
				want := c.passed
				if want == "" {
					want = c.answer
				}
				for range 2 { // kept alive
					io.WriteString(conn, "GET "+prefix+"/ HTTP/1.1\r\nHost: h\r\n"+fields+"\r\n")
					if got := until(t, conn, want[strings.Index(want, "\r\n\r\n"):]); got != want {
						t.Errorf("the client was sent\n%q, want\n%q", got, want)
					}
					f := r.sink.next(t)
					if got := names(f.Response.Headers); got != c.recorded || f.Error != "" || string(f.Response.Body.Data) != "ok" {
						t.Errorf("recorded\n%q, error %q, body %q; want\n%q", got, f.Error, f.Response.Body.Data, c.recorded)
					}
				}
				if n := r.p.Counts(); n.OddHeads != 2 || n.Odd != c.odd {
					t.Errorf("%d odd heads (%b), want 2 (%b)", n.OddHeads, n.Odd, c.odd)
				}
				if lost := r.sink.loss(flow.LossUnparsed).Bytes; lost != 2*c.lost {
					t.Errorf("%d bytes noted as lost, want %d", lost, 2*c.lost)
				}
			})
		}
	}
}

func TestUsualAnswersPassWithoutNotice(t *testing.T) {
	long := strings.Repeat("x", 100<<10)
	for name, answer := range map[string]string{
		"a coding that is none": "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok",
		"a long head":           "HTTP/1.1 200 OK\r\nX-Long: " + long + "\r\nContent-Length: 2\r\n\r\nok",
		"a later version":       "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"no reason":             "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
		"a blank line before":   "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	} {
		for _, p := range paths[:4] {
			for _, fields := range []string{"", "TE: trailers\r\n"} { // with and without net/http
				t.Run(fmt.Sprint(name, p.name, fields), func(t *testing.T) {
					r, conn, prefix, _ := p.open1(t, "\r\n\r\n", answer)
					io.WriteString(conn, "GET "+prefix+"/ HTTP/1.1\r\nHost: h\r\n"+fields+"\r\n")
					if got := until(t, conn, "\r\n\r\nok"); !strings.HasPrefix(got, "HTTP/1.1 200") || strings.Contains(answer, long) != strings.Contains(got, long) {
						t.Errorf("the client was sent %.200q", got)
					}
					if f := r.sink.next(t); f.Error != "" || f.Response == nil || r.p.Counts().OddHeads != 0 {
						t.Errorf("recorded with error %q, %d odd heads", f.Error, r.p.Counts().OddHeads)
					}
				})
			}
		}
	}
}

func TestLinesBetweenChunksMayEndInLF(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\nok\n1\r\n\n\n0\nx-sum: 1\n\n"
	for _, p := range paths[:4] {
		for _, fields := range []string{"", "TE: trailers\r\n"} { // with and without net/http
			t.Run(p.name+fields, func(t *testing.T) {
				r, conn, prefix, _ := p.open1(t, "\r\n\r\n", answer)
				for range 2 { // kept alive
					_ = conn.SetDeadline(time.Now().Add(patience))
					io.WriteString(conn, "GET "+prefix+"/ HTTP/1.1\r\nHost: h\r\n"+fields+"\r\n")
					resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Fatal(err)
					}
					if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "ok\n" || resp.Trailer.Get("X-Sum") != "1" {
						t.Errorf("the client got %q, %v, %v", body, resp.Trailer, err)
					}
					if f := r.sink.next(t); f.Error != "" || string(f.Response.Body.Data) != "ok\n" || names(f.Response.Trailers) != "x-sum: 1" {
						t.Errorf("recorded %q, trailers %v, error %q", f.Response.Body.Data, f.Response.Trailers, f.Error)
					}
				}
			})
		}
	}
}

func TestWhatTheTransportReadsDoesNotDependOnThePieces(t *testing.T) {
	feed := func(answer string, cut int) string {
		tap := new(responseTap)
		tap.arm(&exchange{f: &flow.Flow{}})
		var got strings.Builder
		for _, p := range []string{answer[:cut], answer[cut:]} {
			give, over := tap.feed([]byte(p))
			got.Write(give)
			if over {
				got.WriteString("|over")
				break
			}
		}
		return got.String() + string(tap.abandon())
	}
	hint := "HTTP/1.1 103 Look\r\nno colon\r\nLink: </a>\r\n\r\n"
	const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\nok\n1\r\n\n\r\n0\nx-sum: 1\n\n"
	for _, c := range oddAnswers {
		for _, answer := range []string{c.answer, hint + c.answer, c.answer + "more", "\r\n" + c.answer, chunks} {
			want := feed(answer, 0)
			for cut := 1; cut <= len(answer); cut++ {
				if got := feed(answer, cut); got != want {
					t.Fatalf("%s, cut at %d:\ngot  %q\nwant %q", c.name, cut, got, want)
				}
			}
		}
	}
	for _, answer := range []string{"", "what", "HTTP/1.1 200 OK\r\nA: 1\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"} { // broken off
		for cut := range len(answer) + 1 {
			if got := feed(answer, cut); got != answer {
				t.Fatalf("cut at %d:\ngot  %q\nwant %q", cut, got, answer)
			}
		}
	}
}

func TestALengthBesideChunksIsRemovedAndEndsTheConnection(t *testing.T) {
	answer := "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
	for _, p := range paths[:4] {
		t.Run(p.name, func(t *testing.T) {
			r, c, prefix, seen := p.open1(t, "0\r\n\r\n", answer)
			ask := "POST " + prefix + "/ HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
			io.WriteString(c, ask+ask)
			got, err := io.ReadAll(c)
			if want := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n"; err != nil || string(got) != want {
				t.Errorf("the client was sent\n%q, %v; want\n%q", got, err, want)
			}
			if got := within(t, seen, "the request"); strings.Contains(got, "Content-Length") || !strings.Contains(got, "chunked") {
				t.Errorf("the target was sent\n%q", got)
			}
			if again := within(t, seen, "the end of the connection"); again != "" {
				t.Errorf("the target was sent, on the same connection,\n%q", again)
			}
			if f := r.sink.next(t); f.Request.Headers.Value("content-length") != "5" || string(f.Response.Body.Data) != "ok" || f.Error != "" {
				t.Errorf("recorded %v, %q, error %q", f.Request.Headers, f.Response.Body.Data, f.Error)
			}
		})
	}
}

func TestAFieldNameInTwoCasesKeepsItsOrder(t *testing.T) {
	const fields = "x-A: 3\r\nB: 1\r\nX-a: 1\r\nX-A: 2\r\nb: 0\r\nx odd: 2\r\nX Odd: 1\r\n"
	answer := "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 0\r\n\r\n"
	asked := strings.SplitAfter(fields, "b: 0\r\n")[0]
	for _, p := range paths[:4] {
		t.Run(p.name, func(t *testing.T) {
			r, c, prefix, seen := p.open1(t, "\r\n\r\n", answer)
			host := "Host: " + r.base[strings.Index(r.base, "//")+2:] + "\r\n\r\n"
			io.WriteString(c, "GET "+prefix+"/ HTTP/1.1\r\n"+asked+host)
			if got, want := within(t, seen, "the request"), "GET / HTTP/1.1\r\n"+asked+host; got != want {
				t.Errorf("the target was sent\n%q, want\n%q", got, want)
			}
			if got := until(t, c, "\r\n\r\n"); got != answer {
				t.Errorf("the client was sent\n%q, want\n%q", got, answer)
			}
			if got, want := names(r.sink.next(t).Response.Headers), strings.ReplaceAll(fields, "\r\n", "\n")+"Content-Length: 0"; got != want {
				t.Errorf("recorded\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestNamesOfTrailersKeepTheirCase(t *testing.T) {
	const (
		body = "7\r\nhel0\r\n!\r\n0\r\n"
		tail = "x-amz-CHECKSUM: 99\r\nx-late: a\r\nX-Late: b\r\n\r\n"
		sent = "x-amz-CHECKSUM: 99\r\nx-late: a\r\nx-late: b\r\n\r\n" // one field has one name
	)
	for _, announced := range []string{"", "Trailer: x-amz-CHECKSUM\r\n"} {
		answer := "HTTP/1.1 200 OK\r\n" + announced + "Transfer-Encoding: chunked\r\n\r\n" + body
		for _, p := range paths[:4] {
			t.Run(p.name+announced, func(t *testing.T) {
				r, c, prefix, seen := p.open1(t, "b\r\n\r\n", answer+tail)
				for range 2 { // kept alive
					fields := "Host: " + r.base[strings.Index(r.base, "//")+2:] + "\r\n" + announced + "Transfer-Encoding: chunked\r\n\r\n"
					io.WriteString(c, "PUT "+prefix+"/ HTTP/1.1\r\n"+fields+body+tail)
					if got, want := within(t, seen, "the request"), "PUT / HTTP/1.1\r\n"+fields+body+sent; got != want {
						t.Errorf("the target was sent\n%q, want\n%q", got, want)
					}
					if got, want := until(t, c, "b\r\n\r\n"), answer+sent; got != want {
						t.Errorf("the client was sent\n%q, want\n%q", got, want)
					}
					f := r.sink.next(t)
					want := strings.ReplaceAll(strings.TrimSpace(tail), "\r\n", "\n")
					if got := names(f.Request.Trailers); got != want || string(f.Request.Body.Data) != "hel0\r\n!" {
						t.Errorf("request recorded with %q and trailers\n%s", f.Request.Body.Data, got)
					}
					if got := names(f.Response.Trailers); got != want {
						t.Errorf("response recorded with trailers\n%s", got)
					}
				}
			})
		}
	}
}
