package converttest

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/flow"
)

// Flows as a recording proxy makes them.

var genValue = rapid.OneOf(
	rapid.SampledFrom([]string{"", "a", "a b", `"q"`, "é", "'", `\`, "a; b", "$HOME", "`x`", "%20", "日本"}),
	rapid.StringMatching(`[!-~]{1,12}`),
)

var genBytes = rapid.OneOf(
	rapid.Just([]byte(nil)),
	rapid.SliceOfN(rapid.Byte(), 1, 200),
	rapid.Map(rapid.SampledFrom([]string{
		"a=1&b=2", "line\r\nline\n", `{"a":"ü"}`, "\n🐵🙈🙉\n", "x\n🐵🙈🙉\n1 00 1 1\n", "0\r\n\r\n", "'quoted'\\", "HTTP/1.1 200 OK\r\n\r\n", "\x1f\x8b\x08", "<html>",
	}), func(s string) []byte { return []byte(s) }),
)

func genHeaders(t *rapid.T, names ...string) flow.Headers {
	var h flow.Headers
	for range rapid.IntRange(0, 4).Draw(t, "header lines") {
		name := rapid.SampledFrom(append(names, "X-One", "x-two", "ACCEPT", "Referer")).Draw(t, "name")
		h = append(h, flow.Header{Name: name, Value: strings.TrimSpace(genValue.Draw(t, "value"))})
	}
	return h
}

// AnyFlow draws a flow that every format can hold but for what the test names.
func AnyFlow(t *rapid.T, conns int) *flow.Flow {
	f := &flow.Flow{
		Conn: uint64(rapid.IntRange(1, conns).Draw(t, "conn")), Scheme: "http", Protocol: rapid.SampledFrom([]string{"HTTP/1.1", "HTTP/1.0"}).Draw(t, "protocol"),
		Start:       time.Unix(1_700_000_000+rapid.Int64Range(0, 1e6).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
		RequestDone: time.Duration(rapid.Int64Range(1, 1e9).Draw(t, "request done")),
	}
	method := rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PURGE"}).Draw(t, "method")
	target := "/" + rapid.StringMatching(`[a-z0-9/._~%-]{0,12}(\?[a-z0-9=&%+]{0,12})?`).Draw(t, "target")
	f.Request = flow.Request{Method: method, Target: target, Authority: "shop.test"}
	f.Request.Headers = append(flow.Headers{{Name: "Host", Value: "shop.test"}}, genHeaders(t, "User-Agent", "Cookie")...)
	if method != "GET" && method != "HEAD" {
		f.Request.Body = flow.NewBody(genBytes.Draw(t, "request body"))
	}
	f.Request.Headers = frame(t, f.Request.Headers, f.Request.Body, &f.Request.Trailers)
	if rapid.IntRange(0, 9).Draw(t, "unanswered") == 0 {
		f.Error = "no response"
		f.Done = f.RequestDone + time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "given up"))
		return f
	}
	f.FirstByte = f.RequestDone + time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "first byte"))
	f.Done = f.FirstByte + time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "done"))
	f.Response = &flow.Response{
		Status:  rapid.SampledFrom([]int{200, 201, 204, 302, 304, 404, 500}).Draw(t, "status"),
		Headers: genHeaders(t, "Set-Cookie", "Location", "Vary"),
	}
	if method != http.MethodHead && f.Response.Status != 204 && f.Response.Status != 304 {
		f.Response.Body = flow.NewBody(genBytes.Draw(t, "response body"))
		f.Response.Headers = frame(t, f.Response.Headers, f.Response.Body, &f.Response.Trailers)
	}
	return f
}

// frame sets how the end of the body is found, in one of the two forms of HTTP/1.1.
func frame(t *rapid.T, h flow.Headers, b flow.Body, trailers *flow.Headers) flow.Headers {
	switch {
	case b.Size == 0:
		return h
	case rapid.Bool().Draw(t, "chunked"):
		*trailers = genHeaders(t)
		return append(h, flow.Header{Name: "Transfer-Encoding", Value: "chunked"})
	}
	return append(h, flow.Header{Name: "Content-Length", Value: fmt.Sprint(b.Size)})
}

// AnyRecording draws a few connections and flows.
func AnyRecording() *rapid.Generator[Result] { return anyRecording }

var anyRecording = rapid.Custom(func(t *rapid.T) Result {
	r := Result{Conns: map[uint64]*flow.Conn{}}
	n := rapid.IntRange(1, 3).Draw(t, "connections")
	for id := uint64(1); id <= uint64(n); id++ {
		r.Conns[id] = &flow.Conn{
			ID: id, Client: fmt.Sprintf("127.0.0.%d:%d", id, 40000+id), Server: "127.0.0.1:80",
			Opened: time.Unix(1_699_999_999, int64(id)).UTC(), TLS: &flow.TLS{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "shop.test", ALPN: "h2"},
		}
	}
	for range rapid.IntRange(1, 6).Draw(t, "flows") {
		r.Flows = append(r.Flows, AnyFlow(t, n))
	}
	return r
})
