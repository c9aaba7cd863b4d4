package content

import (
	"fmt"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestDocumentsInASequence(t *testing.T) {
	for text, want := range map[string]string{
		"{\"a\":1}\n{\"a\":2}":           `[{"a":1},{"a":2}]`,
		"{\"a\":1}\r\n\r\n[2]\n":         `[{"a":1},[2]]`,
		"\x1e{\"a\":1}\n\x1e{\"a\":2}\n": `[{"a":1},{"a":2}]`,
		"{\"a\":1}\x1e":                  `[{"a":1}]`,
		"{\"a\":1}{\"a\":2}":             "", // nothing between them
		"{\"a\":1}":                      "", // a document of its own
		"{\"a\":1}\n2":                   "",
		"{\"a\":1}\n{\"a\":":             "",
		"text\n{\"a\":1}\n{\"a\":2}":     "",
		"":                               "",
		"\x1e\n":                         "",
	} {
		if got := string(joined([]byte(text))); got != want {
			t.Errorf("%q is read as %s, want %s", text, got, want)
		}
	}
}

func TestValuesInASequenceAndInRequestsOfABatch(t *testing.T) {
	for _, tt := range []struct{ media, body, want string }{
		{"application/x-ndjson", "{\"index\":{\"_id\":\"7\"}}\n{\"title\":\"Oak\"}\n", `body:$[0].index._id="7" body:$[1].title="Oak"`},
		{"text/plain", "{\"arguments\":[7,\"x\"]}\x1e", `body:$[0].arguments[0]="7" body:$[0].arguments[1]="x"`},
		{"multipart/mixed; boundary=b", "--b\r\nContent-Type: application/http\r\n\r\nPUT /Trees('T7')?x=9 HTTP/1.1\r\nIf-Match: \"v12\"\r\nAccept: */*\r\n\r\n{\"Name\":\"Oak\"}\r\n--b--\r\n",
			`body:part|path:0="Trees('T7')" body:part|path:0|part:Trees="T7" body:part|query:x="9" body:part|header:If-Match="\"v12\"" body:part|header:If-Match|quotes="v12" body:part|json:$.Name="Oak"`},
		{"multipart/mixed; boundary=b", "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n\r\nDELETE Trees(7) HTTP/1.1\r\n\r\n\r\n--c--\r\n--b--\r\n",
			`body:part|path:0="Trees(7)" body:part|path:0|part:Trees="7"`},
		{"application/json", "{\"text\":\"GET is not a request\"}", `body:$.text="GET is not a request"`},
	} {
		r := &flow.Request{Method: "POST", Target: "/do", Headers: flow.Headers{{Name: "Content-Type", Value: tt.media}}, Body: flow.NewBody([]byte(tt.body))}
		got := ""
		for _, sp := range Spans(r) {
			if sp.Selector == "path:0" || sp.Selector == "body:part" || sp.Place == InHeader || sp.Selector == "header:Content-Type boundary" {
				continue
			}
			if len(sp.Kinds) < 2 && sp.Within == 0 && sp.Place != InString && tt.body[sp.Start:sp.End] != sp.Value && sp.Place != InHeader {
				t.Errorf("%s is %q in the body, and %q", sp.Selector, tt.body[sp.Start:sp.End], sp.Value)
			}
			if len(got) > 0 {
				got += " "
			}
			got += fmt.Sprintf("%s=%q", sp.Selector, sp.Value)
		}
		if got != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.body, got, tt.want)
		}
	}
}
