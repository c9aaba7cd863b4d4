package accesslog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/convert/accesslog"
	"github.com/starling-load/starling/record/convert/converttest"
)

func TestALogLineBecomesTheFlowThatItTells(t *testing.T) {
	for _, c := range []struct {
		name, format, line, want string
	}{
		{"common", "", `192.0.2.1 - ada [04/May/2026:12:00:00 +0200] "GET /a?b=1 HTTP/1.0" 404 17`,
			`2026-05-04T10:00:00Z 192.0.2.1:0 GET http:///a?b=1 HTTP/1.0 404 17 1ns`},
		{"combined", "", `2001:db8::1 - - [04/May/2026:10:00:00 +0000] "GET / HTTP/2.0" 200 - "http://a/" "x \"y\" z"`,
			`2026-05-04T10:00:00Z [2001:db8::1]:0 GET http:/// HTTP/2.0 200 0 1ns Referer=http://a/ User-Agent=x "y" z`},
		{"combined with more behind", "", `192.0.2.1 - - [04/May/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "one" "-" 0.5 more`,
			`2026-05-04T10:00:00Z 192.0.2.1:0 GET http:/// HTTP/1.1 200 5 1ns User-Agent=one`},
		{"with the virtual host before", "", `shop.test:80 192.0.2.1 - - [04/May/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "one"`,
			`2026-05-04T10:00:00Z 192.0.2.1:0 GET http://shop.test/ HTTP/1.1 200 5 1ns User-Agent=one`},
		{"Apache with microseconds, cookie and other headers", `%a %{X-Forwarded-For}i %l %u %t \"%r\" %>s %O %D \"%{Cookie}i\" %{sid}C \"%{ETag}o\"`,
			`10.0.0.9 192.0.2.7, 10.0.0.1 - - [04/May/2026:10:00:00 +0000] "POST /cart HTTP/1.1" 302 5 1500 "a=1" 77 "\"e\""`,
			`2026-05-04T10:00:00Z 10.0.0.9:0 POST http:///cart HTTP/1.1 302 5 1.5ms X-Forwarded-For=192.0.2.7, 10.0.0.1 Cookie=a=1`},
		{"Apache with parts of the request line", `%V %h %{end:%Y-%m-%dT%H:%M:%S%z}t %m %U%q %H %s %{ms}T`, `shop.test 192.0.2.1 2026-05-04T10:00:01+0000 GET /a?b HTTP/1.1 200 250`,
			`2026-05-04T10:00:00.75Z 192.0.2.1:0 GET http://shop.test/a?b HTTP/1.1 200 0 250ms`},
		{"nginx, whose time is that of the end", `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_header_time $host $scheme`,
			`192.0.2.1 - - [04/May/2026:10:00:02 +0000] "GET /a HTTP/1.1" 200 5 "-" "one" 1.500 0.250 shop.test https`,
			`2026-05-04T10:00:00.5Z 192.0.2.1:0 GET https://shop.test/a HTTP/1.1 200 5 1.5s User-Agent=one`},
		{"nginx with milliseconds and a cookie", `$msec|$remote_addr|$request_method|$request_uri|$server_protocol|$status|${cookie_sid}|$http_x_request_id`,
			`1777888800.250|192.0.2.1|GET|/a b|HTTP/1.1|200|s1|r1`,
			`2026-05-04T10:00:00.25Z 192.0.2.1:0 GET http:///a%20b HTTP/1.1 200 0 1ns X-Request-Id=r1 Cookie=sid=s1`},
		{"nginx as JSON", "", `{"time_iso8601":"2026-05-04T10:00:01+00:00","remote_addr":"192.0.2.1","request":"GET /a HTTP/1.1","status":"200","body_bytes_sent":"5","request_time":"0.500","http_user_agent":"one","http_referer":"-"}`,
			`2026-05-04T10:00:00.5Z 192.0.2.1:0 GET http:///a HTTP/1.1 200 5 500ms User-Agent=one`},
		{"Caddy", "", `{"level":"info","ts":1777888800.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"192.0.2.1","remote_port":"4","client_ip":"192.0.2.1","proto":"HTTP/2.0","method":"GET","host":"shop.test","uri":"/a","headers":{"User-Agent":["one"],"Accept":["*/*"]},"tls":{"proto":"h2","server_name":"shop.test"}},"bytes_read":0,"user_id":"","duration":0.5,"size":5,"status":200,"resp_headers":{"Server":["Caddy"]}}`,
			`2026-05-04T10:00:00Z 192.0.2.1:0 GET http://shop.test/a HTTP/2.0 200 5 500ms User-Agent=one Accept=*/* > Server=Caddy`},
		{"Traefik", "", `{"ClientAddr":"192.0.2.1:4000","ClientHost":"192.0.2.1","DownstreamContentSize":5,"DownstreamStatus":200,"Duration":1500000,"RequestHost":"shop.test","RequestMethod":"GET","RequestPath":"/a","RequestProtocol":"HTTP/1.1","RequestScheme":"https","StartUTC":"2026-05-04T10:00:00Z","time":"2026-05-04T10:00:09Z"}`,
			`2026-05-04T10:00:00Z 192.0.2.1:0 GET https://shop.test/a HTTP/1.1 200 5 1.5ms`},
		{"a client that went away before the answer", "", `192.0.2.1 - - [04/May/2026:10:00:00 +0000] "GET / HTTP/1.1" 499 0`,
			`2026-05-04T10:00:00Z 192.0.2.1:0 GET http:/// HTTP/1.1 client closed 1ns`},
		{"a request to a proxy", "", `192.0.2.1 - - [04/May/2026:10:00:00 +0000] "GET http://other.test/x HTTP/1.1" 200 1`,
			`2026-05-04T10:00:00Z 192.0.2.1:0 GET http://other.test/x HTTP/1.1 200 1 1ns`},
	} {
		t.Run(c.name, func(t *testing.T) {
			format := ""
			if c.format != "" {
				format = "log"
			}
			r := converttest.ReadAll(t, format, []byte(c.line+"\r\n"), converttest.Options{LogFormat: c.format})
			f := r.Flows[0]
			var b strings.Builder
			fmt.Fprintf(&b, "%s %s %s %s %s ", f.Start.Format(time.RFC3339Nano), r.Conns[f.Conn].Client, f.Request.Method, f.URL(), f.Protocol)
			if f.Response != nil {
				fmt.Fprintf(&b, "%d %d ", f.Response.Status, f.Response.Body.Size)
			} else {
				b.WriteString(f.Error + " ")
			}
			fmt.Fprint(&b, f.Done)
			for _, h := range f.Request.Headers {
				fmt.Fprintf(&b, " %s=%s", h.Name, h.Value)
			}
			if f.Response != nil && c.name == "Caddy" {
				for _, h := range f.Response.Headers {
					fmt.Fprintf(&b, " > %s=%s", h.Name, h.Value)
				}
			}
			if b.String() != c.want {
				t.Errorf("line %s\ngot  %s\nwant %s", c.line, b.String(), c.want)
			}
		})
	}
}

// logLines writes a line for each client and second.
func logLines(visits ...[2]any) []byte {
	var b strings.Builder
	for _, v := range visits {
		at := time.Date(2026, 5, 4, 10, 0, v[1].(int), 0, time.UTC).Format("02/Jan/2006:15:04:05 -0700")
		fmt.Fprintf(&b, "192.0.2.1 - - [%s] \"GET /%d HTTP/1.1\" 200 5 \"-\" \"%s\"\n", at, v[1], v[0])
	}
	return []byte(b.String())
}

func TestSessionsOfALogEndAtThePause(t *testing.T) {
	in := logLines([2]any{"a", 60}, [2]any{"b", 0}, [2]any{"a", 0}, [2]any{"a", 119}, [2]any{"a", 179}, [2]any{"b", 60}, [2]any{"a", 239})
	r := converttest.ReadAll(t, "log", in, converttest.Options{SessionGap: time.Minute})
	var got []string
	for _, f := range r.Flows {
		got = append(got, fmt.Sprintf("%s%s:%d", f.Request.Headers.Value("User-Agent"), f.Request.Target, f.Conn))
	}
	want := []string{"b/0:1", "a/0:2", "a/60:3", "b/60:4", "a/119:3", "a/179:5", "a/239:6"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("agent/second:session (want -, got +)\n%s", diff)
	}
}

// A line that comes too late for the window is kept and told.
func TestALogOutOfOrderBeyondTheWindowIsTold(t *testing.T) {
	const window = 64 << 10
	for _, c := range []struct {
		name          string
		lines, doubts int
	}{{"within", window, 0}, {"beyond", window + 1, 1}} {
		t.Run(c.name, func(t *testing.T) {
			var in strings.Builder
			late := string(logLines([2]any{"a", 0}))
			line := string(logLines([2]any{"a", 100}))
			in.WriteString(strings.Repeat(line, c.lines))
			in.WriteString(late)
			r := converttest.Read(t, "log", []byte(in.String()), converttest.Options{})
			if len(r.Flows) != c.lines+1 || len(r.Kept) != c.doubts || r.Err != nil || len(r.Skipped) > 0 {
				t.Fatalf("%d flows, doubts %v, left out %v, error %v", len(r.Flows), r.Kept, r.Skipped, r.Err)
			}
			first := 0
			for i, f := range r.Flows {
				if f.Request.Target == "/0" {
					first = i
				}
			}
			if c.doubts == 0 && first != 0 {
				t.Errorf("the oldest flow is number %d", first)
			}
			if c.doubts > 0 && !strings.Contains(r.Kept[0].Error(), "line 65538: kept: 1 lines") {
				t.Errorf("it says %v", r.Kept[0])
			}
		})
	}
}

func TestAnOriginIsForRequestsThatTellNone(t *testing.T) {
	r := converttest.ReadAll(t, "log", []byte(converttest.LogLine), converttest.Options{Origin: "https://shop.test"})
	if got := r.Flows[0].URL(); got != "https://shop.test/" {
		t.Errorf("got %s", got)
	}
}

func TestOptionsAreValidatedBeforeReading(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		f    accesslog.Format
		want string // part of the error; "": none
	}{
		{"nothing set", accesslog.Format{}, ""},
		{"everything sound", accesslog.Format{SessionGap: 1, Lines: "combined"}, ""},
		{"a format that names nothing", accesslog.Format{Lines: "%q"}, "not a log format"},
		{"a negative pause", accesslog.Format{SessionGap: -1}, "SessionGap"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.f.Validate()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Validate: error %v, want one with %q", err, test.want)
			}
		})
	}
}
