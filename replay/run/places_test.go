package run

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/modelled"
)

// A placeCase is a service that issues a value in one way, and a client that sends it
// back in another.
type placeCase struct {
	name  string
	issue func(v string, user int) *flow.Response
	carry func(v string, user int) flow.Request
	short bool // values are numbers of five digits
}

func answered(media, body string, headers ...string) *flow.Response {
	r := &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: media}}, Body: flow.NewBody([]byte(body))}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Headers = append(r.Headers, flow.Header{Name: headers[i], Value: headers[i+1]})
	}
	return r
}

func asks(line, media, body string, headers ...string) flow.Request {
	method, target, _ := strings.Cut(line, " ")
	r := flow.Request{Method: method, Target: target, Authority: "app.test", Body: flow.NewBody([]byte(body))}
	if media != "" {
		r.Headers = append(r.Headers, flow.Header{Name: "Content-Type", Value: media})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Headers = append(r.Headers, flow.Header{Name: headers[i], Value: headers[i+1]})
	}
	return r
}

const (
	ofForm = "application/x-www-form-urlencoded"
	ofJSON = "application/json"
)

func asJSON(x any) string {
	b, err := json.Marshal(x)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func plainly(v string, _ int) *flow.Response {
	return answered(ofJSON, asJSON(map[string]string{"ref": v}))
}

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// lower writes percent-encoding with small digits.
func lower(s string) string {
	out := []byte(url.QueryEscape(s))
	for i := 0; i+2 < len(out); i++ {
		if out[i] == '%' {
			copy(out[i:], bytes.ToLower(out[i:i+3]))
		}
	}
	return string(out)
}

// sinks are the places in requests.
func sinks() []placeCase {
	return []placeCase{
		{name: "path-lower", issue: plainly, carry: func(v string, _ int) flow.Request { return asks("GET /c/path-lower/x%2f"+lower(v), "", "") }},
		{name: "query-open", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks(fmt.Sprintf("GET /c/query-open?t=a:b/%d,c&r=%s", u, url.QueryEscape(v)), "", "")
		}},
		{name: "gzip", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks("POST /c/gzip", ofJSON, zipped(asJSON(map[string]any{"batch": v, "n": u})), "Content-Encoding", "gzip")
		}},
		{name: "json-in-form", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks("POST /c/json-in-form", ofForm, "a=1&payload="+url.QueryEscape(asJSON(map[string]any{"ref": v, "n": u})))
		}},
		{name: "json-in-json-in-query", issue: plainly, carry: func(v string, _ int) flow.Request {
			return asks("GET /c/deep?x="+url.QueryEscape(asJSON(map[string]string{"inner": asJSON([]string{v})})), "", "")
		}},
		{name: "base64-of-json", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks("POST /c/base64", ofJSON, asJSON(map[string]string{"state": b64(asJSON(map[string]any{"ref": v, "u": u}))}))
		}},
		{name: "base64url-in-path", issue: plainly, carry: func(v string, _ int) flow.Request {
			return asks("GET /c/cursor?after="+base64.RawURLEncoding.EncodeToString([]byte("cursor:"+v)), "", "")
		}},
		{name: "form-in-json", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks("POST /c/form-in-json", ofJSON, asJSON(map[string]string{"q": "k=1&ref=" + lower(v) + "&u=" + fmt.Sprint(u)}))
		}},
		{name: "key", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks("POST /c/key", ofJSON, fmt.Sprintf(`{"edits":{"%s":{"size":%d}}}`, v, u))
		}},
		{name: "soap", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks("POST /c/soap", "text/xml; charset=utf-8", fmt.Sprintf(`<s:Envelope xmlns:s="u"><s:Body n="%d"><m:get xmlns:m="m"><m:ref>%s</m:ref></m:get></s:Body></s:Envelope>`, u, html.EscapeString(v)))
		}},
		{name: "header-part", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks("GET /c/header", "", "", "X-Trace", fmt.Sprintf(`ref="%s"; hop=%d`, v, u%2))
		}},
		{name: "basic", issue: plainly, carry: func(v string, _ int) flow.Request {
			return asks("GET /c/basic", "", "", "Authorization", "Basic "+b64("api:"+v))
		}},
		{name: "segment", issue: plainly, short: true, carry: func(v string, _ int) flow.Request { return asks("GET /c/Items("+v+")/parts", "", "") }},
		{name: "file-name", issue: plainly, short: true, carry: func(v string, _ int) flow.Request { return asks("GET /c/invoice/"+v+".pdf", "", "") }},
		{name: "matrix", issue: plainly, carry: func(v string, _ int) flow.Request { return asks("GET /c/list;ref="+v+";lang=en", "", "") }},
		{name: "address", issue: plainly, carry: func(v string, _ int) flow.Request {
			return asks("POST /c/address", ofForm, "next="+url.QueryEscape("https://app.test/back/"+v+"?tab=2"))
		}},
		{name: "hex", issue: plainly, carry: func(v string, _ int) flow.Request {
			return asks("GET /c/hex?h="+hex.EncodeToString([]byte("ref:"+v)), "", "")
		}},
		{name: "multipart-json", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks("POST /c/multi", "multipart/form-data; boundary=XxX", fmt.Sprintf("--XxX\r\nContent-Disposition: form-data; name=\"meta\"\r\n\r\n{\"ref\":\"%s\",\"n\":%d}\r\n--XxX--\r\n", v, u))
		}},
		{name: "grpc", issue: plainly, carry: func(v string, u int) flow.Request {
			inner := fmt.Sprintf("\x0a%c%s\x10%c", len(v), v, u+1)
			message := fmt.Sprintf("\x08\x01\x12%c%s\x1a\x02\xff\x00", len(inner), inner)
			return asks("POST /c.Service/Get", "application/grpc", fmt.Sprintf("\x00\x00\x00\x00%c%s", len(message), message), "Te", "trailers")
		}},
		{name: "delimited", issue: plainly, carry: func(v string, u int) flow.Request {
			return asks("POST /c/rpc", "text/plain", fmt.Sprintf("7|0|%d|https://app.test/m|%s|get|", u%3, v))
		}},
	}
}

// sources are the places in answers.
func sources() []placeCase {
	send := func(name string) func(v string, _ int) flow.Request {
		return func(v string, _ int) flow.Request { return asks("GET /c/"+name+"?ref="+url.QueryEscape(v), "", "") }
	}
	give := func(name string, issue func(v string) *flow.Response) placeCase {
		return placeCase{name: name, issue: func(v string, _ int) *flow.Response { return issue(v) }, carry: send(name)}
	}
	page := func(s string) *flow.Response {
		return answered("text/html", "<!DOCTYPE html><html><head><title>t</title></head><body>"+s+"</body></html>")
	}
	return []placeCase{
		give("entities", func(v string) *flow.Response {
			return page(`<form action="/z"><input type="hidden" name="ref" value="` + strings.NewReplacer("+", "&#43;", "/", "&#x2F;", "=", "&#61;").Replace(v) + `"></form>`)
		}),
		give("script", func(v string) *flow.Response {
			return page(`<script>window.app = start({user: "u", 'ref': '` + strings.NewReplacer("+", `\x2b`, "/", `\/`, "=", `\u003d`).Replace(v) + `'});</script>`)
		}),
		give("script-json", func(v string) *flow.Response {
			return page(`<script id="state" type="application/json">` + asJSON(map[string]any{"page": map[string]string{"ref": v}}) + `</script>`)
		}),
		give("attribute", func(v string) *flow.Response {
			return page(`<div data-props="` + html.EscapeString(asJSON(map[string]string{"ref": v})) + `"></div>`)
		}),
		give("json-base64", func(v string) *flow.Response {
			return answered(ofJSON, asJSON(map[string]string{"blob": b64(asJSON(map[string]string{"ref": v}))}))
		}),
		give("json-key", func(v string) *flow.Response { return answered(ofJSON, `{"open":{"`+v+`":{"n":1}}}`) }),
		give("xml", func(v string) *flow.Response {
			return answered("text/xml", `<r:a xmlns:r="r"><r:ref kind="x">`+html.EscapeString(v)+`</r:ref></r:a>`)
		}),
		give("link-header", func(v string) *flow.Response {
			return answered("text/plain", "", "Link", `</c/link-header?ref=`+url.QueryEscape(v)+`>; rel="next"`)
		}),
		give("refresh", func(v string) *flow.Response {
			return answered("text/plain", "", "Refresh", "1; url=/c/refresh?ref="+url.QueryEscape(v))
		}),
		give("fragment", func(v string) *flow.Response {
			r := answered("text/plain", "", "Location", "/done#ref="+url.QueryEscape(v)+"&x=1")
			r.Status = 302
			return r
		}),
		give("partial-page", func(v string) *flow.Response {
			return answered("text/plain", fmt.Sprintf("1|#||4|%d|hiddenField|ref|%s|3|updatePanel|p|<b>|", len(v), v))
		}),
		give("jwt", func(v string) *flow.Response {
			return answered(ofJSON, asJSON(map[string]string{"t": "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(asJSON(map[string]string{"ref": v}))) + ".c2lnbmF0dXJl"}))
		}),
		give("plain-form", func(v string) *flow.Response { return answered("text/plain", "ok=1&ref="+url.QueryEscape(v)) }),
		give("protobuf", func(v string) *flow.Response {
			return answered("application/x-protobuf", "\x08\x07\x12"+string(rune(len(v)+2))+"\x1a"+string(rune(len(v)))+v)
		}),
	}
}

// play makes the flows of one user, whose values come from a random stream.
func play(cases []placeCase, user int, seed uint64) []*flow.Flow {
	r := rand.New(rand.NewPCG(seed, uint64(user)))
	at := time.Date(2026, 3, 1, 9, user, 0, 0, time.UTC)
	var flows []*flow.Flow
	add := func(q flow.Request, a *flow.Response) {
		flows = append(flows, &flow.Flow{Number: uint64(100*user + len(flows) + 1), Conn: uint64(user + 1), Scheme: "https", Start: at, Request: q, Response: a,
			RequestDone: time.Millisecond, FirstByte: 2 * time.Millisecond, Done: 3 * time.Millisecond})
		at = at.Add(100 * time.Millisecond)
	}
	for _, c := range cases {
		v := fmt.Sprint(10000 + r.IntN(90000))
		if !c.short {
			raw := make([]byte, 18)
			for i := range raw {
				raw[i] = byte(r.Uint32())
			}
			v = hex.EncodeToString(raw[:12])
			if strings.HasPrefix(c.name, "entities") || strings.HasPrefix(c.name, "script") || c.name == "query-open" || c.name == "json-in-form" || c.name == "form-in-json" {
				v = base64.StdEncoding.EncodeToString(append([]byte{0xfb, 0xef, 0xff}, raw...)) // +, /
			}
		}
		add(asks("GET /i/"+c.name, "", ""), c.issue(v, user))
		add(c.carry(v, user), answered(ofJSON, `{"ok":true}`))
	}
	return flows
}

// TestValuesInEveryPlaceAreTakenFromTheLiveAnswers learns from one set of answers and
// plays against another. What is sent must be what the same clients send with the
// other answers, to the byte.
func TestValuesInEveryPlaceAreTakenFromTheLiveAnswers(t *testing.T) {
	for name, cases := range map[string][]placeCase{"sinks": sinks(), "sources": sources()} {
		for _, c := range cases {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				const users = 8
				var recorded []session.Session
				for u := range users {
					recorded = append(recorded, session.Session{User: fmt.Sprint("u", u+1), Flows: play([]placeCase{c}, u, 1)})
				}
				m, _, err := learn.Learn(recorded, learn.Options{})
				if err != nil {
					t.Fatal(err)
				}
				sameAsRecorded(t, m, recorded)
				if len(m.Unresolved) > 0 {
					t.Errorf("unresolved: %+v", m.Unresolved)
				}
				src, err := modelled.New(m, replay.Plan{Target: m.MainOrigin(), Scale: 1, Seed: 1})
				if err != nil {
					t.Fatal(err)
				}
				for u := range users {
					live := play([]placeCase{c}, u, 2)
					liveSession(t, src.Session(uint64(u), uint64(u)), live)
				}
			})
		}
	}
}

// liveSession plays one session against answers, and compares what it sends with
// what the client sends that got these answers.
func liveSession(t *testing.T, s replay.Session, live []*flow.Flow) {
	t.Helper()
	underWay := s.Next(nil)
	seen := 0
	for len(underWay) > 0 {
		slices.SortStableFunc(underWay, func(a, b replay.Act) int { return cmp.Compare(a.ID, b.ID) })
		a := underWay[0]
		underWay = underWay[1:]
		s.Fill(&a)
		f := live[a.ID]
		if seen++; f.Request.Headers.Has("Content-Encoding") {
			a.Request.Body.Data, _ = content.Decode(a.Request.Body.Data, "gzip")
			g := *f
			g.Request.Body.Data, _ = content.Decode(f.Request.Body.Data, "gzip")
			f = &g
		}
		if why := differs(&a, f); why != "" || a.Skip != "" {
			t.Errorf("%s %s: %s %s", f.Request.Method, f.Request.Target, why, a.Skip)
		}
		underWay = append(underWay, s.Next(&replay.Answer{Act: &a, URL: f.URL(), Response: f.Response, Doc: content.New(f.Response), OK: true})...)
	}
	if seen != len(live) {
		t.Errorf("%d of %d acts were made", seen, len(live))
	}
}
