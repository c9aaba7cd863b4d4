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

func TestADecompressionBombIsCut(t *testing.T) {
	data := gzipped(strings.Repeat(" ", maxDecoded+1000))
	f := packed(get("/"), "application/json", "gzip", data)
	newRedactor(t, testKey, "").Flow(f)
	if b := f.Response.Body; !b.Truncated() || len(b.Data) > 1<<20 {
		t.Errorf("%d bytes of %d are left; want a beginning", len(b.Data), b.Size)
	}
}
