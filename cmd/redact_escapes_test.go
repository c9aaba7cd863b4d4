package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/redact"
)

// pages show a token in a script or an attribute, escaped in the manners of servers.
var pages = map[string]func(token string) string{
	"JSON in a script": func(token string) string { return `<script>page.set({"csrfToken":` + literalOf(token) + `})</script>` },
	"slashes of PHP": func(token string) string {
		return `<script>var page = {"csrf_token":` + strings.ReplaceAll(literalOf(token), "/", `\/`) + `};</script>`
	},
	"code units of signs": func(token string) string {
		return `<script>var page = {"csrf_token":` + strings.NewReplacer(`\\`, `\u005c`, "+", `\u002b`, "/", `\u002F`).Replace(literalOf(token)) + `};</script>`
	},
	"hexadecimal escapes": func(token string) string {
		return `<script>window.csrfToken = '` + strings.NewReplacer(`\`, `\x5c`, "+", `\x2B`, "/", `\x2f`).Replace(token) + `';</script>`
	},
	"braces": func(token string) string {
		return `<script>window.csrfToken = '` + strings.NewReplacer(`\`, `\u{5c}`, "+", `\u{2b}`).Replace(token) + `';</script>`
	},
	"entities of a field": func(token string) string {
		return `<form><input type=hidden name=csrf_token value="` + strings.NewReplacer("+", "&#x2B;", "/", "&#47;", `\`, "&#92;").Replace(token) + `"></form>`
	},
	"JSON in an attribute": func(token string) string {
		return `<div data-page="` + html.EscapeString(`{"csrfToken":`+literalOf(token)+`}`) + `"></div>`
	},
	"JSON in a literal": func(token string) string {
		return `<script>var page = JSON.parse(` + literalOf(`{"csrfToken":`+literalOf(token)+`}`) + `);</script>`
	},
	"percent-encoded in a link": func(token string) string {
		return `<a href="/save?csrf_token=` + url.QueryEscape(token) + `">save</a>`
	},
}

func literalOf(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(b)
}

// visits are the flows of users who load a page, save with its token, ask for a code and
// send it as a one-time password.
func visits(page func(token string) string, users int) (flows []*flow.Flow) {
	r := rand.New(rand.NewPCG(3, 9))
	start := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	for u := range users {
		at := start.Add(time.Duration(u) * time.Minute)
		exchange := func(method, target, sent, sentMedia, answer, media string) {
			f := &flow.Flow{Number: uint64(len(flows)), Conn: uint64(u + 1), Scheme: "http", Protocol: "HTTP/1.1", Start: at, FirstByte: time.Millisecond, Done: 2 * time.Millisecond,
				Request:  flow.Request{Method: method, Target: target, Authority: "wiki.test", Headers: flow.Headers{{Name: "Host", Value: "wiki.test"}, {Name: "Cookie", Value: fmt.Sprintf("visitor=%dab%d77f0c3e91d2", u, u)}}},
				Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: media}}, Body: flow.NewBody([]byte(answer))}}
			if sent != "" {
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Content-Type", Value: sentMedia})
				f.Request.Body = flow.NewBody([]byte(sent))
			}
			flows = append(flows, f)
			at = at.Add(3 * time.Second)
		}
		token := fmt.Sprintf(`%016x%08x+/%04x\`, r.Uint64(), r.Uint32(), r.Uint32()&0xffff)
		code := fmt.Sprint(100000 + r.IntN(900000))
		exchange("GET", "/edit", "", "", "<html><body>"+page(token)+"</body></html>", "text/html")
		exchange("POST", "/save", url.Values{"text": {fmt.Sprint("note of ", u)}, "csrf_token": {token}}.Encode(), "application/x-www-form-urlencoded", `{"saved":true}`, "application/json")
		exchange("POST", "/code", `{"by":"screen"}`, "application/json", `{"code":"`+code+`"}`, "application/json")
		exchange("POST", "/verify", "otp="+code, "application/x-www-form-urlencoded", `{"ok":true}`, "application/json")
	}
	return flows
}

func TestEscapedTokensAndCodesBindTheSameRedactedAndClear(t *testing.T) {
	for name, page := range pages {
		t.Run(name, func(t *testing.T) {
			clear := visits(page, 8)
			r, err := redact.New(redact.Options{Key: bytes.Repeat([]byte{5}, redact.KeySize)})
			if err != nil {
				t.Fatal(err)
			}
			var hidden []*flow.Flow
			for _, f := range clear {
				c := *f
				r.Flow(&c)
				hidden = append(hidden, &c)
			}
			sent := string(clear[1].Request.Body.Data)
			if now := string(hidden[1].Request.Body.Data); now == sent || len(now) != len(sent) {
				t.Errorf("the form sends %s, redacted %s", sent, now)
			}
			want, got := bindings(learned(t, clear)), bindings(learned(t, hidden))
			if all := strings.Join(want, "\n"); !strings.Contains(all, "POST /save csrf") || !strings.Contains(all, "POST /verify code from POST /code") {
				t.Errorf("the clear recording teaches %q", want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("bindings of the clear (-) and the redacted recording (+):\n%s\npage %s", diff, hidden[0].Response.Body.Data)
			}
		})
	}
}
