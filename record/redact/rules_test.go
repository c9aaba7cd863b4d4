package redact

import (
	"errors"
	"strings"
	"testing"
)

func TestRulesAddAndTakeAway(t *testing.T) {
	const rules = `
# the shop
header X-Tenant-*
keep header x-csrf-token
keep cookie theme
field customer_no
keep field sid
json $.user.*.street
json $.phones[]
keep json $.public.token
pattern token \bINV-([0-9]{6})\b
keep value test-.*
host *.pay.test
field iban
`
	for _, c := range []struct {
		name, host, header, body string
		gone, stays              []string
	}{
		{"header by glob", "a.test", "X-Tenant-Name: acme-corp", "", []string{"acme-corp"}, nil},
		{"header kept", "a.test", "X-CSRF-Token: Zx81kQpL0vR7wT2n", "", nil, []string{"Zx81kQpL0vR7wT2n"}},
		{"cookie kept", "a.test", "Cookie: theme=lightly; other=darkly", "", []string{"darkly"}, []string{"lightly"}},
		{"field added", "a.test", "", `{"customer_no":"C-1234567"}`, []string{"1234567"}, nil},
		{"field kept", "a.test", "", `{"sid":"Zx81kQpL0vR7wT2n"}`, nil, []string{"Zx81kQpL0vR7wT2n"}},
		{"path with star", "a.test", "", `{"user":{"home":{"street":"Elm Row","town":"Ely"}}}`, []string{"Elm"}, []string{"Ely"}},
		{"path into array", "a.test", "", `{"phones":["0123456","0654321"],"fax":"0777777"}`, []string{"0123456", "0654321"}, []string{"0777777"}},
		{"path kept", "a.test", "", `{"public":{"token":"Zx81kQpL0vR7wT2n"},"token":"Qy92kQpL0vR7wT2n"}`, []string{"Qy92"}, []string{"Zx81kQpL0vR7wT2n"}},
		{"group of a pattern", "a.test", "", `{"note":"see INV-482913 now"}`, []string{"482913"}, []string{"see INV-", " now"}},
		{"value kept", "a.test", "", `{"password":"test-user-1"}`, nil, []string{"test-user-1"}},
		{"host", "x.pay.test:443", "", `{"iban":"DE00123"}`, []string{"DE00123"}, nil},
		{"other host", "a.test", "", `{"iban":"DE00123"}`, nil, []string{"DE00123"}},
	} {
		f := get("/")
		if c.header != "" {
			f = get("/", c.header)
		}
		f.Request.Authority = c.host
		if c.body != "" {
			answer(f, "application/json", c.body)
		}
		newRedactor(t, testKey, rules).Flow(f)
		got := text(t, f)
		for _, s := range c.gone {
			if strings.Contains(got, s) {
				t.Errorf("%s: %q is still there:\n%s", c.name, s, got)
			}
		}
		for _, s := range c.stays {
			if !strings.Contains(got, s) {
				t.Errorf("%s: %q is gone:\n%s", c.name, s, got)
			}
		}
	}
}

func TestWrongRulesAreNamedWithTheirLine(t *testing.T) {
	for _, c := range []struct {
		rules string
		line  int
	}{
		{"# fine\nfoo bar", 2},
		{"header", 1},
		{"header a b", 1},
		{"field [", 1},
		{"cookie sid", 1},
		{"\n\njson user.name", 3},
		{"json $..a", 1},
		{"pattern colour x", 1},
		{"pattern token (", 1},
		{"pattern token x*", 1},
		{"keep pattern token x", 1},
		{"value x", 1},
		{"keep value", 1},
		{"host [", 1},
		{"host", 1},
	} {
		_, err := ReadRules(strings.NewReader(c.rules))
		var wrong *RuleError
		if !errors.As(err, &wrong) || wrong.Line != c.line {
			t.Errorf("%q: error %v, want one of line %d", c.rules, err, c.line)
		}
	}
}

func TestTheNameTellsTheRules(t *testing.T) {
	plain, a, b := newRedactor(t, testKey, "").Name(), newRedactor(t, testKey, "field x").Name(), newRedactor(t, testKey, "field y").Name()
	if plain != "default" || a == b || !strings.HasPrefix(a, "default+") || len(a) != len("default+")+8 {
		t.Errorf("names %q, %q, %q", plain, a, b)
	}
	if same := newRedactor(t, testKey, "# c\n\n field x ").Name(); same != a {
		t.Errorf("name %q, want %q: comments and spaces change nothing", same, a)
	}
}
