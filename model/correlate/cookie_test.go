package correlate

import (
	"fmt"
	"testing"
)

// cookieOf returns the Cookie line of a variant.
func cookieOf(r *Result, endpoint string, variant int) string {
	for _, h := range r.Endpoints[endpoint].Variants[variant].Request.Headers {
		if h.Name == "Cookie" {
			return h.Value
		}
	}
	return "none"
}

// A script keeps the token of an answer in a cookie; another cookie says which theme the
// user likes. The target sets a third.
func TestCookiesOfScriptsAreValuesOfTheSession(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		theme := []string{"dark", "light"}[i%2]
		p.do("GET /\nCookie: theme="+theme, "200\nSet-Cookie: lang=en; Path=/")
		p.do("POST /session\nCookie: theme="+theme+"; lang=en", "200\nX-Access: "+secretOf("t", i)+"\nSet-Cookie: sid="+secretOf("s", i)+"; Path=/; HttpOnly")
		p.do("GET /me\nCookie: theme="+theme+"; lang=en; access="+secretOf("t", i)+"; sid="+secretOf("s", i)+"; v=7", "200")
	})
	want(t, "before the login", cookieOf(r, "GET /", 0), "theme=${theme}")
	want(t, "after the login", cookieOf(r, "GET /me", 0), "theme=${theme}; access=${x-access}; v=7")
	want(t, "after the login", values(r, "GET /me"), "theme=row, x-access=bound x-access")
	want(t, "the token", from(r, "x-access"), "POST /session header:X-Access")
}

// A script keeps what an answer gave in a cookie, as JSON that is percent-encoded.
func TestCookiesOfScriptsHoldIssuedValues(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		p.do("GET /cart", "200"+asJSON+`{"cart":"`+secretOf("c", i)+`"}`)
		p.do(fmt.Sprintf("GET /pay\nCookie: state=%%7b%%22cart%%22%%3a%%22%s%%22%%2c%%22n%%22%%3a%d%%7d", secretOf("c", i), i), "200")
	})
	want(t, "cookie", cookieOf(r, "GET /pay", 0), "state=%7b%22cart%22%3a%22${cart}%22%2c%22n%22%3a${n}%7d")
	want(t, "the cart", from(r, "cart"), "GET /cart json:cart")
}

func TestCookiesThatTheTargetSetAreLeftToTheJar(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /", "200\nSet-Cookie: sid="+secretOf(i)+"; Path=/")
		p.do("GET /a\nCookie: sid="+secretOf(i), "200\nSet-Cookie: sid="+secretOf(i, "new")+"; Path=/")
		p.do("GET /a\nCookie: sid="+secretOf(i), "200") // on its way while the cookie was renewed
		p.do("GET /a\nCookie: sid="+secretOf(i, "new"), "200")
		p.do("GET /late\nCookie: sid="+secretOf(0), "200") // of an earlier session
	})
	for _, e := range []string{"GET /a", "GET /late"} {
		for k := range r.Endpoints[e].Variants {
			want(t, e, cookieOf(r, e, k), "none")
		}
	}
}

func TestACookieFromBeforeTheRecordingIsSentAndNamed(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		for k := range 2 {
			p.do("GET /a?n="+fmt.Sprint(k)+"\nCookie: sid="+secretOf("before", i), "200")
		}
	})
	want(t, "cookie", cookieOf(r, "GET /a", 0), "sid=${sid}")
	if len(r.Unresolved) != 1 || r.Unresolved[0].Place != "cookie sid" {
		t.Errorf("unresolved %+v, want the cookie", r.Unresolved)
	}
}
