package redact

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// smallGet is the exchange for a picture in a browser. It holds no secrets.
func smallGet() *flow.Flow {
	f := get("/static/img/logo.png?v=3", "Host: shop.test", "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Accept: image/avif,image/webp,*/*", "Accept-Language: en-US,en;q=0.5", "Accept-Encoding: gzip, deflate, br", "Referer: https://shop.test/products/17",
		"Connection: keep-alive", "If-None-Match: \"5f2c9a01b7e8\"")
	f.Response.Status = 304
	f.Response.Headers = flow.Headers{{Name: "Date", Value: "Sun, 24 Nov 2026 00:00:00 GMT"}, {Name: "Server", Value: "nginx"}, {Name: "Etag", Value: "\"5f2c9a01b7e8\""},
		{Name: "Cache-Control", Value: "max-age=3600"}, {Name: "X-Request-Id", Value: "7c1f"}}
	return f
}

func BenchmarkSmallGet(b *testing.B) {
	r := newRedactor(b, testKey, "")
	f := smallGet()
	b.ReportAllocs()
	for b.Loop() {
		c := *f
		r.Flow(&c)
	}
}

func BenchmarkGetWithCookieAndBearer(b *testing.B) {
	r := newRedactor(b, testKey, "")
	f := smallGet()
	f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Cookie", Value: "sid=0c77d1e2f3a4b5c69d81; theme=light"}, flow.Header{Name: "Authorization", Value: "Bearer " + aJWT})
	b.ReportAllocs()
	for b.Loop() {
		c := *f
		r.Flow(&c)
	}
}

// listing is JSON as a shop's API gives it.
func listing() []byte {
	var out bytes.Buffer
	out.WriteString(`{"items":[`)
	for i := range 2000 {
		fmt.Fprintf(&out, `{"id":%d,"sku":"SKU-%05d","name":"Garden bench number %d","price":%d.99,"stock":true,"tags":["wood","outdoor"],"url":"/products/%d","description":"A bench of solid oak, made to stand outside for years."},`, i, i, i, i, i)
	}
	out.WriteString(`{}]}`)
	return out.Bytes()
}

func page() []byte {
	row := `<tr class="product-row odd" data-id="17"><td><a href="/products/17?ref=list" class="product-link">Garden bench</a></td><td class="price">129.00</td><td>A bench of solid oak, made to stand outside for years.</td></tr>` + "\n"
	return []byte("<!doctype html><html><body><table>" + strings.Repeat(row, 2000) + `</table><form><input type="hidden" name="csrf" value="q9XxZx81kQpL0vR7wT2n"></form></body></html>`)
}

func benchmarkBody(b *testing.B, media string, body []byte) {
	r := newRedactor(b, testKey, "")
	for i := range 2000 { // a table of secrets as after some time of use
		known := fmt.Sprintf("%x", []byte(fmt.Sprintf("secret-%09d", i)))
		r.known.add([]byte(known))
	}
	f := get("/")
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: media}}
	f.Response.Body = flow.NewBody(body)
	f.Response.Body.Size++ // cut, so it never counts as clean
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		c := *f
		r.Flow(&c)
	}
}

func BenchmarkJSON(b *testing.B) { benchmarkBody(b, "application/json", listing()) }
func BenchmarkHTML(b *testing.B) { benchmarkBody(b, "text/html", page()) }
func BenchmarkText(b *testing.B) {
	benchmarkBody(b, "text/plain", bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog, as it was told to. "), 5000))
}

// bundle is a minified script: names, literals with escapes, templates, regular expressions
// and texts for people.
func bundle() []byte {
	var out bytes.Buffer
	out.WriteString(`!function(){"use strict";`)
	for i := range 4000 {
		fmt.Fprintf(&out, `function f%d(e,t){var n=e.props.items[%d]||{};return n.token=t.next(),e.map((function(e){return"\u002e"+e.id.toString(16)})).join(",")||/^[a-z"'\/]+$/.test(t)?{type:"password",label:"Enter your password",code:%d}:void 0}var L%d={reset_password:"Reset Password",save:"Save "changes"",path:`+"`/api/${n.id}/items`"+`};`, i, i, i, i)
	}
	out.WriteString(`}();`)
	return out.Bytes()
}

func BenchmarkBundle(b *testing.B) { benchmarkBody(b, "text/javascript", bundle()) }

// BenchmarkEqualBundle walks a bundle with an address in it that was met before.
func BenchmarkEqualBundle(b *testing.B) {
	r := newRedactor(b, testKey, "")
	f := get("/")
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "text/javascript"}}
	f.Response.Body = flow.NewBody(append(bundle(), "/* by ann@shop.example */"...))
	b.SetBytes(f.Response.Body.Size)
	b.ReportAllocs()
	for b.Loop() {
		c := *f
		r.Flow(&c)
	}
}

// BenchmarkBase64 walks a download in Base64: words with no end.
func BenchmarkBase64(b *testing.B) {
	raw := make([]byte, 75000)
	random := rand.NewChaCha8([32]byte{})
	random.Read(raw)
	benchmarkBody(b, "application/octet-stream", []byte(base64.StdEncoding.EncodeToString(raw)))
}

// BenchmarkRepeated walks a body that was found clean before.
func BenchmarkRepeated(b *testing.B) {
	r := newRedactor(b, testKey, "")
	f := get("/")
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "text/javascript"}}
	f.Response.Body = flow.NewBody(bytes.Repeat([]byte("function f(x) { return x + 1 }\n"), 3000))
	b.SetBytes(f.Response.Body.Size)
	b.ReportAllocs()
	for b.Loop() {
		c := *f
		r.Flow(&c)
	}
}
