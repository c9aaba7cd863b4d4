package record

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// visit is a flow of a user: what the request carries and the response sets.
func visit(conn uint64, cookie, sets, header string) *flow.Flow {
	f := page(conn, 0)
	if cookie != "" {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "cookie", Value: "theme=dark; sid=" + cookie})
	}
	if header != "" {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "X-User", Value: header})
	}
	if sets != "" {
		f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "Set-Cookie", Value: "sid=" + sets + "; Path=/; HttpOnly"})
	}
	return f
}

func TestSampleTakesItsShareOfUsersWhole(t *testing.T) {
	const users = 20_000
	for _, by := range []string{"cookie:sid", "header:x-user", "address", "connection"} {
		m := newSampler(Sample{Ratio: 0.25, By: by})
		kept := 0
		for u := range uint64(users) {
			// Two connections of one address, a session that is new at login.
			var in []bool
			for c := range uint64(2) {
				conn := 1 + u*2 + c
				m.conn(&flow.Conn{ID: conn, Client: fmt.Sprintf("10.%d.%d.%d:%d", u>>16, u>>8&255, u&255, 1000+c)}, time.Time{})
				before, after, name := fmt.Sprintf("before-%d", u), fmt.Sprintf("after-%d", u), fmt.Sprint(u)
				if c == 0 {
					in = append(in, m.keeps(visit(conn, "", before, name), time.Time{}))
					in = append(in, m.keeps(visit(conn, before, after, name), time.Time{}))
				}
				in = append(in, m.keeps(visit(conn, after, "", name), time.Time{}))
				if by == "connection" {
					break
				}
			}
			for _, v := range in {
				if v != in[0] {
					t.Fatalf("by %s: user %d is in and out: %v", by, u, in)
				}
			}
			if in[0] {
				kept++
			}
		}
		// Four standard deviations of a binomial share.
		if d := math.Abs(float64(kept)/users - 0.25); d > 4*math.Sqrt(0.25*0.75/users) {
			t.Errorf("by %s: %d of %d users kept, want a quarter", by, kept, users)
		}
	}
}

func TestSampleSaysAtOnceWhoCannotBeInIt(t *testing.T) {
	now := time.Unix(0, 0)
	for _, by := range []string{"cookie:sid", "header:X-User", "address", "connection"} {
		m := newSampler(Sample{Ratio: 0.5, By: by})
		in := 0
		for i := range uint64(400) {
			m.conn(&flow.Conn{ID: i + 1, Client: fmt.Sprintf("10.0.0.%d:%d", i%250, i)}, now)
			f := page(i+1, 10)
			f.Request.Headers = flow.Headers{{Name: "Cookie", Value: fmt.Sprint("sid=", i)}, {Name: "X-User", Value: fmt.Sprint(i)}}
			f.Response = nil
			may := m.may(f, now)
			if may {
				in++
			}
			if f = page(i+1, 10); by == "cookie:sid" || by == "header:X-User" {
				f.Request.Headers = flow.Headers{{Name: "Cookie", Value: fmt.Sprint("sid=", i)}, {Name: "X-User", Value: fmt.Sprint(i)}}
			}
			if m.keeps(f, now) != may {
				t.Fatalf("by %s: user %d may be in it: %v", by, i, may)
			}
		}
		if in < 150 || in > 250 {
			t.Errorf("by %s: %d of 400 users may be in a sample of half of them", by, in)
		}
	}
	m := newSampler(Sample{Ratio: 0.000001, By: "cookie:sid"})
	if !m.may(page(1, 0), now) {
		t.Error("a user without a cookie is refused before one is set")
	}
}

func TestSampleIsTheSameInEveryProcess(t *testing.T) {
	// The choices are part of what users rely on: several proxies in front of
	// one service keep the same people.
	m := newSampler(Sample{Ratio: 0.5, By: "header:X-User"})
	var got []bool
	for _, user := range []string{"ada", "ben", "cleo", "dan", "eve", "fay", "gus", "hal"} {
		got = append(got, m.keeps(visit(1, "", "", user), time.Time{}))
	}
	if want := "[true true false true false true true false]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestFlowWithoutKeyGoesWithItsConnection(t *testing.T) {
	m := newSampler(Sample{Ratio: 0.5, By: "cookie:sid"})
	for u := range uint64(200) {
		conn := u + 1
		in := m.keeps(visit(conn, fmt.Sprint("s", u), "", ""), time.Time{})
		if m.keeps(visit(conn, "", "", ""), time.Time{}) != in {
			t.Fatalf("user %d: the request for an image without cookie left the user", u)
		}
	}
}

func TestSampleThatCannotWorkIsRefused(t *testing.T) {
	for _, s := range []Sample{{Ratio: -0.1}, {Ratio: 1.1}, {Ratio: 0.5, By: "cookie:"}, {Ratio: 0.5, By: "cookie"}, {Ratio: 0.5, By: "path:x"}} {
		if s.validate() == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	for _, s := range []Sample{{}, {Ratio: 1}, {By: "address"}} {
		if s.validate() != nil || newSampler(s) != nil {
			t.Errorf("%+v does not take everybody", s)
		}
	}
}
