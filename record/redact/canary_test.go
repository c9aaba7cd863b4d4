package redact

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// A canary is a secret of one make.
type canaries struct{ r *rand.Rand }

func testRandom() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func (c canaries) chars(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[c.r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	lowers   = "abcdefghijklmnopqrstuvwxyz"
	digits   = "0123456789"
	hexes    = "0123456789abcdef"
	tokens64 = lowers + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits
)

func (c canaries) token() string {
	return c.chars(tokens64, 20) + c.chars(digits, 2) + c.chars(lowers, 2)
}
func (c canaries) password() string { return c.chars(lowers, 6) + "-" + c.chars(digits, 4) + "!" }
func (c canaries) email() string {
	return c.chars(lowers, 6) + "." + c.chars(lowers, 5) + "@" + c.chars(lowers, 7) + ".example"
}

func (c canaries) uuid() string {
	return c.chars(hexes, 8) + "-" + c.chars(hexes, 4) + "-4" + c.chars(hexes, 3) + "-a" + c.chars(hexes, 3) + "-" + c.chars(hexes, 12)
}

func (c canaries) card() string {
	d := []byte("4" + c.chars("123456789", 14) + "0")
	d[15] += byte((10 - luhn(d)%10) % 10)
	return string(d)
}

func jwtOf(claims string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + e([]byte(claims)) + "." + e([]byte("signature of thirty-two bytes ok"))
}

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

func quoted(s string) string {
	b, _ := json.Marshal(s) // strings always encode
	return string(b)
}

func escapedAll(s string) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&out, `\u%04x`, c)
	}
	return out.String()
}

func percentAll(s string) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&out, "%%%02x", c)
	}
	return out.String()
}

func gzipped(s string) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write([]byte(s))
	z.Close()
	return out.Bytes()
}

func deflated(s string) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write([]byte(s))
	z.Close()
	return out.Bytes()
}

func packed(f *flow.Flow, media, coding string, data []byte) *flow.Flow {
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: media}, {Name: "Content-Encoding", Value: coding}, {Name: "Content-Length", Value: fmt.Sprint(len(data))}}
	f.Response.Body = flow.NewBody(data)
	return f
}

func protoString(field int, s string) string {
	return string([]byte{byte(field<<3 | 2), byte(len(s))}) + s
}

func message(kind flow.MessageKind, data string) *flow.Flow {
	f := get("/stream")
	f.Messages = []flow.Message{{Kind: kind, Data: []byte(data), Size: int64(len(data))}}
	return f
}

const formType, jsonType, htmlType = "application/x-www-form-urlencoded", "application/json", "text/html; charset=utf-8"

// plants put a secret into a flow in many places. Each gives the secret and the flows
// that hold it.
var plants = []struct {
	name  string
	plant func(c canaries) (string, []*flow.Flow)
}{
	{"bearer", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/", "Authorization: Bearer "+s))
	}},
	{"basic password", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(get("/", "Authorization: Basic "+basic("ann", s)))
	}},
	{"basic user", func(c canaries) (string, []*flow.Flow) {
		s := c.email()
		return s, one(get("/", "Proxy-Authorization: basic "+basic(s, "x")))
	}},
	{"digest", func(c canaries) (string, []*flow.Flow) {
		s := c.chars(hexes, 32)
		return s, one(get("/", `Authorization: Digest username="u", realm="r", uri="/", response="`+s+`"`))
	}},
	{"cookie", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/", "Cookie: a=b; sid="+s+"; t=1"))
	}},
	{"cookie percent", func(c canaries) (string, []*flow.Flow) {
		s := "s:" + c.token() + ".x/+y"
		return s, one(get("/", "cookie: sid="+url.QueryEscape(s)))
	}},
	{"cookie base64 json", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(get("/", "Cookie: state="+base64.StdEncoding.EncodeToString([]byte(`{"user":1,"p":`+quoted(s)+`}`))))
	}},
	{"set-cookie", func(c canaries) (string, []*flow.Flow) {
		s := c.uuid()
		f := get("/")
		f.Response.Headers = flow.Headers{{Name: "set-cookie", Value: "sid=" + s + "; Path=/; HttpOnly"}}
		return s, one(f)
	}},
	{"api key", func(c canaries) (string, []*flow.Flow) {
		s := c.chars(hexes, 32)
		return s, one(get("/", "X-Api-Key: "+s))
	}},
	{"name that abbreviates token", func(c canaries) (string, []*flow.Flow) { s := c.token(); return s, one(get("/?formtok=" + s)) }},
	{"csrf header", func(c canaries) (string, []*flow.Flow) { s := c.token(); return s, one(get("/", "X-CSRF-Token: "+s)) }},
	{"query", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/p?a=1&access_token=" + s + "&b=2"))
	}},
	{"query percent lower", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(get("/p?password=" + percentAll(s)))
	}},
	{"referer", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/", "Referer: https://a.test/b?token="+s))
	}},
	{"fragment in location", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		f := get("/")
		f.Response.Headers = flow.Headers{{Name: "Location", Value: "https://a.test/cb#id_token=" + s + "&state=1"}}
		return s, one(f)
	}},
	{"userinfo", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(get("/", "X-Origin: https://bob:"+s+"@a.test/"))
	}},
	{"nested redirect", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/go?next=" + url.QueryEscape("/x?y="+url.QueryEscape("/z?token="+s))))
	}},
	{"form", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(post(get("/login"), formType, "user=ann&user%5Bpassword%5D="+url.QueryEscape(s)))
	}},
	{"json", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(answer(get("/"), jsonType, `{"a":[{"b":{"newPassword":`+quoted(s)+`}}]}`))
	}},
	{"json number", func(c canaries) (string, []*flow.Flow) {
		s := "7" + c.chars(digits, 9)
		return s, one(post(get("/"), jsonType, `{"pin": `+s+`}`))
	}},
	{"json escapes", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(answer(get("/"), jsonType, `{"token":"`+escapedAll(s)+`"}`))
	}},
	{"json array", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(answer(get("/"), jsonType, `{"secret":["x","`+s+`"]}`))
	}},
	{"json pair", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(answer(get("/"), jsonType, `{"fields":[{"name":"user","value":"ann"},{"name":"password","value":`+quoted(s)+`}]}`))
	}},
	{"json pair of a header", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(post(get("/"), jsonType, `[{"key":"X-Api-Key","id":7,"value":"`+s+`"}]`))
	}},
	{"link to reset a password", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/account/reset-password/" + s + "?lang=en"))
	}},
	{"link of an invitation", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/invitations/" + s + "/accept"))
	}},
	{"websocket protocol", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/", "Sec-WebSocket-Protocol: graphql-transport-ws, "+s))
	}},
	{"websocket protocol of kubernetes", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/", "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io."+s+", base64.binary.k8s.io"))
	}},
	{"forwarded authorization", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(get("/", "X-Forwarded-Authorization: Bearer "+s))
	}},
	{"json in form", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(post(get("/"), formType, "payload="+url.QueryEscape(`{"password":`+quoted(s)+`}`)))
	}},
	{"json in form in json", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(post(get("/"), jsonType, `{"body":`+quoted("x=1&p="+url.QueryEscape(`{"password":`+quoted(s)+`}`))+`}`))
	}},
	{"json in json", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(answer(get("/"), jsonType, `{"data":`+quoted(`{"x":`+quoted(`{"refresh_token":`+quoted(s)+`}`)+`}`)+`}`))
	}},
	{"cut json", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		f := answer(get("/"), jsonType, `{"token":"`+s)
		f.Response.Body.Size += 100
		return s, one(f)
	}},
	{"multipart", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(post(get("/"), "multipart/form-data; boundary=xyz", "--xyz\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n"+s+"\r\n--xyz--\r\n"))
	}},
	{"hidden input", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(answer(get("/"), htmlType, `<form><input value="`+s+`" type=hidden name="csrf_token"></form>`))
	}},
	{"hidden input entities", func(c canaries) (string, []*flow.Flow) {
		s := c.token() + "/+"
		return s, one(answer(get("/"), htmlType, `<input name=_csrf value='`+strings.NewReplacer("/", "&#x2F;", "+", "&#43;").Replace(s)+`'>`))
	}},
	{"meta", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(answer(get("/"), htmlType, `<META name="csrf-token" content="`+s+`">`))
	}},
	{"data attribute", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(answer(get("/"), htmlType, `<div data-props="`+html.EscapeString(`{"authToken":"`+s+`"}`)+`">`))
	}},
	{"script", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(answer(get("/"), htmlType, `<script>window.x = {csrfToken: '`+s+`', a: 1}</script>`))
	}},
	{"script escapes", func(c canaries) (string, []*flow.Flow) {
		s := c.email()
		return s, one(answer(get("/"), htmlType, `<script>var m = "`+strings.ReplaceAll(s, "@", `\u0040`)+`"</script>`))
	}},
	{"xml", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(post(get("/"), "application/soap+xml", `<e:Envelope><wsse:Password Type="t">`+s+`</wsse:Password></e:Envelope>`))
	}},
	{"xml cdata", func(c canaries) (string, []*flow.Flow) {
		s := c.password()
		return s, one(post(get("/"), "text/xml", `<a><secret><![CDATA[`+s+`]]></secret></a>`))
	}},
	{"websocket", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(message(flow.MessageText, `{"type":"auth","token":"`+s+`"}`))
	}},
	{"event", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(message(flow.MessageEvent, "event: x\ndata: {\"session_id\":\""+s+"\"}"))
	}},
	{"grpc", func(c canaries) (string, []*flow.Flow) {
		s := c.email()
		return s, one(message(flow.MessageGRPC, protoString(1, "x")+protoString(3, protoString(2, s)+"\x10\x07")))
	}},
	{"gzip", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(packed(get("/"), jsonType, "gzip", gzipped(`{"token":"`+s+`"}`)))
	}},
	{"deflate", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(packed(get("/"), jsonType, "deflate", deflated(`{"token":"`+s+`"}`)))
	}},
	{"gzip cut", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		data := gzipped(`{"token":"` + s + `","x":"` + c.chars(tokens64, 400) + `"}`)
		f := packed(get("/"), jsonType, "gzip", data)
		f.Response.Body = f.Response.Body.Cut(int64(len(data) - 60))
		return s, one(f)
	}},
	{"unknown coding", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(packed(get("/"), jsonType, "br", []byte(`{"token":"`+s+`"}`)))
	}},
	{"e-mail in text", func(c canaries) (string, []*flow.Flow) {
		s := c.email()
		return s, one(answer(get("/"), "text/plain", "Write to "+s+"."))
	}},
	{"e-mail in html entities", func(c canaries) (string, []*flow.Flow) {
		s := c.email()
		return s, one(answer(get("/"), htmlType, `<p>`+strings.ReplaceAll(s, "@", "&#64;")+`</p>`))
	}},
	{"e-mail in path", func(c canaries) (string, []*flow.Flow) {
		s := c.email()
		return s, one(get("/users/" + url.PathEscape(s) + "/x"))
	}},
	{"e-mail upper", func(c canaries) (string, []*flow.Flow) {
		s := c.email()
		return s, one(answer(get("/"), "text/plain", "mail "+strings.ToUpper(s)))
	}},
	{"card", func(c canaries) (string, []*flow.Flow) {
		s := c.card()
		return s, one(post(get("/"), formType, "n="+s))
	}},
	{"card grouped", func(c canaries) (string, []*flow.Flow) {
		s := c.card()
		return s[4:], one(answer(get("/"), "text/plain", "card "+s[:4]+" "+s[4:8]+" "+s[8:12]+" "+s[12:]+" ok"))
	}},
	{"card number in json", func(c canaries) (string, []*flow.Flow) {
		s := c.card()
		return s, one(answer(get("/"), jsonType, `{"n":`+s+`}`))
	}},
	{"jwt", func(c canaries) (string, []*flow.Flow) {
		s := c.email()
		return s, one(answer(get("/"), jsonType, `{"x":"`+jwtOf(`{"sub":"7","mail":"`+s+`","exp":1716242622}`)+`"}`))
	}},
	{"jwt claim", func(c canaries) (string, []*flow.Flow) {
		s := c.chars(lowers, 9)
		return s, one(get("/?t="+jwtOf(`{"preferred_username":"`+s+`","iat":1716242622}`), "Cookie: a=b"))
	}},
	{"key in text", func(c canaries) (string, []*flow.Flow) {
		s := c.chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 15) + "7"
		return s, one(answer(get("/"), "text/plain", "key AKIA"+s+" ok"))
	}},
	{"pem", func(c canaries) (string, []*flow.Flow) {
		s := c.chars(tokens64, 64)
		return s, one(answer(get("/"), "text/plain", "-----BEGIN RSA PRIVATE KEY-----\n"+s+"\nabcd\n-----END RSA PRIVATE KEY-----\n"))
	}},
	{"trailer", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		f := get("/")
		f.Response.Trailers = flow.Headers{{Name: "X-Auth-Token", Value: s}}
		return s, one(f)
	}},
	{"later in path, header and base64", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, []*flow.Flow{answer(get("/"), jsonType, `{"token":"`+s+`"}`), get("/carts/"+s+"/items", "X-Unknown: v1 "+s, "X-More: "+base64.StdEncoding.EncodeToString([]byte("id "+s)))}
	}},
	{"later in hex", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, []*flow.Flow{get("/", "Authorization: Bearer "+s), get("/x/" + hex.EncodeToString([]byte(s)))}
	}},
	{"first without a name in the same flow", func(c canaries) (string, []*flow.Flow) {
		s := c.token()
		return s, one(answer(get("/first/"+s), jsonType, `{"token":"`+s+`"}`))
	}},
	{"digest of a body", func(c canaries) (string, []*flow.Flow) {
		s := c.chars(hexes, 64)
		return s, one(post(get("/", "X-Amz-Content-Sha256: "+s), formType, "password=hunter2"))
	}},
}

func one(f *flow.Flow) []*flow.Flow { return []*flow.Flow{f} }

// TestNoCanaryReachesTheFile plants secrets in every form and searches the file,
// decompressed, for each of them in every encoding.
func TestNoCanaryReachesTheFile(t *testing.T) {
	const rounds = 6
	c := canaries{rand.New(rand.NewPCG(1, 2))}
	r := newRedactor(t, testKey, "")
	path := filepath.Join(t.TempDir(), "x.flow.zst")
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	type planted struct{ name, secret string }
	var all []planted
	for range rounds {
		for _, p := range plants {
			secret, flows := p.plant(c)
			all = append(all, planted{p.name, secret})
			seen := 0
			for _, f := range flows {
				if p.name != "unknown coding" {
					new(Scanner).Scan(f, func(Finding) { seen++ })
				}
				f.Start = time.Unix(1, 0)
				r.Flow(f)
				new(Scanner).Scan(f, func(x Finding) {
					t.Errorf("%s: redacted flow still has %s in %s:\n%s", p.name, x.Kind, x.Place, text(t, f))
				})
				if err := w.Write(f); err != nil {
					t.Fatal(err)
				}
			}
			if seen == 0 && p.name != "unknown coding" && p.name != "digest of a body" {
				t.Errorf("%s: nothing found in the clear flow", p.name)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(all) < 300 || len(plants) < 20 {
		t.Fatalf("%d canaries in %d forms; want 300 in 20", len(all), len(plants))
	}
	content := fileContent(t, path)
	for _, p := range all {
		for form, found := range searched(p.secret) {
			if bytes.Contains(content, []byte(found)) {
				t.Errorf("%s: %q is in the file as %s", p.name, p.secret, form)
			}
		}
	}
}

// fileContent returns the decompressed file, followed by all gzip bodies in it.
func fileContent(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range flowfile.Flows(path) {
		if err != nil {
			t.Fatal(err)
		}
		if g, err := gzip.NewReader(bytes.NewReader(f.Response.Body.Data)); err == nil {
			plain, _ := io.ReadAll(g) // as far as it goes
			content = append(content, plain...)
		}
	}
	return content
}

// searched returns the texts by which a secret would be found in the file.
func searched(secret string) map[string]string {
	out := map[string]string{"itself": secret, "lower case": strings.ToLower(secret), "upper case": strings.ToUpper(secret),
		"url": url.QueryEscape(secret), "path": url.PathEscape(secret), "percent": percentAll(secret), "PERCENT": strings.ToUpper(percentAll(secret)),
		"json": strings.Trim(quoted(secret), `"`), "escapes": escapedAll(secret), "html": html.EscapeString(secret),
		"slashes": strings.ReplaceAll(secret, "/", `\/`), "at": strings.ReplaceAll(secret, "@", `\u0040`), "AT": strings.ReplaceAll(secret, "@", "%40"), "entity": strings.ReplaceAll(secret, "@", "&#64;"),
		"hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for pad := range 3 {
		for name, enc := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64url": base64.URLEncoding} {
			whole := enc.EncodeToString([]byte("xxx"[:pad] + secret))
			// Whole characters of the secret alone.
			from, to := (8*pad+5)/6, 8*(pad+len(secret))/6
			out[fmt.Sprintf("%s at %d", name, pad)] = whole[from:to]
		}
	}
	return out
}
