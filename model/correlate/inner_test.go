package correlate

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
)

func TestABodyThatIsShorterThanWhatItHolds(t *testing.T) {
	r := record(4, people, func(p *tape, i int) {
		user := people[0].Rows[i][0]
		p.do("POST /login"+asForm+"user="+user+"&password="+people[0].Rows[i][1], "200"+asJSON+`{"draft":"`+secretOf(i)+`"}`)
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		fmt.Fprintf(z, `{"text":%q,"draft":%q}`, strings.Repeat("again ", 100), secretOf(i))
		z.Close()
		p.do("POST /notes\nContent-Encoding: gzip"+asJSON+b.String(), "201"+asJSON+"{}")
	})
	got := r.Endpoints["POST /notes"].Variants[0]
	want(t, "body", got.Request.Body, "${value}")
	if v := values(r, "POST /notes"); !strings.Contains(v, `"draft":"${draft}"}`) {
		t.Errorf("values %s", v)
	}
}
