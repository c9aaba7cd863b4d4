package convert_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/flow"
)

const goodHAR = `{"startedDateTime":"2026-05-04T10:00:00Z","request":{"method":"GET","url":"http://shop.test/"},"response":{"status":200}}`

// tnet writes a value of mitmproxy's files.
func tnet(kind, payload string) string { return itoa(len(payload)) + ":" + payload + kind }

func tnetDict(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		b.WriteString(tnet(";", pairs[i]) + pairs[i+1])
	}
	return tnet("}", b.String())
}

func mitmEntry(kind string) string {
	return tnetDict("type", tnet(";", kind), "version", tnet("#", "20"), "request", tnetDict(
		"method", tnet(",", "GET"), "scheme", tnet(",", "http"), "host", tnet(";", "shop.test"), "port", tnet("#", "80"),
		"path", tnet(",", "/"), "http_version", tnet(",", "HTTP/1.1"), "timestamp_start", tnet("^", "1700000000.5")))
}

func gorEntry(kind, id, message string) string {
	return kind + " " + id + " 1700000000000000000 0\n" + message + "\n🐵🙈🙉\n"
}

const (
	gorID  = "9c6047057f000001bf8ff714"
	gorGet = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"
	gorOK  = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)

// Each input has sound entries around a broken one, which is left out and named.
func TestBrokenEntriesAreLeftOutAndNamed(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, c := range []struct {
		name, format, input string
		flows               int
		places              string // of the entries left out
		says                string // by the first of them
	}{
		{"an entry without a request", "har", `{"log":{"entries":[` + goodHAR + `,{},` + goodHAR + `]}}`, 2, "entry 1", "it has no request"},
		{"an entry that is a number", "har", `{"log":{"entries":[1,` + goodHAR + `]}}`, 1, "entry 0", "not an entry of HAR"},
		{"an entry with broken JSON inside its braces", "har", `{"log":{"entries":[{"request":{"method":}},` + goodHAR + `]}}`, 1, "entry 0", "the JSON is broken"},
		{"an entry nested 20,000 deep", "har", `{"log":{"entries":[` + goodHAR + `,{"request":` + deep + `}]}}`, 1, "entry 1", "not an entry of HAR"},
		{"a URL of no network", "har", `{"log":{"entries":[{"request":{"url":"data:text/plain,x"}},` + goodHAR + `]}}`, 1, "entry 0", "left out"},
		{"no URL", "har", `{"log":{"entries":[{"request":{"method":"GET"}},` + goodHAR + `]}}`, 1, "entry 0", "no scheme and host"},
		{"a body that is not base64", "har", `{"log":{"entries":[{"request":{"url":"http://a/"},"response":{"status":200,"content":{"encoding":"base64","text":"§"}}}]}}`, 0, "entry 0", "its content is not base64"},
		{"a time that is none", "har", `{"log":{"entries":[{"startedDateTime":"yesterday","request":{"url":"http://a/"}}]}}`, 0, "entry 0", "startedDateTime is not a time"},
		{"a HAR that is cut in an entry", "har", `{"log":{"entries":[` + goodHAR + `,{"request":{"url":"http://a`, 1, "entry 1", "the file is cut off"},
		{"a HAR that is cut between entries", "har", `{"log":{"entries":[` + goodHAR + `,`, 1, "end of file", "the file is cut off"},
		{"a comma after the last entry", "har", `{"log":{"entries":[` + goodHAR + `,],},}`, 1, "", ""},

		{"a record of GoReplay without a head", "gor", gorEntry("1", gorID, gorGet) + "what\n🐵🙈🙉\n" + gorEntry("2", gorID, gorOK), 1, "record at byte 98", "no record of GoReplay"},
		{"a message that is no HTTP", "gor", gorEntry("1", "aa", "hello") + gorEntry("1", gorID, gorGet) + gorEntry("2", gorID, gorOK), 1, "record at byte 0", "no HTTP message"},
		{"a replayed response", "gor", gorEntry("1", gorID, gorGet) + gorEntry("3", gorID, gorOK), 1, "record at byte 98", "left out: a response to replayed traffic"},
		{"a response without its request", "gor", gorEntry("2", gorID, gorOK), 0, "record at byte 0", "without its request"},
		{"a .gor file that is cut in a body", "gor", gorEntry("1", gorID, gorGet) + "2 " + gorID + " 1700000000000000000 0\nHTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", 1, "record at byte 98", "the file is cut off"},
		{"a .gor file that is cut in a head", "gor", gorEntry("1", gorID, gorGet) + "2 " + gorID, 1, "record at byte 98", "no record"},
		{"the last record of a .gor file without its separator", "gor", gorEntry("1", gorID, gorGet) + strings.TrimSuffix(gorEntry("2", gorID, gorOK), "\n🐵🙈🙉\n"), 1, "", ""},

		{"a flow of another protocol", "mitm", mitmEntry("http") + mitmEntry("tcp") + mitmEntry("dns") + mitmEntry("http"), 2, "flow 1, flow 2", "left out: a tcp flow"},
		{"a question to a name server", "mitm", mitmEntry("dns") + mitmEntry("http"), 1, "flow 0", "left out: a dns flow"},
		{"a flow of a protocol to come", "mitm", mitmEntry("what") + mitmEntry("http"), 1, "flow 0", "left out: a flow of an unknown type"},
		{"a flow without a request", "mitm", tnetDict("type", tnet(";", "http")) + mitmEntry("http"), 1, "flow 0", "it has no request"},
		{"a value that is no flow", "mitm", tnet("#", "1") + mitmEntry("http"), 1, "flow 0", "it is not a flow"},
		{"a flow nested too deeply", "mitm", nest(100) + mitmEntry("http"), 1, "flow 0", "nested too deeply"},
		{"a file of mitmproxy that is cut", "mitm", mitmEntry("http") + mitmEntry("http")[:40], 1, "flow 1", "the file is cut off"},
		{"garbage behind a good flow", "mitm", mitmEntry("http") + "garbage", 1, "flow 1", "not a tnetstring"},
		{"a length of 999,999,999,999", "mitm", mitmEntry("http") + "999999999999:x", 1, "flow 1", "the file is cut off"},

		{"a line that is no log", "log", logLine + "\nwhat\n" + logLine + "\n", 2, "line 2", "not in the format"},
		{"a request line of binary bytes", "log", logLine + "\n" + strings.Replace(logLine, "GET / HTTP/1.1", `\x16\x03\x01`, 1) + "\n", 1, "line 2", "its request line"},
		{"a month that does not exist", "log", logLine + "\n" + strings.Replace(logLine, "May", "Mai", 1) + "\n", 1, "line 2", "its time is not understood"},
		{"an empty request", "log", logLine + "\n" + strings.Replace(logLine, "GET / HTTP/1.1", "-", 1) + "\n", 1, "line 2", "it has no request"},
		{"a JSON line that is cut", "log", `{"time":1700000000,"method":"GET","uri":"/","status":200}` + "\n" + `{"time":17000`, 1, "line 2", "not a JSON object"},

		{"a quote that is never closed", "curl", "curl http://a/\ncurl 'http://b/\ncurl http://c/\n", 2, "line 2", "never closed"},
		{"a command of another name", "curl", "cd /tmp\ncurl http://a/", 1, "line 1", "left out: not a curl command"},
		{"an option that changes the meaning", "curl", "curl --ntlm -u a:b http://a/\ncurl http://a/", 1, "line 1", "--ntlm is not supported"},
		{"a file that may not be read", "curl", "curl -d @/etc/passwd http://a/\ncurl http://a/", 1, "line 1", `refers to the file "/etc/passwd"`},
		{"a command substitution", "curl", "curl http://a/$(id)\ncurl http://a/", 1, "line 1", "runs another command"},
		{"an unknown variable", "curl", "curl $BASE/\ncurl http://a/", 1, "line 1", "$BASE"},
		{"a pattern of URLs", "curl", "curl 'http://a/[1-9]'\ncurl http://a/", 1, "line 1", "pattern"},
		{"a command for Windows", "curl", "curl \"http://a/\" ^\n  -H \"X: 1\"\ncurl http://a/", 1, "line 1, line 2", "copy it as cURL (bash)"},

		{"an unknown variable in a collection", "postman", `{"item":[{"name":"a","request":"http://{{h}}/"},{"name":"b","request":"http://a/"}]}`, 1, "/a", "{{h}}"},
		{"variables in a circle", "postman", `{"item":[{"name":"a","request":"http://{{a}}/"}],"variable":[{"key":"a","value":"{{b}}"},{"key":"b","value":"{{a}}"}]}`, 0, "/a", "circle"},
		{"a file that was never chosen", "postman", `{"item":[{"name":"a","request":{"method":"POST","url":"http://a/","body":{"mode":"formdata","formdata":[{"key":"f","type":"file","src":"x.png"}]}}}]}`, 0, "/a", `refers to the file "x.png"`},
		{"an unknown authorization", "postman", `{"item":[{"name":"a","request":{"url":"http://a/","auth":{"type":"hawk","hawk":[]}}}]}`, 0, "/a", "hawk"},
	} {
		t.Run(c.format+": "+c.name, func(t *testing.T) {
			r := read(t, c.format, []byte(c.input), convert.ImportOptions{})
			if r.err != nil {
				t.Fatalf("the import ended: %v", r.err)
			}
			var places []string
			for _, e := range r.skipped {
				places = append(places, e.Place)
			}
			if len(r.flows) != c.flows || strings.Join(places, ", ") != c.places {
				t.Errorf("got %d flows, left out %q; want %d and %q", len(r.flows), r.skipped, c.flows, c.places)
			}
			if c.says != "" && (len(r.skipped) == 0 || !strings.Contains(r.skipped[0].Error(), c.says)) {
				t.Errorf("it says %q, want %q in it", r.skipped, c.says)
			}
		})
	}
}

const logLine = `192.0.2.1 - - [04/May/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "one"`

func nest(depth int) string {
	v := tnet("#", "1")
	for range depth {
		v = tnet("]", v)
	}
	return v
}

func TestWhatIsNotTheFormatAtAllEndsTheImport(t *testing.T) {
	for _, c := range []struct{ name, format, input, says string }{
		{"an empty input", "", "", "empty"},
		{"prose", "", "Nothing to see here.\n", "not recognised"},
		{"JSON without a log", "har", `{"a":1}`, "it has no log"},
		{"no JSON", "har", `hello`, "not JSON"},
		{"an array", "har", `[]`, "not JSON"},
		{"text", "mitm", "hello", "not a flow file of mitmproxy"},
		{"prose", "log", "Nothing to see here.\n", "give the format string"},
		{"a HAR", "postman", `{"log":{}}`, "it has no items"},
		{"a format of nobody", "pcap", "x", "choose one of"},
	} {
		t.Run(c.format+": "+c.name, func(t *testing.T) {
			r := read(t, c.format, []byte(c.input), convert.ImportOptions{})
			if r.err == nil || !strings.Contains(r.err.Error(), c.says) || len(r.flows) > 0 {
				t.Errorf("%d flows and error %v, want %q in it", len(r.flows), r.err, c.says)
			}
		})
	}
	for _, o := range []convert.ImportOptions{{Origin: "shop.test"}, {Origin: "https://shop.test/x"}, {SessionGap: -1}} {
		if r := read(t, "log", []byte(logLine), o); r.err == nil {
			t.Errorf("options %+v were taken", o)
		}
	}
	if r := read(t, "log", []byte(logLine), convert.ImportOptions{LogFormat: "%Q"}); r.err == nil {
		t.Error("a format string of nothing was taken")
	}
}

func TestAReaderThatFailsKeepsWhatCameBefore(t *testing.T) {
	broken := errors.New("the disk is gone")
	for format, data := range map[string]string{
		"gor": gorEntry("1", gorID, gorGet) + gorEntry("2", gorID, gorOK), "mitm": mitmEntry("http"),
		"log": logLine + "\n", "curl": "curl http://a/\n",
	} {
		flows, told := 0, false
		in := io.MultiReader(strings.NewReader(data), errReader{broken})
		for rec, err := range convert.Import(context.Background(), format, in, convert.ImportOptions{LogFormat: ""}) {
			if _, ok := rec.(*flow.Flow); ok {
				flows++
			}
			told = told || errors.Is(err, broken)
		}
		if flows != 1 || !told {
			t.Errorf("%s: %d flows, error told: %v", format, flows, told)
		}
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestGzippedInputIsOpenedAndMayBeCut(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 1000 {
		z.Write([]byte(gorEntry("1", gorID, gorGet) + gorEntry("2", gorID, gorOK)))
	}
	z.Close()
	if r := readAll(t, "", b.Bytes(), convert.ImportOptions{}); len(r.flows) != 1000 {
		t.Errorf("%d flows of 1000", len(r.flows))
	}
	r := read(t, "gor", b.Bytes()[:b.Len()-20], convert.ImportOptions{})
	if len(r.flows) == 0 || len(r.skipped) == 0 || r.err != nil {
		t.Errorf("of a cut file: %d flows, left out %v, error %v", len(r.flows), r.skipped, r.err)
	}
}

func TestAnImportEndsWhenNobodyWantsMore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	var last error
	for _, err := range convert.Import(ctx, "log", strings.NewReader(strings.Repeat(logLine+"\n", 100)), convert.ImportOptions{}) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) || n > 4 {
		t.Errorf("%d records, last error %v", n, last)
	}
	for range convert.Import(context.Background(), "log", strings.NewReader(strings.Repeat(logLine+"\n", 100)), convert.ImportOptions{}) {
		break
	}
}

func TestFilesOfOtherCommandsAreNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, head, want string }{
		{"pcap", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "packet capture"},
		{"pcap with nanoseconds of a big-endian machine", "\xa1\xb2\x3c\x4d\x00\x02\x00\x04", "packet capture"},
		{"pcapng", "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00", "packet capture"},
		{"flow file", "\x5b\x2a\x4d\x18\x2c\x00\x00\x00flow", "recording already"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := convert.Detect(strings.NewReader(test.head)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Detect: error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestOptionsAreValidatedBeforeReading(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		o    convert.ImportOptions
		want string // part of the error; "": none
	}{
		{"nothing set", convert.ImportOptions{}, ""},
		{"everything sound", convert.ImportOptions{SessionGap: 1, Origin: "https://shop.test", LogFormat: "combined"}, ""},
		{"an origin without scheme", convert.ImportOptions{Origin: "shop.test"}, `"shop.test"`},
		{"a format that names nothing", convert.ImportOptions{LogFormat: "%q"}, "not a log format"},
		{"a negative pause", convert.ImportOptions{SessionGap: -1}, "SessionGap"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.o.Validate()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Validate: error %v, want one with %q", err, test.want)
			}
		})
	}
}
