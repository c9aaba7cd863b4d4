package correlate

import (
	"fmt"
	"testing"
)

// ground describes the evidence of a binding.
func ground(r *Result, name string) string {
	for _, b := range r.Bindings {
		if b.Name == name {
			return fmt.Sprintf("%d uses, match %g, shuffled %.2f of %d, %s", b.Uses, b.Match, b.Shuffled, b.Compared, b.RestsOn)
		}
	}
	return "no binding"
}

func TestEvidenceSaysWhatABindingRestsOnAndHowOthersCompare(t *testing.T) {
	visit := func(p *tape, i int) {
		p.do("GET /", "200"+asHTML+`<a href="/items/11">a</a><a href="/items/12">b</a><form method=post action=/cart><input type=hidden name=lot value=1><input name=n></form>`)
		p.do(fmt.Sprintf("GET /items/%d\nReferer: http://shop.test/", 11+i%2), "200"+asHTML)
		p.do("POST /cart"+asForm+fmt.Sprint("lot=1&n=", 3+i), "200"+asJSON+fmt.Sprintf(`{"cart":%d,"key":"%s"}`, 700+31*i, secretOf(i)))
		p.do(fmt.Sprintf("POST /pay"+asJSON+`{"cart":%d,"key":"%s"}`, 700+31*i, secretOf(i)), "200")
	}
	r := record(4, nil, visit)
	for name, evidence := range map[string]string{
		"item_id":   "4 uses, match 1, shuffled 1.00 of 12, link",
		"lot":       "4 uses, match 1, shuffled 1.00 of 12, form",
		"cart_form": "4 uses, match 1, shuffled 0.00 of 0, form",
		"cart":      "4 uses, match 1, shuffled 0.00 of 12, sessions",
		"key":       "4 uses, match 1, shuffled 0.00 of 12, look",
	} {
		want(t, name, ground(r, name), evidence)
	}
	one := record(1, nil, visit)
	want(t, "the key of the only session", ground(one, "key"), "1 uses, match 1, shuffled 0.00 of 0, look")
	want(t, "the number of the only session", ground(one, "cart"), "no binding")
}

// Everybody's inbox shows the same addresses. Whom one writes to is not taken from there.
func TestAnAddressOfMailThatSomebodyTypedIsNotIssued(t *testing.T) {
	people := []string{"anna.berg@mail.test", "bodo.lang@mail.test", "carl.sund@mail.test", "dora.wien@mail.test"}
	r := record(4, nil, func(p *tape, i int) {
		p.do("GET /inbox", "200"+asJSON+fmt.Sprintf(`{"mails":[{"id":1,"from":%q},{"id":2,"from":%q},{"id":3,"from":%q},{"id":4,"from":%q}]}`, people[0], people[1], people[2], people[3]))
		p.do("POST /mail"+asJSON+fmt.Sprintf(`{"to":%q}`, people[(i+1)%4]), "201"+asJSON+`{}`)
	})
	want(t, "whom the mail goes to", values(r, "POST /mail"), "to=row")
}
