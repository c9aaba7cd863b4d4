package endpoint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/flow"
)

// req makes a flow of "METHOD TARGET", where needed " BODY" behind a space.
func req(line, answer string) *flow.Flow {
	method, rest, _ := strings.Cut(line, " ")
	target, body, _ := strings.Cut(rest, " ")
	f := &flow.Flow{Request: flow.Request{Method: method, Target: target, Body: flow.NewBody([]byte(body))}}
	if strings.HasPrefix(body, "{") {
		f.Request.Headers = flow.Headers{{Name: "Content-Type", Value: "application/json"}}
	} else if body != "" {
		f.Request.Headers = flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
	}
	f.Response = &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}, Body: flow.NewBody([]byte(answer))}
	return f
}

// names learns from lines, each twice, and returns the names in order, each once.
func names(data map[string]string, lines ...string) []string {
	var flows []*flow.Flow
	for range 2 {
		for _, l := range lines {
			line, answer, _ := strings.Cut(l, " -> ")
			flows = append(flows, req(line, answer))
		}
	}
	t := Learn(flows, Options{Data: data})
	var out []string
	for _, f := range flows {
		if n := t.Name(f); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func TestNamesOfEndpoints(t *testing.T) {
	for _, c := range []struct {
		name  string
		data  map[string]string
		lines []string
		want  []string
	}{
		{"identifiers become {id}, words stay", nil,
			[]string{"GET /orders/1042", "GET /orders/7", "GET /api/v2/items/550e8400-e29b-41d4-a716-446655440000/parts", "GET /orders/new"},
			[]string{"GET /orders/{id}", "GET /api/v2/items/{id}/parts", "GET /orders/new"}},
		{"several identifiers are told apart by their collections", nil,
			[]string{"GET /categories/3/products/9"}, []string{"GET /categories/{category_id}/products/{product_id}"}},
		{"identifiers without digits join those with", nil,
			[]string{"GET /api/posts/q1xlclmfloku33a", "GET /api/posts/qwertzuiopasdfg", "GET /api/posts/publishedtoday"},
			[]string{"GET /api/posts/{id}", "GET /api/posts/publishedtoday"}},
		{"dates and values of data files have names of their own", map[string]string{"ada": "user", "me": "user"},
			[]string{"GET /users/ada", "GET /reports/2026-03-01", "GET /users/me", "GET /wiki?id=notes:ada", "GET /wiki?id=start"},
			[]string{"GET /users/{user}", "GET /reports/{date}", "GET /users/me", "GET /wiki?id=notes:{user}", "GET /wiki"}},
		{"operations are told apart by decisive values, not by search terms", nil,
			[]string{"GET /d.php?do=edit&id=a -> <form action=/d.php method=post><input name=text></form>", "GET /d.php?do=login&id=a -> <form action=/d.php><input name=u></form>",
				"GET /d.php?id=a -> x", "GET /d.php?id=b -> x", "GET /find?q=lamp -> x", "GET /find?q=sofa -> x"},
			[]string{"GET /d.php?do=edit", "GET /d.php?do=login", "GET /d.php", "GET /find"}},
		{"what differs by the user's state does not split", nil,
			[]string{"GET /find?q=lamp -> x", "GET /find?q=lamp -> <form action=/out></form>", "GET /find?q=sofa -> x", "GET /find?q=sofa -> x",
				"GET /find?q=desk -> <form action=/out></form>", "GET /find?q=desk -> <form action=/out></form>", "GET /find?q=lamp -> x"},
			[]string{"GET /find"}},
		{"a volatile item does not split", nil,
			[]string{"GET /run.php?id=a&1732400000", "GET /run.php?id=a&1732400001", "GET /run.php?id=b&1732400002"}, []string{"GET /run.php"}},
		{"buttons and body keys tell writes apart", nil,
			[]string{"POST /d.php id=a&do[save]=1", "POST /d.php id=a&do[preview]=1", "POST /d.php u=x&p=y"},
			[]string{"POST /d.php [do[save]]", "POST /d.php [do[preview]]", "POST /d.php [p]"}},
		{"one write keeps its button in the name", nil, []string{"POST /d.php id=a&do[save]=1"}, []string{"POST /d.php [do[save]]"}},
		{"one search keeps a short name", nil, []string{"GET /find?q=a"}, []string{"GET /find"}},
		{"procedures called over one address", nil,
			[]string{`POST /rpc {"method":"list"} -> <form action=/a><input name=l></form>`, `POST /rpc {"method":"get"} -> <form action=/b><input name=g></form>`},
			[]string{"POST /rpc [method=list]", "POST /rpc [method=get]"}},
		{"an encoded separator is part of its segment", nil, []string{"GET /files/a%2Fb"}, []string{"GET /files/a%2Fb"}},
		{"anything has a name", nil, []string{"GET /", "GET ", "* *"}, []string{"GET /", "GET", "* *"}},
	} {
		if diff := cmp.Diff(c.want, names(c.data, c.lines...)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestSlugsAreOneEndpointAndRoutesAreNot(t *testing.T) {
	var lines []string
	for i := range 12 {
		lines = append(lines, "GET /shop/"+string(rune('a'+i))+"-lamp", "GET /api/"+string(rune('a'+i))+"route", "GET /"+string(rune('a'+i))+"page")
	}
	flows := []*flow.Flow{}
	for i, l := range lines {
		n := 1
		if i%3 == 1 {
			n = 30 // routes are seen again and again
		}
		for range n {
			flows = append(flows, req(l, ""))
		}
	}
	templates := Learn(flows, Options{})
	for line, want := range map[string]string{"GET /shop/z-lamp": "GET /shop/{id}", "GET /api/broute": "GET /api/broute", "GET /cpage": "GET /cpage"} {
		if got := templates.Name(req(line, "")); got != want {
			t.Errorf("Name(%s) = %s, want %s", line, got, want)
		}
	}
	if got := templates.PathOf("/shop/a-lamp/9"); got != "/shop/{}/{}" {
		t.Errorf("PathOf = %s", got)
	}
}

func TestConditionalRequestsAreTheSameEndpoint(t *testing.T) {
	plain, again := req("GET /list", ""), req("GET /list", "")
	again.Request.Headers = flow.Headers{{Name: "if-none-match", Value: `"1"`}}
	again.Response = &flow.Response{Status: 304}
	templates := Learn([]*flow.Flow{plain, again}, Options{})
	if a, b := templates.Name(plain), templates.Name(again); a != "GET /list" || b != "GET /list" {
		t.Errorf("names %q and %q", a, b)
	}
}

func TestManyFiltersDoNotSplitEndlessly(t *testing.T) {
	var lines []string
	for i := range 64 {
		q := "GET /list?x=1"
		for b := range 6 {
			if i>>b&1 == 1 {
				q += fmt.Sprintf("&%c=1", 'a'+b)
			}
		}
		lines = append(lines, q)
	}
	if got := names(nil, lines...); len(got) != 1 {
		t.Errorf("%d endpoints, want 1: %q", len(got), got)
	}
}

func TestRequestsNotLearnedHaveAName(t *testing.T) {
	templates := Learn(nil, Options{})
	if got := templates.Name(req("POST /a/7?x=1 y=2", "")); got != "POST /a/{id}?x [y]" {
		t.Errorf("Name = %q", got)
	}
}

func TestASegmentWithAValueOfADataFileIsOneTemplate(t *testing.T) {
	data := map[string]string{"ann01": "user", "bob02": "user", "admin": "role"}
	var flows []*flow.Flow
	for _, target := range []string{"/wiki/Diary_ann01", "/wiki/Diary_bob02", "/wiki/Rules", "/admin-panel", "/wiki/Diary_ann01/edit", "/wiki/Diary_bob02/edit"} {
		flows = append(flows, get(target))
	}
	templates := Learn(flows, Options{Data: data})
	for target, want := range map[string]string{
		"/wiki/Diary_ann01": "GET /wiki/Diary_{user}", "/wiki/Diary_bob02": "GET /wiki/Diary_{user}", "/wiki/Rules": "GET /wiki/Rules",
		"/wiki/Diary_bob02/edit": "GET /wiki/Diary_{user}/edit", "/admin-panel": "GET /admin-panel",
	} {
		if got := templates.Name(get(target)); got != want {
			t.Errorf("%s is %s, want %s", target, got, want)
		}
	}
	if got, want := templates.PathOf("/wiki/Diary_ann01"), "/wiki/Diary_{}"; got != want {
		t.Errorf("path template %s, want %s", got, want)
	}
}

// get is a request without an answer.
func get(target string) *flow.Flow {
	return &flow.Flow{Scheme: "http", Request: flow.Request{Method: "GET", Target: target, Authority: "a.test"}}
}

func TestATextThatOneUserWroteIsNoKindOfRequest(t *testing.T) {
	data := map[string]string{"ann01": "user", "bob02": "user"}
	var flows []*flow.Flow
	for _, query := range []string{"the whole log of ann01", "the whole log of bob02", "ann01 buys five apples", "bob02 sells pears to me", "ann01", "bob02", "ann01 has lunch at one"} {
		flows = append(flows, get("/find?q="+strings.ReplaceAll(query, " ", "+")))
	}
	var got []string
	templates := Learn(flows, Options{Data: data})
	for _, f := range flows {
		got = append(got, templates.Name(f))
	}
	want := []string{"GET /find?q=the whole log of {user}", "GET /find?q=the whole log of {user}", "GET /find", "GET /find", "GET /find?q={user}", "GET /find?q={user}", "GET /find"}
	if !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}
