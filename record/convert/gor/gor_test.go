package gor_test

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flow"
)

func TestGoReplayRecordsEndWhereTheirMessageEnds(t *testing.T) {
	sep := "\n🐵🙈🙉\n"
	inner := "a" + sep + "1 aabbccdd 1700000000000000000 0\nGET /inner HTTP/1.1\r\n\r\n" + sep + "z"
	for _, c := range []struct {
		name, message string
		body          string
		trailers      flow.Headers
		size          int64
		fails         string
	}{
		{"by their length", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", "hi", nil, 2, "no response"},
		{"also with whole records in the body", "POST / HTTP/1.1\r\nContent-Length: " + strconv.Itoa(len(inner)) + "\r\n\r\n" + inner, inner, nil, int64(len(inner)), "no response"},
		{"also with records in a chunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + hex(len(inner)) + ";x=y\r\n" + inner + "\r\n0\r\nX-Sum: 7\r\n\r\n", inner, flow.Headers{{Name: "X-Sum", Value: "7"}}, int64(len(inner)), "no response"},
		{"at a separator before which the length is not reached", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhi", "hi", nil, 9, "no response"},
		{"with chunks that are cut", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "hel", nil, 3, "request cut"},
		{"with a body that only claims to be chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nplain", "plain", nil, 5, "no response"},
		{"with line feeds alone", "POST / HTTP/1.1\nContent-Length: 2\n\nhi", "hi", nil, 2, "no response"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := converttest.GorRecord("1", "aa000000000000000000000b", c.message) + converttest.GorRecord("1", converttest.GorID, "GET /next HTTP/1.1\r\n\r\n")
			r := converttest.ReadAll(t, "gor", []byte(in), converttest.Options{})
			if len(r.Flows) != 2 || r.Flows[1].Request.Target != "/next" {
				t.Fatalf("%d flows", len(r.Flows))
			}
			f := r.Flows[0]
			if string(f.Request.Body.Data) != c.body || f.Request.Body.Size != c.size || f.Error != c.fails {
				t.Errorf("body %q of %d bytes, error %q; want %q of %d, %q", f.Request.Body.Data, f.Request.Body.Size, f.Error, c.body, c.size, c.fails)
			}
			if diff := cmp.Diff(c.trailers, f.Request.Trailers); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func hex(n int) string {
	var digits string
	for ; n > 0; n /= 16 {
		digits = string("0123456789abcdef"[n%16]) + digits
	}
	return digits
}

func TestHalvesOfGoReplayArePairedByTheirID(t *testing.T) {
	at := func(kind, id string, ns, latency int, message string) string {
		return kind + " " + id + " " + strconv.Itoa(1700000000000000000+ns) + " " + strconv.Itoa(latency) + "\n" + message + "\n🐵🙈🙉\n"
	}
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: shop.test\r\n\r\n" }
	ids := [3]string{"9c6047057f00000100000001", "9c6047057f00000100000002", "9c6147057f00000100000001"}
	in := at("1", ids[0], 0, 5, get("/a")) + at("1", ids[1], 10, 0, get("/b")) + at("2", ids[1], 30, 0, converttest.GorOK) +
		at("2", ids[0], 1000, 50, converttest.GorOK) + at("2", ids[2], 60, 0, converttest.GorOK) + at("1", ids[2], 40, 0, get("http://other.test/c")) +
		at("1", ids[0], 70, 0, get("/d")) + at("1", ids[0], 80, 0, get("/e"))
	r := converttest.ReadAll(t, "gor", []byte(in), converttest.Options{Origin: "https://ignored.test"})
	type line struct {
		url, client      string
		answered         bool
		first, last, req time.Duration
	}
	var got []line
	for _, f := range r.Flows {
		got = append(got, line{f.URL(), r.Conns[f.Conn].Client, f.Response != nil, f.FirstByte, f.Done, f.RequestDone})
	}
	want := []line{
		{"https://shop.test/b", "127.0.0.1:40032", true, 20, 20, 0},
		{"https://shop.test/a", "127.0.0.1:40032", true, 1000, 1050, 5},
		{"http://other.test/c", "127.0.0.1:40033", true, 20, 20, 0},
		{"https://shop.test/d", "127.0.0.1:40032", false, 0, 0, 0},
		{"https://shop.test/e", "127.0.0.1:40032", false, 0, 0, 0},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
		t.Errorf("(want -, got +)\n%s", diff)
	}
}

// What waits for its other half is bounded; the oldest is given up.
func TestRequestsWithoutResponsesDoNotFillTheMemory(t *testing.T) {
	body := strings.Repeat("x", 1<<20)
	piece := converttest.GorRecord("1", "@", "POST / HTTP/1.1\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
	in := &repeater{piece: piece, times: 300}
	flows := 0
	peak := converttest.PeakOf(t, func() {
		for rec := range convert.Import(t.Context(), converttest.Named(t, "gor", converttest.Options{}), in, convert.Options{}) {
			if _, ok := rec.(*flow.Flow); ok {
				flows++
			}
		}
	})
	if flows != 300 {
		t.Errorf("%d flows of 300", flows)
	}
	if limit := uint64(200 << 20); peak > limit {
		t.Errorf("%d MiB of memory for 300 MiB of requests, want at most %d", peak>>20, limit>>20)
	}
}

// A repeater is its piece many times over, each with another number for @.
type repeater struct {
	piece string
	times int
	n     int
	rest  string
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.n == r.times {
			return 0, io.EOF
		}
		r.n++
		r.rest = strings.Replace(r.piece, "@", "00000000000000"+strconv.Itoa(1000000000+r.n), 1)
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// A file that was edited by hand or damaged loses nothing that is there, and what was
// repaired is told.
func TestWhatIsDamagedIsReadAndTold(t *testing.T) {
	const sep = "\n🐵🙈🙉\n"
	head := func(kind string, n int) string { return fmt.Sprintf("%s %024x 160000000000000000%d 0\n", kind, n, n) }
	ask := func(path, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	}
	answer := func(body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	last := head("1", 9) + ask("/last", "z") + sep
	for _, c := range []struct{ name, input, want, told string }{
		{"a body made longer", head("1", 1) + strings.Replace(ask("/a", "xyz"), "xyz", "xyz, longer", 1) + sep + last,
			"/a=xyz, longer (11) /last=z (1)", "its body has 11 bytes, and its head says 3"},
		{"a body made shorter", head("1", 1) + strings.Replace(ask("/a", "xyz"), "xyz", "x", 1) + sep + last,
			"/a=x (3) /last=z (1)", "its body is cut off"},
		{"a body of JSON made shorter", head("1", 1) + strings.Replace(ask("/a", `{"pear":1,"plum":2}`), `,"plum":2`, "", 1) + sep + last,
			`/a={"pear":1} (10) /last=z (1)`, "its body has 10 bytes, and its head says 19"},
		{"a body under a head without a length", head("1", 1) + "POST /a HTTP/1.1\r\nHost: h\r\n\r\nx" + sep + last,
			"/a=x () /last=z (1)", "tells no length, and 1 bytes follow"},
		{"bytes behind the last chunk", head("1", 1) + "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n!?" + sep + last,
			"/a=x () /last=z (1)", "2 bytes behind the last chunk"},
		{"a head without an empty line", head("1", 1) + "GET /a HTTP/1.1\r\nHost: h\r\nCookie: a=" + sep + last,
			"/a= () /last=z (1)", "its head is cut off"},
		{"no separator, and the line of the next record", head("1", 1) + ask("/a", "x") + head("1", 2) + ask("/b", "y") + "\n" + last,
			"/a=x (1) /b=y (1) /last=z (1)", "no separator ends the record; no separator ends the record"},
		{"neither separator nor line, in requests and responses", head("1", 1) + ask("/a", "x") + ask("/b", "y") + sep + head("2", 1) + answer("A") + answer("B") + sep + last,
			"/a=x (1)>A /b=y (1)>B /last=z (1)", "one more message follows in it; one more message follows in it"},
		{"a response behind an interim one", head("1", 1) + ask("/a", "x") + sep + head("2", 1) + "HTTP/1.1 100 Continue\r\n\r\n" + answer("A") + sep + last,
			"/a=x (1)>A /last=z (1)", ""},
		{"a body that looks like a request", head("1", 1) + ask("/a", ask("/inner", "x")) + sep + last,
			"/a=" + ask("/inner", "x") + " (53) /last=z (1)", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := converttest.ReadAll(t, "gor", []byte(c.input), converttest.Options{})
			var got, told []string
			for _, f := range r.Flows {
				text := fmt.Sprintf("%s=%s (%s)", f.Request.Target, f.Request.Body.Data, f.Request.Headers.Value("Content-Length"))
				if f.Response != nil {
					text += ">" + string(f.Response.Body.Data)
				}
				got = append(got, text)
			}
			for _, e := range r.Kept {
				told = append(told, e.Err.Error())
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q\nwant %q", strings.Join(got, " "), c.want)
			}
			wants := strings.Split(c.told, "; ")
			if c.told == "" {
				wants = nil
			}
			if len(told) != len(wants) {
				t.Fatalf("told %q, want %q", told, wants)
			}
			for i := range wants {
				if !strings.Contains(told[i], wants[i]) {
					t.Errorf("told %q, want %q", told[i], wants[i])
				}
			}
		})
	}
}
