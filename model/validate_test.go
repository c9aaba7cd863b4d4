package model_test

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/model/problem"
)

// sample is a small model that uses everything.
func sample(t *testing.T) *model.Model {
	t.Helper()
	m, err := folder.Read(filepath.Join("folder", "testdata", "v2", "shop.model"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	if err := sample(t).Validate(); err != nil {
		t.Fatalf("the sample is not valid: %v", err)
	}
	for _, tt := range []struct {
		name   string
		change func(m *model.Model)
		want   []string
	}{
		{"no behaviors", func(m *model.Model) { m.Behaviors = nil }, []string{"behaviors: there is none", "sessions: 1: there is no behavior", "acts: 1: there is no step"}},
		{"weights", func(m *model.Model) { m.Behaviors[0].Weight = 0.6 }, []string{"mix: the weights sum to 0.9, not to 1"}},
		{"a negative weight", func(m *model.Model) { m.Behaviors[0].Weight, m.Behaviors[1].Weight = -1, 1.9 }, []string{"mix: browser: weight -1 is negative"}},
		{"a weight that is no number", func(m *model.Model) { m.Behaviors[0].Weight = math.NaN() }, []string{"mix: browser: weight NaN is not a number"}},
		{"thirds by hand are fine", func(m *model.Model) {
			m.Behaviors[0].Weight, m.Behaviors[1].Weight, m.Behaviors[2].Weight = 0.333, 0.333, 0.333
		}, nil},
		{"negative odds", func(m *model.Model) { e := m.Behaviors[0].Steps[0].Next; e[0].Odds, e[1].Odds = -0.5, 1.5 },
			[]string{"behaviors: browser: steps: GET /: next: GET /products/{id}: odds -0.5 is negative", "behaviors: browser: steps: GET /products/{id}: nothing leads to this step"}},
		{"two behaviors of one name", func(m *model.Model) { m.Behaviors[1].Name = "browser" }, []string{"behaviors: browser: is there twice"}},
		{"two endpoints of one name", func(m *model.Model) { m.Endpoints = append(m.Endpoints, m.Endpoints[0]) }, []string{"endpoints: GET /: is there twice"}},
		{"a name with a line break", func(m *model.Model) { m.Bindings[0].Name, m.Endpoints[4].Variants[0].Values[0].Ref = "a\nb", "a\nb" },
			[]string{`bindings: "a\nb" cannot be a name: it contains a control character`, "endpoints: POST /notes: variants: state: values: id: there is no binding", "endpoints: POST /notes: variants: reply: values: csrf: there is no binding", "endpoints: POST /notes: variants: reply: values: to: there is no binding"}},
		{"a step called end", func(m *model.Model) {
			m.Behaviors[0].Steps[1].ID, m.Behaviors[0].Steps[0].Next[0].To, m.Behaviors[0].Steps[1].Next[0].To = model.End, "GET /", "GET /"
		},
			[]string{"behaviors: browser: steps: end: this name means the end of a session"}},
		{"a session that ends before it begins", func(m *model.Model) {
			m.Behaviors[0].Start = []model.Edge{{To: model.End, Odds: 0.5}, {To: "GET /", Odds: 0.5}}
		}, []string{"behaviors: browser: start: end: a session cannot end"}},
		{"a pause before the first step", func(m *model.Model) { m.Behaviors[0].Start[0].Think.Fixed = 1 }, []string{"behaviors: browser: start: GET /: the first step has no think time"}},
		{"an edge to nowhere", func(m *model.Model) { m.Behaviors[0].Steps[0].Next[0].To = "GET /cart" },
			[]string{`behaviors: browser: steps: GET /: next: GET /cart: this behavior has no step "GET /cart"`, "behaviors: browser: steps: GET /products/{id}: nothing leads to this step"}},
		{"no next step", func(m *model.Model) { m.Behaviors[0].Steps[1].Next = nil }, []string{`behaviors: browser: steps: GET /products/{id}: next: nothing follows this step: write "next: end"`}},
		{"two edges to one step", func(m *model.Model) { m.Behaviors[0].Steps[0].Next[1].To = "GET /products/{id}" }, []string{"behaviors: browser: steps: GET /: next: GET /products/{id}: is there twice"}},
		{"an unreachable step", func(m *model.Model) {
			m.Behaviors[0].Steps = append(m.Behaviors[0].Steps, model.Step{ID: "POST /login", Page: &model.Page{Endpoint: "POST /login"}, Next: []model.Edge{{To: "GET /", Odds: 1}}})
		},
			[]string{"behaviors: browser: steps: POST /login: nothing leads to this step"}},
		{"a negative pause", func(m *model.Model) { m.Behaviors[0].Steps[1].Next[1].Think.Fixed = -time.Second }, []string{"behaviors: browser: steps: GET /products/{id}: next: end: think: -1s is negative"}},
		{"quantiles out of order", func(m *model.Model) { m.Behaviors[0].Steps[1].Next[0].Think.Quantiles = []time.Duration{2, 1} }, []string{"behaviors: browser: steps: GET /products/{id}: next: GET /products/{id}: think: the quantiles must be in ascending order"}},
		{"a fixed pause and quantiles", func(m *model.Model) { m.Behaviors[0].Steps[1].Next[0].Think.Fixed = 1 }, []string{"behaviors: browser: steps: GET /products/{id}: next: GET /products/{id}: think: is fixed and has quantiles"}},
		{"session starts out of order", func(m *model.Model) { m.Sessions, m.Recorded.Starts = nil, []time.Duration{2, 1} }, []string{"recorded: starts: must be in ascending order"}},
		{"starts beside sessions", func(m *model.Model) { m.Recorded.Starts = []time.Duration{1} }, []string{"recorded: starts: the recorded sessions have their starts"}},
		{"sessions out of order", func(m *model.Model) { m.Sessions[0].Start = time.Hour }, []string{"sessions: 2: starts before the session above"}},
		{"a session of an unknown browser", func(m *model.Model) { m.Sessions[0].Browser = "phnoe" }, []string{`sessions: 1: there is no browser "phnoe"; did you mean "phone"?`}},
		{"a session without acts", func(m *model.Model) { m.Sessions[1].Acts = nil }, []string{"sessions: 2: has no acts"}},
		{"an act of an unknown endpoint", func(m *model.Model) { m.Sessions[0].Acts[1].Endpoint = "GET /ap.css" }, []string{`acts: 2: there is no endpoint "GET /ap.css"; did you mean "GET /app.css"?`}},
		{"an act of an unknown variant", func(m *model.Model) { m.Sessions[0].Acts[4].Variant = "txt" }, []string{`acts: 5: POST /notes: there is no variant "txt"; did you mean "text"?`}},
		{"an act that waits for itself", func(m *model.Model) { m.Sessions[0].Acts[1].After = []int{1} }, []string{"acts: 2: act 2 cannot wait for act 2"}},
		{"acts to wait for out of order", func(m *model.Model) { m.Sessions[0].Acts[4].After = []int{2, 1} }, []string{"acts: 5: the acts to wait for must be in ascending order"}},
		{"a row that is not there", func(m *model.Model) { m.Sessions[0].Acts[2].Row = 3 }, []string{"acts: 3: there is no row 3: GET /products/{id} has 2"}},
		{"an act with a negative delay", func(m *model.Model) { m.Sessions[1].Acts[1].Delay = -1 }, []string{"acts: 9: the delay -1ns is not from 0"}},
		{"a status that is none", func(m *model.Model) { m.Sessions[0].Acts[0].Status = 20 }, []string{"acts: 1: 20 is not a status"}},
		{"an origin with a path", func(m *model.Model) { m.Origins[1].URL = "https://cdn.test/x" }, []string{`origins: cdn: "https://cdn.test/x" is not scheme://host[:port]`}},
		{"an endpoint of an unknown origin", func(m *model.Model) { m.Endpoints[5].Origin = "cnd" }, []string{`endpoints: GET /app.css: origin: there is no origin "cnd"; did you mean "cdn"?`}},
		{"weights of browsers", func(m *model.Model) { m.Browsers[0].Weight = 0.5 }, []string{"browsers: the weights sum to 0.75, not to 1"}},
		{"a browser that sends a cookie", func(m *model.Model) { m.Browsers[0].Headers[0].Name = "Cookie" }, []string{"browsers: desktop: headers: Cookie: is made by the replayer"}},
		{"an endpoint without a request", func(m *model.Model) { m.Endpoints[5].Variants = nil }, []string{"endpoints: GET /app.css: has no request", "acts: 2: GET /app.css: there is no variant"}},
		{"variants of one name", func(m *model.Model) { m.Endpoints[6].Variants[0].Name = "text and sum" }, []string{"endpoints: POST /notes: variants: text and sum: is there twice"}},
		{"a protocol", func(m *model.Model) { m.Endpoints[6].Variants[0].Request.Protocol = "h2" }, []string{`endpoints: POST /notes: variants: text: request: protocol: "h2" is not a protocol: HTTP/1.1 or HTTP/2`}},
		{"a hole in a trailer", func(m *model.Model) { m.Endpoints[6].Variants[1].Request.Trailers[0].Value = "${smu}" },
			[]string{`endpoints: POST /notes: variants: text and sum: request: trailers: Sum: nothing fills ${smu}`, "endpoints: POST /notes: variants: text and sum: values: sum: no ${sum}"}},
		{"a step that does nothing", func(m *model.Model) { m.Behaviors[2].Steps[3].Pause = nil }, []string{"behaviors: reader: steps: read: must be one of request, group, open, close and pause, not 0"}},
		{"a step of two kinds", func(m *model.Model) { m.Behaviors[2].Steps[3].Close = "news" }, []string{"behaviors: reader: steps: read: must be one of request, group, open, close and pause, not 2"}},
		{"a group of an unknown endpoint", func(m *model.Model) { m.Behaviors[2].Steps[5].Group[1].Endpoint = "GET /x" }, []string{"behaviors: reader: steps: both: group: 2: request: there is no endpoint"}},
		{"a load of an unknown endpoint", func(m *model.Model) { m.Behaviors[2].Steps[0].Page.Loads[0].Endpoint = "GET /ap.css" }, []string{"behaviors: reader: steps: home: loads: GET /ap.css: there is no endpoint"}},
		{"a share beyond 1", func(m *model.Model) { m.Behaviors[2].Steps[0].Page.Loads[1].Share = 2 }, []string{"behaviors: reader: steps: home: loads: GET /app.css: share: 2 is not a share"}},
		{"a strand that nobody opens", func(m *model.Model) { m.Behaviors[2].Steps[6].Close = "price" }, []string{`behaviors: reader: steps: quiet: close: no step of this behavior opens a strand "price"; did you mean "prices"?`}},
		{"a negative interval", func(m *model.Model) { m.Behaviors[2].Steps[2].Open.Every.Fixed = -1 }, []string{"behaviors: reader: steps: stock: every: -1ns is negative"}},
		{"a hole that nothing fills", func(m *model.Model) {
			m.Endpoints[0].Variants[0].Request.Target = "/${lagn}"
			m.Endpoints[0].Variants[0].Values = []model.Value{{Name: "lang", Kind: model.Fresh, Ref: "x"}}
		},
			[]string{"endpoints: GET /: request: target: nothing fills ${lagn}: add it to values, or write $${lagn} for the text itself; did you mean \"lang\"?", "endpoints: GET /: values: lang: no ${lang} in the request uses this value"}},
		{"a hole in a header", func(m *model.Model) { m.Endpoints[0].Variants[0].Request.Headers[0].Value = "${x}" }, []string{"endpoints: GET /: request: headers: Accept: nothing fills ${x}"}},
		{"a single dollar", func(m *model.Model) { m.Endpoints[0].Variants[0].Request.Body = "cost: $5" }, []string{`endpoints: GET /: request: body: character 7: a single "$"`}},
		{"a value with a reserved name", func(m *model.Model) {
			m.Endpoints[1].Variants[0].Values = append(m.Endpoints[1].Variants[0].Values, model.Value{Name: "origin", Kind: model.Fresh})
		}, []string{"endpoints: GET /products/{id}: values: origin: the replayer fills ${origin}"}},
		{"an unknown binding", func(m *model.Model) { m.Endpoints[4].Variants[0].Values[0].Ref = "csfr" }, []string{`endpoints: POST /checkout: values: csrf: there is no binding "csfr"; did you mean "csrf"?`}},
		{"an unknown data file", func(m *model.Model) { m.Endpoints[2].Variants[0].Values[0].Ref = "acounts.user" }, []string{`endpoints: POST /login: values: user: there is no data file "acounts"; did you mean "accounts"?`}},
		{"an unknown codec", func(m *model.Model) { m.Endpoints[4].Variants[0].Values[0].Codec = "json|rot13" }, []string{`endpoints: POST /checkout: values: csrf: codec: codec "rot13" is not known`}},
		{"a codec that cannot write", func(m *model.Model) { m.Endpoints[4].Variants[0].Values[0].Codec = "jwt" }, []string{`endpoints: POST /checkout: values: csrf: codec: codec jwt: can be read, not written`}},
		{"a template of a later value", func(m *model.Model) {
			v := m.Endpoints[6].Variants[2].Values
			v[1], v[2] = v[2], v[1]
		}, []string{"endpoints: POST /notes: variants: state: values: state: nothing fills ${id}"}},
		{"a template with an own content", func(m *model.Model) { m.Endpoints[6].Variants[2].Values[2].Own = true }, []string{"endpoints: POST /notes: variants: state: values: state: a template has no content of its own", "endpoints: POST /notes: variants: state: rows: row 1 has 1 columns, there are 2 recorded values"}},
		{"an unknown column", func(m *model.Model) { m.Endpoints[2].Variants[0].Values[0].Ref = "accounts.usr" }, []string{`endpoints: POST /login: values: user: data/accounts.csv has no column "usr"; did you mean "user"?`}},
		{"an unknown kind", func(m *model.Model) { m.Endpoints[2].Variants[0].Values[1].Kind = "x" }, []string{`endpoints: POST /login: values: nonce: "x" is not a kind of value`}},
		{"a form of the time", func(m *model.Model) { m.Endpoints[3].Variants[0].Values[0].Ref = "minutes" }, []string{`endpoints: GET /cart: values: t: "minutes" is no way to write a time`}},
		{"a formula of nothing", func(m *model.Model) { m.Endpoints[3].Variants[0].Values[1].Ref = "hex(kee)" }, []string{
			`endpoints: GET /cart: values: "signature": there is no value "kee"`, "endpoints: GET /cart: values: key: no ${key} in the request uses this value"}},
		{"a formula that cannot be read", func(m *model.Model) { m.Endpoints[3].Variants[0].Values[1].Ref = "hix(key)" }, []string{
			`endpoints: GET /cart: values: "signature": there is no function "hix"`, "endpoints: GET /cart: values: key: no ${key} in the request uses this value"}},
		{"a formula that needs itself", func(m *model.Model) {
			m.Endpoints[3].Variants[0].Request.Body, m.Endpoints[3].Variants[0].Values[1].Ref = "s=${signature}", "hex(sha1(key + request.body))"
		}, []string{`endpoints: GET /cart: values: "signature" depends on itself`}},
		{"a form of nothing", func(m *model.Model) { m.Endpoints[2].Variants[0].Values[1].Ref = "a-{hax 3}" }, []string{"endpoints: POST /login: values: nonce: nothing is made by {hax 3}"}},
		{"rows that are too short", func(m *model.Model) { m.Endpoints[1].Variants[0].Rows[1] = []string{"1"} }, []string{"endpoints: GET /products/{id}: rows: row 2 has 1 columns, there are 2 recorded values"}},
		{"no rows", func(m *model.Model) { m.Endpoints[1].Variants[0].Rows = nil }, []string{"endpoints: GET /products/{id}: rows: there is none", "acts: 3: there is no row 2"}},
		{"changes of a value that is not there", func(m *model.Model) { m.Endpoints[0].Variants[0].Request.Changes = "form" }, []string{`endpoints: GET /: request: changes: there is no value "form"`}},
		{"changes of a token", func(m *model.Model) { m.Endpoints[4].Variants[0].Request.Changes = "csrf" }, []string{`endpoints: POST /checkout: request: changes: "csrf" is no form and no document`}},
		{"a target that is a URL", func(m *model.Model) { m.Endpoints[0].Variants[0].Request.Target = "http://x/" }, []string{`endpoints: GET /: request: target: "http://x/" must begin with "/"`}},
		{"a target that smuggles a header", func(m *model.Model) { m.Endpoints[0].Variants[0].Request.Target = "/ HTTP/1.1\r\nX: y" }, []string{"endpoints: GET /: request: target: contains a space"}},
		{"a header that smuggles another", func(m *model.Model) { m.Endpoints[0].Variants[0].Request.Headers[0].Value = "a\r\nX: y" }, []string{"endpoints: GET /: request: headers: Accept: the value contains a line break"}},
		{"a header of the replayer", func(m *model.Model) { m.Endpoints[0].Variants[0].Request.Headers[0].Name = "host" }, []string{"endpoints: GET /: request: headers: host: is made by the replayer"}},
		{"a cookie of a script", func(m *model.Model) { m.Endpoints[0].Variants[0].Request.Headers[0].Name = "cookie" }, nil},
		{"a cookie of a browser", func(m *model.Model) { m.Browsers[0].Headers[0].Name = "Cookie" }, []string{"browsers: desktop: headers: Cookie: is made by the replayer"}},
		{"a cookie of two lines", func(m *model.Model) {
			m.Endpoints[0].Variants[0].Request.Headers[0] = model.Header{Name: "Cookie", Value: "a\nb"}
		}, []string{"endpoints: GET /: request: headers: Cookie: is made by the replayer"}},
		{"a method with a space", func(m *model.Model) { m.Endpoints[0].Variants[0].Request.Method = "GET /" }, []string{`endpoints: GET /: request: method: "GET /" is not a method`}},
		{"an unknown need", func(m *model.Model) { m.Endpoints[3].Needs[0].Endpoint = "POST /logon" }, []string{`endpoints: GET /cart: needs: there is no endpoint "POST /logon"; did you mean "POST /login"?`}},
		{"an empty need", func(m *model.Model) { m.Endpoints[3].Needs[0] = model.Need{} }, []string{"endpoints: GET /cart: needs: is empty"}},
		{"a need of itself", func(m *model.Model) { m.Endpoints[3].Needs[0] = model.Need{Endpoint: "GET /", Since: "GET /"} }, []string{"endpoints: GET /cart: needs: nobody can have visited"}},
		{"a status that is none", func(m *model.Model) { m.Endpoints[0].Check.Status = []int{600} }, []string{"endpoints: GET /: check: status: 600 is neither a status class"}},
		{"a selector that is none", func(m *model.Model) { m.Bindings[0].Sources[0].Selector = "frm:csrf" }, []string{"bindings: csrf: from: GET /cart: "}},
		{"a source that is no endpoint", func(m *model.Model) { m.Bindings[0].Sources[0].Endpoint = "GET /crt" }, []string{`bindings: csrf: from: there is no endpoint "GET /crt"`, "acts: 5: source 1 of binding", "acts: 5"}},
		{"a take from a later act", func(m *model.Model) { m.Sessions[0].Acts[4].Takes[0].Act = 4 }, []string{"acts: 5: act 5 cannot take a value from act 5"}},
		{"a take from another endpoint", func(m *model.Model) { m.Sessions[0].Acts[4].Takes[0].Act = 0 }, []string{`acts: 5: source 1 of binding "csrf" is not at GET /`}},
		{"a take of an own content that is not recorded", func(m *model.Model) { m.Sessions[0].Acts[4].Takes[0].Act = model.Own }, []string{`acts: 5: value "csrf" has no recorded content`}},
		{"an own content without a row", func(m *model.Model) { m.Sessions[0].Acts[4].Row = 0 }, []string{`acts: 5: value "user" is the one in the row`}},
		{"takes for some values", func(m *model.Model) { m.Sessions[0].Acts[4].Takes = m.Sessions[0].Acts[4].Takes[:2] }, []string{"acts: 5: takes 2 values, its request has 3"}},
		{"a row that is own", func(m *model.Model) { m.Endpoints[6].Variants[0].Values[0].Own = true }, []string{"endpoints: POST /notes: variants: text: values: text: a value of kind row is always recorded"}},
		{"a binding without source", func(m *model.Model) { m.Bindings[0].Sources = nil }, []string{"bindings: csrf: from: is empty", "acts: 5: binding", "acts: 5"}},
		{"a pick", func(m *model.Model) { m.Bindings[0].Pick = "best" }, []string{`bindings: csrf: pick: "best" is not first, last or any`}},
		{"evidence beyond 1", func(m *model.Model) { m.Bindings[0].Match = 1.5 }, []string{"bindings: csrf: evidence: match: 1.5 is not a share"}},
		{"a data file out of the folder", func(m *model.Model) { m.Data = append(m.Data, model.Source{Name: "../x", Columns: []string{"a"}}) }, []string{"data: ../x: the name of a data file consists of"}},
		{"an unresolved value that says nothing", func(m *model.Model) { m.Unresolved[1] = model.Unresolved{Requests: -1} },
			[]string{"unresolved: item 2 has no endpoint", "unresolved: item 2 has no place", "unresolved: item 2 has no reason", "unresolved: item 2: requests is negative"}},
		{"a data row that is too long", func(m *model.Model) { m.Data[0].Rows[0] = []string{"1", "2", "3"} }, []string{"data: accounts: row 1 has 3 columns, not 2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := sample(t)
			tt.change(m)
			var got []string
			for _, p := range problem.All(m.Validate()) {
				got = append(got, p.Error())
			}
			if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("Validate says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			if _, err := model.NewGraph(m); (err == nil) != (tt.want == nil) {
				t.Errorf("NewGraph: %v", err)
			}
		})
	}
}

func TestProblemsAreBounded(t *testing.T) {
	m := sample(t)
	for range 10_000 {
		m.Endpoints = append(m.Endpoints, model.Endpoint{})
	}
	err := m.Validate()
	if n := strings.Count(err.Error(), "\n"); n != problem.Most || !strings.Contains(err.Error(), "more problems") {
		t.Errorf("%d lines", n)
	}
}

func TestRoundDoesNotChangeTheCallersModel(t *testing.T) {
	m := sample(t)
	m.Behaviors[1].Steps[3].Next = []model.Edge{{To: "GET /cart", Odds: 1. / 3}, {To: model.End, Odds: 2. / 3}}
	m.Rounded()
	if got := m.Behaviors[1].Steps[3].Next[0].Odds; got != 1./3 {
		t.Errorf("Rounded rounds the odds of the caller's model to %v", got)
	}
}
