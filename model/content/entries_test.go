package content

import (
	"slices"
	"testing"

	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/record/flow"
)

func TestEntriesOfARequestCanBeReplaced(t *testing.T) {
	file := "--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\nContent-Type: image/png\r\n\r\n\x00\r\n--Y\r\n"
	tests := []struct {
		name, contentType, target, body string
		entries                         []form.Entry
		wantTarget, wantBody            string
	}{
		{"a query", "", "/find?q=a+b&x=%7b:", "", []form.Entry{{Name: "q", Value: "a b"}, {Name: "x", Value: "{:"}}, "/find?x=%7b:&new=%C3%A9*", ""},
		{"a form", "application/x-www-form-urlencoded; charset=UTF-8", "/save", "q=a+b&x=1", []form.Entry{{Name: "q", Value: "a b"}, {Name: "x", Value: "1"}}, "/save", "x=1&new=%C3%A9*"},
		{"a multipart form with a file", "multipart/form-data; boundary=X", "/save", "--X\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\na b\r\n" + file + "--X--\r\n",
			[]form.Entry{{Name: "q", Value: "a b"}, {Name: "f", Value: "\x00\r\n--Y"}}, "/save",
			file + "--X\r\nContent-Disposition: form-data; name=\"new\"\r\n\r\né*\r\n--X--\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := flow.Request{Target: tt.target, Headers: flow.Headers{{Name: "Content-Type", Value: tt.contentType}}, Body: flow.NewBody([]byte(tt.body))}
			entries, ok := Entries(&r)
			if !ok || !slices.Equal(entries, tt.entries) {
				t.Fatalf("entries %q %v, want %q", entries, ok, tt.entries)
			}
			SetEntries(&r, append(entries[1:], form.Entry{Name: "new", Value: "é*"}))
			if r.Target != tt.wantTarget || string(r.Body.Data) != tt.wantBody {
				t.Errorf("sends %q %q, want %q %q", r.Target, r.Body.Data, tt.wantTarget, tt.wantBody)
			}
		})
	}
	r := flow.Request{Target: "/", Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: flow.NewBody([]byte(`{"a":1}`))}
	if got, ok := Entries(&r); ok {
		t.Errorf("a JSON body has entries %q", got)
	}
}
