package correlate

import (
	"fmt"
	"testing"
)

func TestAPickFromAListIsItsElementAlsoWhereAllSeeTheSame(t *testing.T) {
	list := `{"total":3,"items":[`
	for k := range 3 {
		if k > 0 {
			list += ","
		}
		list += fmt.Sprintf(`{"id":%d,"name":"Item %d","unitPrice":"%d.50","stock":%d}`, 4+k, k, 2+k, 9-k)
	}
	r := record(6, nil, func(p *tape, i int) {
		k := i % 3
		p.do("GET /api/items", "200"+asJSON+list+"]}")
		p.do(fmt.Sprintf("GET /api/items/%d", 4+k), "200"+asJSON+`{}`)
		p.do("POST /api/basket"+asJSON+fmt.Sprintf(`{"item_id":%d,"unit_price":"%d.50","quantity":%d}`, 4+k, 2+k, 4+(k+1)%3), "201"+asJSON+`{}`)
		p.do("POST /api/score"+asJSON+fmt.Sprintf(`{"level_id":%d}`, 4+k), "201"+asJSON+`{}`)
	})
	for i := range 6 {
		want(t, fmt.Sprint("the item that session ", i, " opened"), where(r, "GET /api/items/{}", i, 1), fmt.Sprint("0 json:items[].id ", i%3))
		want(t, fmt.Sprint("what session ", i, " put into the basket"), takesOf(r, i, 2), fmt.Sprintf("0.0.%d 0.0.%[1]d", i%3))
	}
	want(t, "values", values(r, "POST /api/basket"), "item_id=bound item_id, unitPrice=bound unitPrice, quantity=row")
	want(t, "price", from(r, "unitPrice"), "GET /api/items json:items[].unitPrice")
	want(t, "a number that is no item", values(r, "POST /api/score"), "level_id=row")
}

// A reference may have the name of what it refers to, and nothing else. That is believed
// where a list has that name, too.
func TestAReferenceByNameIsTheElementOfTheListOfThatName(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		k := i % 3
		p.do("GET /api/lanes", "200"+asJSON+`[{"id":"ln31","name":"a"},{"id":"ln32","name":"b"},{"id":"ln33","name":"c"}]`)
		p.do("GET /api/users", "200"+asJSON+`{"users":[{"id":1,"n":"x"},{"id":2,"n":"y"},{"id":3,"n":"z"}]}`)
		p.do("POST /api/tasks"+asJSON+fmt.Sprintf(`{"lane":"ln3%d","user":%d,"effort":%d,"kind":"ln3%d"}`, 1+k, 1+k, 1+k, 1+k), "201"+asJSON+`{}`)
	})
	want(t, "values", values(r, "POST /api/tasks"), "lane_id=bound lane_id, user_id=bound user_id, effort=row, kind=row")
	want(t, "the lane", from(r, "lane_id"), "GET /api/lanes json:[].id")
	for i := range 6 {
		want(t, fmt.Sprint("what session ", i, " chose"), takesOf(r, i, 2), fmt.Sprintf("0.0.%d 1.0.%[1]d", i%3))
	}
}

func TestNamesThatIdentify(t *testing.T) {
	for name, want := range map[string]string{"id": "", "_id": "", "item_id": "item", "itemId": "item", "ItemIDs": "item", "uuid": "", "user-slug": "user", "paid": "none", "idea": "none", "quantity": "none", "grid": "none"} {
		got, ok := identifier(name)
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("%s identifies %q, want %q", name, got, want)
		}
	}
}
