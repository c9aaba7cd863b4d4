package flow

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// filtered is the flow that the table of filters looks at.
func filtered() *Flow {
	return &Flow{
		Number: 12, Conn: 7, Scheme: "https", Protocol: "HTTP/1.1",
		Start: time.Date(2026, 5, 4, 10, 0, 30, 0, time.UTC), Done: 250 * time.Millisecond, Error: "response cut",
		Request: Request{Method: "POST", Target: "/cart/items/9?ref=a=b", Authority: "Shop.test:8443", Headers: Headers{
			{"Host", "shop.test:8443"}, {"Cookie", "theme=dark; sid=0123456789abcdef"}, {"Accept", "text/html"}, {"Accept", "image/png"},
		}, Body: Body{Data: []byte("x"), Size: 2000}},
		Response: &Response{Status: 503, Headers: Headers{{"Content-Type", "text/html; charset=utf-8"}}, Body: Body{Size: 48}},
		Messages: []Message{{Kind: MessageText, Size: 10}},
	}
}

func TestFilterMatches(t *testing.T) {
	session := fmt.Sprintf("%016x", identify(filtered()).hash)
	tests := []struct {
		expr string
		want bool
	}{
		{"method = POST", true}, {"method == POST", true}, {"method = post", false}, {"method != GET", true}, {"method=POST", true},
		{"method ~ ^P", true}, {"method !~ ^P", false}, {"scheme = https", true},
		{"host = shop.test", true}, {"host = SHOP.TEST", true}, {"host = *.test", true}, {"host = test", false}, {"authority = Shop.test:8443", true},
		{"path = /cart/items/9", true}, {"path = /cart/*", true}, {"path = /cart/*/9", true}, {"path = *items*", true}, {"path = /cart", false}, {"path = /*/x", false},
		{"path ~ '^/cart/items/\\d+$'", true}, {`path ~ "items/(8|9)"`, true}, {"query = ref=a=b", true}, {"target ~ ref=", true}, {"url = https://Shop.test:8443/*", true},
		{"status = 503", true}, {"status = 5xx", true}, {"status = 5XX", true}, {"status < 5xx", false}, {"status >= 4xx", true}, {"status != 5xx", false}, {"status >= 500", true}, {"status = 0", false},
		{"protocol = HTTP/1.*", true}, {"error", true}, {"not error", false}, {"complete", false}, {`error = "response cut"`, true}, {"error ~ 'cut|reset'", true},
		{"time >= 2026-05-04T10:00:30Z", true}, {"time > 2026-05-04T10:00:30Z", false}, {"time < 2026-05-04T12:00:31+02:00", true}, {"time <= '2026-05-04 10:00'", false}, {"time > 2026-05-04", true},
		{"duration > 200ms", true}, {"duration >= 0.25s", true}, {"duration < 250ms", false}, {"duration = 250ms", true},
		{"size = 2058", true}, {"size > 2KiB", true}, {"size > 2.1kb", false}, {"request.size >= 2KB", true}, {"response.size < 1k", true}, {"messages = 1", true},
		{"number = 12", true}, {"conn = 7", true}, {"conn != 7", false}, {"session = 7", true}, {"session = 8", false}, {"session = " + session, true}, {"session != " + session, false}, {"session = 0123456789abcdef", false},
		{"header.accept = text/html", true}, {"header.accept = image/*", true}, {"header.accept != image/png", false}, {"header.accept != a", true}, {"header.Content-Type ~ html", true}, {"request.header.content-type", false}, {"response.header.content-type", true}, {"header.x-none = ''", false}, {"not header.x-none", true}, {"header.x-none != a", true},
		{"cookie.theme = dark", true}, {"cookie.Theme", false}, {"cookie.sid ~ ^0123", true}, {"cookie.theme = 'dark; sid'", false},
		{"method = GET or status = 503", true}, {"method = GET and status = 503 or complete", false}, {"method = POST and (complete or error)", true}, {"not (method = GET or error)", false}, {"not method = GET and not complete", true}, {"not not error", true},
		{"(method = POST)and(error)", true}, {`header.accept = "text/html"`, true}, {`path ~ "\"|items"`, true}, {"path ~ 'it\\'s|items'", true},
	}
	for _, test := range tests {
		f, err := ParseFilter(test.expr)
		if err != nil {
			t.Errorf("%s: %v", test.expr, err)
			continue
		}
		if got := f.Match(filtered()); got != test.want {
			t.Errorf("%s: %v, want %v", test.expr, got, test.want)
		}
		if f.String() != test.expr {
			t.Errorf("%s: prints as %s", test.expr, f)
		}
		f.Match(&Flow{})
	}
}

func TestWrongFiltersSayWhere(t *testing.T) {
	tests := []struct{ name, expr, want string }{
		{"nothing", "", "filter, column 1: a field is missing here, such as status or path"},
		{"spaces alone", "  ", "filter, column 3: a field is missing here, such as status or path"},
		{"misspelt field", "stauts = 500", `filter, column 1: "stauts" is no field; did you mean status?`},
		{"unknown field", "method = GET and color = red", `filter, column 18: "color" is no field; there are method,`},
		{"header without name", "header. = 1", `filter, column 1: "header." is no field`},
		{"no operator", "status", `filter, column 7: an operator is missing after "status": one of = != < <= > >=`},
		{"no value", "status =", "filter, column 9: a value is missing at the end"},
		{"closed too early", "(status =)", "filter, column 10: a value is missing here"},
		{"operator that does not fit", "status ~ 5", `filter, column 8: status cannot be compared with "~"; use one of = != < <= > >=`},
		{"order of texts", "host < a", `filter, column 6: host cannot be compared with "<"; use one of = != ~ !~`},
		{"equal times", "time = 2026-01-01", `filter, column 6: time cannot be compared with "="; use one of < <= > >=`},
		{"wrong status", "status = teapot", `filter, column 10: status: "teapot" is no status; write a number such as 404`},
		{"wrong time", "time > noon", `filter, column 8: time: "noon" is no time; write it as 2026-05-04T10:00:00Z`},
		{"wrong duration", "duration > 5", `filter, column 12: duration: "5" is no duration; write a number with its unit`},
		{"wrong size", "size > huge", `filter, column 8: size: "huge" is no size`},
		{"negative size", "size > -1", `filter, column 8: size: "-1" is no size`},
		{"wrong regex", "path ~ [", "filter, column 8: path: error parsing regexp"},
		{"wrong session", "session = alice", `filter, column 11: session: "alice" is neither the number of a connection`},
		{"open quotes", `path = "a`, "filter, column 8: the quotes that begin here do not end"},
		{"open parenthesis", "(error or complete", `filter, column 1: "(" is never closed`},
		{"closed twice", "error)", `filter, column 6: ")" without "("`},
		{"two without word", "error complete", `filter, column 7: "and" or "or" expected before "complete"`},
		{"symbols", "error && complete", `filter, column 7: "and" or "or" expected before "&&"`},
		{"word at the end", "error and", "filter, column 10: a field is missing here"},
		{"word twice", "error and and error", `filter, column 11: a field is missing before "and"`},
		{"value of complete", "complete = true", "filter, column 12: complete: stands alone, as in: complete, or: not complete"},
		{"characters, not bytes", "path = é and x", `filter, column 14: "x" is no field`},
		{"deep", strings.Repeat("(", 300), "filter, column 201: more than 200 parts inside one another"},
		{"long", strings.Repeat("x", maxFilter+1), "filter, column 1: the expression is longer than 65536 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseFilter(test.expr)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || !errors.As(err, new(*FilterError)) {
				t.Errorf("%.80s\n got: %v\nwant: %s", test.expr, err, test.want)
			}
		})
	}
}

var genFilter = rapid.Custom(func(t *rapid.T) string {
	start := shopFlow(0).Start
	parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		at := start.Add(time.Duration(rapid.IntRange(-5, 125).Draw(t, "time")) * 10 * time.Millisecond).Format(time.RFC3339Nano)
		n := rapid.IntRange(0, 21).Draw(t, "n")
		return rapid.SampledFrom([]string{
			"time < " + at, "time >= " + at, "time > " + at, "time <= " + at, fmt.Sprint("conn = ", n), fmt.Sprint("session = ", n),
			fmt.Sprintf("session = %016x", identify(shopFlow(n*5)).hash), fmt.Sprintf("path = /products/%d", n%5), "method = GET", "method = POST",
			fmt.Sprintf("cookie.session ~ %x$", n), "path = /other", "not complete",
		}).Draw(t, "part")
	}), 1, 5).Draw(t, "parts")
	expr := parts[0]
	for _, part := range parts[1:] {
		word := rapid.SampledFrom([]string{" and ", " or ", " and not ", " or not "}).Draw(t, "word")
		if rapid.Bool().Draw(t, "inside") {
			expr = "(" + expr + ")"
		}
		expr += word + part
	}
	return expr
})

// A filter must find behind block heads and the index what Match finds in all
// flows.
func TestFilterWhileReadingFindsWhatMatches(t *testing.T) {
	var rs []Record
	for i, r := range shop(120) {
		if f, ok := r.(*Flow); ok && i%7 == 0 {
			f.Start = f.Start.Add(-300 * time.Millisecond)
		}
		rs = append(rs, r)
	}
	data := writeAll(t, WriterOptions{BlockSize: 2500}, rs...)
	ends, _ := blockEnds(t, data)
	all, _ := readAll(t, data)
	rapid.Check(t, func(t *rapid.T) {
		f, err := ParseFilter(genFilter.Draw(t, "filter"))
		if err != nil {
			t.Fatal(err)
		}
		var want []uint64 // numbers
		for _, r := range all {
			if fl, ok := r.(*Flow); ok && f.Match(fl) {
				want = append(want, fl.Number)
			}
		}
		for _, data := range [][]byte{data, data[:ends[len(ends)-1]]} {
			r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{Filter: f})
			if err != nil {
				t.Fatal(err)
			}
			var got []uint64
			for rec, err := r.Next(); ; rec, err = r.Next() {
				if err == nil {
					got = append(got, rec.(*Flow).Number)
				} else if !errors.Is(err, ErrTruncated) {
					break
				}
			}
			if !slices.Equal(want, got) {
				t.Fatalf("%s: flows %v, want %v", f, got, want)
			}
			r.Close()
		}
	})
}

// countingFile counts the bytes read, from any goroutine.
type countingFile struct {
	*bytes.Reader
	n atomic.Int64
}

func (c *countingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(p, off)
	c.n.Add(int64(n))
	return n, err
}

func TestFilterReadsNoBlockThatItsHeadRulesOut(t *testing.T) {
	var rs []Record
	for i := range 4000 {
		f := shopFlow(i)
		f.Request.Headers = append(f.Request.Headers, Header{"X-Noise", fmt.Sprintf("%x", noiseOf(i))})
		if i == 2000 {
			f.Request.Method, f.Request.Target = "POST", "/checkout"
		}
		rs = append(rs, f)
	}
	data := writeAll(t, WriterOptions{BlockSize: 50_000}, rs...)
	at := func(i int) string { return shopFlow(i).Start.Format(time.RFC3339Nano) }
	for _, test := range []struct {
		expr  string
		flows int
		share float64 // of the file that may be read at most
	}{
		{"time >= " + at(3900), 100, 0.08},
		{"time < " + at(100), 100, 0.2},
		{"time >= " + at(2000) + " and time < " + at(2010), 10, 0.1},
		{"conn = 500", 6, 0.2},
		{"number = 3217", 1, 0.08},
		{"number >= 100 and number < 140", 40, 0.08},
		{"number != 5 and number <= 9", 9, 0.08},
		{"method = POST and path = /checkout", 1, 0.2},
	} {
		f, err := ParseFilter(test.expr)
		if err != nil {
			t.Fatal(err)
		}
		file := &countingFile{Reader: bytes.NewReader(data)}
		r, err := newReader("mem", file, int64(len(data)), ReaderOptions{Filter: f})
		if err != nil {
			t.Fatal(err)
		}
		records, errs := drain(t, r, len(data))
		r.Close()
		if share := float64(file.n.Load()) / float64(len(data)); len(records) != test.flows || len(errs) > 0 || share > test.share {
			t.Errorf("%s: %d flows, %v; %.0f %% of the file was read, want at most %.0f %%", test.expr, len(records), errs, 100*share, 100*test.share)
		}
	}
}

func noiseOf(i int) []byte {
	b := make([]byte, 0, 200)
	for x := uint64(i) + 1; len(b) < 200; x = x*6364136223846793005 + 1442695040888963407 {
		b = append(b, byte(x>>33))
	}
	return b
}

func FuzzFilter(f *testing.F) {
	for _, expr := range []string{"method = POST and path = /cart/*", "not (status >= 5xx or error) and time > 2026-01-01", `cookie.a ~ "b|c" or header.x`, "size>1KiB", "session = 0123456789abcdef", "number < 3 or number >= 7"} {
		f.Add(expr)
	}
	flows := []*Flow{filtered(), {}, shopFlow(1)}
	f.Fuzz(func(t *testing.T, expr string) {
		filter, err := ParseFilter(expr)
		var wrong *FilterError
		if err != nil && (!errors.As(err, &wrong) || wrong.Column < 1 || wrong.Column > len(expr)+1) {
			t.Fatalf("%q: %v", expr, err)
		}
		if err != nil {
			return
		}
		h := blockHead{flows: 1}
		h.sessions.any, h.endpoints.any = true, true
		for _, fl := range flows {
			h.start, h.end, h.firstFlow = unixNano(fl.Start), unixNano(fl.Start), fl.Number
			from, ok := filter.from()
			if filter.Match(fl) && (!filter.may(&h) || ok && from > h.end) {
				t.Fatalf("%q matches a flow whose block it passes over", expr)
			}
		}
	})
}
