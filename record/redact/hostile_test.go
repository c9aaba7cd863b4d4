package redact

import (
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// Code that takes more than linear time on these bodies exceeds the time of the test.
func TestHostileBodiesAreWalkedInBoundedTime(t *testing.T) {
	const length = 1 << 18
	for _, c := range []struct{ name, media, unit string }{
		{"words and full stops", "text/plain", "a."},
		{"names behind names", "text/plain", "code="},
		{"names of secrets", "text/plain", "token="},
		{"quotes behind names", "text/plain", `code="`},
		{"at signs", "text/plain", "a@"},
		{"base64 in pieces", "text/plain", "eyJhIjoieyJhIjoi/"},
		{"tokens without end", "text/plain", "eyJhIjoieyJhIjoi."},
		{"percent of percent", "text/plain", "%25"},
		{"entities", "text/plain", "&amp;"},
		{"backslashes", "text/plain", `\\`},
		{"urls", "text/plain", "://a@"},
		{"digits", "text/plain", "4111 "},
		{"open tags", "text/html", "<a b='"},
		{"open comments", "text/html", "<!--"},
		{"open elements", "text/xml", "<token>"},
		{"open arrays", "application/json", "["},
		{"open objects", "application/json", `{"a":`},
		{"strings of JSON", "application/json", `["{}",`},
		{"quotes", "application/json", `"`},
		{"escaped quotes", "application/json", `\"`},
		{"key blocks", "text/plain", "-----BEGIN PRIVATE KEY-----"},
		{"form items", "application/x-www-form-urlencoded", "a=%7B&"},
		{"boundaries", "multipart/x; boundary=a", "--a\r\n\r\n"},
		{"objects that are none", "text/plain", `{"a":x`},
		{"objects in objects of a script", "text/javascript", `{"a":{"b":`},
		{"objects that end in a script", "text/javascript", `{"a":[{"b":f`},
		{"templates", "text/javascript", "`${"},
		{"regular expressions", "text/javascript", "=/["},
		{"quotes of a script", "text/javascript", `"'`},
		{"comments of a script", "text/javascript", "/*"},
		{"names of lists", "text/javascript", `token:["a",`},
		{"literals that go on", "text/javascript", `token:"a\`},
		{"columns", "text/csv", "a,password,\""},
		{"rows", "text/csv", "password\n\"\""},
		{"statements", "text/plain", "insert into a (b) values ("},
		{"commands", "text/plain", "PASS "},
		{"commands in lines", "text/plain", "LOGIN a\n"},
		{"compressed words", "text/plain", "H4sIAAAAAAAA/"},
		{"lines of base64", "text/plain", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0\n"},
		{"keys of PuTTY", "text/plain", "Private-Lines: 999\n"},
		{"hashes", "text/plain", "$2b$10$"},
		{"values in lines", "text/plain", "value: a\n"},
		{"names of two words", "text/plain", "secret key: "},
		{"names above lines", "text/plain", "password:\n  "},
		{"seed phrases", "text/plain", "mnemonic abcd efgh "},
		{"header lines", "text/plain", "Authorization: a "},
		{"cookies", "text/plain", "Cookie: a=b"},
		{"names beyond ASCII", "text/plain", "пароль"},
		{"segments", "text/plain", "token/abcdefgh12345678/"},
		{"bytes of UTF-16", "text/plain", "\"\x00"},
		{"lines of events", "text/event-stream", "data: a\n"},
		{"values before names", "application/json", `{"value":"a",`},
		{"rows of JSON", "application/json", `[["password",`},
		{"names of columns", "application/json", `{"columns":["password"],"rows":[[`},
		{"cells", "text/html", "<td>Password"},
		{"closing tags", "text/xml", "<a><password></a"},
		{"maps of MessagePack", "application/msgpack", "\x81\xa1a"},
		{"arrays of CBOR", "application/cbor", "\xa1\x61a\x9f"},
		{"documents of BSON", "application/bson", "\xff\x00\x00\x00\x03a\x00"},
		{"keys with dots", "text/plain", "SG.a."},
		{"frames", "application/grpc", "\x00\x00\x00\x00\x02\x0a\x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := strings.Repeat(c.unit, length/len(c.unit))
			f := answer(get("/"), c.media, body)
			f.Messages = []flow.Message{{Kind: flow.MessageGRPC, Data: []byte(body), Size: int64(len(body))}}
			newRedactor(t, testKey, "").Flow(f)
			if len(f.Response.Body.Data) != len(body) {
				t.Errorf("%s: %d bytes became %d", c.name, len(body), len(f.Response.Body.Data))
			}
		})
	}
}

func TestADecompressionBombIsKeptOut(t *testing.T) {
	bomb := strings.Repeat(`{"token":"k3JJ0x81"},`, maxDecoded/20)
	for name, f := range map[string]*flow.Flow{
		"gzip":              packed(get("/"), "application/json", "gzip", gzipped(bomb)),
		"gzip in gzip":      packed(get("/"), "application/json", "gzip, gzip", gzipped(string(gzipped(bomb)))),
		"another coding":    packed(get("/"), "application/json", "rev", []byte(bomb)),
		"a cut body":        packed(get("/"), "application/json", "gzip", gzipped(bomb)),
		"one byte too long": packed(get("/"), "text/plain", "gzip", gzipped(strings.Repeat(" ", maxDecoded+1))),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a cut body" {
				f.Response.Body = f.Response.Body.Cut(f.Response.Body.Size - 100)
			}
			size := f.Response.Body.Size
			scan := Scanner{Decode: reversed}
			scan.Scan(f, func(s Finding) { t.Errorf("%+v is found in what is not decoded", s) })
			if scan.Unread != 1 {
				t.Errorf("%d bodies could not be searched, want 1", scan.Unread)
			}
			r, err := New(Options{Key: testKey, Decode: reversed})
			if err != nil {
				t.Fatal(err)
			}
			r.Flow(f)
			if b := f.Response.Body; len(b.Data) != 0 || b.Size != size {
				t.Errorf("%d bytes of %d are left; want none of %d", len(b.Data), b.Size, size)
			}
		})
	}
}

func TestTheLongestBodyThatIsDecodedIsKept(t *testing.T) {
	f := packed(get("/"), "text/plain", "gzip", gzipped(strings.Repeat(" ", maxDecoded)))
	newRedactor(t, testKey, "").Flow(f)
	if b := f.Response.Body; b.Truncated() {
		t.Errorf("%d bytes of %d are left; want all", len(b.Data), b.Size)
	}
}
