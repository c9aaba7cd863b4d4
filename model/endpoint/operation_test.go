package endpoint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// post makes a POST with headers and body; every answer has the same shape.
func post(target, header, body string) *flow.Flow {
	f := &flow.Flow{Request: flow.Request{Method: "POST", Target: target, Body: flow.NewBody([]byte(body))},
		Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: flow.NewBody([]byte(`{"ok":true}`))}}
	for line := range strings.SplitSeq(header, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: name, Value: value})
	}
	return f
}

const jsonHeader = "Content-Type: application/json"

func TestOperationsOverOneAddressAreEndpoints(t *testing.T) {
	for _, c := range []struct{ name, target, header, body, want string }{
		{"a named GraphQL operation", "/graphql", jsonHeader, `{"operationName":"Place§","query":"mutation Place§($a: Int) { place(a: $a) { id } }","variables":{"a":1}}`, "POST /graphql [Place§]"},
		{"a GraphQL document with a name", "/graphql", jsonHeader, `{"query":"# a comment { }\nfragment F on T { a }\nquery Find§ { x { ...F } }"}`, "POST /graphql [Find§]"},
		{"a GraphQL document without a name", "/graphql", jsonHeader, `{"query":"{ viewer§(id: \"}\", in: {a: 1}) { name } }"}`, "POST /graphql [viewer§]"},
		{"a GraphQL operation that the server keeps", "/graphql", jsonHeader, `{"operationName":"Kept§","variables":{},"extensions":{"persistedQuery":{"version":1}}}`, "POST /graphql [Kept§]"},
		{"a batch of GraphQL operations", "/graphql", jsonHeader, `[{"operationName":"A§","query":"query A§ { a }"},{"operationName":"B§","query":"query B§ { b }"}]`, "POST /graphql [A§ B§]"},
		{"JSO§-RPC", "/rpc", jsonHeader, `{"jsonrpc":"2.0","id":1,"method":"depot.list§","params":{"method":"x"}}`, "POST /rpc [method=depot.list§]"},
		{"SOAP with an action", "/ws", "Content-Type: text/xml\nSOAPAction: \"urn:depot/Get§\"", `<a/>`, "POST /ws [SOAPAction=Get§]"},
		{"SOAP 1.2", "/ws", "Content-Type: application/soap+xml; charset=utf-8; action=\"http://x.test/Ask§\"", `<a/>`, "POST /ws [SOAPAction=Ask§]"},
		{"SOAP without an action", "/ws", "Content-Type: text/xml", `<?xml version="1.0"?><s:Envelope xmlns:s="x"><s:Header><q>1</q></s:Header><s:Body><d:Send§><id>7</id></d:Send§></s:Body></s:Envelope>`, "POST /ws [Send§]"},
		{"a header that names the target", "/", "X-Cloud-Target: Table_2012.Put§", `{"a":1}`, "POST / [X-Cloud-Target=Table_2012.Put§]"},
		{"an action in the query", "/admin/ajax.php?action=save_§&nonce=ab12cd34ef", "", "", "POST /admin/ajax.php?action=save_§"},
		{"an action in a form", "/ajax", "Content-Type: application/x-www-form-urlencoded", "action=load_§&page=3", "POST /ajax [action=load_§]"},
		{"a gRPC method", "/depot.v1.Stock/Take§", "Content-Type: application/grpc", "\x00\x00\x00\x00\x00", "POST /depot.v1.Stock/Take§"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const operations = 60
			word := func(s string, i int) string {
				return strings.ReplaceAll(s, "§", string(rune('a'+i/8))+string(rune('a'+i%8)))
			}
			var flows []*flow.Flow
			for i := range 4 * operations {
				flows = append(flows, post(word(c.target, i%operations), word(c.header, i%operations), word(c.body, i%operations)))
			}
			templates := Learn(flows, Options{})
			for i, f := range flows[:operations] {
				if got, want := templates.Name(f), word(c.want, i); got != want {
					t.Fatalf("operation %d: name %q, want %q", i, got, want)
				}
			}
		})
	}
}

// A PUT that creates names what it creates, and one that changes what is there does not.
func TestCreatingAtAnAddressIsNoChange(t *testing.T) {
	var flows []*flow.Flow
	for i := range 40 {
		for _, header := range []string{"If-None-Match: *", "If-Match: \"v1\"", "If-None-Match: \"v1\""} {
			f := post(fmt.Sprintf("/notes/%032x.txt", 77*i), header, "text")
			f.Request.Method = "PUT"
			flows = append(flows, f)
		}
	}
	templates := Learn(flows, Options{})
	for i, want := range []string{"PUT /notes/{}.txt [If-None-Match=*]", "PUT /notes/{}.txt", "PUT /notes/{}.txt"} {
		if got := templates.Name(flows[i]); got != want {
			t.Errorf("name %q, want %q", got, want)
		}
	}
}

func TestAnActionThatIsNeverTheSameIsNone(t *testing.T) {
	var flows []*flow.Flow
	for i := range 300 {
		flows = append(flows, post("/ajax", "Content-Type: application/x-www-form-urlencoded", fmt.Sprintf("action=a%c%c%cx", 'a'+i%26, 'a'+i/26, 'a'+i%7)))
	}
	templates := Learn(flows, Options{})
	for _, f := range flows {
		if got := templates.Name(f); got != "POST /ajax" {
			t.Fatalf("name %q, want one for all", got)
		}
	}
}

func TestFieldsThatAreLeftOutDoNotSplit(t *testing.T) {
	form := "Content-Type: application/x-www-form-urlencoded"
	flows := []*flow.Flow{
		post("/profile", form, "name=a&mail=b"), post("/profile", form, "name=a&mail=b&news=on"), post("/profile", form, "name=a&mail=b&dark=on"),
		post("/profile", form, "name=a&mail=b&news=on&dark=on"), post("/profile", form, "old=a&new=b"),
	}
	templates := Learn(flows, Options{})
	var got []string
	for _, f := range flows {
		got = append(got, templates.Name(f))
	}
	want := "POST /profile [mail] POST /profile [mail] POST /profile [mail] POST /profile [mail] POST /profile [new]"
	if strings.Join(got, " ") != want {
		t.Errorf("names %q, want %q", got, want)
	}
}

func TestOptionalKeysOfAQueryDoNotSplit(t *testing.T) {
	var flows []*flow.Flow
	for i := range 40 {
		target := "GET /list"
		switch i % 4 {
		case 1:
			target += "?page=2"
		case 2:
			target += "?sort=name&dir=up"
		case 3:
			target += "?q=lamp&page=1"
		}
		flows = append(flows, req(target, "<p>list</p>"))
	}
	templates := Learn(flows, Options{})
	for _, f := range flows {
		if got := templates.Name(f); got != "GET /list" {
			t.Fatalf("name %q, want GET /list", got)
		}
	}
}

func TestNamesAreShortAndDiffer(t *testing.T) {
	var flows []*flow.Flow
	for i := range 50 {
		flows = append(flows, req(fmt.Sprintf("GET /%s/word%c%c/%s", strings.Repeat("part/", 12), 'a'+i%26, 'a'+i/26, strings.Repeat("end/", 10)+"é"), fmt.Sprintf(`{"k%d":1}`, i)))
		flows[i].Response.Headers = flow.Headers{{Name: "Content-Type", Value: "application/json"}}
	}
	templates := Learn(flows, Options{})
	seen := map[string]bool{}
	for _, f := range flows {
		name := templates.Name(f)
		if len(name) > maxName {
			t.Fatalf("%q has %d bytes", name, len(name))
		}
		seen[name] = true
	}
	if len(seen) != len(flows) {
		t.Errorf("%d names for %d endpoints", len(seen), len(flows))
	}
}
