package convert_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flow"
)

// tnet writes a value of mitmproxy's files.
func tnet(kind, payload string) string { return strconv.Itoa(len(payload)) + ":" + payload + kind }

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

// Each input has sound entries around a broken one, which is left out and named.
func TestBrokenEntriesAreLeftOutAndNamed(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, c := range []struct {
		name, format, input string
		flows               int
		places              string // of the entries left out
		says                string // by the first of them
	}{
		{"an entry without a request", "har", `{"log":{"entries":[` + converttest.HAREntry + `,{},` + converttest.HAREntry + `]}}`, 2, "entry 1", "it has no request"},
		{"an entry that is a number", "har", `{"log":{"entries":[1,` + converttest.HAREntry + `]}}`, 1, "entry 0", "not an entry of HAR"},
		{"an entry with broken JSON inside its braces", "har", `{"log":{"entries":[{"request":{"method":}},` + converttest.HAREntry + `]}}`, 1, "entry 0", "the JSON is broken"},
		{"an entry nested 20,000 deep", "har", `{"log":{"entries":[` + converttest.HAREntry + `,{"request":` + deep + `}]}}`, 1, "entry 1", "not an entry of HAR"},
		{"a URL of no network", "har", `{"log":{"entries":[{"request":{"url":"data:text/plain,x"}},` + converttest.HAREntry + `]}}`, 1, "entry 0", "left out"},
		{"no URL", "har", `{"log":{"entries":[{"request":{"method":"GET"}},` + converttest.HAREntry + `]}}`, 1, "entry 0", "no scheme and host"},
		{"a body that is not base64", "har", `{"log":{"entries":[{"request":{"url":"http://a/"},"response":{"status":200,"content":{"encoding":"base64","text":"§"}}}]}}`, 0, "entry 0", "its content is not base64"},
		{"a time that is none", "har", `{"log":{"entries":[{"startedDateTime":"yesterday","request":{"url":"http://a/"}}]}}`, 0, "entry 0", "startedDateTime is not a time"},
		{"a HAR that is cut in an entry", "har", `{"log":{"entries":[` + converttest.HAREntry + `,{"request":{"url":"http://a`, 1, "entry 1", "the file is cut off"},
		{"a HAR that is cut between entries", "har", `{"log":{"entries":[` + converttest.HAREntry + `,`, 1, "end of file", "the file is cut off"},
		{"a comma after the last entry", "har", `{"log":{"entries":[` + converttest.HAREntry + `,],},}`, 1, "", ""},

		{"a record of GoReplay without a head", "gor", converttest.GorRecord("1", converttest.GorID, converttest.GorGet) + "what\n🐵🙈🙉\n" + converttest.GorRecord("2", converttest.GorID, converttest.GorOK), 1, "record at byte 98", "no record of GoReplay"},
		{"a message that is no HTTP", "gor", converttest.GorRecord("1", "aa", "hello") + converttest.GorRecord("1", converttest.GorID, converttest.GorGet) + converttest.GorRecord("2", converttest.GorID, converttest.GorOK), 1, "record at byte 0", "no HTTP message"},
		{"a replayed response", "gor", converttest.GorRecord("1", converttest.GorID, converttest.GorGet) + converttest.GorRecord("3", converttest.GorID, converttest.GorOK), 1, "record at byte 98", "left out: a response to replayed traffic"},
		{"a response without its request", "gor", converttest.GorRecord("2", converttest.GorID, converttest.GorOK), 0, "record at byte 0", "without its request"},
		{"a .gor file that is cut in a body", "gor", converttest.GorRecord("1", converttest.GorID, converttest.GorGet) + "2 " + converttest.GorID + " 1700000000000000000 0\nHTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", 1, "record at byte 98", "the file is cut off"},
		{"a .gor file that is cut in a head", "gor", converttest.GorRecord("1", converttest.GorID, converttest.GorGet) + "2 " + converttest.GorID, 1, "record at byte 98", "no record"},
		{"the last record of a .gor file without its separator", "gor", converttest.GorRecord("1", converttest.GorID, converttest.GorGet) + strings.TrimSuffix(converttest.GorRecord("2", converttest.GorID, converttest.GorOK), "\n🐵🙈🙉\n"), 1, "", ""},

		{"a flow of another protocol", "mitm", mitmEntry("http") + mitmEntry("tcp") + mitmEntry("dns") + mitmEntry("http"), 2, "flow 1, flow 2", "left out: a tcp flow"},
		{"a question to a name server", "mitm", mitmEntry("dns") + mitmEntry("http"), 1, "flow 0", "left out: a dns flow"},
		{"a flow of a protocol to come", "mitm", mitmEntry("what") + mitmEntry("http"), 1, "flow 0", "left out: a flow of an unknown type"},
		{"a flow without a request", "mitm", tnetDict("type", tnet(";", "http")) + mitmEntry("http"), 1, "flow 0", "it has no request"},
		{"a value that is no flow", "mitm", tnet("#", "1") + mitmEntry("http"), 1, "flow 0", "it is not a flow"},
		{"a flow nested too deeply", "mitm", nest(100) + mitmEntry("http"), 1, "flow 0", "nested too deeply"},
		{"a file of mitmproxy that is cut", "mitm", mitmEntry("http") + mitmEntry("http")[:40], 1, "flow 1", "the file is cut off"},
		{"garbage behind a good flow", "mitm", mitmEntry("http") + "garbage", 1, "flow 1", "not a tnetstring"},
		{"a length of 999,999,999,999", "mitm", mitmEntry("http") + "999999999999:x", 1, "flow 1", "the file is cut off"},

		{"a line that is no log", "log", converttest.LogLine + "\nwhat\n" + converttest.LogLine + "\n", 2, "line 2", "not in the format"},
		{"a request line of binary bytes", "log", converttest.LogLine + "\n" + strings.Replace(converttest.LogLine, "GET / HTTP/1.1", `\x16\x03\x01`, 1) + "\n", 1, "line 2", "its request line"},
		{"a month that does not exist", "log", converttest.LogLine + "\n" + strings.Replace(converttest.LogLine, "May", "Mai", 1) + "\n", 1, "line 2", "its time is not understood"},
		{"an empty request", "log", converttest.LogLine + "\n" + strings.Replace(converttest.LogLine, "GET / HTTP/1.1", "-", 1) + "\n", 1, "line 2", "it has no request"},
		{"a line of a load balancer without a request", "log", strings.Repeat(`http 2026-05-04T10:00:01Z lb 192.0.2.1:1 - 0 0 0 200 200 1 1 "GET http://a:80/ HTTP/1.1" "-" - -`+"\n", 2) + `http 2026-05-04T10:00:01Z lb 192.0.2.1:1 - -1 -1 -1 400 - 0 1 "- http://a:80- -" "-" - -`, 2, "line 3", "its request line"},
		{"a line with fewer fields than the W3C log", "log", "#Fields: date time cs-method cs-uri-stem sc-status\n2026-05-04 10:00:00 GET / 200\n2026-05-04 10:00:00 GET\n", 1, "line 3", "fewer fields"},
		{"a day that does not exist in a W3C log", "log", "#Fields: date time cs-method cs-uri-stem sc-status\n2026-05-04 10:00:00 GET / 200\n2026-05-54 10:00:00 GET / 200\n", 1, "line 3", "no time"},
		{"a JSON line that is cut", "log", `{"time":1700000000,"method":"GET","uri":"/","status":200}` + "\n" + `{"time":17000`, 1, "line 2", "not a JSON object"},

		{"a quote that is never closed", "curl", "curl http://a/\ncurl 'http://b/\ncurl http://c/\n", 2, "line 2", "never closed"},
		{"a command of another name", "curl", "cd /tmp\ncurl http://a/", 1, "line 1", "left out: not a curl command"},
		{"an option that changes the meaning", "curl", "curl --ntlm -u a:b http://a/\ncurl http://a/", 1, "line 1", "--ntlm is not supported"},
		{"a file that may not be read", "curl", "curl -d @/etc/passwd http://a/\ncurl http://a/", 1, "line 1", `refers to the file "/etc/passwd"`},
		{"a command substitution", "curl", "curl http://a/$(id)\ncurl http://a/", 1, "line 1", "runs another command"},
		{"an unknown variable", "curl", "curl $BASE/\ncurl http://a/", 1, "line 1", "$BASE"},
		{"a pattern of URLs", "curl", "curl 'http://a/[1-9]'\ncurl http://a/", 1, "line 1", "pattern"},
		{"a command for Windows with an open quote", "curl", "curl ^\"http://a/ ^\n  -H X\ncurl http://a/", 1, "line 1", "never closed"},

		{"an unknown variable in a collection", "postman", `{"item":[{"name":"a","request":"http://{{h}}/"},{"name":"b","request":"http://a/"}]}`, 1, "/a", "{{h}}"},
		{"variables in a circle", "postman", `{"item":[{"name":"a","request":"http://{{a}}/"}],"variable":[{"key":"a","value":"{{b}}"},{"key":"b","value":"{{a}}"}]}`, 0, "/a", "circle"},
		{"a file that was never chosen", "postman", `{"item":[{"name":"a","request":{"method":"POST","url":"http://a/","body":{"mode":"formdata","formdata":[{"key":"f","type":"file","src":"x.png"}]}}}]}`, 0, "/a", `refers to the file "x.png"`},
		{"an unknown authorization", "postman", `{"item":[{"name":"a","request":{"url":"http://a/","auth":{"type":"hawk","hawk":[]}}}]}`, 0, "/a", "hawk"},
	} {
		t.Run(c.format+": "+c.name, func(t *testing.T) {
			r := converttest.Read(t, c.format, []byte(c.input), converttest.Options{})
			if r.Err != nil {
				t.Fatalf("the import ended: %v", r.Err)
			}
			var places []string
			for _, e := range r.Skipped {
				places = append(places, e.Place)
			}
			if len(r.Flows) != c.flows || strings.Join(places, ", ") != c.places {
				t.Errorf("got %d flows, left out %q; want %d and %q", len(r.Flows), r.Skipped, c.flows, c.places)
			}
			if c.says != "" && (len(r.Skipped) == 0 || !strings.Contains(r.Skipped[0].Error(), c.says)) {
				t.Errorf("it says %q, want %q in it", r.Skipped, c.says)
			}
		})
	}
}

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
	} {
		t.Run(c.format+": "+c.name, func(t *testing.T) {
			r := converttest.Read(t, c.format, []byte(c.input), converttest.Options{})
			if r.Err == nil || !strings.Contains(r.Err.Error(), c.says) || len(r.Flows) > 0 {
				t.Errorf("%d flows and error %v, want %q in it", len(r.Flows), r.Err, c.says)
			}
		})
	}
	for _, o := range []converttest.Options{{Origin: "shop.test"}, {Origin: "https://shop.test/x"}, {SessionGap: -1}} {
		if r := converttest.Read(t, "log", []byte(converttest.LogLine), o); r.Err == nil {
			t.Errorf("options %+v were taken", o)
		}
	}
	if r := converttest.Read(t, "log", []byte(converttest.LogLine), converttest.Options{LogFormat: "%Q"}); r.Err == nil {
		t.Error("a format string of nothing was taken")
	}
}

func TestAReaderThatFailsKeepsWhatCameBefore(t *testing.T) {
	broken := errors.New("the disk is gone")
	for format, data := range map[string]string{
		"gor": converttest.GorRecord("1", converttest.GorID, converttest.GorGet) + converttest.GorRecord("2", converttest.GorID, converttest.GorOK), "mitm": mitmEntry("http"),
		"log": converttest.LogLine + "\n", "curl": "curl http://a/\n",
	} {
		flows, told := 0, false
		in := io.MultiReader(strings.NewReader(data), errReader{broken})
		for rec, err := range convert.Import(context.Background(), converttest.Named(t, format, converttest.Options{}), in, convert.Options{}) {
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
		z.Write([]byte(converttest.GorRecord("1", converttest.GorID, converttest.GorGet) + converttest.GorRecord("2", converttest.GorID, converttest.GorOK)))
	}
	z.Close()
	if r := converttest.ReadAll(t, "", b.Bytes(), converttest.Options{}); len(r.Flows) != 1000 {
		t.Errorf("%d flows of 1000", len(r.Flows))
	}
	r := converttest.Read(t, "gor", b.Bytes()[:b.Len()-20], converttest.Options{})
	if len(r.Flows) == 0 || len(r.Skipped) == 0 || r.Err != nil {
		t.Errorf("of a cut file: %d flows, left out %v, error %v", len(r.Flows), r.Skipped, r.Err)
	}
}

func TestAnImportEndsWhenNobodyWantsMore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	var last error
	for _, err := range convert.Import(ctx, converttest.Named(t, "log", converttest.Options{}), strings.NewReader(strings.Repeat(converttest.LogLine+"\n", 100)), convert.Options{}) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) || n > 4 {
		t.Errorf("%d records, last error %v", n, last)
	}
	for range convert.Import(context.Background(), converttest.Named(t, "log", converttest.Options{}), strings.NewReader(strings.Repeat(converttest.LogLine+"\n", 100)), convert.Options{}) {
		break
	}
}

func TestFilesOfOtherCommandsAreNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, head, want string }{
		{"pcap", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "packet capture"},
		{"pcap with nanoseconds of a big-endian machine", "\xa1\xb2\x3c\x4d\x00\x02\x00\x04", "packet capture"},
		{"pcapng", "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00", "packet capture"},
		{"zip", "PK\x03\x04\x14\x00", "zip archive"},
		{"flow file", "\x5b\x2a\x4d\x18\x2c\x00\x00\x00flow", "recording already"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := convert.Detect(strings.NewReader(test.head), converttest.Formats(converttest.Options{})); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Detect: error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestTheOriginIsValidatedBeforeReading(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		o    convert.Options
		want string // part of the error; "": none
	}{
		{"nothing set", convert.Options{}, ""},
		{"everything sound", convert.Options{Origin: "https://shop.test"}, ""},
		{"an origin without scheme", convert.Options{Origin: "shop.test"}, `"shop.test"`},
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
