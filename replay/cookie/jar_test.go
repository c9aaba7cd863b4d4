package cookie

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// shop are an application, its API, an identity provider of another site, all
// recorded in production, a fourth in clear, and one of this machine, and where they are now.
var shop = []Place{
	{Origin: "http://127.0.0.1:8001", Recorded: "www.shop.example", Live: "127.0.0.1", Secure: true},
	{Origin: "http://127.0.0.1:8002", Recorded: "api.shop.example", Live: "127.0.0.1", Secure: true},
	{Origin: "http://127.0.0.1:8003", Recorded: "login.id.test", Live: "127.0.0.1", Secure: true},
	{Origin: "http://plain.staging.test", Recorded: "www.plain.test", Live: "plain.staging.test"},
	{Origin: "http://localhost:8005", Recorded: "127.0.0.1", Live: "localhost"},
}

const (
	app = iota
	api
	login
	plain
	here
)

// request goes to path with these fields, "Name: value".
func request(method, path string, fields ...string) *flow.Request {
	r := &flow.Request{Method: method, Target: path}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Headers = append(r.Headers, flow.Header{Name: name, Value: value})
	}
	return r
}

func set(lines ...string) *flow.Response {
	r := &flow.Response{Status: 200}
	for _, l := range lines {
		r.Headers = append(r.Headers, flow.Header{Name: "Set-Cookie", Value: l})
	}
	return r
}

func TestCookiesGoWhereABrowserSendsThem(t *testing.T) {
	for name, tt := range map[string]struct {
		from int // who sets it, in an answer to /shop/cart
		line string
		to   int
		act  *flow.Request
		want string
	}{
		"back to its host":                        {app, "a=1", app, request("GET", "/shop/x"), "a=1"},
		"not to a sibling":                        {app, "a=1", api, request("GET", "/shop/x"), ""},
		"to a sibling by its domain":              {app, "a=1; Domain=shop.example", api, request("GET", "/shop/x"), "a=1"},
		"to a sibling by a domain with a dot":     {app, "a=1; Domain=.Shop.example", api, request("GET", "/shop/"), "a=1"},
		"not to another site":                     {app, "a=1; Domain=shop.example", login, request("GET", "/shop/"), ""},
		"not for a public suffix":                 {app, "a=1; Domain=example", api, request("GET", "/shop/"), ""},
		"for a domain of the live name":           {plain, "a=1; Domain=staging.test", plain, request("GET", "/shop/"), "a=1"},
		"not for a domain of a third":             {plain, "a=1; Domain=other.test", plain, request("GET", "/shop/"), ""},
		"a test address may be called localhost":  {app, "a=1; Domain=localhost", app, request("GET", "/shop/"), "a=1"},
		"localhost may call itself so":            {here, "a=1; Domain=localhost", here, request("GET", "/shop/"), "a=1"},
		"a test address may name a third":         {app, "a=1; Domain=other.test", app, request("GET", "/shop/"), "a=1"},
		"not above its default path":              {app, "a=1", app, request("GET", "/other"), ""},
		"not beside its path":                     {app, "a=1; Path=/shop", app, request("GET", "/shopping"), ""},
		"below its path":                          {app, "a=1; Path=/shop", app, request("GET", "/shop/a?b=/c"), "a=1"},
		"a path that is none is the default":      {app, "a=1; Path=x", app, request("GET", "/shop/a"), "a=1"},
		"secure to what stands for https":         {app, "a=1; Secure", app, request("GET", "/shop/a"), "a=1"},
		"secure is refused over plain HTTP":       {plain, "a=1; Secure", plain, request("GET", "/shop/a"), ""},
		"__Secure- with Secure":                   {app, "__Secure-a=1; Secure", app, request("GET", "/shop/a"), "__Secure-a=1"},
		"__Secure- without Secure":                {app, "__Secure-a=1", app, request("GET", "/shop/a"), ""},
		"__Host- as it must be":                   {app, "__Host-a=1; Secure; Path=/", app, request("GET", "/"), "__Host-a=1"},
		"__Host- in any case":                     {app, "__host-a=1; Secure; Path=/shop", app, request("GET", "/shop/a"), ""},
		"__Host- with a domain":                   {app, "__Host-a=1; Secure; Path=/; Domain=shop.example", app, request("GET", "/"), ""},
		"__Host- with a path":                     {app, "__Host-a=1; Secure; Path=/shop", app, request("GET", "/shop/a"), ""},
		"expired":                                 {app, "a=1; Max-Age=0", app, request("GET", "/shop/a"), ""},
		"expired long ago":                        {app, "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", app, request("GET", "/shop/a"), ""},
		"a value of any form":                     {app, `a={"b":[1,"é"]} ; HttpOnly`, app, request("GET", "/shop/a"), `a={"b":[1,"é"]}`},
		"too long":                                {app, "a=" + strings.Repeat("x", 64<<10), app, request("GET", "/shop/a"), ""},
		"without a name":                          {app, "=1", app, request("GET", "/shop/a"), ""},
		"Lax to a link from elsewhere":            {app, "a=1; SameSite=Lax", app, request("GET", "/shop/a", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"), "a=1"},
		"Lax not to a form from elsewhere":        {app, "a=1; SameSite=Lax", app, request("POST", "/shop/a", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"), ""},
		"Strict not to a link from elsewhere":     {app, "a=1; SameSite=Strict", app, request("GET", "/shop/a", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"), ""},
		"Strict from the same site":               {app, "a=1; SameSite=Strict", app, request("POST", "/shop/a", "Origin: https://api.shop.example"), "a=1"},
		"Strict from where the site is now":       {app, "a=1; SameSite=Strict", app, request("POST", "/shop/a", "Origin: http://127.0.0.1:8002"), "a=1"},
		"Lax is the default":                      {app, "a=1", app, request("POST", "/shop/a", "Origin: https://login.id.test"), ""},
		"a young cookie to a form from elsewhere": {app, "a=1", app, request("POST", "/shop/a", "Origin: https://login.id.test", "Accept: text/html"), "a=1"},
		"Lax not to a form by its Origin":         {app, "a=1; SameSite=Lax", app, request("POST", "/shop/a", "Origin: https://login.id.test", "Accept: text/html"), ""},
		"None from elsewhere":                     {app, "a=1; SameSite=None; Secure", app, request("POST", "/shop/a", "Origin: https://login.id.test"), "a=1"},
		"None must be secure":                     {app, "a=1; SameSite=None", app, request("GET", "/shop/a"), ""},
		"a link by its Referer":                   {app, "a=1; SameSite=Lax", app, request("GET", "/shop/a", "Referer: https://login.id.test/", "Accept: text/html,*/*"), "a=1"},
		"a picture by its Referer":                {app, "a=1; SameSite=Lax", app, request("GET", "/shop/a", "Referer: https://login.id.test/", "Accept: image/png"), ""},
		"nothing is known of where it came from":  {app, "a=1; SameSite=Strict", app, request("GET", "/shop/a"), "a=1"},
	} {
		t.Run(name, func(t *testing.T) {
			j := NewJar(shop)
			j.Keep(&shop[tt.from], "/shop/cart", set(tt.line))
			if got := j.Line(&shop[tt.to], tt.act, nil); got != tt.want {
				t.Errorf("after %q: sent %q, want %q", tt.line, got, tt.want)
			}
		})
	}
}

func TestRecordedCookiesGiveWayToThoseOfTheTarget(t *testing.T) {
	j := NewJar(shop)
	own := func(to int) string {
		return j.Line(&shop[to], request("GET", "/shop/a"), []Cookie{{"sid", "recorded"}, {"theme", "dark"}})
	}
	for _, step := range []struct {
		from int
		line string
		want string // to the application
		api  string
	}{
		{app, "x=1; Path=/nowhere", "sid=recorded; theme=dark", "sid=recorded; theme=dark"},
		{app, "sid=live", "sid=live; theme=dark", "sid=recorded; theme=dark"},
		{app, "sid=renewed; HttpOnly", "sid=renewed; theme=dark", "sid=recorded; theme=dark"},
		{app, "sid=; Max-Age=0", "theme=dark", "sid=recorded; theme=dark"},
		{api, "theme=light; Domain=shop.example; Path=/", "theme=light", "theme=light; sid=recorded"},
	} {
		j.Keep(&shop[step.from], "/shop/cart", set(step.line))
		if got := own(app); got != step.want {
			t.Errorf("after %q: the application gets %q, want %q", step.line, got, step.want)
		}
		if got := own(api); got != step.api {
			t.Errorf("after %q: the API gets %q, want %q", step.line, got, step.api)
		}
	}
}

func TestACookieGoesWhereTheRecordedClientSentIt(t *testing.T) {
	jar := NewJar(shop)
	jar.Keep(&shop[login], "/", set("sid=live; Path=/; SameSite=Strict"))
	cross := request("POST", "/token", "Origin: http://127.0.0.1:8001")
	if got := jar.Line(&shop[login], cross, nil); got != "" {
		t.Errorf("another site makes the request: %q is sent, want nothing", got)
	}
	if got, want := jar.Line(&shop[login], cross, []Cookie{{"sid", "old"}}), "sid=live"; got != want {
		t.Errorf("the recorded client sent the cookie: %q is sent, want %q", got, want)
	}
}

func TestTheMoreSpecialCookieComesFirst(t *testing.T) {
	j := NewJar(shop)
	j.Keep(&shop[app], "/", set("a=1; Path=/", "b=2; Path=/shop/x", "c=3; Path=/shop"))
	if got, want := j.Line(&shop[app], request("GET", "/shop/x/y"), nil), "b=2; c=3; a=1"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestAFloodOfCookiesIsBounded(t *testing.T) {
	j := NewJar(shop)
	for i := range 20_000 {
		j.Keep(&shop[app], "/", set(fmt.Sprintf("c%d=%s", i, strings.Repeat("x", 2000))))
	}
	if j.bytes > maxJarBytes || len(j.cookies) > maxCookies || len(j.scopes) > maxCookieScopes {
		t.Errorf("the jar holds %d cookies of %d bytes and %d names", len(j.cookies), j.bytes, len(j.scopes))
	}
	if got := j.Line(&shop[app], request("GET", "/"), nil); !strings.Contains(got, "c19999=") {
		t.Error("the newest cookie is not there")
	}
}
