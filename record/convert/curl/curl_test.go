package curl_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flow"
)

func TestACurlCommandIsTheRequestThatItSends(t *testing.T) {
	files := fstest.MapFS{"a.txt": {Data: []byte("one\ntwo\n")}, "up/b.bin": {Data: []byte{1, 2}}}
	const form = " | Content-Type: application/x-www-form-urlencoded"
	for _, c := range []struct{ command, want string }{
		{`curl http://a`, `GET http://a/`},
		{`curl a/x`, `GET http://a/x`},
		{`curl -sSL --compressed 'https://a/?b=1&c=%20' -o /dev/null`, `GET https://a/?b=1&c=%20 | Accept-Encoding: deflate, gzip, br, zstd`},
		{`curl -XDELETE http://a/ -H 'X-A: 1' -H"X-A:2" -H 'Accept:' -H 'X-Empty;'`, `DELETE http://a/ | X-A: 1 | X-A: 2 | X-Empty: `},
		{`curl http://a/ -d a=1 --data 'b=2'`, `POST http://a/` + form + ` || a=1&b=2`},
		{`curl http://a/ --data-raw @x`, `POST http://a/` + form + ` || @x`},
		{`curl http://a/ -d @a.txt`, `POST http://a/` + form + ` || onetwo`},
		{`curl http://a/ --data-binary @./a.txt`, `POST http://a/` + form + " || one\ntwo\n"},
		{`curl http://a/ --data-urlencode 'q=a b&c' --data-urlencode '=x y' --data-urlencode 'z w' --data-urlencode n@a.txt`, `POST http://a/` + form + ` || q=a%20b%26c&x%20y&z%20w&n=one%0Atwo%0A`},
		{`curl -G http://a/?z=0 -d a=1 --data-urlencode 'b=x y'`, `GET http://a/?z=0&a=1&b=x%20y`},
		{`curl -I http://a/`, `HEAD http://a/`},
		{`curl --json '{"a":1}' http://a/`, `POST http://a/ | Accept: application/json | Content-Type: application/json || {"a":1}`},
		{`curl -u ada:secret http://a/`, `GET http://a/ | Authorization: Basic YWRhOnNlY3JldA==`},
		{`curl http://ada:se%40cret@a/`, `GET http://a/ | Authorization: Basic YWRhOnNlQGNyZXQ=`},
		{`curl --oauth2-bearer T http://a/ -A agent -e http://b/ -b 'a=1' -b 'b=2; c=3' -r 0-9`, `GET http://a/ | Authorization: Bearer T | Range: bytes=0-9 | User-Agent: agent | Referer: http://b/ | Cookie: a=1; b=2; c=3`},
		{`curl -T up/b.bin http://a/f`, "PUT http://a/f || \x01\x02"},
		{`curl -F 'n=v' -F 'f=@a.txt;type=text/plain;filename=z.txt' http://a/`, `POST http://a/ | Content-Type: multipart/form-data; boundary=B || --B` + "\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"z.txt\"\r\nContent-Type: text/plain\r\n\r\none\ntwo\n\r\n--B--\r\n"},
		{`curl http://a/1 http://a/2`, "GET http://a/1\nGET http://a/2"},
		{`curl http://a/1 -d x --next http://a/2`, "POST http://a/1" + form + " || x\nGET http://a/2"},
		{`curl -g 'http://a/[1]{x}'`, `GET http://a/[1]{x}`},
		{`curl 'http://[::1]:80/x'`, `GET http://[::1]:80/x`},
		{`curl --request-target '*' -X OPTIONS http://a/`, `OPTIONS http://a*`},
		{`curl http://a/ -d $'it\'s\x21\u00e9\101\n'`, "POST http://a/" + form + " || it's!éA\n"},
		{`curl http://a/ -d $'{"name":"it\'s a test"}' -H $'x-a: a'`, `POST http://a/` + form + ` | x-a: a || {"name":"it's a test"}`},
		{`curl http://a/ -d $'\a\b\e\E\f\n\r\t\v\\\'\"\?\7\101\x41\xe9\u00e9\U0001F426\ud83d\udc26\cA\cz\y\ud83dz'`, "POST http://a/" + form + " || \a\b\x1b\x1b\f\n\r\t\v\\'\"?\aAA\xe9é🐦🐦\x01\x1a\\y\uFFFDz"},
		{`curl http://a/\$'a' -d "it's \$'a'"`, `POST http://a/$a` + form + ` || it's $'a'`},
		{"curl http://a/ \\\n  -H 'X: 1' \\\n  --data 'two\nlines'", "POST http://a/ | X: 1" + form + " || two\nlines"},
		{"# don't read this\n\n$ curl http://a/ # \"nor that\n  curl http://b/", "GET http://a/\nGET http://b/"},
		{"A=shop.test\nexport P=\"/x y\"\ncurl \"http://$A${P}\" | jq . && curl http://b/ > out", "GET http://shop.test/x%20y\nGET http://b/"},
		{"echo -n x; curl http://a/", "GET http://a/"},
		{"printf %s 'AAEC' | base64 -d | curl --data-binary @- http://a/", "POST http://a/" + form + " || \x00\x01\x02"},
	} {
		want := c.want
		if i := strings.Index(want, form); i >= 0 && strings.Contains(want, " | X: 1") { // given lines come behind curl's own
			want = strings.Replace(want, " | X: 1"+form, form+" | X: 1", 1)
		}
		r := converttest.Read(t, "curl", []byte(c.command), converttest.Options{Files: files})
		var got []string
		for _, f := range r.Flows {
			got = append(got, converttest.RequestText(f))
		}
		text := strings.Join(got, "\n")
		if i := strings.Index(text, "boundary="); i >= 0 {
			text = strings.ReplaceAll(text, text[i+9:i+9+strings.IndexByte(text[i+9:], ' ')], "B")
		}
		if text != want || r.Err != nil {
			t.Errorf("%s\ngot  %q\nwant %q\nleft out %v %v", c.command, text, want, r.Skipped, r.Err)
		}
	}
}

// The first three are as Chrome, Firefox and an older Chrome write them.
func TestACommandOfCmdIsTheRequestThatItSends(t *testing.T) {
	for _, c := range []struct{ name, command, want string }{
		{"Chrome", "curl ^\"https://a/x?b=1^&c=^%^2041^\" ^\r\n  -H ^\"sec-ch-ua: ^\\^\"A^\\^\";v=^\\^\"1^\\^\"^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":^\\^\"it's ^\\^\\n a^|b ^!^\\^\"^}^\"\r\ncurl ^\"http://b/^\"",
			"POST https://a/x?b=1&c=%2041 | sec-ch-ua: \"A\";v=\"1\" | Content-Type: application/x-www-form-urlencoded || {\"a\":\"it's \\n a|b !\"}\nGET http://b/"},
		{"Firefox", "curl ^\"http://a/^\" -X POST -H ^\"X: ^\"^\"q^\"^\"^\" --data-raw ^\"one^\n\ntwo ^\\^\\three\\$^\"",
			"POST http://a/ | X: \"q\" | Content-Type: application/x-www-form-urlencoded || one\ntwo \\three$"},
		{"quotes without carets", "curl \"http://a/?q=%%41\" ^\n  -H \"X: \"\"1^2\"\"\" --data \"{\\\"a\\\":\\\"C:\\d\\\\\\\\\\\"}\" > out.txt",
			"POST http://a/?q=%41 | X: \"1^2\" | Content-Type: application/x-www-form-urlencoded || {\"a\":\"C:\\d\\\\\"}"},
		{"a second command behind &", "curl.exe http://a/ -H ^\"X: 1^\" & dir", "GET http://a/ | X: 1"},
		{"the last line is continued", "curl http://a/ ^\n  -H ^\"X: 1^\" ^", "GET http://a/ | X: 1"},
		{"a caret in quotes is none of cmd's", "curl http://a/ -H 'X: ^\"' -H \"Y: ^\"", "GET http://a/ | X: ^\" | Y: ^"},
	} {
		r := converttest.ReadAll(t, "", []byte(c.command), converttest.Options{})
		var got []string
		for _, f := range r.Flows {
			got = append(got, converttest.RequestText(f))
		}
		// curl's own Content-Type stands before the given lines
		const form = " | Content-Type: application/x-www-form-urlencoded"
		text := strings.Join(got, "\n")
		if strings.Contains(text, form) {
			text = strings.Replace(strings.Replace(text, form, "", 1), " || ", form+" || ", 1)
		}
		if text != c.want || r.Err != nil {
			t.Errorf("%s: %s\ngot  %q\nwant %q\nleft out %v %v", c.name, c.command, text, c.want, r.Skipped, r.Err)
		}
	}
}

func TestCommandsFollowEachOtherBySeconds(t *testing.T) {
	start := time.Unix(1_700_000_000, 0).UTC()
	r := converttest.ReadAll(t, "curl", []byte("curl http://a/\ncurl http://a/"), converttest.Options{Start: start})
	if len(r.Conns) != 1 || !r.Flows[0].Start.Equal(start) || !r.Flows[1].Start.Equal(start.Add(time.Second)) {
		t.Errorf("%d clients, at %s and %s", len(r.Conns), r.Flows[0].Start, r.Flows[1].Start)
	}
}

// The exported commands, run by the real curl, send what was recorded.
func TestCurlItselfSendsWhatWasRecorded(t *testing.T) {
	for _, tool := range []string{"curl", "bash", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	type sent struct {
		Method, Target string
		Header         http.Header
		Body           []byte
	}
	got := make(chan sent, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- sent{r.Method, r.RequestURI, r.Header, body}
	}))
	defer server.Close()
	authority := strings.TrimPrefix(server.URL, "http://")
	gen := rapid.Custom(func(t *rapid.T) *flow.Flow { return converttest.AnyFlow(t, 1) })
	for seed := range 25 {
		f := gen.Example(seed)
		f.Protocol, f.Request.Authority = "HTTP/1.1", authority
		f.Request.Headers[0].Value = authority
		f.Request.Trailers = nil
		f.Request.Target = strings.ReplaceAll(f.Request.Target, "%", "%25") // the server refuses others
		command := converttest.Export(t, "curl", converttest.Result{Flows: []*flow.Flow{f}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		cmd := exec.CommandContext(ctx, "bash", "-c", strings.Replace(string(command), "curl ", "curl -s ", 1))
		cmd.Env = append(cmd.Environ(), "no_proxy=*")
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("%s\n%v: %s", command, err, out)
		}
		var g sent
		select {
		case g = <-got:
		default:
			t.Fatalf("%s\nsent nothing: %s", command, out)
		}
		want := sent{f.Request.Method, f.Request.Target, http.Header{}, f.Request.Body.Data}
		for _, h := range f.Request.Headers[1:] {
			if !strings.EqualFold(h.Name, "Content-Length") && !strings.EqualFold(h.Name, "Transfer-Encoding") {
				want.Header.Add(h.Name, h.Value)
			}
		}
		g.Header.Del("Content-Length")
		if g.Method != want.Method || g.Target != want.Target || !bytes.Equal(g.Body, want.Body) || !cmp.Equal(g.Header, want.Header) {
			t.Errorf("%s\nsent     %+v\nrecorded %+v", command, g, want)
		}
	}
}
