package identity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// find goes over flows twice and returns the users.
func find(flows func(yield func(*flow.Flow) bool)) (*Users, []Node) {
	m := NewMarks()
	e := NewEvidence(m)
	for f := range flows {
		e.See(f, m.Of("source"))
	}
	e.Judge()
	u := NewUsers(e)
	var nodes []Node
	for f := range flows {
		nodes = append(nodes, u.See(f))
	}
	u.Settle()
	return u, nodes
}

func get(target string, headers ...string) *flow.Flow {
	f := &flow.Flow{Request: flow.Request{Method: "GET", Target: target}, Response: &flow.Response{Status: 200}}
	for i := 0; i+1 < len(headers); i += 2 {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: headers[i], Value: headers[i+1]})
	}
	return f
}

func random(i int) string { return fmt.Sprintf("x%016xk%08xq", uint64(i+1)*0x9E3779B97F4A7C15, i) }

func TestEvidenceIsBoundedInHostileRecordings(t *testing.T) {
	for _, c := range []struct {
		name  string
		flows int
		make  func(i int) *flow.Flow
	}{
		{"60,000 header fields in each request", 20, func(i int) *flow.Flow {
			f := get("/")
			for k := range 60000 {
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: fmt.Sprint("X-", k), Value: random(i*60000 + k)})
			}
			return f
		}},
		{"60,000 cookies in one field", 20, func(i int) *flow.Flow {
			var b strings.Builder
			for k := range 60000 {
				fmt.Fprintf(&b, "c%d=%s; ", k, random(k))
			}
			return get("/", "Cookie", b.String())
		}},
		{"names of cookies that no other request has", 5000, func(i int) *flow.Flow { return get("/", "Cookie", random(i)+"="+random(i)) }},
		{"a parameter in each of 10,000 segments", 20, func(i int) *flow.Flow { return get(strings.Repeat("/a;b="+random(i), 10000)) }},
		{"a header field with a new value in each of many requests", 50000, func(i int) *flow.Flow { return get("/", "X-Id", random(i)) }},
		{"long names and values", 100, func(i int) *flow.Flow {
			return get("/", strings.Repeat("X-a", 10000), random(i), "X-B", strings.Repeat(random(i), 1000))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if underRace {
				c.flows /= 4
			}
			u, _ := find(func(yield func(*flow.Flow) bool) {
				for i := range c.flows {
					if !yield(c.make(i)) {
						return
					}
				}
			})
			values, pairs := min(c.flows*maxAtoms, maxPlaces*maxAtoms+2*dullAfter), maxPlaces*maxAtoms*(maxWitnesses+1)
			if len(u.places) > maxPlaces || len(u.values) > values || len(u.shared.saw) > pairs || len(u.held) > len(u.values) {
				t.Errorf("%d places, %d values, %d sightings; want at most %d, %d and %d", len(u.places), len(u.values), len(u.shared.saw), maxPlaces, values, pairs)
			}
		})
	}
}

func TestAsManyCookiesAreAsManyUsers(t *testing.T) {
	n := 200_000
	if underRace {
		n /= 4
	}
	u, nodes := find(func(yield func(*flow.Flow) bool) {
		for i := range 2 * n {
			if !yield(get("/", "Cookie", "sid="+random(i/2))) {
				return
			}
		}
	})
	who := map[Node]bool{}
	for _, at := range nodes {
		who[u.Who(at)] = true
	}
	if len(who) != n || who[0] {
		t.Errorf("%d users, want %d", len(who), n)
	}
	if most := maxSuspects * (maxWitnesses + 1); len(u.shared.saw) > most {
		t.Errorf("%d sightings, want at most %d", len(u.shared.saw), most)
	}
}

func TestOneLargeAnswerOfManyFlowsIsReadOnce(t *testing.T) {
	token := random(7)
	large := flow.NewBody([]byte(`{"fill":"` + strings.Repeat("x", largeBody) + `","token":"` + token + `"}`))
	u, nodes := find(func(yield func(*flow.Flow) bool) {
		for i := range 300 {
			f := get(fmt.Sprint("/", i))
			f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "application/json"}}
			f.Response.Body = large
			if !yield(f) {
				return
			}
		}
		yield(get("/?t=" + token))
	})
	if len(u.read.of) != 1 {
		t.Errorf("%d bodies are remembered, want 1", len(u.read.of))
	}
	if at := u.Thread(nodes[300]); at != 0 {
		t.Errorf("the token that 300 answers gave away names a user: node %d", at)
	}
}

func TestATokenInALargeAnswerJoinsItsUser(t *testing.T) {
	token := random(7)
	u, nodes := find(func(yield func(*flow.Flow) bool) {
		f := get("/login")
		f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "application/json"}}
		f.Response.Body = flow.NewBody([]byte(`{"fill":"` + strings.Repeat("x", largeBody) + `","token":"` + token + `"}`))
		_ = yield(f) && yield(get("/?t="+token))
	})
	if at := u.Thread(nodes[0]); at == 0 || at != u.Thread(nodes[1]) {
		t.Errorf("login and use are tied to nodes %d and %d, want one", at, u.Thread(nodes[1]))
	}
}

func FuzzAtoms(f *testing.F) {
	f.Add("Cookie", "sid=5f2c9a01b7e84d63aa90; a", "/a;b=c", "sid=1; Path=/")
	f.Add("Authorization", `Digest username="ada", nonce="x"`, "/;;=;", "=;")
	f.Add("Authorization", "Basic YWRhOg==", "?", "a=deleted")
	f.Add("X-Token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.x", "/", "b=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.y")
	f.Fuzz(func(t *testing.T, name, value, target, set string) {
		x := get(target, name, value)
		x.Response.Headers = flow.Headers{{Name: "Set-Cookie", Value: set}, {Name: name, Value: value}}
		u, nodes := find(func(yield func(*flow.Flow) bool) {
			for range 2 {
				if !yield(x) {
					return
				}
			}
		})
		if u.Who(nodes[0]) != u.Who(nodes[1]) {
			t.Errorf("two equal flows have the users %d and %d", u.Who(nodes[0]), u.Who(nodes[1]))
		}
	})
}

func TestASessionInTheBodyOfEachCallNamesItsUser(t *testing.T) {
	call := func(user, n int) *flow.Flow {
		f := get("/service", "Content-Type", "text/xml")
		f.Request.Method = "POST"
		f.Request.Body = flow.NewBody(fmt.Appendf(nil, `<s:Envelope xmlns:s="urn:s"><s:Header><SessionId>%s</SessionId></s:Header><s:Body><Call n="%d"/></s:Body></s:Envelope>`, random(user), n))
		return f
	}
	u, nodes := find(func(yield func(*flow.Flow) bool) {
		for i := range 12 {
			if !yield(call(i%3, i)) {
				return
			}
		}
	})
	for i, at := range nodes {
		if u.Who(at) == 0 || u.Who(at) != u.Who(nodes[i%3]) || i%3 > 0 && u.Who(at) == u.Who(nodes[0]) {
			t.Errorf("call %d is of user %d, the first ones are of %d, %d and %d", i, u.Who(at), u.Who(nodes[0]), u.Who(nodes[1]), u.Who(nodes[2]))
		}
	}
}
