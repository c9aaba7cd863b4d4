package flow

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// equal compares records as the file and the text form keep them.
var equal = cmp.Options{cmpopts.EquateEmpty()}

var genText = rapid.OneOf(
	rapid.SampledFrom([]string{"", "a", "Host", "Set-Cookie", "\"", "a b", " x", "x ", "=", "|", "| x", "#", "body size=1", "\x00\xff", "\u202e", "é", "\r", "\n", "body", "flow 1", "\ufffd"}),
	rapid.String(),
	rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
)

var genData = rapid.OneOf(
	rapid.Just([]byte(nil)),
	rapid.SliceOfN(rapid.Byte(), 0, 300),
	rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "line\n", "crlf\r\n", "\r", "\t", "é", "\u00a0", "| ", "= "}), 0, 60),
		func(parts []string) []byte { return []byte(strings.Join(parts, "")) }),
	rapid.Map(rapid.IntRange(0, 3), func(i int) []byte { return []byte(strings.Repeat(fmt.Sprint("shared ", i, " "), 40)) }),
)

var genBody = rapid.Custom(func(t *rapid.T) Body {
	b := NewBody(genData.Draw(t, "data"))
	if rapid.IntRange(0, 4).Draw(t, "body kind") == 0 {
		b.Size += rapid.Int64Range(1, 1<<40).Draw(t, "more")
		b.Hash = rapid.Uint64().Draw(t, "hash")
	}
	return b
})

var genHeaders = rapid.Custom(func(t *rapid.T) Headers {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Header {
		return Header{Name: genText.Draw(t, "name"), Value: genText.Draw(t, "value")}
	}), 0, 4).Draw(t, "headers")
})

var genTime = rapid.Custom(func(t *rapid.T) time.Time {
	if rapid.IntRange(0, 5).Draw(t, "odd time") == 0 {
		return time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "sec"), 0).UTC()
	}
	return time.Unix(1_700_000_000+rapid.Int64Range(0, 1000).Draw(t, "sec"), rapid.Int64Range(0, 999_999_999).Draw(t, "nsec")).UTC()
})

var genDuration = rapid.Map(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64(), rapid.Int64Range(0, 1e10)),
	func(n int64) time.Duration { return time.Duration(n) })

var genResponse = rapid.Custom(func(t *rapid.T) Response {
	return Response{
		Status: rapid.IntRange(-1, 1200).Draw(t, "status"), Headers: genHeaders.Draw(t, "h"),
		Body: genBody.Draw(t, "b"), Trailers: genHeaders.Draw(t, "tr"),
	}
})

var genMessage = rapid.Custom(func(t *rapid.T) Message {
	m := Message{
		At: genDuration.Draw(t, "at"), FromClient: rapid.Bool().Draw(t, "from"),
		Kind: MessageKind(rapid.Byte().Draw(t, "kind")), Data: genData.Draw(t, "data"),
	}
	m.Size = int64(len(m.Data)) + rapid.Int64Range(0, 2).Draw(t, "more")
	return m
})

var genFlow = rapid.Custom(func(t *rapid.T) *Flow {
	f := &Flow{
		Conn: rapid.Uint64Range(0, 9).Draw(t, "conn"), Scheme: genText.Draw(t, "scheme"), Protocol: genText.Draw(t, "protocol"),
		Request: Request{
			Method: genText.Draw(t, "method"), Target: genText.Draw(t, "target"), Authority: genText.Draw(t, "authority"),
			Headers: genHeaders.Draw(t, "h"), Body: genBody.Draw(t, "b"), Trailers: genHeaders.Draw(t, "tr"),
		},
		Interim:     rapid.SliceOfN(genResponse, 0, 2).Draw(t, "interim"),
		Messages:    rapid.SliceOfN(genMessage, 0, 3).Draw(t, "messages"),
		Start:       genTime.Draw(t, "start"),
		RequestDone: genDuration.Draw(t, "rd"), FirstByte: genDuration.Draw(t, "fb"), Done: genDuration.Draw(t, "done"),
		Error: genText.Draw(t, "error"),
	}
	if rapid.Bool().Draw(t, "answered") {
		r := genResponse.Draw(t, "response")
		f.Response = &r
	}
	return f
})

var genRecord = rapid.Custom(func(t *rapid.T) Record {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		c := &Conn{ID: rapid.Uint64().Draw(t, "id"), Client: genText.Draw(t, "client"), Server: genText.Draw(t, "server"), Opened: genTime.Draw(t, "opened")}
		if rapid.Bool().Draw(t, "tls") {
			c.TLS = &TLS{Version: genText.Draw(t, "v"), Cipher: genText.Draw(t, "c"), ServerName: genText.Draw(t, "s"), ALPN: genText.Draw(t, "a")}
		}
		return c
	case 2:
		return &Info{Recording: rapid.Uint64().Draw(t, "recording"), Part: rapid.Uint64Range(0, 3).Draw(t, "part"), Source: genText.Draw(t, "source"), Redaction: genText.Draw(t, "redaction"), Sample: genText.Draw(t, "sample")}
	case 1:
		return &Loss{At: genTime.Draw(t, "at"), Reason: genText.Draw(t, "reason"), Sessions: 1, Flows: rapid.Uint64().Draw(t, "f"), Gaps: 3, Messages: 2, Bytes: 4, Packets: 5}
	}
	return genFlow.Draw(t, "flow")
})

// shopFlow is flow i of a made-up shop: four pages that repeat, a token that
// does not, six flows to a connection.
func shopFlow(i int) *Flow {
	page := strings.Repeat(fmt.Sprintf("<li>product %d of the shop</li>\n", i%4), 40)
	start := time.Unix(1_700_000_000, 0).Add(time.Duration(i) * 10 * time.Millisecond).UTC()
	return &Flow{
		Conn: uint64(i/6) + 1, Scheme: "https", Protocol: "HTTP/1.1", Start: start,
		RequestDone: 100 * time.Microsecond, FirstByte: 2 * time.Millisecond, Done: 3 * time.Millisecond,
		Request: Request{Method: "GET", Target: fmt.Sprintf("/products/%d?page=1", i%4), Authority: "shop.test", Headers: Headers{
			{"Host", "shop.test"}, {"Cookie", fmt.Sprintf("theme=dark; session=%032x", i/12)}, {"Accept", "text/html"},
		}},
		Response: &Response{Status: 200, Headers: Headers{
			{"Content-Type", "text/html; charset=utf-8"}, {"X-Request-Id", fmt.Sprintf("%016x", uint64(i)*0x9E3779B97F4A7C15)},
		}, Body: NewBody([]byte(page))},
	}
}
