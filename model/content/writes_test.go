package content

import (
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestWritesTellsWhatChangesSomething(t *testing.T) {
	request := func(method, target, media, body string, more ...flow.Header) *flow.Request {
		r := &flow.Request{Method: method, Target: target, Body: flow.Body{Data: []byte(body), Size: int64(len(body))}, Headers: more}
		if media != "" {
			r.Headers = append(r.Headers, flow.Header{Name: "Content-Type", Value: media})
		}
		return r
	}
	graph := func(body string) *flow.Request {
		return request("POST", "/api/graph", "application/json; charset=utf-8", body)
	}
	call := func(method string) *flow.Request {
		return request("POST", "/depot.v1.Stock/"+method, "application/grpc+proto", "")
	}
	rpc := func(body string) *flow.Request { return request("POST", "/rpc", "application/json", body) }
	tests := []struct {
		name string
		r    *flow.Request
		want bool
	}{
		{"a page", request("GET", "/", "", ""), false},
		{"a preflight", request("OPTIONS", "/", "", ""), false},
		{"a folder of WebDAV", request("PROPFIND", "/dav", "application/xml", "<a/>"), false},
		{"a form", request("POST", "/notes", "application/x-www-form-urlencoded", "a=b"), true},
		{"a deletion", request("DELETE", "/notes/1", "", ""), true},
		{"a move", request("MOVE", "/dav/a", "", ""), true},
		{"JSON", rpc(`{"title":"query the mutation"}`), true},
		{"JSON whose query is no GraphQL", rpc(`{"query":"red shoes"}`), true},
		{"an empty JSON array", rpc(`[]`), true},

		{"a GraphQL query", graph(`{"query":"query Items($n: Int) { items(first: $n) { id } }"}`), false},
		{"a GraphQL query without a name", graph(`{"query":"{ me { id } }"}`), false},
		{"a GraphQL query behind a comment", graph(`{"query":"# mutation\n{ me }"}`), false},
		{"a field called mutation", graph(`{"query":"query { mutation(note: \"mutation X {\") { id } }"}`), false},
		{"a block string with a brace", graph(`{"query":"query Q { f(a: \"\"\"} mutation {\"\"\") { id } }"}`), false},
		{"a mutation", graph(`{"query":"mutation Add($t: String!) { add(text: $t) { id } }","variables":{}}`), true},
		{"a mutation behind a fragment", graph(`{"query":"fragment F on Note { id } mutation { add { ...F } }"}`), true},
		{"the query of a document with both", graph(`{"operationName":"Look","query":"query Look { a } mutation Add { b }"}`), false},
		{"the mutation of a document with both", graph(`{"operationName":"Add","query":"query Look { a } mutation Add { b }"}`), true},
		{"a subscription", graph(`{"query":"subscription S { news }"}`), false},
		{"a batch of queries", graph(`[{"query":"{ a }"},{"query":"query B { b }"}]`), false},
		{"a batch with a mutation", graph(`[{"query":"{ a }"},{"query":"mutation { b }"}]`), true},
		{"a persisted query, of which only the hash is known", graph(`{"operationName":"Items","extensions":{"persistedQuery":{"sha256Hash":"ab"}}}`), true},
		{"a bare GraphQL document", request("POST", "/g", "application/graphql", "query { a }"), false},
		{"a bare mutation", request("POST", "/g", "application/graphql", "mutation { a }"), true},
		{"a template with holes", graph(`{"query":"query Items($n: Int) { items(first: $n) { id } }","variables":{"n":${n}}}`), false},

		{"gRPC that reads", call("GetItem"), false},
		{"gRPC that lists", call("ListItems"), false},
		{"gRPC of a range", call("Range"), false},
		{"gRPC of several reads", call("BatchGetItems"), false},
		{"gRPC of several writes", call("BatchUpdateItems"), true},
		{"gRPC that writes", call("PutItem"), true},
		{"gRPC whose name only begins like a read", call("Getaway"), true},
		{"the health check of gRPC", call("Check"), false},
		{"gRPC of a visitor", call("CheckIn"), true},

		{"JSON-RPC that reads", rpc(`{"jsonrpc":"2.0","method":"items.list","id":1}`), false},
		{"JSON-RPC with a prefix", rpc(`{"jsonrpc":"2.0","method":"node_getBalance","id":1}`), false},
		{"JSON-RPC with underscores", rpc(`{"jsonrpc":"2.0","method":"get_item","id":1}`), false},
		{"JSON-RPC that writes", rpc(`{"jsonrpc":"2.0","method":"items.add","id":1}`), true},
		{"a batch of JSON-RPC", rpc(`[{"jsonrpc":"2.0","method":"items.list"},{"jsonrpc":"2.0","method":"items.add"}]`), true},

		{"SOAP that reads", request("POST", "/s", "text/xml", "", flow.Header{Name: "SOAPAction", Value: `"urn:depot#GetStock"`}), false},
		{"SOAP that writes", request("POST", "/s", "text/xml", "", flow.Header{Name: "SOAPAction", Value: "http://depot.test/Order"}), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Writes(tt.r); got != tt.want {
				t.Errorf("Writes is %t, want %t", got, tt.want)
			}
		})
	}
}

func FuzzWritesNeverPanics(f *testing.F) {
	f.Add("POST", "application/json", `{"query":"query { a(b: \"\"\"`)
	f.Add("POST", "application/graphql", `"\`)
	f.Add("POST", "application/grpc", ``)
	f.Fuzz(func(t *testing.T, method, media, body string) {
		Writes(&flow.Request{Method: method, Target: body, Headers: flow.Headers{{Name: "Content-Type", Value: media}, {Name: "SOAPAction", Value: body}}, Body: flow.Body{Data: []byte(body)}})
	})
}
