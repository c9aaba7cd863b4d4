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
