package correlate

import (
	"fmt"
	"strings"
	"testing"
)

// A line of an order that a change names by its number is the one that the live order has
// in its place, also where one session alone changed such an order.
func TestTheElementThatAChangeNamesIsThatOfTheLiveDocument(t *testing.T) {
	order := func(id string, first, count int) string {
		return fmt.Sprintf(`{"id":"%s","place":"yard","lines":[{"id":%d,"what":"Nails","count":%d},{"id":%d,"what":"Rope","count":2}]}`, id, first, count, first+1)
	}
	r := record(4, nil, func(p *tape, i int) {
		id := secretOf("order", i)
		p.do("GET /orders/"+id, `200`+asJSON+order(id, 11+2*i, 3))
		if i == 2 {
			p.do("PUT /orders/"+id+asJSON+order(id, 11+2*i, 9), "200"+asJSON+`{"ok":true}`)
		}
	})
	body := r.Endpoints["PUT /orders/{}"].Variants[0].Request.Body
	if strings.Contains(body, `{"id":15}`) || !strings.Contains(body, `{"id":${`) {
		t.Errorf("the change names the recorded line: %s", body)
	}
	if got := takesOf(r, 2, 1); !strings.HasPrefix(got, "0.0.0 0.0.0") {
		t.Errorf("takes %q, want the order and the line of act 0", got)
	}
}

// A document that stood by itself and in a list is the one by itself: a live list may have
// no room for it.
func TestADocumentByItselfIsChangedRatherThanThatOfAList(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		doc := func(k int, size string) string {
			return fmt.Sprintf(`{"id":"%s","text":"It is %d","place":"yard","size":"%s"}`, secretOf("doc", k), k, size)
		}
		p.do("GET /docs/"+secretOf("doc", i), `200`+asJSON+`{"data":`+doc(i, "small")+`}`)
		p.do("GET /docs", `200`+asJSON+`{"results":[`+doc(50+i, "small")+`,`+doc(i, "small")+`]}`)
		p.do("POST /docs/"+secretOf("doc", i)+"/actions/grow"+asJSON+doc(i, "large"), "200"+asJSON+`{"ok":true}`)
	})
	v := r.Endpoints["POST /docs/{}/actions/grow"].Variants[0]
	for _, b := range r.Bindings {
		if b.Name == v.Request.Changes && (len(b.Sources) != 1 || b.Sources[0].Selector != "document:data") {
			t.Errorf("the document is that of %v", b.Sources)
		}
	}
	if v.Request.Changes == "" {
		t.Errorf("no document is changed: %s", v.Request.Body)
	}
}
