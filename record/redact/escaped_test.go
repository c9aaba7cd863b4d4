package redact

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

func TestATokenInAScriptHasThePseudonymOfItsForm(t *testing.T) {
	for _, c := range []struct{ name, token, script string }{
		{"a backslash at the end", `8f0b31c9d2e4a7f65b+\`, `go.user.set({"csrfToken":"8f0b31c9d2e4a7f65b+\\"});`},
		{"slashes as PHP writes them", `Qk3/vL9+xZ7/pT2w==`, `var page = {"csrf_token":"Qk3\/vL9+xZ7\/pT2w=="};`},
		{"a quote", `Zt8"kQ2vLx7RwP4n`, `page.csrf_token = 'x'; page = {'csrf_token': "Zt8\"kQ2vLx7RwP4n"};`},
		{"after other literals", `Qk3/vL9+xZ7/pT2w==`, `say("line\none"); page = {"csrf_token":"Qk3/vL9+xZ7/pT2w=="};`},
		{"a number of the alphabet", `Lm4&rT8<xW2kZ6`, `page = {"csrf_token":"Lm4\u0026rT8\u003cxW2kZ6"};`},
	} {
		r := newRedactor(t, testKey, "")
		page := answer(get("/edit"), "text/html", "<html><script>"+c.script+"</script></html>")
		form := post(get("/save"), "application/x-www-form-urlencoded", "csrf_token="+url.QueryEscape(c.token))
		r.Flow(page)
		r.Flow(form)
		sent, err := url.ParseQuery(string(form.Request.Body.Data))
		if err != nil {
			t.Fatal(err)
		}
		body := string(page.Response.Body.Data)
		if strings.Contains(body, c.token[:6]) || sent.Get("csrf_token") == c.token {
			t.Errorf("%s: the page says %s, the form sends %s", c.name, body, sent.Get("csrf_token"))
			continue
		}
		start := strings.LastIndex(body, `:"`)
		if start < 0 {
			start = strings.LastIndex(body, `: "`) + 1
		}
		var shown string
		literal, _, _ := strings.Cut(body[start+1:], "}")
		if err := json.Unmarshal([]byte(literal), &shown); err != nil {
			t.Fatalf("%s: %s: %v", c.name, literal, err)
		}
		if shown != sent.Get("csrf_token") {
			t.Errorf("%s: the page says %q, the form sends %q", c.name, shown, sent.Get("csrf_token"))
		}
	}
}
