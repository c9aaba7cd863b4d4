package correlate

import (
	"fmt"
	"strings"
	"testing"
)

const (
	gapped = `{"lamps":[{"id":31,"name":"Desk","of":{"id":8}},{"id":36,"name":"Floor","of":{"id":9}},{"id":44,"name":"Wall","of":{"id":8}},{"id":52,"name":"Hall","of":{"id":7}}]}`
	full   = `{"lamps":[{"id":1,"name":"Desk"},{"id":2,"name":"Floor"},{"id":3,"name":"Wall"},{"id":4,"name":"Hall"}]}`
	rooms  = `{"rooms":[{"id":1,"title":"Attic"},{"id":2,"title":"Cellar"},{"id":3,"title":"Porch"},{"id":4,"title":"Study"}]}`
)

// What a request has that is in a list may be there by accident: then it is sent as recorded.
func TestNumbersOfAListAreBoundOnlyOnEvidence(t *testing.T) {
	number := func(i int) int { return []int{31, 36, 44, 52}[i%4] }
	for _, tt := range []struct {
		name, list, other string
		body              func(i int) string
		want              string // values of the request
		named             bool   // it is said that a value may identify something
	}{
		{"numbers with gaps, by position", gapped, "", func(i int) string { return fmt.Sprintf(`{"args":[%d,"x%d"]}`, number(i), i) }, "lamp_id=bound lamp_id, args[1]=row", false},
		{"numbers without gaps, by position", full, "", func(i int) string { return fmt.Sprintf(`{"args":[%d,"x%d"]}`, 1+i%4, i) }, "args[0]=row, args[1]=row", true},
		{"an identifier without gaps", full, "", func(i int) string { return fmt.Sprintf(`{"id":%d,"note":"x%d"}`, 1+i%4, i) }, "lamp_id=bound lamp_id, note=row", false},
		{"an identifier in one of two lists", full, rooms, func(i int) string { return fmt.Sprintf(`{"id":%d,"note":"x%d"}`, 1+i%4, i) }, "id=row, note=row", true},
		{"an identifier in the list that stands around it", full, rooms, func(i int) string { return fmt.Sprintf(`{"room":{"at":{"id":%d}},"note":"x%d"}`, 1+i%4, i) }, "room_id=bound room_id, note=row", false},
		{"an identifier of something else", full, "", func(i int) string { return fmt.Sprintf(`{"author_id":%d,"note":"x%d"}`, 1+i%4, i) }, "author_id=row, note=row", true},
		{"how many", full, "", func(i int) string { return fmt.Sprintf(`{"quantity":%d,"note":"x%d"}`, 1+i%4, i) }, "quantity=row, note=row", false},
		{"nothing else says what is changed", full, "", func(i int) string { return fmt.Sprintf(`{"nr":%d,"note":"x%d"}`, 1+i%4, i) }, "nr=row, note=row", true},
		{"something else says what is changed", full, "", func(i int) string { return fmt.Sprintf(`{"door_id":9,"nr":%d,"note":"x%d"}`, 1+i%4, i) }, "nr=row, note=row", false},
		{"two numbers that nobody needs three of", full, "", func(i int) string { return fmt.Sprintf(`{"nr":%d,"note":"x%d"}`, 1+i%2, i) }, "nr=row, note=row", false},
		{"a year among numbers with gaps", gapped, "", func(i int) string { return fmt.Sprintf(`{"year":%d,"note":"x%d"}`, 2001+i%4, i) }, "year=row, note=row", false},
		{"amounts that users type", `{"bids":[{"id":"a","price":25},{"id":"b","price":40},{"id":"c","price":100},{"id":"d","price":300}]}`, "", func(i int) string {
			return fmt.Sprintf(`{"amount":%d,"note":"x%d"}`, []int{25, 40, 100, 300}[i%4], i)
		}, "amount=row, note=row", false},
		{"one number alone", gapped, "", func(i int) string { return fmt.Sprintf(`{"id":%d,"note":"x%d"}`, 36, i) }, "note=row", false},
	} {
		r := record(8, nil, func(p *tape, i int) {
			p.do("GET /all", "200"+asJSON+tt.list)
			if tt.other != "" {
				p.do("GET /others", "200"+asJSON+tt.other)
			}
			p.do("POST /do"+asJSON+tt.body(i), "204")
		})
		want(t, tt.name, values(r, "POST /do"), tt.want)
		if got := fmt.Sprint(r.Unresolved); strings.Contains(got, "may identify") != tt.named {
			t.Errorf("%s: unresolved %s", tt.name, got)
		}
	}
}

// Clients number their calls, and some of these numbers are in a list.
func TestANumberThatClientsCountWithIsOfNoList(t *testing.T) {
	r := record(8, nil, func(p *tape, i int) {
		p.do("POST /rpc # list"+asJSON+`{"id":1,"method":"list"}`, "200"+asJSON+`{"id":1,"result":`+full+`}`)
		for k := range i % 3 {
			p.do("POST /rpc # look"+asJSON+fmt.Sprintf(`{"id":%d,"method":"look"}`, 2+k), "200"+asJSON+`{}`)
		}
		p.do("POST /rpc # save"+asJSON+fmt.Sprintf(`{"id":%d,"method":"save","text":"x%d"}`, 2+i%3, i), "200"+asJSON+`{}`)
	})
	want(t, "values", values(r, "POST /rpc save"), "id=row, text=row")
	want(t, "unresolved", fmt.Sprint(r.Unresolved), "[]")
}

// The answer shows another thing by the number.
func TestAnAnswerMayShowThatANumberIsOfAnotherThing(t *testing.T) {
	r := record(8, nil, func(p *tape, i int) {
		p.do("GET /all", "200"+asJSON+full)
		p.do("POST /open"+asJSON+fmt.Sprintf(`{"id":%d}`, 1+i%4), "200"+asJSON+fmt.Sprintf(`{"id":%d,"name":"Door %d"}`, 1+i%4, i%4))
	})
	want(t, "values", values(r, "POST /open"), "id=row")
}
