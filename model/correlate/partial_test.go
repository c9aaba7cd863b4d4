package correlate

import (
	"fmt"
	"strings"
	"testing"
)

// Users open articles of a list that everybody sees, with numbers that anybody has, and
// those that they wrote.
func TestAnArticleOfOnesOwnIsTakenFromItsCreation(t *testing.T) {
	const list = "200" + asJSON + `[{"id":1},{"id":2},{"id":3},{"id":4}]`
	own := func(i int) string { return fmt.Sprint(100 + 7*i) }
	r := record(8, nil, func(p *tape, i int) {
		p.do("GET /articles", list)
		p.do("GET /articles/"+fmt.Sprint(1+i%4), "200"+asJSON+`{"title":"t"}`)
		p.do("GET /articles/"+fmt.Sprint(1+i*3%4), "200"+asJSON+`{"title":"t"}`)
		if i%2 == 0 {
			p.do("POST /articles"+asJSON+`{"title":"mine"}`, "201"+asJSON+`{"data":{"id":`+own(i)+`}}`)
			p.do("GET /articles/"+own(i), "200"+asJSON+`{"title":"mine"}`)
		}
	})
	for i := 0; i < 8; i += 2 {
		if got := takesOf(r, i, 4); !strings.HasPrefix(got, "3.") {
			t.Errorf("session %d takes its own article by %q, want it from act 3", i, got)
		}
	}
}

func TestWhatIsEqualByChanceIsNotTaken(t *testing.T) {
	r := record(12, nil, func(p *tape, i int) {
		p.do("GET /cart", "200"+asJSON+fmt.Sprintf(`{"count":%d}`, i%3))
		p.do("POST /add"+asForm+fmt.Sprintf("quantity=%d", i*5%4), "200")
	})
	if len(r.Bindings) > 0 {
		t.Errorf("bindings %+v, want none: quantities equal counts by chance", r.Bindings)
	}
}

// Of a list of ids with one element only the whole value is an id.
func TestTheOnlyElementOfAListIsTakenAsTheOthersAre(t *testing.T) {
	r := record(8, nil, func(p *tape, i int) {
		ids := []string{secretOf(i, 1), secretOf(i, 2), secretOf(i, 3)}
		p.do("GET /mails", `200`+asJSON+`[{"id":"`+strings.Join(ids, `"},{"id":"`)+`"}]`)
		p.do("GET /mails/zip?of="+strings.Join(ids[:1+i%3], ","), "200")
	})
	for i := range 8 {
		takes := strings.Fields(takesOf(r, i, 1))
		if len(takes) != 1+i%3 || takes[0] != "0.0.0" || takes[len(takes)-1] != fmt.Sprintf("0.0.%d", i%3) {
			t.Errorf("session %d takes %q, want the first %d ids of the list", i, takes, 1+i%3)
		}
	}
}

// Random ids may look like a word with a number.
func TestAnIdThatLooksLikeAWordWithANumberIsTakenAsTheOthersAre(t *testing.T) {
	for _, odd := range []string{"m5482563953045009", "mc672254322925735", "ma037816152144694", "mdf55496951459029"} {
		for at := range 6 { // the session and the place in its list with such an id
			r := record(8, nil, func(p *tape, i int) {
				ids := []string{"m" + secretOf(i, 1), "m" + secretOf(i, 2), "m" + secretOf(i, 3)}
				if i == at {
					ids[at/3] = odd
				}
				p.do("GET /mails", `200`+asJSON+`[{"id":"`+strings.Join(ids, `"},{"id":"`)+`"}]`)
				p.do("GET /mails/zip?of="+strings.Join(ids[:1+i%3], ","), "200")
			})
			for i := range 8 {
				if takes := strings.Fields(takesOf(r, i, 1)); len(takes) != 1+i%3 || takes[0] != "0.0.0" || takes[len(takes)-1] != fmt.Sprintf("0.0.%d", i%3) {
					t.Errorf("%s in session %d: session %d takes %q, want the first %d ids of the list", odd, at, i, takes, 1+i%3)
				}
			}
		}
	}
}
