package correlate

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
)

// A token that is issued as it is sent is one value, whatever pieces it seems to have.
func TestATokenIsNotBoundPieceByPiece(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		token := secretOf("a", i) + "-" + secretOf("b", i) + "_x4"
		p.do("POST /login"+asForm+"u=1", "200"+asJSON+`{"token":"`+token+`"}`)
		p.do("POST /out"+asJSON+`{"token":"`+token+`","n":"`+fmt.Sprint("item-", 40+i)+`"}`, "200")
	})
	for _, b := range r.Bindings {
		for _, s := range b.Sources {
			if strings.Contains(s.Selector, "|") {
				t.Errorf("binding %s from %s", b.Name, s.Selector)
			}
		}
	}
	want(t, "token", from(r, "token"), "POST /login json:token")
}

func TestAnUnknownValueWithinAnotherIsNamed(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		p.do("GET /x", "200"+asJSON+`{"n":1}`)
		p.do("POST /act"+asForm+"data="+url.QueryEscape(fmt.Sprintf(`{"ref":"%s","n":%d}`, secretOf("r", i), i)), "200")
	})
	if len(r.Unresolved) != 1 || r.Unresolved[0].Place != "body data|json:$.ref" || r.Unresolved[0].Requests != 4 {
		t.Errorf("unresolved %+v, want the reference", r.Unresolved)
	}
}

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

func TestAListOfOneElementIsTakenAsALongerOneIs(t *testing.T) {
	r := record(8, nil, func(p *tape, i int) {
		ids, list := []string{}, ""
		for k := range 4 {
			ids = append(ids, "m"+secretOf(i, k))
			list += `,{"id":"` + ids[k] + `"}`
		}
		p.do("GET /list", "200"+asJSON+`{"messages":[`+list[1:]+`]}`)
		p.do("GET /export?ids="+strings.Join(ids[1:2+i%3], ","), "200"+asJSON+`{}`)
	})
	for i := range 3 {
		takes := strings.Fields(takesOf(r, i, 1))
		for k := range takes {
			if !strings.HasSuffix(takes[k], fmt.Sprint(".", 1+k)) || !strings.HasPrefix(takes[k], "0.") {
				t.Errorf("session %d takes %q, want the elements of the list in their order", i, takes)
			}
		}
		if len(takes) != 1+i%3 {
			t.Errorf("session %d takes %q, want %d values", i, takes, 1+i%3)
		}
	}
}

func TestTheNameOfTheUserInAListOfWordsWithBase64(t *testing.T) {
	staff := []model.Source{{Name: "staff", Columns: []string{"user", "password"},
		Rows: [][]string{{"driver-a", "pw-1-a"}, {"driver-bo", "pw-2-b"}, {"driver-cyd", "pw-3-c"}, {"driver-dora", "pw-4-d"}}}}
	b64 := base64.StdEncoding.EncodeToString
	r := record(4, staff, func(p *tape, i int) {
		who := staff[0].Rows[i]
		p.do("POST /login"+asForm+"u="+who[0]+"&p="+who[1], "200")
		p.do("POST /send\nX-About: draft, file "+b64([]byte("report of "+strings.Repeat("may ", i+1)+who[0][7:]))+",to "+b64([]byte(who[0]))+"\n\n", "201")
	})
	v := r.Endpoints["POST /send"].Variants[0]
	var about string
	for _, h := range v.Request.Headers {
		if h.Name == "X-About" {
			about = h.Value
		}
	}
	user := v.Values[slices.IndexFunc(v.Values, func(x model.Value) bool { return x.Kind == model.Data })]
	if !strings.HasPrefix(about, "draft, file ${") || !strings.HasSuffix(about, ",to ${"+user.Name+"}") || user.Codec != "base64" {
		t.Errorf("the head is %q, of %+v", about, v.Values)
	}
	if len(r.Unresolved) > 0 {
		t.Errorf("unresolved: %+v, but Base64 that holds words was not issued", r.Unresolved)
	}
}
