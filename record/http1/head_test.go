package http1_test

import (
	"strings"
	"testing"

	"github.com/starling-load/starling/record/http1"
)

func TestHeads(t *testing.T) {
	for _, c := range []struct{ name, head, want string }{
		{"a request", "GET /a?b=c HTTP/1.1\r\nHost: shop.test\r\nAccept:*/*\r\n\r\n", `GET "/a?b=c" HTTP/1.1|Host=shop.test|Accept=*/*`},
		{"a response", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", `HTTP/1.1 200 "OK"|Content-Length=2`},
		{"no fields", "GET / HTTP/1.0\r\n\r\n", `GET "/" HTTP/1.0`},
		{"order, case and repetition stay", "GET / HTTP/1.1\r\nzeta: 1\r\nALPHA: b\r\nZeta: 2\r\n\r\n", `GET "/" HTTP/1.1|zeta=1|ALPHA=b|Zeta=2`},
		{"blanks around a value", "GET / HTTP/1.1\r\nA:  \t b c\t \r\nB:\r\nC: \r\n\r\n", `GET "/" HTTP/1.1|A=b c|B=|C=`},
		{"colons in a value", "GET / HTTP/1.1\r\nA: b:c\r\n\r\n", `GET "/" HTTP/1.1|A=b:c`},
		{"methods of any token", "M-SEARCH * HTTP/1.1\r\n\r\n", `M-SEARCH "*" HTTP/1.1`},
		{"a target of bytes above 127", "GET /\xc3\xbc HTTP/1.1\r\n\r\n", `GET "/ü" HTTP/1.1`},
		{"a reason with spaces", "HTTP/1.1 200 Everything's fine \r\n\r\n", `HTTP/1.1 200 "Everything's fine "`},
		{"no reason", "HTTP/1.1 200 \r\n\r\n", `HTTP/1.1 200 ""`},
		{"no space behind the status", "HTTP/1.0 404\r\n\r\n", `HTTP/1.0 404 ""`},
		{"an unknown minor version", "HTTP/1.9 299 X\r\n\r\n", `HTTP/1.9 299 "X"`},

		{"line feeds alone", "GET / HTTP/1.1\nA: b\n\n", `GET "/" HTTP/1.1|A=b (bare line feed)`},
		{"one line feed alone", "GET / HTTP/1.1\r\nA: b\n\r\n", `GET "/" HTTP/1.1|A=b (bare line feed)`},
		{"a folded line", "GET / HTTP/1.1\r\nA: b \r\n  c\r\n\td\r\nE: f\r\n\r\n", `GET "/" HTTP/1.1|A=b c d|E=f (folded line)`},
		{"a value that begins in the next line", "GET / HTTP/1.1\r\nA:\r\n b\r\n \r\n\r\n", `GET "/" HTTP/1.1|A=b (folded line)`},
		{"an empty line between folded ones", "GET / HTTP/1.1\r\nA: b\r\n \r\n c\r\n\r\n", `GET "/" HTTP/1.1|A=b  c (folded line)`},
		{"a folded first line", "GET / HTTP/1.1\r\n A: b\r\nC: d\r\n\r\n", `GET "/" HTTP/1.1|C=d skipped:5 (line without colon)`},
		{"a line without a colon", "GET / HTTP/1.1\r\nwhat\r\n more: no\r\n: x\r\nA: b\r\n\r\n", `GET "/" HTTP/1.1|A=b skipped:16 (line without colon)`},
		{"a blank before the colon", "GET / HTTP/1.1\r\nA : b\r\n\r\n", `GET "/" HTTP/1.1|A=b (malformed field name)`},
		{"a name with spaces", "GET / HTTP/1.1\r\nA b: c\r\n\r\n", `GET "/" HTTP/1.1|A b=c (malformed field name)`},
		{"NUL in a value", "GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n", "GET \"/\" HTTP/1.1|A=b\x00c (control character)"},
		{"CR in a value", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", "GET \"/\" HTTP/1.1|A=b\rc (control character)"},
		{"CR twice at the end of a line", "GET / HTTP/1.1\r\nA: b\r\r\n\r\n", "GET \"/\" HTTP/1.1|A=b\r (control character)"},
		{"CR in a folded line", "GET / HTTP/1.1\r\nA: b\r\n c\rd\r\n\r\n", "GET \"/\" HTTP/1.1|A=b c\rd (folded line) (control character)"},
		{"DEL at the end of a long value", "GET / HTTP/1.1\r\nA: 0123456789abcde\x7f\r\n\r\n", "GET \"/\" HTTP/1.1|A=0123456789abcde\x7f (control character)"},
		{"a control character in a target", "GET /a\x07 HTTP/1.1\r\n\r\n", `GET "/a\a" HTTP/1.1 (control character)`},
		{"a control character in a reason", "HTTP/1.1 200 O\x00K\r\n\r\n", `HTTP/1.1 200 "O\x00K" (control character)`},
		{"spaces in a target", "GET /a b HTTP/1.1\r\n\r\n", `GET "/a b" HTTP/1.1 (odd first line)`},
		{"a tab in a target", "GET /a\tb HTTP/1.1\r\n\r\n", `GET "/a\tb" HTTP/1.1 (odd first line)`},
		{"more spaces than one", "GET  /a  HTTP/1.1\r\n\r\n", `GET "/a" HTTP/1.1 (odd first line)`},
		{"blanks behind the version", "GET /a HTTP/1.1 \t\r\n\r\n", `GET "/a" HTTP/1.1 (odd first line)`},
		{"no space before the version", "GET /aHTTP/1.1\r\n\r\n", `GET "/a" HTTP/1.1 (odd first line)`},
		{"no target", "GET HTTP/1.1\r\n\r\n", `GET "" HTTP/1.1 (odd first line)`},
		{"an unfinished version", "GET / HTTP/1.\r\n\r\n", `GET "/" HTTP/1.0 (odd first line)`},
		{"a method alone", "GET\r\nA: b\r\n\r\n", `GET "" HTTP/1.0|A=b (odd first line)`},
		{"spaces before the status", "HTTP/1.1   200 OK\r\n\r\n", `HTTP/1.1 200 "OK" (odd first line)`},
		{"a response of HTTP/2", "HTTP/2 200\r\n\r\n", `HTTP/1.1 200 "" (odd first line)`},
		{"a response of HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", `HTTP/1.1 200 "OK" (odd first line)`},
		{"a response without the second digit", "HTTP/1 200 OK\r\n\r\n", `HTTP/1.0 200 "OK" (odd first line)`},
		{"a response in small letters", "Http/1.1 200 OK\r\n\r\n", `HTTP/1.1 200 "OK" (odd first line)`},
		{"the length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-length: 2\r\n\r\n", `HTTP/1.1 200 "OK"|Content-Length=2|Content-length=2 (repeated content length)`},
		{"a length and a coding", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", `HTTP/1.1 200 "OK"|Content-Length=2|Transfer-Encoding=chunked (content length beside transfer coding)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			buf := []byte(c.head + "HTTP/1.1 body")
			var h http1.Head
			n, err := parse(&h, isRequest(c.head), buf, 0, http1.Rules{})
			if got := describe(&h, buf); err != nil || n != len(c.head) || got != c.want {
				t.Errorf("%q\nis %s, %d bytes, error %v\nwant %s, %d bytes", c.head, got, n, err, c.want, len(c.head))
			}
			piecewise(t, isRequest(c.head), buf, http1.Rules{})
			_, err = parse(&h, isRequest(c.head), buf, 0, http1.Rules{Refuse: http1.Strict})
			if refused := err != nil; refused != (h.Odd != 0) || refused && !strings.Contains(c.want, err.Error()) {
				t.Errorf("strict: %v, want what is odd of %s", err, c.want)
			}
		})
	}
}

func TestWhatIsNoHead(t *testing.T) {
	long := strings.Repeat("x", 100)
	r := http1.Rules{MaxHead: 150, MaxLine: 50, MaxFields: 3}
	for _, c := range []struct {
		name, head string
		n          int
		want       error
	}{
		{"nothing", "", 0, http1.ErrMore},
		{"the beginning of a method", "GE", 0, http1.ErrMore},
		{"a first line without its end", "GET / HTTP/1.1\r", 0, http1.ErrMore},
		{"a head without its end", "GET / HTTP/1.1\r\nA: b\r\n", 0, http1.ErrMore},
		{"a head up to its last byte", "GET / HTTP/1.1\r\nA: b\r\n\r", 0, http1.ErrMore},
		{"a beginning of a version", "HTTP/1.", 0, http1.ErrMore},

		{"an empty line", "\r\nGET / HTTP/1.1\r\n\r\n", 1, http1.BadFirstLine},
		{"a space first", " GET / HTTP/1.1\r\n\r\n", 1, http1.BadFirstLine},
		{"NUL in a method", "GE\x00T / HTTP/1.1\r\n\r\n", 3, http1.BadFirstLine},
		{"HTTP/0.9", "GET /zeek.html\r\n\r\n", 16, http1.BadFirstLine},
		{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 16, http1.BadFirstLine},
		{"a version of one digit more", "GET / HTTP/1.11\r\n\r\n", 17, http1.BadFirstLine},
		{"an unknown method alone", "WHAT\r\n\r\n", 5, http1.BadFirstLine},
		{"a method that is too long", strings.Repeat("A", 65) + " / HTTP/1.1\r\n\r\n", 65, http1.BadFirstLine},
		{"a response of HTTP/3", "HTTP/3 200\r\n\r\n", 6, http1.BadFirstLine},
		{"a status of two digits", "HTTP/1.1 20\r\n\r\n", 13, http1.BadFirstLine},
		{"a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", 18, http1.BadFirstLine},
		{"a negative status", "HTTP/1.1 -20 OK\r\n\r\n", 17, http1.BadFirstLine},
		{"a status below 100", "HTTP/1.1 099 OK\r\n\r\n", 17, http1.BadFirstLine},
		{"no space behind the version", "HTTP/1.1\r\n\r\n", 9, http1.BadFirstLine},

		{"a first line at its limit", "GET /" + long[:34] + " HTTP/1.1\r\n\r\n", 52, nil},
		{"a first line above its limit", "GET /" + long[:35] + " HTTP/1.1\r\n\r\n", 51, http1.LongLine},
		{"a line at its limit", "GET / HTTP/1.1\r\nA:" + long[:48] + "\r\n\r\n", 70, nil},
		{"a line above its limit", "GET / HTTP/1.1\r\nA:" + long[:49] + "\r\n\r\n", 71, http1.LongLine},
		{"a folded value above its limit", "GET / HTTP/1.1\r\nA:" + long[:30] + "\r\n " + long[:30] + "\r\n\r\n", 85, http1.LongLine},
		{"fields at their limit", "GET / HTTP/1.1\r\nA:\r\nA:\r\nA:\r\n\r\n", 30, nil},
		{"fields above their limit", "GET / HTTP/1.1\r\nA:\r\nA:\r\nA:\r\nA:\r\n\r\n", 34, http1.ManyFields},
		{"a head at its limit", "GET / HTTP/1.1\r\nA:" + long[:40] + "\r\nA:" + long[:40] + "\r\nA:" + long[:40] + "\r\n\r\n", 150, nil},
		{"a head above its limit", "GET / HTTP/1.1\r\nA:" + long[:40] + "\r\nA:" + long[:40] + "\r\nA:" + long[:41] + "\r\n\r\n", 151, http1.LongHead},
		{"a head without end", "GET / HTTP/1.1\r\n" + strings.Repeat("A:\r\n", 100), 151, http1.LongHead},
		{"a folded value without end", "GET / HTTP/1.1\r\nA:b\r\n" + strings.Repeat(" c\r\n", 100), 151, http1.LongHead},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h http1.Head
			request := isRequest(c.head)
			if n, err := parse(&h, request, []byte(c.head), 0, r); n != c.n || err != c.want {
				t.Errorf("%q: %d, %v; want %d, %v", c.head, n, err, c.n, c.want)
			}
			piecewise(t, request, []byte(c.head), r)
		})
	}
}

func TestACutHeadIsItsWholeLines(t *testing.T) {
	const head = "GET / HTTP/1.1\r\nContent-Length: 5\r\nB: c\r\nD: ef"
	for size, want := range map[int]string{
		0: "0 malformed first line", 2: "0 malformed first line", 15: "15 malformed first line",
		16: `16 GET "/" HTTP/1.1 {Body:0 Length:0 Coded:false} true`, 30: `16 GET "/" HTTP/1.1 {Body:0 Length:0 Coded:false} true`,
		35: `35 GET "/" HTTP/1.1|Content-Length=5 {Body:1 Length:5 Coded:false} true`,
		46: `41 GET "/" HTTP/1.1|Content-Length=5|B=c {Body:1 Length:5 Coded:false} true`,
	} {
		if got := outcome(true, []byte(head[:size]), http1.Rules{Cut: true}); got != want {
			t.Errorf("%q: %s, want %s", head[:size], got, want)
		}
	}
	if got := outcome(true, []byte(head+"\r\n\r\nX: y\r\n"), http1.Rules{Cut: true}); !strings.HasPrefix(got, "50 ") {
		t.Errorf("a head that is not cut: %s", got)
	}
}

func TestTrailers(t *testing.T) {
	buf := []byte("Sum: 1\r\nA:  b \r\n\r\nnext")
	var h http1.Head
	n, err := h.ParseTrailer(buf, http1.Rules{})
	if v, ok := h.Value(buf, "sum"); n != 18 || err != nil || len(h.Fields) != 2 || !ok || string(v) != "1" {
		t.Errorf("%d bytes, %d fields, %q, error %v", n, len(h.Fields), v, err)
	}
	if n, err := h.ParseTrailer(buf[:17], http1.Rules{}); n != 0 || err != http1.ErrMore {
		t.Errorf("cut: %d, %v", n, err)
	}
	if _, err := h.ParseTrailer([]byte("no field\r\n\r\n"), http1.Rules{Refuse: http1.NoColon}); err != http1.NoColon {
		t.Errorf("no colon: %v", err)
	}
}

func TestValuesAreFoundByName(t *testing.T) {
	buf := []byte("GET / HTTP/1.1\r\nhost: a\r\nHOST: b\r\nHosts: c\r\nx-[y]: d\r\n\r\n")
	var h http1.Head
	if _, err := h.ParseRequest(buf, 0, http1.Rules{}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"host": "a", "hosts": "c", "x-[y]": "d", "x-{y}": "", "hos": "", "": ""} {
		if v, ok := h.Value(buf, name); string(v) != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", name, v, ok)
		}
	}
	if line := h.Fields[1].Line().Text(string(buf)); line != "HOST: b" {
		t.Errorf("the line of a field is %q", line)
	}
}

func TestTheLineOfAFieldKeepsItsBlanks(t *testing.T) {
	buf := []byte("GET / HTTP/1.1\r\nA :\t b \r\n c \n\r\n")
	var h http1.Head
	if _, err := h.ParseRequest(buf, 0, http1.Rules{}); err != nil {
		t.Fatal(err)
	}
	if line := h.Fields[0].Line().Text(string(buf)); line != "A :\t b \r\n c " {
		t.Errorf("%q", line)
	}
}

func TestStarts(t *testing.T) {
	for text, want := range map[string]http1.Start{
		"": http1.Unsure, "GE": http1.Unsure, "GET": http1.Unsure, "GET ": http1.Yes, "GET\r": http1.Yes, "GEX\r": http1.No,
		" ": http1.No, "\x16": http1.No, strings.Repeat("A", 64): http1.Unsure, strings.Repeat("A", 64) + " ": http1.Yes, strings.Repeat("A", 65): http1.No,
	} {
		if got := http1.StartsRequest([]byte(text)); got != want {
			t.Errorf("request %q: %d, want %d", text, got, want)
		}
	}
	for text, want := range map[string]http1.Start{
		"": http1.Unsure, "HTTP": http1.Unsure, "HTTP/1.1": http1.Unsure, "HTTP/1.1 ": http1.Yes, "HTTP/1.x": http1.No, "HTTP/3": http1.No, "SSH": http1.No,
		"http/1.0 ": http1.Yes, "HTTP/2 ": http1.Yes, "HTTP/2": http1.Unsure, "HTTP/2.": http1.Unsure, "HTTP/2.0 ": http1.Yes, "HTTP/1 ": http1.Yes, "HTTP/. ": http1.No, "HTTP/1. ": http1.No, "HTTP/11": http1.No, "HTTP/1.11": http1.No,
	} {
		if got := http1.StartsResponse([]byte(text)); got != want {
			t.Errorf("response %q: %d, want %d", text, got, want)
		}
	}
}

func TestHasToken(t *testing.T) {
	for values, want := range map[string]bool{"": false, "upgrade": true, "close,\tUpgrade ": true, "upgrades": false, "up, grade": false} {
		if got := http1.HasToken(values, "upgrade"); got != want {
			t.Errorf("%q: %v", values, got)
		}
	}
}
