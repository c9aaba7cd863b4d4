package modelled

import (
	"testing"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
)

func TestAPageIsWhatTheBrowserShows(t *testing.T) {
	for _, c := range []struct {
		name    string
		headers flow.Headers
		want    bool
	}{
		{"a page in a browser", flow.Headers{{Name: "Sec-Fetch-Dest", Value: "document"}, {Name: "Accept", Value: "text/html"}}, true},
		{"a frame", flow.Headers{{Name: "Sec-Fetch-Dest", Value: "iframe"}}, true},
		{"a call of a script", flow.Headers{{Name: "Sec-Fetch-Dest", Value: "empty"}, {Name: "Accept", Value: "text/html, */*; q=0.01"}}, false},
		{"a picture", flow.Headers{{Name: "Sec-Fetch-Dest", Value: "image"}}, false},
		{"an older browser", flow.Headers{{Name: "Accept", Value: "text/html,application/xhtml+xml,*/*;q=0.8"}}, true},
		{"a script in one", flow.Headers{{Name: "Accept", Value: "*/*"}, {Name: "X-Requested-With", Value: "XMLHttpRequest"}}, false},
		{"a picture in one", flow.Headers{{Name: "Accept", Value: "image/png,image/*;q=0.8,*/*;q=0.5"}}, false},
		{"a program", nil, true},
	} {
		r := new(client.Request)
		r.Headers = c.headers
		if got := navigates(r); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
