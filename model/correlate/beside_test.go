package correlate

import (
	"fmt"
	"strings"
	"testing"
)

// The number and the key of a thing are of one thing, though its number is small and one
// session alone sent it.
func TestTheNumberOfAThingIsTakenWhereItsKeyIs(t *testing.T) {
	for name, body := range map[string]string{
		"alone":                 `{"text":"t%[1]d","color":{"id":%[2]d,"recordId":"%[3]s"}}`,
		"in a changed document": `{"id":"%[4]s","text":"t%[1]d","size":3,"kind":"x","colors":[{"id":%[2]d,"recordId":"%[3]s"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := record(5, nil, func(p *tape, i int) {
				doc, color := secretOf("doc", i), secretOf("color", i%2)
				p.do("GET /docs/"+doc, `200`+asJSON+fmt.Sprintf(`{"id":"%s","text":"","size":3,"kind":"x","colors":[]}`, doc))
				if i == 4 { // nobody else sends a color
					p.do("GET /colors/"+color, `200`+asJSON+`{"data":{"id":4,"recordId":"`+color+`","shade":"dark"}}`)
					p.do("PUT /docs/"+doc+asJSON+fmt.Sprintf(body, i, 4, color, doc), "200"+asJSON+`{"ok":true}`)
				} else {
					p.do("PUT /docs/"+doc+asJSON+fmt.Sprintf(`{"id":"%s","text":"t%d","size":3,"kind":"x","colors":[]}`, doc, i), "200"+asJSON+`{"ok":true}`)
				}
			})
			for _, v := range r.Endpoints["PUT /docs/{}"].Variants {
				if strings.Contains(v.Request.Body, "recordId") && strings.Contains(v.Request.Body, `"id":4`) {
					t.Errorf("the number of the recorded thing is sent: %s", v.Request.Body)
				}
			}
			if got := takesOf(r, 4, 2); strings.Count(got, "1.") < 2 {
				t.Errorf("takes %q, want two of act 1", got)
			}
		})
	}
}
