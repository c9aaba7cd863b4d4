package filter

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// filtered is the flow that the table of filters looks at.
func filtered() *flow.Flow {
	return &flow.Flow{
		Number: 12, Conn: 7, Scheme: "https", Protocol: "HTTP/1.1",
		Start: time.Date(2026, 5, 4, 10, 0, 30, 0, time.UTC), Done: 250 * time.Millisecond, Error: "response cut",
		Request: flow.Request{Method: "POST", Target: "/cart/items/9?ref=a=b", Authority: "Shop.test:8443", Headers: flow.Headers{
			{Name: "Host", Value: "shop.test:8443"}, {Name: "Cookie", Value: "theme=dark; sid=0123456789abcdef"}, {Name: "Accept", Value: "text/html"}, {Name: "Accept", Value: "image/png"},
		}, Body: flow.Body{Data: []byte("x"), Size: 2000}},
		Response: &flow.Response{Status: 503, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html; charset=utf-8"}}, Body: flow.Body{Size: 48}},
		Messages: []flow.Message{{Kind: flow.MessageText, Size: 10}},
	}
}

func TestFilterMatches(t *testing.T) {
	session := fmt.Sprintf("%016x", filtered().Identity().Hash)
	tests := []struct {
		expr string
		want bool
	}{
		{"method = POST", true}, {"method == POST", true}, {"method = post", false}, {"method != GET", true}, {"method=POST", true},
		{"method ~ ^P", true}, {"method !~ ^P", false}, {"scheme = https", true},
		{"host = shop.test", true}, {"host = SHOP.TEST", true}, {"host = *.test", true}, {"host = test", false}, {"authority = Shop.test:8443", true},
		{"path = /cart/items/9", true}, {"path = /cart/*", true}, {"path = /cart/*/9", true}, {"path = *items*", true}, {"path = /cart", false}, {"path = /*/x", false},
		{"path ~ '^/cart/items/\\d+$'", true}, {`path ~ "items/(8|9)"`, true}, {"query = ref=a=b", true}, {"target ~ ref=", true}, {"url = https://Shop.test:8443/*", true},
		{"status = 503", true}, {"status = 5xx", true}, {"status = 5XX", true}, {"status < 5xx", false}, {"status >= 4xx", true}, {"status != 5xx", false}, {"status >= 500", true}, {"status = 0", false},
		{"protocol = HTTP/1.*", true}, {"error", true}, {"not error", false}, {"complete", false}, {`error = "response cut"`, true}, {"error ~ 'cut|reset'", true},
		{"time >= 2026-05-04T10:00:30Z", true}, {"time > 2026-05-04T10:00:30Z", false}, {"time < 2026-05-04T12:00:31+02:00", true}, {"time <= '2026-05-04 10:00'", false}, {"time > 2026-05-04", true},
		{"duration > 200ms", true}, {"duration >= 0.25s", true}, {"duration < 250ms", false}, {"duration = 250ms", true},
		{"size = 2058", true}, {"size > 2KiB", true}, {"size > 2.1kb", false}, {"request.size >= 2KB", true}, {"response.size < 1k", true}, {"messages = 1", true},
		{"number = 12", true}, {"conn = 7", true}, {"conn != 7", false}, {"session = 7", true}, {"session = 8", false}, {"session = " + session, true}, {"session != " + session, false}, {"session = 0123456789abcdef", false},
		{"header.accept = text/html", true}, {"header.accept = image/*", true}, {"header.accept != image/png", false}, {"header.accept != a", true}, {"header.Content-Type ~ html", true}, {"request.header.content-type", false}, {"response.header.content-type", true}, {"header.x-none = ''", false}, {"not header.x-none", true}, {"header.x-none != a", true},
		{"cookie.theme = dark", true}, {"cookie.Theme", false}, {"cookie.sid ~ ^0123", true}, {"cookie.theme = 'dark; sid'", false},
		{"method = GET or status = 503", true}, {"method = GET and status = 503 or complete", false}, {"method = POST and (complete or error)", true}, {"not (method = GET or error)", false}, {"not method = GET and not complete", true}, {"not not error", true},
		{"(method = POST)and(error)", true}, {`header.accept = "text/html"`, true}, {`path ~ "\"|items"`, true}, {"path ~ 'it\\'s|items'", true},
	}
	for _, test := range tests {
		f, err := Parse(test.expr)
		if err != nil {
			t.Errorf("%s: %v", test.expr, err)
			continue
		}
		if got := f.Match(filtered()); got != test.want {
			t.Errorf("%s: %v, want %v", test.expr, got, test.want)
		}
		if f.String() != test.expr {
			t.Errorf("%s: prints as %s", test.expr, f)
		}
		f.Match(&flow.Flow{})
	}
}

func TestWrongFiltersSayWhere(t *testing.T) {
	tests := []struct{ name, expr, want string }{
		{"nothing", "", "filter, column 1: a field is missing here, such as status or path"},
		{"spaces alone", "  ", "filter, column 3: a field is missing here, such as status or path"},
		{"misspelt field", "stauts = 500", `filter, column 1: "stauts" is no field; did you mean status?`},
		{"unknown field", "method = GET and color = red", `filter, column 18: "color" is no field; there are method,`},
		{"header without name", "header. = 1", `filter, column 1: "header." is no field`},
		{"no operator", "status", `filter, column 7: an operator is missing after "status": one of = != < <= > >=`},
		{"no value", "status =", "filter, column 9: a value is missing at the end"},
		{"closed too early", "(status =)", "filter, column 10: a value is missing here"},
		{"operator that does not fit", "status ~ 5", `filter, column 8: status cannot be compared with "~"; use one of = != < <= > >=`},
		{"order of texts", "host < a", `filter, column 6: host cannot be compared with "<"; use one of = != ~ !~`},
		{"equal times", "time = 2026-01-01", `filter, column 6: time cannot be compared with "="; use one of < <= > >=`},
		{"wrong status", "status = teapot", `filter, column 10: status: "teapot" is no status; write a number such as 404`},
		{"wrong time", "time > noon", `filter, column 8: time: "noon" is no time; write it as 2026-05-04T10:00:00Z`},
		{"wrong duration", "duration > 5", `filter, column 12: duration: "5" is no duration; write a number with its unit`},
		{"wrong size", "size > huge", `filter, column 8: size: "huge" is no size`},
		{"negative size", "size > -1", `filter, column 8: size: "-1" is no size`},
		{"wrong regex", "path ~ [", "filter, column 8: path: error parsing regexp"},
		{"wrong session", "session = alice", `filter, column 11: session: "alice" is neither the number of a connection`},
		{"open quotes", `path = "a`, "filter, column 8: the quotes that begin here do not end"},
		{"open parenthesis", "(error or complete", `filter, column 1: "(" is never closed`},
		{"closed twice", "error)", `filter, column 6: ")" without "("`},
		{"two without word", "error complete", `filter, column 7: "and" or "or" expected before "complete"`},
		{"symbols", "error && complete", `filter, column 7: "and" or "or" expected before "&&"`},
		{"word at the end", "error and", "filter, column 10: a field is missing here"},
		{"word twice", "error and and error", `filter, column 11: a field is missing before "and"`},
		{"value of complete", "complete = true", "filter, column 12: complete: stands alone, as in: complete, or: not complete"},
		{"characters, not bytes", "path = é and x", `filter, column 14: "x" is no field`},
		{"deep", strings.Repeat("(", 300), "filter, column 201: more than 200 parts inside one another"},
		{"long", strings.Repeat("x", maxLength+1), "filter, column 1: the expression is longer than 65536 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.expr)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || !errors.As(err, new(*SyntaxError)) {
				t.Errorf("%.80s\n got: %v\nwant: %s", test.expr, err, test.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, expr := range []string{"method = POST and path = /cart/*", "not (status >= 5xx or error) and time > 2026-01-01", `cookie.a ~ "b|c" or header.x`, "size>1KiB", "session = 0123456789abcdef", "number < 3 or number >= 7"} {
		f.Add(expr)
	}
	flows := []*flow.Flow{filtered(), {}, flowtest.ShopFlow(1)}
	f.Fuzz(func(t *testing.T, expr string) {
		filter, err := Parse(expr)
		var wrong *SyntaxError
		if err != nil && (!errors.As(err, &wrong) || wrong.Column < 1 || wrong.Column > len(expr)+1) {
			t.Fatalf("%q: %v", expr, err)
		}
		if err != nil {
			return
		}
		for _, fl := range flows {
			from, ok := filter.From()
			if filter.Match(fl) && (!filter.May(alone{fl}) || ok && from > fl.Start.UnixNano()) {
				t.Fatalf("%q matches a flow whose block it passes over", expr)
			}
		}
	})
}

// alone is the outline of a group of one flow.
type alone struct{ f *flow.Flow }

func (a alone) Numbers() (uint64, uint32) { return a.f.Number, 1 }
func (a alone) Starts() (int64, int64)    { return a.f.Start.UnixNano(), a.f.Start.UnixNano() }
func (a alone) MaySession(hash uint64) bool {
	return hash == flow.ConnHash(a.f.Conn) || hash == a.f.Identity().Hash
}
func (a alone) MayEndpoint(hash uint64) bool { return hash == a.f.Request.EndpointHash() }
