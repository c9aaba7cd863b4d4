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

// What a client chose of a list is no change of the list: others in a live list are not
// dropped one by one.
func TestAChoiceOfSeveralIsNotTheListWithoutTheOthers(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		var rows []string
		for k := range 7 {
			rows = append(rows, fmt.Sprintf(`{"id":%d,"key":"%s","name":"Tag %c","size":%d}`, 300+k, secretOf("tag", k), 'A'+k, k))
		}
		chosen := fmt.Sprintf(`{"id":%d,"key":"%s"},{"id":%d,"key":"%s"}`, 300+i, secretOf("tag", i), 303+i, secretOf("tag", 3+i))
		p.do("GET /tags", `200`+asJSON+`{"results":[`+strings.Join(rows, ",")+`]}`)
		p.do("POST /posts"+asJSON+`{"text":"x","tags":{"connect":[`+chosen+`]}}`, "201"+asJSON+`{"ok":true}`)
	})
	v := r.Endpoints["POST /posts"].Variants[0]
	if v.Request.Changes != "" || strings.Contains(v.Request.Body, "drop") {
		t.Errorf("the list is changed: %s", v.Request.Body)
	}
	for i := range 4 {
		if got, want := takesOf(r, i, 1), fmt.Sprintf("0.0.%d", i); !strings.Contains(got, want) {
			t.Errorf("session %d takes %q, want element %d of the list", i, got, i)
		}
	}
}

// What other pages show of a collection by chance is not where users choose from it.
func TestTheListOfACollectionIsWhereItsRecordsAreChosen(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		row := func(k int) string { return fmt.Sprintf(`{"doc_id":"%s","name":"Doc %c"}`, secretOf("doc", k), 'A'+k) }
		p.do("GET /recent", `200`+asJSON+`{"rows":[`+row(3)+`,`+row(1)+`]}`)
		p.do("GET /docs", `200`+asJSON+`{"rows":[`+row(0)+`,`+row(1)+`,`+row(2)+`,`+row(3)+`]}`)
		if i == 2 {
			p.do("POST /docs/release"+asJSON+`{"ids":["`+secretOf("doc", 1)+`","`+secretOf("doc", 3)+`"]}`, "200"+asJSON+`{"ok":true}`)
		}
	})
	if got := takesOf(r, 2, 2); got != "1.0.1 1.0.3" {
		t.Errorf("takes %q, want elements 1 and 3 of act 1", got)
	}
}

// What is done to a document at an address below its own is done to it, whatever it calls
// its identifier.
func TestADocumentIsKnownByTheAddressAboveThatOfAnAction(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		id := secretOf("doc", i)
		doc := func(size string) string {
			return fmt.Sprintf(`{"recordId":"%s","text":"It is %d","place":"yard","slug":null,"size":"%s"}`, id, i, size)
		}
		p.do("GET /docs/"+id, `200`+asJSON+`{"data":`+doc("small")+`}`)
		p.do("POST /docs/"+id+"/actions/publish"+asJSON+doc("large"), "200"+asJSON+`{"ok":true}`)
	})
	if v := r.Endpoints["POST /docs/{}/actions/publish"].Variants[0]; v.Request.Changes == "" || strings.Contains(v.Request.Body, "yard") {
		t.Errorf("the recorded document is sent: %s", v.Request.Body)
	}
}
