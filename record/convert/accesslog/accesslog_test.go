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
		{"nginx as JSON, whose escapes are not those of JSON", "", `{"msec":"1777888800.500","remote_addr":"192.0.2.1","request_method":"GET","request_uri":"/a?b=1","server_protocol":"HTTP/2.0","http_host":"shop.test","scheme":"https","status":200,"body_bytes_sent":5,"request_time":0.500,"upstream_response_time":-,"http_user_agent":"a \x22b\x22 \\x","http_x_forwarded_for":"192.0.2.7","http_accept_language":"de","x":}`,
			`2026-05-04T10:00:00Z 192.0.2.1:0 GET https://shop.test/a?b=1 HTTP/2.0 200 5 500ms User-Agent=a "b" \x X-Forwarded-For=192.0.2.7 Accept-Language=de`},
		{"nginx as JSON in a container of Docker", "", `{"log":"{\"time_iso8601\":\"2026-05-04T10:00:01Z\",\"request\":\"GET /a HTTP/1.1\",\"status\":200,\"request_time\":0.5}\n","stream":"stdout","time":"2026-05-04T10:00:01.000000001Z"}`,
			`2026-05-04T10:00:00.500000001Z  GET http:///a HTTP/1.1 200 0 500ms`},
		{"nginx as JSON in a container of Kubernetes", "", `2026-05-04T10:00:01.000000001Z stdout F {"time_iso8601":"2026-05-04T10:00:01Z","request":"GET /a HTTP/1.1","status":200,"request_time":0.5}`,
			`2026-05-04T10:00:00.5Z  GET http:///a HTTP/1.1 200 0 500ms`},
		{"Envoy as JSON", "", `{"authority":"shop.test","bytes_received":0,"bytes_sent":5,"connection_termination_details":null,"downstream_local_address":"10.0.0.1:8080","downstream_remote_address":"192.0.2.1:41234","duration":12,"method":"POST","path":"/cart?x=1","protocol":"HTTP/2","request_id":"r-1","response_code":201,"response_flags":"-","start_time":"2026-05-04T10:00:00.250Z","upstream_host":"10.0.0.9:80","upstream_service_time":"11","user_agent":"one","x_forwarded_for":"192.0.2.7"}`,
			`2026-05-04T10:00:00.25Z 192.0.2.1:0 POST http://shop.test/cart?x=1 HTTP/2.0 201 5 12ms X-Request-Id=r-1 User-Agent=one X-Forwarded-For=192.0.2.7`},
		{"Envoy", "", `[2026-05-04T10:00:00.250Z] "GET /a HTTP/1.1" 200 - 0 5 12 11 "192.0.2.7" "one" "r-1" "shop.test" "10.0.0.9:80"`,
			`2026-05-04T10:00:00.25Z  GET http://shop.test/a HTTP/1.1 200 5 12ms X-Forwarded-For=192.0.2.7 User-Agent=one X-Request-Id=r-1`},
		{"Istio", "", `[2026-05-04T10:00:00.250Z] "GET /a HTTP/2" 503 UF upstream_reset_before_response_started{connection_failure} - "-" 0 91 12 - "-" "one" "r-1" "shop.test" "10.0.0.9:80" outbound|80||shop 10.0.0.1:80 10.0.0.1:8080 192.0.2.1:4000 - default`,
			`2026-05-04T10:00:00.25Z  GET http://shop.test/a HTTP/2.0 503 91 12ms User-Agent=one X-Request-Id=r-1`},
		{"a load balancer of AWS", "", `h2 2026-05-04T10:00:00.186641Z app/lb/50dc6c495c0c9188 192.0.2.1:2817 10.0.0.66:9000 0.001 0.002 0.003 200 200 5 257 "GET https://shop.test:443/a?b=1 HTTP/2.0" "one \"two\"" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:x "Root=1-58337327-72bd00b0343d75b906739c42" "-" "-" 1 2026-05-04T10:00:00.100000Z "redirect" "https://shop.test:443/x" "-" "10.0.0.66:9000" "200" "-" "-"`,
			`2026-05-04T10:00:00.1Z 192.0.2.1:0 GET https://shop.test/a?b=1 HTTP/2.0 200 257 86.641ms User-Agent=one "two"`},
		{"a load balancer of AWS whose client went away", "", `http 2026-05-04T10:00:01.000000Z app/lb/5 192.0.2.1:2817 - -1 -1 -1 460 - 5 0 "GET http://shop.test:80/ HTTP/1.1" "-" - -`,
			`2026-05-04T10:00:01Z 192.0.2.1:0 GET http://shop.test/ HTTP/1.1 client closed 1ns`},
		{"CloudFront", "", "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end\n" +
			"2026-05-04\t10:00:02\tLAX1\t392\t192.0.2.1\tGET\td111111abcdef8.cloudfront.net\t/a%20b\t200\t-\tOne/5.0%20(X;%2520Y)\tb=1\tsid=1;%20c=2\tHit\tSOX4==\tshop.test\thttps\t23\t0.500\t-\tTLSv1.2\tECDHE\tHit\tHTTP/2.0\t-\t-\t11040\t0.100\tHit\ttext/html\t78\t-\t-",
			`2026-05-04T10:00:01.5Z 192.0.2.1:0 GET https://shop.test/a%20b?b=1 HTTP/2.0 200 78 500ms User-Agent=One/5.0 (X; Y) Cookie=sid=1; c=2`},
		{"CloudFront in real time", "", "1777888802.500\t192.0.2.1\t10.0.0.1\t0.100\t200\t392\tGET\thttps\tshop.test\t/a?b=1\t23\tLAX1\tSOX4==\td1.cloudfront.net\t0.500\tHTTP/3.0\tIPv4\tOne%20two\t-\t-\tb=1\tHit\t-\tTLSv1.3\tTLS_AES\tHit\t-\t-\ttext/html\t78\t-\t-\t4000\tHit\tDE\tgzip,%20br\t*/*\t*\thost:shop.test%0Auser-agent:One%20two%0Aaccept:*/*%0Ax-cu\thost%0Auser-agent\t3\t0.090\t0.490\t64500",
			`2026-05-04T10:00:02Z 192.0.2.1:0 GET https://shop.test/a?b=1 HTTP/3.0 200 78 500ms host=shop.test user-agent=One two accept=*/* Accept-Encoding=gzip, br`},
		{"CloudFront in real time, some fields", `timestamp c-ip sc-status cs-method cs-host cs-uri-stem time-taken`, "1777888802.500\t192.0.2.1\t000\tGET\tshop.test\t/a\t0.500",
			`2026-05-04T10:00:02Z 192.0.2.1:0 GET http://shop.test/a  no response 500ms`},
		{"the length of the content is that of the body, wherever it stands", `date time c-ip cs-method cs-uri-stem sc-status sc-content-len sc-bytes`, "2026-05-04 10:00:02 192.0.2.1 GET /a 200 78 392",
			`2026-05-04T10:00:02Z 192.0.2.1:0 GET http:///a  200 78 1ns`},
		{"CloudFront as JSON", "", `{"date":"2026-05-04","time":"10:00:02","x-edge-location":"LAX1","sc-bytes":"392","c-ip":"192.0.2.1","cs-method":"GET","cs(Host)":"d1.cloudfront.net","cs-uri-stem":"/a","sc-status":"200","cs(User-Agent)":"One%20two","cs-uri-query":"-","x-host-header":"shop.test","cs-protocol":"https","time-taken":"0.500","cs-protocol-version":"HTTP/1.1"}`,
			`2026-05-04T10:00:01.5Z 192.0.2.1:0 GET https://shop.test/a HTTP/1.1 200 392 500ms User-Agent=One two`},
		{"IIS", "", "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n2026-05-04 10:00:02 10.0.0.1 GET /a b=1 443 - 192.0.2.1 One/5.0+(X;+Y) - 200 0 0 500",
			`2026-05-04T10:00:01.5Z 192.0.2.1:0 GET http:///a?b=1  200 0 500ms User-Agent=One/5.0 (X; Y)`},
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
