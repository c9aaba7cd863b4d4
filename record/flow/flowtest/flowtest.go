// Package flowtest makes flows for tests: drawn at random with every oddity, or
// as a small shop would answer them.
package flowtest

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/flow"
)

// Equal compares records as the file and the text form keep them.
func Equal() cmp.Option { return cmpopts.EquateEmpty() }

var anyText = rapid.OneOf(
	rapid.SampledFrom([]string{"", "a", "Host", "Set-Cookie", "\"", "a b", " x", "x ", "=", "|", "| x", "#", "body size=1", "\x00\xff", "\u202e", "é", "\r", "\n", "body", "flow 1", "\ufffd"}),
	rapid.String(),
	rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
)

var anyData = rapid.OneOf(
	rapid.Just([]byte(nil)),
	rapid.SliceOfN(rapid.Byte(), 0, 300),
	rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "line\n", "crlf\r\n", "\r", "\t", "é", "\u00a0", "| ", "= "}), 0, 60),
		func(parts []string) []byte { return []byte(strings.Join(parts, "")) }),
	rapid.Map(rapid.IntRange(0, 3), func(i int) []byte { return []byte(strings.Repeat(fmt.Sprint("shared ", i, " "), 40)) }),
)

var anyBody = rapid.Custom(func(t *rapid.T) flow.Body {
	b := flow.NewBody(anyData.Draw(t, "data"))
	if rapid.IntRange(0, 4).Draw(t, "body kind") == 0 {
		b.Size += rapid.Int64Range(1, 1<<40).Draw(t, "more")
		b.Hash = rapid.Uint64().Draw(t, "hash")
	}
	return b
})

var anyHeaders = rapid.Custom(func(t *rapid.T) flow.Headers {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flow.Header {
		return flow.Header{Name: anyText.Draw(t, "name"), Value: anyText.Draw(t, "value")}
	}), 0, 4).Draw(t, "headers")
})

var anyTime = rapid.Custom(func(t *rapid.T) time.Time {
	if rapid.IntRange(0, 5).Draw(t, "odd time") == 0 {
		return time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "sec"), 0).UTC()
	}
	return time.Unix(1_700_000_000+rapid.Int64Range(0, 1000).Draw(t, "sec"), rapid.Int64Range(0, 999_999_999).Draw(t, "nsec")).UTC()
})

var anyDuration = rapid.Map(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64(), rapid.Int64Range(0, 1e10)),
	func(n int64) time.Duration { return time.Duration(n) })

var anyResponse = rapid.Custom(func(t *rapid.T) flow.Response {
	return flow.Response{
		Status: rapid.IntRange(-1, 1200).Draw(t, "status"), Headers: anyHeaders.Draw(t, "h"),
		Body: anyBody.Draw(t, "b"), Trailers: anyHeaders.Draw(t, "tr"),
	}
})

var anyMessage = rapid.Custom(func(t *rapid.T) flow.Message {
	m := flow.Message{
		At: anyDuration.Draw(t, "at"), FromClient: rapid.Bool().Draw(t, "from"),
		Kind: flow.MessageKind(rapid.Byte().Draw(t, "kind")), Data: anyData.Draw(t, "data"),
	}
	m.Size = int64(len(m.Data)) + rapid.Int64Range(0, 2).Draw(t, "more")
	return m
})

// AnyFlow draws flows with all that the file and the text form keep, odd bytes
// included.
func AnyFlow() *rapid.Generator[*flow.Flow] { return anyFlow }

var anyFlow = rapid.Custom(func(t *rapid.T) *flow.Flow {
	f := &flow.Flow{
		Conn: rapid.Uint64Range(0, 9).Draw(t, "conn"), Scheme: anyText.Draw(t, "scheme"), Protocol: anyText.Draw(t, "protocol"),
		Request: flow.Request{
			Method: anyText.Draw(t, "method"), Target: anyText.Draw(t, "target"), Authority: anyText.Draw(t, "authority"),
			Headers: anyHeaders.Draw(t, "h"), Body: anyBody.Draw(t, "b"), Trailers: anyHeaders.Draw(t, "tr"),
		},
		Interim:     rapid.SliceOfN(anyResponse, 0, 2).Draw(t, "interim"),
		Messages:    rapid.SliceOfN(anyMessage, 0, 3).Draw(t, "messages"),
		Start:       anyTime.Draw(t, "start"),
		RequestDone: anyDuration.Draw(t, "rd"), FirstByte: anyDuration.Draw(t, "fb"), Done: anyDuration.Draw(t, "done"),
		Error: anyText.Draw(t, "error"),
	}
	if rapid.Bool().Draw(t, "answered") {
		r := anyResponse.Draw(t, "response")
		f.Response = &r
	}
	return f
})

// AnyRecord draws a record of each kind.
func AnyRecord() *rapid.Generator[flow.Record] { return anyRecord }

var anyRecord = rapid.Custom(func(t *rapid.T) flow.Record {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		c := &flow.Conn{ID: rapid.Uint64().Draw(t, "id"), Client: anyText.Draw(t, "client"), Server: anyText.Draw(t, "server"), Opened: anyTime.Draw(t, "opened"), Process: rapid.Uint64Range(0, 2).Draw(t, "process")}
		if rapid.Bool().Draw(t, "tls") {
			c.TLS = &flow.TLS{Version: anyText.Draw(t, "v"), Cipher: anyText.Draw(t, "c"), ServerName: anyText.Draw(t, "s"), ALPN: anyText.Draw(t, "a")}
		}
		return c
	case 2:
		return &flow.Info{Recording: rapid.Uint64().Draw(t, "recording"), Part: rapid.Uint64Range(0, 3).Draw(t, "part"), Source: anyText.Draw(t, "source"), Redaction: anyText.Draw(t, "redaction"), Sample: anyText.Draw(t, "sample")}
	case 1:
		return &flow.Loss{At: anyTime.Draw(t, "at"), Reason: anyText.Draw(t, "reason"), Sessions: 1, Flows: rapid.Uint64().Draw(t, "f"), Gaps: 3, Messages: 2, Bytes: 4, Packets: 5}
	}
	return anyFlow.Draw(t, "flow")
})

// ShopFlow returns flow i of a made-up shop: four pages that repeat, a token that
// does not, six flows to a connection.
func ShopFlow(i int) *flow.Flow {
	page := strings.Repeat(fmt.Sprintf("<li>product %d of the shop</li>\n", i%4), 40)
	start := time.Unix(1_700_000_000, 0).Add(time.Duration(i) * 10 * time.Millisecond).UTC()
	return &flow.Flow{
		Conn: uint64(i/6) + 1, Scheme: "https", Protocol: "HTTP/1.1", Start: start,
		RequestDone: 100 * time.Microsecond, FirstByte: 2 * time.Millisecond, Done: 3 * time.Millisecond,
		Request: flow.Request{Method: "GET", Target: fmt.Sprintf("/products/%d?page=1", i%4), Authority: "shop.test", Headers: flow.Headers{
			{Name: "Host", Value: "shop.test"}, {Name: "Cookie", Value: fmt.Sprintf("theme=dark; session=%032x", i/12)}, {Name: "Accept", Value: "text/html"},
		}},
		Response: &flow.Response{Status: 200, Headers: flow.Headers{
			{Name: "Content-Type", Value: "text/html; charset=utf-8"}, {Name: "X-Request-Id", Value: fmt.Sprintf("%016x", uint64(i)*0x9E3779B97F4A7C15)},
		}, Body: flow.NewBody([]byte(page))},
	}
}

// Shop returns n flows of the shop with their connections, and a loss.
func Shop(n int) []flow.Record {
	var rs []flow.Record
	for i := range n {
		if i%6 == 0 {
			rs = append(rs, &flow.Conn{ID: uint64(i/6) + 1, Client: "127.0.0.1:5000", Opened: ShopFlow(i).Start, TLS: &flow.TLS{Version: "TLS 1.3", ALPN: "http/1.1"}})
		}
		rs = append(rs, ShopFlow(i))
	}
	return append(rs, &flow.Loss{At: ShopFlow(n).Start, Reason: flow.LossOverload, Sessions: 1, Flows: 3})
}
