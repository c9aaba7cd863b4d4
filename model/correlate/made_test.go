package correlate

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// uuidOf makes a UUID of version 4, the same for the same arguments.
func uuidOf(args ...any) string {
	u := secretOf(args...)
	return u[:8] + "-" + u[8:12] + "-4" + u[13:16] + "-a" + u[17:20] + "-" + u[20:32]
}

func TestTimesAndKeysOfClientsAreMadeAnew(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		for k := range 2 {
			p.do(fmt.Sprintf("GET /poll?_=%d&at=%s&s=%d", p.now.UnixMilli(), url.QueryEscape(p.now.Format(time.RFC3339)), p.now.Unix()), "200")
			p.do("POST /pay\nIdempotency-Key: "+uuidOf(i, k)+asJSON+`{"ref":"ord_`+secretOf("ref", i, k)[:20]+`","ts":`+fmt.Sprint(p.now.Unix())+`,"n":`+fmt.Sprint(i%2)+`}`, "201")
		}
	})
	want(t, "times", r.Endpoints["GET /poll"].Variants[0].Request.Target, "/poll?_=${value}&at=${at}&s=${s}")
	want(t, "times", values(r, "GET /poll"), "value=now ms, at=now 2006-01-02T15:04:05Z07:00, s=now s")
	want(t, "payment", r.Endpoints["POST /pay"].Variants[0].Request.Body, `{"ref":"${ref}","ts":${ts},"n":${n}}`)
	want(t, "payment", values(r, "POST /pay"), "idempotency-key=fresh {uuid4}, ref=fresh ord_{hex 20}, ts=now s, n=row")
	if len(r.Unresolved) > 0 {
		t.Errorf("unresolved %+v, want none", r.Unresolved)
	}
}

// A client names its documents and goes on with those names, in bodies and in paths.
func TestANameThatTheClientMadeIsUsedAgain(t *testing.T) {
	r := record(5, nil, func(p *tape, i int) {
		for k := range 2 {
			id := uuidOf("doc", i, k)
			p.do("POST /docs"+asJSON+`{"id":"`+id+`","title":"t"}`, "201")
			p.do("PATCH /docs/"+id+asJSON+`{"title":"u"}`, "200")
			p.do("GET /docs?of="+id, "200")
		}
	})
	want(t, "made", values(r, "POST /docs"), "id=fresh {uuid4}")
	for _, e := range []string{"PATCH /docs/{}", "GET /docs"} {
		if got := values(r, e); !strings.HasSuffix(got, "=fresh {uuid4}") {
			t.Errorf("%s: %s, want the value that was made", e, got)
		}
	}
	want(t, "who made what", fmt.Sprint(r.Endpoints["POST /docs"].Variants[0].Values[0].Own, r.Endpoints["GET /docs"].Variants[0].Values[0].Own), "true true")
	if diff := cmp.Diff(r.Endpoints["POST /docs"].Variants[0].Rows, r.Endpoints["GET /docs"].Variants[0].Rows); diff != "" {
		t.Errorf("the columns say different values (-created +read)\n%s", diff)
	}
}

// A client sends one document a session, with several parts that it named.
func TestClientsNameTheElementsThatTheyAdd(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		a, b := secretOf("a", i)[:16], secretOf("b", i)[:16]
		p.do("POST /plans"+asJSON+`{"parts":[{"key":"`+a+`","next":"`+b+`"},{"key":"`+b+`","next":""}],"owners":["`+secretOf("c", i)[:16]+`","`+secretOf("d", i)[:16]+`"],"device":"`+secretOf("e", i)[:16]+`"}`, "204")
	})
	want(t, "plan", values(r, "POST /plans"), "parts[0].key=fresh {hex 16}, parts[0].next=fresh {hex 16}, parts[1].key=fresh {hex 16}, owners[0]=row, owners[1]=row, device=row")
}

// What a user has named is no choice from a list that shows it among others, wherever it
// stands there in the recording.
func TestWhatTheClientNamedIsTakenFromNoList(t *testing.T) {
	name := func(i int) string { return fmt.Sprintf("notes-of-%s-%d", secretOf(i)[:3], i) }
	for what, shown := range map[string]func(i int) string{
		"JSON": func(i int) string {
			return "200" + asJSON + `{"notes":[{"name":"` + name(i) + `"},{"name":"` + name(i-1) + `"}]}`
		},
		"links": func(i int) string {
			return "200" + asHTML + `<a href="/notes/` + name(i) + `">a</a><a href="/notes/` + name(i-1) + `">b</a>`
		},
		"text": func(i int) string { return "200\nContent-Type: text/plain\n\nfirst " + name(i) + "; then " + name(i-1) },
	} {
		t.Run(what, func(t *testing.T) {
			r := record(6, nil, func(p *tape, i int) {
				p.do("POST /notes"+asJSON+`{"name":"`+name(i)+`"}`, "204")
				p.do("GET /notes", shown(i))
				p.do("GET /notes/"+name(i)+" # one", "200"+asJSON+`{}`)
			})
			if len(r.Bindings) > 0 {
				t.Errorf("bindings %+v, want none", r.Bindings)
			}
			for at, e := range r.Endpoints {
				for _, v := range e.Variants[0].Values {
					if v.Kind != "row" {
						t.Errorf("%s of %s is %s, want what was recorded", v.Name, at, v.Kind)
					}
				}
			}
		})
	}
}

func TestATimeThatTheSessionKeepsIsTakenOnce(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		opened := p.now.UnixMilli()
		for range 30 {
			p.do("POST /beat"+asJSON+fmt.Sprintf(`{"opened":%d}`, opened), "204")
		}
		p.now = p.now.Add(time.Hour)
		p.do("POST /beat"+asJSON+fmt.Sprintf(`{"opened":%d}`, opened), "204")
	})
	v := r.Endpoints["POST /beat"].Variants[0]
	want(t, "opened", fmt.Sprint(v.Values[0].Name, v.Values[0].Kind, v.Values[0].Ref, v.Values[0].Own), "openednowmstrue")
}

// What users and their programs send that nobody may make up: each request, or each
// session, has another value.
func TestValuesOfUsersAreSentWhole(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 1))
	random := func(from string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = from[draw.IntN(len(from))]
		}
		return string(b)
	}
	const hex, base62 = "0123456789abcdef", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for name, of := range map[string]func(p *tape, i, k int){
		"a login of each user": func(p *tape, i, _ int) {
			p.do("POST /x"+asForm+fmt.Sprintf("u=%s&password=%s", random(hex, 9), random(base62, 22)), "200")
		},
		"a key of each user":        func(p *tape, i, _ int) { p.do("POST /x\nX-Api-Key: "+uuidOf("key", i), "200") },
		"a tenant of each user":     func(p *tape, i, _ int) { p.do("POST /x"+asJSON+`{"tenant":"`+uuidOf("tenant", i)+`"}`, "200") },
		"records known from before": func(p *tape, i, k int) { p.do("GET /x/"+uuidOf("old", i, k), "200") },
		"records in a query":        func(p *tape, i, k int) { p.do("GET /x?id="+uuidOf("old", i, k), "200") },
		"deleted records":           func(p *tape, i, k int) { p.do("DELETE /x/"+uuidOf("old", i, k), "204") },
		"refused names":             func(p *tape, i, k int) { p.do("POST /x"+asJSON+`{"id":"`+uuidOf("new", i, k)+`"}`, "422") },
		"hashes of files": func(p *tape, i, k int) {
			p.do("POST /x"+asJSON+fmt.Sprintf(`{"name":"f%d-%d","md5":"%s"}`, i, k, random(hex, 32)), "200")
		},
		"records that a script held": func(p *tape, i, k int) {
			p.do("GET /catalogue", "200\nContent-Type: text/plain\n\n"+strings.Repeat(secretOf("before", i, k)+" ", 90)+uuidOf("item", i, k)+secretOf("after", i, k))
			p.do("POST /x"+asJSON+`{"item":"`+uuidOf("item", i, k)+`"}`, "200")
		},
		"uploads": func(p *tape, i, k int) {
			p.do("PUT /x\nContent-Type: text/csv\n\nid,name\n"+uuidOf("row", i, k)+",Ann\n", "200")
		},
		"texts": func(p *tape, i, k int) {
			p.do("POST /x"+asJSON+`{"text":"Entry `+random(hex, 20)+` of today, and a word."}`, "200")
		},
		"dates": func(p *tape, i, k int) {
			p.do("POST /x"+asJSON+fmt.Sprintf(`{"at":"2026-%02d-%02dT10:%02d:00Z"}`, 1+draw.IntN(12), 1+draw.IntN(28), draw.IntN(60)), "200")
		},
		"phone numbers and accounts": func(p *tape, i, k int) {
			p.do("POST /x"+asJSON+fmt.Sprintf(`{"phone":"+4930%07d","iban":"DE02%018d"}`, draw.IntN(1e7), draw.Int64N(1e15)), "200")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := record(8, nil, func(p *tape, i int) {
				for k := range 2 {
					of(p, i, k)
				}
			})
			for at, e := range r.Endpoints {
				for _, v := range e.Variants {
					for _, value := range v.Values {
						if value.Kind != "row" {
							t.Errorf("%s of %s is %s %s, want it as recorded", value.Name, at, value.Kind, value.Ref)
						}
					}
				}
			}
		})
	}
}

// The random parts below have the length of hashes. Requests that are equal otherwise
// show that they are none.
func TestRandomValuesOfTheLengthOfHashesNeedProof(t *testing.T) {
	of := func(distinct bool) string {
		r := record(6, nil, func(p *tape, i int) {
			for k := range 3 {
				n := 0
				if distinct {
					n = 10*i + k
				}
				p.do("POST /x"+asJSON+fmt.Sprintf(`{"n":%d,"id":"%s"}`, n, secretOf(i, k)), "200")
			}
		})
		return values(r, "POST /x")
	}
	want(t, "equal requests", of(false), "id=fresh {hex 32}")
	want(t, "different requests", of(true), "n=row, id=row")
}

func TestWhatMayBeComputedOrMadeIsNamed(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		for k := range 2 {
			p.do("POST /x\nX-Signature: "+secretOf(i, k)+secretOf(k, i)+asJSON+fmt.Sprintf(`{"n":%d}`, 10*i+k), "200")
		}
	})
	if len(r.Unresolved) != 1 {
		t.Fatalf("unresolved %+v, want the signature", r.Unresolved)
	}
	u := r.Unresolved[0]
	if u.Endpoint != "POST /x" || u.Place != "header X-Signature" || u.Requests != 12 || !strings.Contains(u.Edit, "{hex 64}") ||
		!strings.Contains(u.Reason, "signatures") || strings.Contains(u.Example, secretOf(0, 0)[:8]) {
		t.Errorf("unresolved %+v", u)
	}
}

// What clients make is made anew wherever it stands: in JSON that is a form field, a string
// of JSON, or in Base64.
func TestWhatClientsMakeWithinOtherValuesIsMadeAnew(t *testing.T) {
	code := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	document := func(i, k int, at time.Time) string {
		return fmt.Sprintf(`{"id":"%s","at":%d,"kind":"note","n":%d}`, uuidOf(i, k), at.UnixMilli(), k+1)
	}
	for _, tt := range []struct {
		name string
		send func(p *tape, i, k int)
	}{
		{"JSON in a form", func(p *tape, i, k int) {
			p.do("POST /save"+asForm+"state="+url.QueryEscape(document(i, k, p.now)), "201")
		}},
		{"JSON in a string of JSON", func(p *tape, i, k int) {
			p.do("POST /save"+asJSON+`{"state":"`+strings.ReplaceAll(document(i, k, p.now), `"`, `\"`)+`"}`, "201")
		}},
		{"JSON in Base64 in JSON", func(p *tape, i, k int) {
			p.do("POST /save"+asJSON+`{"state":"`+code(document(i, k, p.now))+`"}`, "201")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := record(5, nil, func(p *tape, i int) {
				for k := range 2 {
					tt.send(p, i, k)
				}
			})
			got := values(r, "POST /save")
			for _, part := range []string{"=fresh {uuid4}", "=now ms"} {
				if !strings.Contains(got, part) {
					t.Errorf("values %s, want one %s\nbody %s", got, part, r.Endpoints["POST /save"].Variants[0].Request.Body)
				}
			}
			if n := len(r.Endpoints["POST /save"].Variants); n != 1 {
				t.Errorf("%d variants, want 1", n)
			}
			if len(r.Unresolved) > 0 {
				t.Errorf("unresolved %+v, want none", r.Unresolved)
			}
		})
	}
}

// The client names the folders and files that it makes at their addresses.
func TestClientsNameWhatTheyCreateAtAnAddress(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		p.do("MKCOL /dav/"+uuidOf("folder", i)+"/", "201")
		ending := []string{"ics", "vcf"}[i%2]
		p.do("PUT /dav/notes/"+uuidOf("file", i)+"."+ending+"\nContent-Type: text/calendar\n\nBEGIN:NOTE\nUID:"+uuidOf("file", i)+"\nEND:NOTE\n", "201")
		p.exchanges[1].Endpoint, p.exchanges[1].Path = "PUT /dav/notes/{}", "/dav/notes/{}"
	})
	want(t, "folder", values(r, "MKCOL /dav/{}/"), "id=fresh {uuid4}")
	for i, file := range r.Endpoints["PUT /dav/notes/{}"].Variants {
		want(t, "address", file.Request.Target, "/dav/notes/${id}."+[]string{"ics", "vcf"}[i])
		want(t, "text", file.Request.Body, "BEGIN:NOTE\nUID:${UID}\nEND:NOTE\n")
		if id, uid := file.Values[0], file.Values[1]; id.Ref != "{uuid4}" || uid.Ref != "{uuid4}" || !id.Own || !uid.Own {
			t.Errorf("%+v and %+v, want one UUID for both", id, uid)
		}
	}
}
