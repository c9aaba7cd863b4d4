package correlate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
)

// secretOf makes a token that looks random, the same for the same arguments.
func secretOf(args ...any) string {
	sum := sha256.Sum256(fmt.Appendln(nil, args...))
	return hex.EncodeToString(sum[:16])
}

var people = []model.Source{{Name: "accounts", Columns: []string{"user", "password"},
	Rows: [][]string{{"ada", "pw-ada"}, {"bob", "pw-bob"}, {"cleo", "pw-cleo"}, {"dan", "pw-dan"}}}}

func TestWhatUsersTypedComesFromTheDataFile(t *testing.T) {
	r := record(3, people, func(p *tape, i int) {
		who := people[0].Rows[i]
		p.do("POST /login"+asForm+"u="+who[0]+"&p="+who[1]+"&lang=en", "200")
		p.do("GET /notes?id=notes:"+who[0], "200")
		p.do("POST /notes"+asJSON+`{"text":"By `+who[0]+` at `+secretOf(i)+`."}`, "200")
	})
	want(t, "login", r.Endpoints["POST /login"].Variants[0].Request.Body, "u=${user}&p=${password}&lang=en")
	want(t, "login", values(r, "POST /login"), "user=data accounts.user, password=data accounts.password")
	want(t, "part of a query value", r.Endpoints["GET /notes"].Variants[0].Request.Target, "/notes?id=notes:${user}")
	want(t, "part of a text", r.Endpoints["POST /notes"].Variants[0].Request.Body, `{"text":"By ${user} at ${text}"}`)
	want(t, "rows", fmt.Sprint(r.Rows), "[map[accounts:0] map[accounts:1] map[accounts:2]]")
}

func TestIssuedTokenIsBoundAndTheLatestAnswerCounts(t *testing.T) {
	r := record(3, people, func(p *tape, i int) {
		token := secretOf("access", i)
		auth := func() string { return "\nAuthorization: Bearer " + token }
		p.do("POST /api/login"+asJSON+`{"user":"`+people[0].Rows[i][0]+`","password":"`+people[0].Rows[i][1]+`"}`,
			"200"+asJSON+`{"access":"`+token+`","refresh":"`+secretOf("refresh", i)+`"}`)
		p.do("GET /api/me"+auth(), "200"+asJSON+`{}`)
		old := secretOf("refresh", i)
		token = secretOf("access", i, "new")
		p.do("POST /api/refresh"+asJSON+`{"refresh":"`+old+`"}`, "200"+asJSON+`{"access":"`+token+`"}`)
		p.do("GET /api/me"+auth(), "200"+asJSON+`{}`)
		p.do("GET /api/last"+auth(), "200"+asJSON+`{}`)
	})
	want(t, "header", fmt.Sprint(r.Endpoints["GET /api/me"].Variants[0].Request.Headers), "[{Authorization Bearer ${access}}]")
	want(t, "access", from(r, "access"), "POST /api/login json:access; POST /api/refresh json:access")
	want(t, "refresh", from(r, "refresh"), "POST /api/login json:refresh")
	want(t, "the same binding elsewhere", values(r, "GET /api/last"), "access=bound access")
	if len(r.Unresolved) > 0 {
		t.Errorf("unresolved %+v, want none", r.Unresolved)
	}
	for _, b := range r.Bindings {
		if b.Match != 1 || b.Shuffled != 0 {
			t.Errorf("evidence of %s: %+v, want match 1 and shuffled 0", b.Name, b.Evidence)
		}
	}
}

func TestHiddenFieldsComeFromTheFormOfThisPage(t *testing.T) {
	form := func(csrf, id string) string {
		return "200" + asHTML + `<a href="/product/` + id + `">x</a><form method=post action=/cart><input type=hidden name=csrf value=` + csrf +
			`><input type=hidden name=product value=` + id + `><input type=hidden name=utf8 value=yes><input name=qty></form>`
	}
	r := record(4, nil, func(p *tape, i int) {
		for k := range 2 {
			id, csrf := fmt.Sprint(1+(i+k)%3), secretOf(i, k)
			p.do("GET /product/"+id, form(csrf, id))
			p.do("POST /cart"+asForm+"csrf="+csrf+"&product="+id+"&utf8=yes&qty="+fmt.Sprint(1+i*k%2), "303\nLocation: /cart")
		}
	})
	want(t, "body", r.Endpoints["POST /cart"].Variants[0].Request.Body, "csrf=${csrf}&product=${product}&utf8=${utf8}&qty=${qty}")
	want(t, "values", values(r, "POST /cart"), "csrf=bound csrf, product=bound product, utf8=bound utf8, qty=row, cart_form=bound cart_form")
	want(t, "csrf", from(r, "csrf"), "GET /product/{} form:csrf@/cart")
	want(t, "product", from(r, "product"), "GET /product/{} form:product@/cart")
	want(t, "a number chosen by the user", values(r, "GET /product/{}"), "id=row")
}

func TestCreatedRecordIsBoundWhereItIsIssued(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		number := fmt.Sprintf("ORD-2026-%04d", 17+i*3)
		p.do("POST /checkout"+asForm+"pay=card", "303\nLocation: /orders/"+number+"?new=1")
		p.do("GET /orders/"+number, "200"+asHTML+`<a href="/orders/`+number+`/invoice">i</a>`)
		p.do("GET /orders/"+number+"/invoice", "200")
	})
	want(t, "target", r.Endpoints["GET /orders/{}"].Variants[0].Request.Target, "/orders/${order_id}")
	want(t, "target", r.Endpoints["GET /orders/{}/invoice"].Variants[0].Request.Target, "/orders/${order_id}/invoice")
	want(t, "order", from(r, "order_id"), "POST /checkout redirect:/orders/{}#0")
}

func TestChoiceFromAListIsAnyAndOnesOwnRecordIsNot(t *testing.T) {
	ids := []string{"q1xlclmfloku33a", "w7zzd0p3nrk41bx", "e2yy9mmplk77qqa", "r8tt1s0dfgh23zx"}
	r := record(6, nil, func(p *tape, i int) {
		list := `{"items":[{"id":"` + strings.Join(ids, `"},{"id":"`) + `"}]}`
		own := secretOf("own", i)[:12] + "x9z"
		p.do("GET /posts", "200"+asJSON+list)
		p.do("GET /posts/"+ids[i*7%4], "200"+asJSON+`{"title":"t"}`)
		p.do("POST /posts"+asJSON+`{}`, "200"+asJSON+`{"id":"`+own+`"}`)
		p.do("GET /posts", "200"+asJSON+`{"items":[{"id":"`+ids[0]+`"},{"id":"`+own+`"}]}`)
		p.do("DELETE /posts/"+own, "204")
	})
	want(t, "chosen", values(r, "GET /posts/{}"), "item_id=bound item_id")
	want(t, "chosen", from(r, "item_id"), "GET /posts json:items[].id; pick any")
	want(t, "own", from(r, "post_id"), "POST /posts json:id")
	want(t, "own", values(r, "DELETE /posts/{}"), "post_id=bound post_id")
}

// Of random ids of fifteen letters and digits one in sixty has no digit and
// looks like a word.
func TestAnIssuedIdThatLooksLikeAWordIsBound(t *testing.T) {
	ids := []string{"wqzzdkpanrkhybx", "q1xlclmfloku33a", "w7zzd0p3nrk41bx", "e2yy9mmplk77qqa"}
	r := record(6, nil, func(p *tape, i int) {
		p.do("GET /posts", "200"+asJSON+`{"items":[{"id":"`+strings.Join(ids, `"},{"id":"`)+`"}]}`)
		p.do("GET /show?post="+ids[i*7%4], "200"+asJSON+`{"title":"t"}`)
	})
	want(t, "chosen", values(r, "GET /show"), "item_id=bound item_id")
	want(t, "chosen", from(r, "item_id"), "GET /posts json:items[].id; pick any")
}

func TestConstantsThatLookIssuedAreBoundAndWordsAreNot(t *testing.T) {
	r := record(3, nil, func(p *tape, _ int) {
		p.do("GET /", "200"+asJSON+`{"build":"`+secretOf("build")+`","currency":"EUR","posts":"posts"}`)
		p.do("GET /app?build="+secretOf("build")+"&currency=EUR", "200")
	})
	want(t, "target", r.Endpoints["GET /app"].Variants[0].Request.Target, "/app?build=${build}&currency=EUR")
}

func TestEnumerationsAreNotBound(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		p.do("GET /sizes", "200"+asJSON+`{"sizes":["S","M","L"],"n":3}`)
		p.do("GET /items?size="+[]string{"S", "M", "L"}[i%3]+"&n="+fmt.Sprint(1+i%3), "200")
	})
	want(t, "values", values(r, "GET /items"), "size=row, n=row")
	if len(r.Bindings) > 0 {
		t.Errorf("bindings %+v, want none", r.Bindings)
	}
}

func TestClientFirstValuesAreNotIssued(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		device := secretOf("device", i)
		for range 2 {
			p.do("POST /ping"+asJSON+`{"device":"`+device+`"}`, "200"+asJSON+`{"device":"`+device+`"}`)
		}
	})
	want(t, "values", values(r, "POST /ping"), "device=row")
	if len(r.Unresolved) != 1 || r.Unresolved[0].Endpoint != "POST /ping" || r.Unresolved[0].Place != "body $.device" {
		t.Errorf("unresolved %+v, want the device", r.Unresolved)
	}
}

func TestAnEchoOfTheClientsOwnValueIsNotASource(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		for range 30 { // 29 of 30 uses equal the echo; the first has none to take it from
			p.do("POST /ping"+asJSON+`{"device":"`+secretOf("device", i)+`"}`, "200"+asJSON+`{"device":"`+secretOf("device", i)+`"}`)
		}
	})
	want(t, "values", values(r, "POST /ping"), "device=row")
}

func TestEveryAnswerThatIssuesATokenIsASource(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		token := `{"csrf":"` + secretOf(i) + `"}`
		p.do("GET /home", "200"+asJSON+token)
		p.do("GET /list", "200"+asJSON+token)
		p.do("POST /save\nX-Csrf: "+secretOf(i), "200")
	})
	want(t, "sources", from(r, "csrf"), "GET /home json:csrf; GET /list json:csrf")
}

func TestAValueThatIsOnesOwnOnlyByChanceIsNoData(t *testing.T) {
	r := record(4, people, func(p *tape, i int) {
		who := people[0].Rows[i]
		p.do("POST /login"+asForm+"u="+who[0]+"&p="+who[1], "200")
		p.do("GET /page?of="+people[0].Rows[i&2][0], "200") // half of them their own
	})
	want(t, "values", values(r, "GET /page"), "of=row")
}

func TestOneSessionNeedsMuchInformation(t *testing.T) {
	r := record(1, nil, func(p *tape, _ int) {
		p.do("GET /form", "200"+asJSON+`{"token":"`+secretOf(1)+`","id":42}`)
		p.do("POST /form\nX-Token: "+secretOf(1)+asJSON+`{"id":42,"csrf":"`+secretOf(2)+`"}`, "200")
	})
	want(t, "values", values(r, "POST /form"), "token=bound token")
	want(t, "short values stay", r.Endpoints["POST /form"].Variants[0].Request.Body, `{"id":42,"csrf":"`+secretOf(2)+`"}`)
	if len(r.Unresolved) != 1 || !strings.Contains(r.Unresolved[0].Place, "csrf") || r.Unresolved[0].Edit != "record a second session" {
		t.Errorf("unresolved %+v, want csrf and the advice to record a second session", r.Unresolved)
	}
	if strings.Contains(fmt.Sprint(r.Unresolved), secretOf(2)) {
		t.Errorf("unresolved %+v holds the secret", r.Unresolved)
	}
}

func TestConditionalRequestsAreLeftToTheReplayer(t *testing.T) {
	r := record(2, nil, func(p *tape, i int) {
		for range 3 + i {
			p.do("GET /list", "200\nETag: \"7\""+asJSON+`[]`)
		}
		p.do("GET /list\nIf-None-Match: \"7\"\nIf-Modified-Since: Sun, 01 Mar 2026 00:00:00 GMT", "304\nETag: \"7\"")
		p.do("PUT /item\nIf-Match: \"7\"", "204")
	})
	want(t, "headers", fmt.Sprint(r.Endpoints["GET /list"].Variants[0].Request.Headers), "[]")
	want(t, "headers of the second structure", fmt.Sprint(r.Endpoints["GET /list"].Variants[1].Request.Headers), "[{If-None-Match ${etag}} {If-Modified-Since ${modified}}]")
	want(t, "values", fmt.Sprint(r.Endpoints["GET /list"].Variants[0].Values, r.Endpoints["GET /list"].Variants[1].Values), "[] []")
	var sent []string
	for _, a := range r.Acts[0] {
		sent = append(sent, a.Variant)
	}
	want(t, "variants of the acts", strings.Join(sent, " "), "1 1 1 2 ")
	want(t, "a conditional write", r.Endpoints["PUT /item"].Variants[0].Request.Headers[0].Value, "${etag_value}")
	want(t, "a conditional write", from(r, "etag_value"), "GET /list header:Etag")
}

func TestTokensInScriptsAndCookiesAreFound(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /", "200\nSet-Cookie: XSRF=a%3D"+secretOf("x", i)+"; Path=/"+asHTML+
			`<script>window.boot({"user":1,"apiNonce":"`+secretOf("n", i)+`","x":2})</script>`)
		p.do("POST /save\nX-XSRF: a="+secretOf("x", i)+asForm+"nonce="+secretOf("n", i), "200")
	})
	want(t, "cookie", from(r, "xsrf"), "GET / cookie:XSRF|percent")
	want(t, "nonce", from(r, "apiNonce"), "GET / script:apiNonce")
}

func TestTokensInUnknownFormatsAreFound(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /", "200\nContent-Type: application/x-own\n\n{{ticket <"+secretOf("n", i)+">}}, more")
		p.do("POST /save"+asForm+"nonce="+secretOf("n", i), "200")
	})
	if got := from(r, "token"); !strings.HasPrefix(got, "GET / text:") || !strings.HasSuffix(got, `ticket <…>`) {
		t.Errorf("nonce is bound to %s, want text around it", got)
	}
}

func TestLinkValuesAreBound(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		stamp := fmt.Sprint(begin.Unix() + int64(i)*61)
		p.do("GET /page", "200"+asHTML+`<img src="/run.php?id=start&amp;`+stamp+`"><a href="/doku.php?do=diff&amp;rev=`+stamp+`9">d</a><a href="/doku.php?do=edit&amp;rev=5">e</a>`)
		p.do("GET /run.php?id=start&"+stamp, "200")
		p.do("GET /doku.php?do=diff&rev="+stamp+"9", "200")
	})
	want(t, "target", r.Endpoints["GET /run.php"].Variants[0].Request.Target, "/run.php?id=start&${run}")
	want(t, "link", from(r, "run"), "GET /page link:/run.php?{}")
	want(t, "target", r.Endpoints["GET /doku.php"].Variants[0].Request.Target, "/doku.php?do=diff&rev=${rev}")
}

func TestAMultipartBodyIsSentWithItsBoundary(t *testing.T) {
	r := record(2, nil, func(p *tape, i int) {
		b := "----form" + secretOf(i)
		p.do("POST /up\nContent-Type: multipart/form-data; boundary="+b+"\n\n--"+b+"\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n$5\r\n--"+b+"--\r\n", "200")
	})
	e, first := r.Endpoints["POST /up"], "----form"+secretOf(0)
	want(t, "header", e.Variants[0].Request.Headers[0].Value, "multipart/form-data; boundary="+first)
	want(t, "body", e.Variants[0].Request.Body, "--"+first+"\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n$$5\r\n--"+first+"--\r\n")
}

func TestHeadersOfTheConnectionAreNotKept(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /\nHost: shop.test\nReferer: http://shop.test/x"+fmt.Sprint(i)+"\nOrigin: http://shop.test\nUser-Agent: "+
			[]string{"A", "B", "A"}[i]+"\nConnection: close\nX-Price: $1", "200")
	})
	want(t, "headers", fmt.Sprint(r.Endpoints["GET /"].Variants[0].Request.Headers), "[{Referer ${referer}} {Origin ${origin}} {X-Price $$1}]")
}

func TestHostileSessionsAreLearnedWithoutPanic(t *testing.T) {
	if r := Learn(nil, Options{}); len(r.Endpoints) != 0 {
		t.Errorf("endpoints of nothing: %v", r.Endpoints)
	}
	r := record(2, people, func(p *tape, i int) {
		p.do("POST /x?%zz=%&=&&a\xff=b"+asJSON+`{"a":`, "200"+asJSON+`{"a"`)
		p.do("GET //{}/$/${x}?$=$"+strings.Repeat("&", i), "500"+asHTML+"<form")
	})
	for _, e := range r.Endpoints {
		if _, err := model.ParseTemplate(e.Variants[0].Request.Target); err != nil {
			t.Errorf("target %q: %v", e.Variants[0].Request.Target, err)
		}
	}
}

func TestTheSameInputGivesTheSameResult(t *testing.T) {
	learn := func() *Result {
		return record(5, people, func(p *tape, i int) {
			who := people[0].Rows[i%4]
			p.do("POST /login"+asForm+"u="+who[0]+"&p="+who[1], "200"+asJSON+`{"a":{"t":"`+secretOf(i)+`"},"b":[{"t":"`+secretOf(i)+`"}]}`)
			p.do("GET /x?t="+secretOf(i)+"&n="+fmt.Sprint(i), "200")
		})
	}
	if diff := cmp.Diff(learn(), learn()); diff != "" {
		t.Errorf("two runs differ\n%s", diff)
	}
}

// An upload handler answers with nothing but the number of the file, as if it were a page.
func TestANumberThatIsTheWholePageIsSentOn(t *testing.T) {
	r := record(5, nil, func(p *tape, i int) {
		id := fmt.Sprint(40213 + 7919*i*i)
		p.do("POST /upload"+asForm+"name=picture+"+secretOf(i)[:4], "200"+asHTML+id)
		p.do("POST /attach"+asForm+"file="+id, "200")
	})
	want(t, "values", values(r, "POST /attach"), "token=bound token")
	want(t, "source", from(r, r.Endpoints["POST /attach"].Variants[0].Values[0].Ref), "POST /upload text:…")
}
