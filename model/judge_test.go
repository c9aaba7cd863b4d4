package model

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

func answer(status int, media, body string, headers ...string) *flow.Response {
	r := &flow.Response{Status: status, Body: flow.Body{Data: []byte(body), Size: int64(len(body))}}
	if media != "" {
		r.Headers = append(r.Headers, flow.Header{Name: "Content-Type", Value: media})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Headers = append(r.Headers, flow.Header{Name: headers[i], Value: headers[i+1]})
	}
	return r
}

func TestJudge(t *testing.T) {
	page := Check{Status: []int{2}, Content: []string{"text/html"}, Require: []string{"title:Shop"}}
	items := Check{Status: []int{2}, Require: []string{"$.items:array", "$.items[].id:string", "$.total:number"},
		Known: []string{"$.items:array", "$.items[].id:string", "$.total:number", "$.total:null", "$.note:string"}}
	moved := Check{Status: []int{2, 3}, Redirect: []string{"/cart", "/orders/{}", "/login?next={}", "/user-{}/x"}}
	for _, tt := range []struct {
		name   string
		check  Check
		resp   *flow.Response
		want   string
		detail string
	}{
		{"an empty check passes everything", Check{}, answer(500, "", "x"), "", ""},
		{"the class of the status counts, not the code", page, answer(204, "text/html", "<title>Shop</title>"), "", ""},
		{"another class", page, answer(500, "text/html", "<title>Shop</title>"), FailStatus, "status 500 instead of 2xx"},
		{"no status", page, answer(0, "", ""), FailStatus, "status 0 instead of 2xx"},
		{"another media type", page, answer(200, "application/json; charset=utf-8", "{}"), FailContent, "application/json instead of text/html"},
		{"parameters of the media type do not count", page, answer(200, "Text/HTML; charset=utf-8", "<title>Shop</title>"), "", ""},
		{"another title", page, answer(200, "text/html", "<title>Login</title>"), FailShape, "lacks title:Shop"},
		{"an answer 304 has no content", Check{Status: []int{2, 3}, Content: []string{"text/html"}, Require: []string{"title:Shop"}}, answer(304, "", ""), "", ""},

		{"the recorded members", items, answer(200, "application/json", `{"items":[{"id":"1"}],"total":1}`), "", ""},
		{"a new member is no failure", items, answer(200, "application/json", `{"items":[],"total":1,"extra":true}`), "", ""},
		{"an empty array has no members", items, answer(200, "application/json", `{"items":[],"total":1}`), "", ""},
		{"elements without a member", items, answer(200, "application/json", `{"items":[{"name":"x"}],"total":1}`), FailShape, "lacks $.items[].id:string"},
		{"a known alternative type", items, answer(200, "application/json", `{"items":[],"total":null}`), "", ""},
		{"an unknown type of a required member", items, answer(200, "application/json", `{"items":[],"total":"1"}`), FailShape, "lacks $.total:number"},
		{"an unknown type of a known member", items, answer(200, "application/json", `{"items":[],"total":1,"note":7}`), FailShape, "$.note is number instead of string"},
		{"a member is missing", items, answer(200, "application/json", `{"items":[]}`), FailShape, "lacks $.total:number"},
		{"no JSON at all", items, answer(200, "application/json", `<html>`), FailShape, "lacks $.items:array"},

		{"a redirect as recorded", moved, answer(302, "", "", "Location", "/cart"), "", ""},
		{"an absolute redirect", moved, answer(302, "", "", "Location", "https://shop.test/cart?x=1#y"), "", ""},
		{"a relative redirect", moved, answer(302, "", "", "Location", "../orders/77"), "", ""},
		{"a variable segment", moved, answer(302, "", "", "Location", "/orders/77"), "", ""},
		{"a variable segment is not empty", moved, answer(302, "", "", "Location", "/orders/"), FailRedirect, "leads to /orders/"},
		{"a variable part of a segment", moved, answer(302, "", "", "Location", "/user-ann/x"), "", ""},
		{"two segments where one was", moved, answer(302, "", "", "Location", "/orders/7/edit"), FailRedirect, "leads to /orders/{}/edit"},
		{"a query that the template asks for", moved, answer(302, "", "", "Location", "/login?next=%2Fcart&a=b"), "", ""},
		{"a query that is missing", moved, answer(302, "", "", "Location", "/login"), FailRedirect, "leads to /login"},
		{"elsewhere, the secret is not told", moved, answer(302, "", "", "Location", "/reset/a1b2c3?token=secret"), FailRedirect, "leads to /reset/{}"},
		{"a redirection to nowhere", moved, answer(302, "", ""), FailRedirect, "no Location"},
		{"no redirection where some were recorded", moved, answer(200, "", "", "Location", "/elsewhere"), "", ""},
		{"a whole URL has its host", Check{Redirect: []string{"https://id.test/auth"}}, answer(302, "", "", "Location", "https://evil.test/auth"), FailRedirect, "leads to https://evil.test/auth"},
		{"any scheme for a host alone", Check{Redirect: []string{"https://id.test/auth"}}, answer(302, "", "", "Location", "//id.test/auth"), "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name, detail := tt.check.Compile().Judge(tt.resp, content.New(tt.resp))
			if name != tt.want || detail != tt.detail {
				t.Errorf("Judge of %d %q = %q, %q, want %q, %q", tt.resp.Status, tt.resp.Body.Data, name, detail, tt.want, tt.detail)
			}
		})
	}
}

func TestAnAnswerOf200WithAnErrorBlockFails(t *testing.T) {
	c := Check{Status: []int{2}, Require: []string{"title:Edit"}}
	r := answer(200, "text/html", `<title>Edit</title><div class="error">Security Token did not match: 5ecret</div>`)
	name, detail := c.Compile().Judge(r, content.New(r))
	if name != FailError || strings.Contains(detail, "5ecret") || strings.ContainsAny(detail, "\r\n") {
		t.Errorf("Judge = %q, %q, want %q", name, detail, FailError)
	}
	c.Known = content.New(r).Shape().Features
	if name, detail := c.Compile().Judge(r, content.New(r)); name != "" {
		t.Errorf("the same block when recorded: %q, %q", name, detail)
	}
}

func TestTheStatusOfACallIsJudged(t *testing.T) {
	call := func(status string) *flow.Response {
		r := answer(200, "application/grpc", "message")
		if status != "" {
			r.Trailers = flow.Headers{{Name: "Grpc-Status", Value: status}, {Name: "Grpc-Message", Value: "5ecret"}}
		}
		return r
	}
	long := call("0")
	long.Body.Size = 500
	recorded := func(statuses ...string) Check {
		c := Check{Status: []int{2}}
		for _, s := range statuses {
			c.Known = append(c.Known, content.New(call(s)).Shape().Features...)
		}
		return c
	}
	for _, tt := range []struct {
		name         string
		check        Check
		resp         *flow.Response
		want, detail string
	}{
		{"as recorded", recorded("0"), call("0"), "", ""},
		{"as recorded, of which the beginning was kept", recorded("0"), long, "", ""},
		{"one of two", recorded("0", "5"), call("5"), "", ""},
		{"one of two where one is required", Check{Require: []string{"grpc:OK"}, Known: []string{"grpc:NotFound"}}, call("5"), "", ""},
		{"refused", recorded("0"), call("16"), FailGRPC, "Unauthenticated instead of OK"},
		{"required and refused", Check{Require: []string{"grpc:OK"}}, call("16"), FailGRPC, "Unauthenticated instead of OK"},
		{"good where an error was recorded", recorded("16"), call("0"), FailGRPC, "OK instead of Unauthenticated"},
		{"no status", recorded("0"), call(""), FailGRPC, "no status instead of OK"},
		{"refused where the recording has no status", recorded(), call("16"), FailGRPC, "Unauthenticated"},
		{"good where the recording has no status", recorded(), call("0"), "", ""},
	} {
		if name, detail := tt.check.Compile().Judge(tt.resp, content.New(tt.resp)); name != tt.want || detail != tt.detail {
			t.Errorf("%s: Judge = %q, %q, want %q, %q", tt.name, name, detail, tt.want, tt.detail)
		}
	}
}

func TestABodyThatIsNotWholeIsJudgedSo(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte(`{"a":1}` + strings.Repeat(" ", 100)))
	w.Close()
	whole := answer(200, "application/json", z.String(), "Content-Encoding", "gzip")
	cut := answer(200, "application/json", z.String()[:20], "Content-Encoding", "gzip")
	kept := answer(200, "application/json", `{"a":`)
	kept.Body.Size = 500
	c := Check{Require: []string{"$.a:number"}}
	for _, tt := range []struct {
		name string
		resp *flow.Response
		want string
	}{{"whole", whole, ""}, {"cut on the way", cut, FailBody}, {"cut by a limit", kept, FailBody}} {
		if name, detail := c.Compile().Judge(tt.resp, content.New(tt.resp)); name != tt.want {
			t.Errorf("%s: Judge = %q, %q, want %q", tt.name, name, detail, tt.want)
		}
	}
	if name, _ := (&Check{Status: []int{2}}).Compile().Judge(cut, content.New(cut)); name != "" {
		t.Errorf("a check that does not look at the body: %q", name)
	}
}

func FuzzMatchesHoles(f *testing.F) {
	f.Add("user-", "-x", "ann")
	f.Add("", "", "0")
	f.Fuzz(func(t *testing.T, before, after, filling string) {
		if filling == "" || strings.Contains(before+after, "{}") || strings.Contains(before+"{}"+after, "{{}") || strings.Contains(before+"{}"+after, "{}}") {
			return
		}
		if !matchesHoles(before+"{}"+after, before+filling+after) {
			t.Errorf("%q{}%q does not match with %q", before, after, filling)
		}
		matchesHoles(before+"{}"+after+"{}", filling)
	})
}
