package display_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/content/display"
	"github.com/starling-load/starling/model/content/protobuf"
	"github.com/starling-load/starling/record/flow"
)

func gzipped(s string) string {
	return codec.Chain{codec.New(codec.Gzip)}.Encode(s)
}

func grpcFrame(flag byte, content string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(content)))) + content
}

func proto(t *testing.T, text string) string {
	t.Helper()
	b, ok := protobuf.Bytes(text)
	if !ok {
		t.Fatalf("%s is no message", text)
	}
	return string(b)
}

func TestABodyIsShownAsWhatItHolds(t *testing.T) {
	pear := proto(t, `1:"pear: a \"b\" {" 2:{1:3 2:{}} 3:'00ff'`)
	const pearText = "1: \"pear: a \\\"b\\\" {\"\n2: {\n  1: 3\n  2: \"\"\n}\n3: '00ff'"
	inner := strings.ReplaceAll("\n"+pearText, "\n", "\n  ")
	web := grpcFrame(0, pear) + grpcFrame(0x80, "grpc-status: 0\r\ngrpc-message: ok\r\n")
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		name, media, coding, data string
		as, text                  string
	}{
		{"JSON", "application/json", "", `{"a":[1,2.50],"b":"é\u001b"}`, "json", "{\n  \"a\": [\n    1,\n    2.50\n  ],\n  \"b\": \"é\\u001b\"\n}"},
		{"compressed JSON", "application/json", "gzip", gzipped(`[1]`), "gzip, json", "[\n  1\n]"},
		{"two codings", "text/plain", "deflate, gzip", gzipped(codec.Chain{codec.New(codec.Deflate)}.Encode("hello")), "gzip, deflate, text", "hello"},
		{"a coding that is cut", "text/plain", "gzip", gzipped("hello")[:15+1], "gzip (not to its end), text", "hello"},
		{"a coding that is none", "text/plain", "gzip", "hello", "not gzip, text", "hello"},
		{"JSON under the type of a form", "application/x-www-form-urlencoded", "", `{"a":1}`, "json", "{\n  \"a\": 1\n}"},
		{"JSON without a type", "", "", " {} ", "json", "{}"},
		{"a line of JSON each", "application/x-ndjson", "", "{\"a\":1}\n{\"a\":2}\n", "json", "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}"},
		{"broken JSON", "application/json", "", `{"a":`, "text", `{"a":`},
		{"numbers one behind the other", "text/plain", "", "12 13", "text", "12 13"},
		{"a form", "application/x-www-form-urlencoded", "", "a=1+2&b=%C3%A9%0Ax&c", "form", "a = 1 2\nb = é\n  x\nc = "},
		{"parts", "multipart/form-data; boundary=X", "", "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--X\r\nContent-Disposition: form-data; name=\"j\"\r\nContent-Type: application/json\r\n\r\n{\"b\":2}\r\n--X--\r\n",
			"multipart", "part 1\n  Content-Disposition: form-data; name=\"a\"\n    1\npart 2\n  Content-Disposition: form-data; name=\"j\"\n  Content-Type: application/json\n    {\n      \"b\": 2\n    }"},
		{"parts without an end", "multipart/mixed; boundary=X", "", "--X\r\n\r\n1", "multipart", "part 1\n    1\ncut off\ncut off"},
		{"protocol buffers", "application/x-protobuf", "", pear, "protobuf", pearText},
		{"gRPC", "application/grpc", "", grpcFrame(0, pear) + grpcFrame(1, gzipped(pear)), "grpc", "message 1, protobuf" + inner + "\nmessage 2, protobuf" + inner},
		{"gRPC-Web", "application/grpc-web+proto", "", web, "grpc-web", "message 1, protobuf" + inner + "\ntrailers\n  grpc-status: 0\n  grpc-message: ok"},
		{"gRPC-Web as text", "application/grpc-web-text", "", b64(web[:len(pear)+5]) + b64(web[len(pear)+5:]), "base64, grpc-web", "message 1, protobuf" + inner + "\ntrailers\n  grpc-status: 0\n  grpc-message: ok"},
		{"gRPC-Web that is cut", "application/grpc-web", "", grpcFrame(0, "")[:5] + "\x00\x00\x00", "grpc-web", "message 1, protobuf\n  (empty)\ncut off\n  00000000  00 00 00                                          |...|"},
		{"gRPC of JSON", "application/grpc+json", "", grpcFrame(0, `{"a":1}`), "grpc", "message 1, json\n  {\n    \"a\": 1\n  }"},
		{"MessagePack", "application/msgpack", "", "\x83\xa1a\x93\x01\xff\xcd\x01\x00\xa1b\xc4\x02\x00\xff\x07\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", "msgpack",
			"{\n  \"a\": [\n    1,\n    -1,\n    256\n  ],\n  \"b\": \"0x00ff\",\n  \"7\": 1.5\n}"},
		{"MessagePack with all lengths", "application/msgpack", "", "\xdc\x00\x06\xd9\x01x\xd1\xff\xfe\xc3\xc0\xd4\x05\xaa\xde\x00\x01\xa1k\xca\x7f\xc0\x00\x00", "msgpack",
			"[\n  \"x\",\n  -2,\n  true,\n  null,\n  \"5:0xaa\",\n  {\n    \"k\": \"NaN\"\n  }\n]"},
		{"text of two bytes", "text/plain", "", "\xff\xfeh\x00i\x00", "text", "hi"},
		{"Latin-1", "text/html; charset=ISO-8859-1", "", "caf\xe9", "text", "café"},
		{"bytes", "image/png", "", "\x89PNG\x00\x01", "binary", "00000000  89 50 4e 47 00 01                                 |.PNG..|"},
		{"nothing", "text/plain", "", "", "", ""},
	} {
		h := flow.Headers{{Name: "Content-Type", Value: c.media}}
		if c.coding != "" {
			h = append(h, flow.Header{Name: "Content-Encoding", Value: c.coding})
		}
		as, text := display.Decode(flow.Content{Headers: h, Data: []byte(c.data)})
		if as != c.as || text != c.text {
			t.Errorf("%s\ngot  %s: %q\nwant %s: %q", c.name, as, text, c.as, c.text)
		}
	}
}

func TestAMessageIsShownAsWhatItHolds(t *testing.T) {
	for _, c := range []struct {
		name     string
		kind     flow.MessageKind
		data     string
		as, text string
	}{
		{"JSON", flow.MessageText, `{"a":1}`, "json", "{\n  \"a\": 1\n}"},
		{"JSON of a hub", flow.MessageText, "{\"type\":6}\x1e", "json", "{\n  \"type\": 6\n}"},
		{"Socket.IO", flow.MessageText, `42["say","hi"]`, "42 json", "[\n  \"say\",\n  \"hi\"\n]"},
		{"text", flow.MessageText, "hi there", "text", "hi there"},
		{"MessagePack", flow.MessageBinary, "\x81\xa1a\xc3", "msgpack", "{\n  \"a\": true\n}"},
		{"protocol buffers", flow.MessageBinary, "\x08\xff\x01", "protobuf", "1: 255"},
		{"other bytes", flow.MessageBinary, "\xff\xff", "binary", "00000000  ff ff                                             |..|"},
		{"an end", flow.MessageClose, "\x03\xe9away", "close", "1001 away"},
		{"an event", flow.MessageEvent, "event: add\nid: 7\ndata: {\"a\":\ndata: 1}", "event, json", "event: add\nid: 7\ndata:\n  {\n    \"a\": 1\n  }"},
		{"an event of text", flow.MessageEvent, "data: hi", "text", "data: hi"},
		{"trailers of gRPC-Web", flow.MessageGRPC, "grpc-status: 0\r\ngrpc-message: ok\r\n\r\n", "trailers", "grpc-status: 0\ngrpc-message: ok"},
		{"gRPC", flow.MessageGRPC, "\x0a\x02hi", "protobuf", "1: \"hi\""},
	} {
		as, text := display.Decode(flow.Content{Kind: c.kind, Data: []byte(c.data)})
		if as != c.as || text != c.text {
			t.Errorf("%s\ngot  %s: %q\nwant %s: %q", c.name, as, text, c.as, c.text)
		}
	}
}

// A small body that decodes to much is shown in part.
func TestABombIsShownInPart(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for range 64 {
		w.Write(make([]byte, 1<<20))
	}
	w.Close()
	as, text := display.Decode(flow.Content{Headers: flow.Headers{{Name: "Content-Encoding", Value: "gzip"}}, Data: b.Bytes()})
	if as != "gzip (not to its end), binary" || len(text) > 4096 {
		t.Errorf("it is shown as %q with %d bytes", as, len(text))
	}
}

// Whatever the bytes are, they are shown, and a terminal obeys none of them.
func FuzzDecode(f *testing.F) {
	for _, media := range []string{"application/json", "application/msgpack", "application/grpc-web-text", "application/grpc", "multipart/mixed; boundary=X", "application/protobuf", "text/plain; charset=iso-8859-1", "application/x-www-form-urlencoded"} {
		f.Add(media, "gzip", uint8(0), []byte("\x83\xa1a\x93\x01{\"a\":\"\x1b[31m\"}--X\r\n\r\n\u202e"))
		f.Add(media, "", uint8(2), []byte("\x0a\x02\x1b]"))
	}
	f.Fuzz(func(t *testing.T, media, coding string, kind uint8, data []byte) {
		fl := &flow.Flow{Scheme: "http", Request: flow.Request{
			Method: "POST", Target: "/", Body: flow.NewBody(data),
			Headers: flow.Headers{{Name: "Content-Type", Value: media}, {Name: "Content-Encoding", Value: coding}},
		}}
		fl.Messages = []flow.Message{{FromClient: true, Kind: flow.MessageKind(kind % 8), Data: data, Size: int64(len(data))}}
		var out bytes.Buffer
		if err := flow.PrintDecoded(&out, fl, display.Decode); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e {
				t.Fatalf("%q of %q reaches the terminal", r, data)
			}
		}
		if err := flow.JSONDecoded(&out, fl, display.Decode); err != nil {
			t.Fatal(err)
		}
	})
}
