package session

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/flow"
)

const (
	sidA  = "sid=5f2c9a01b7e84d63aa90"
	sidA2 = "sid=0c77d1e2f3a4b5c69d81"
	sidB  = "sid=9e8d7c6b5a4f3e2d1c0b"
	jwt1  = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEiLCJpYXQiOjF9.c2lnbmF0dXJlLW9uZQ"
	jwt2  = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEiLCJpYXQiOjJ9.c2lnbmF0dXJlLXR3bw"
	fresh = "c0a01ff2bd2c4f2f9e2d77aa01bc23de"
)

// table makes flows of lines: "SECOND CONN NAME [cookie=…] [set=…] [auth=…]
// [gives=…] [sends=…] [login=…] [clears=…] [leads=…] [status=…] [host=…] [html] [kept]
// [FIELD:VALUE]", with header fields of the request last. html is a page, kept an asset
// that clients keep. login sends a name with a password, clears takes a cookie away.
func table(lines ...string) []*flow.Flow {
	var out []*flow.Flow
	for i, line := range lines {
		fields := strings.Fields(line)
		f := &flow.Flow{Number: uint64(i), Done: 10 * time.Millisecond, Response: &flow.Response{Status: 200}}
		var second int
		_, _ = fmt.Sscan(fields[0], &second)
		_, _ = fmt.Sscan(fields[1], &f.Conn)
		f.Start = time.Date(2026, 3, 1, 12, 0, second, 0, time.UTC)
		f.Request = flow.Request{Method: "POST", Target: "/" + fields[2], Authority: "shop.test:80"}
		for _, x := range fields[3:] {
			if name, value, ok := strings.Cut(x, ":"); ok && !strings.Contains(name, "=") {
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: name, Value: strings.ReplaceAll(value, "+", " ")})
				continue
			}
			k, v, _ := strings.Cut(x, "=")
			switch k {
			case "cookie":
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "cookie", Value: "theme=light; " + v})
			case "set":
				f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "set-cookie", Value: v + "; Path=/"})
			case "auth":
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "authorization", Value: "Bearer " + v})
			case "gives":
				f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "content-type", Value: "application/json"})
				f.Response.Body = flow.NewBody([]byte(`{"token":"` + strings.ReplaceAll(v, "+", `","more":"`) + `"}`))
			case "sends":
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "content-type", Value: "application/json"})
				f.Request.Body = flow.NewBody([]byte(`{"token":"` + v + `"}`))
			case "login":
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "content-type", Value: "application/x-www-form-urlencoded"})
				f.Request.Body = flow.NewBody([]byte("who=" + v + "&password=Kites-27"))
			case "clears":
				f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "set-cookie", Value: v + "=; Max-Age=0"})
			case "leads":
				f.Response.Status, f.Response.Headers = 302, append(f.Response.Headers, flow.Header{Name: "location", Value: "/" + v})
			case "status":
				_, _ = fmt.Sscan(v, &f.Response.Status)
			case "host":
				f.Request.Authority = v
			case "html":
				f.Request.Method, f.Response.Headers = "GET", append(f.Response.Headers, flow.Header{Name: "content-type", Value: "text/html"})
			case "kept":
				f.Request.Method, f.Response.Headers = "GET", append(f.Response.Headers, flow.Header{Name: "cache-control", Value: "max-age=600"})
			}
		}
		out = append(out, f)
	}
	return out
}

func all(flows []*flow.Flow) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		for _, f := range flows {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// describe writes sessions as "USER: name name".
func describe(sessions []Session) []string {
	var out []string
	for _, s := range sessions {
		line := s.User + ":"
		for _, f := range s.Flows {
			line += " " + f.Request.Target[1:]
		}
		out = append(out, line)
	}
	return out
}

func TestSplitFindsWhoSentWhat(t *testing.T) {
	for _, c := range []struct {
		name  string
		flows []string
		want  []string
	}{
		{"without identities by connection", []string{"0 1 a", "1 2 b", "2 1 c"}, []string{"u1: a c", "u2: b"}},
		{"by cookie where one connection carries several users",
			[]string{"0 1 a set=" + sidA, "1 1 b set=" + sidB, "2 1 c cookie=" + sidA, "3 1 d cookie=" + sidB}, []string{"u1: a c", "u2: b d"}},
		{"by cookie over several connections", []string{"0 1 a set=" + sidA, "1 2 b cookie=" + sidA, "2 3 c cookie=" + sidA}, []string{"u1: a b c"}},
		{"a rotated cookie is the same user",
			[]string{"0 1 a set=" + sidA, "1 2 login cookie=" + sidA + " set=" + sidA2, "2 3 c cookie=" + sidA2}, []string{"u1: a login c"}},
		{"a cookie that everybody gets joins nobody",
			[]string{"0 1 a set=" + sidA, "1 2 b set=" + sidA, "2 1 c cookie=" + sidA, "3 2 d cookie=" + sidA}, []string{"u1: a c", "u2: b d"}},
		{"a cookie that no answer issued counts if it is random", []string{"0 1 a cookie=" + sidA, "1 2 b cookie=" + sidA, "2 1 c cookie=" + sidB, "3 2 d cookie=" + sidB}, []string{"u1: a b", "u2: c d"}},
		{"a cookie of a single request counts where most are carried again",
			[]string{"0 0 a cookie=" + sidA, "1 0 b cookie=" + sidA, "2 0 c cookie=" + sidB, "3 0 d cookie=" + sidB, "4 0 e html cookie=" + sidA2, "5 0 f html cookie=sid=77aa6655bb44cc33dd22"},
			[]string{"u1: a b", "u2: c d", "u3: e", "u4: f"}},
		{"a deleted cookie joins nobody", []string{"0 1 a set=sid=deleted", "1 2 b set=sid=deleted", "2 1 c"}, []string{"u1: a c", "u2: b"}},
		{"a token joins its login, also on other connections",
			[]string{"0 1 login gives=" + jwt1, "1 2 list auth=" + jwt1, "2 3 login gives=" + jwt2, "3 2 list auth=" + jwt2}, []string{"u1: login list", "u2: login list"}},
		{"a refresh joins old and new token",
			[]string{"0 1 login gives=" + jwt1 + "+" + fresh, "1 2 list auth=" + jwt1, "2 3 refresh sends=" + fresh + " gives=" + jwt2, "3 4 list auth=" + jwt2},
			[]string{"u1: login list refresh list"}},
		{"a ticket in the query joins the exchange that gave it",
			[]string{"0 1 ticket auth=" + jwt1 + " gives=" + fresh, "1 2 chat?t=" + fresh}, []string{"u1: ticket chat?t=" + fresh}},
		{"requests without identity go with their connection",
			[]string{"0 1 first", "1 1 login set=" + sidA, "2 1 css", "3 2 other"}, []string{"u1: first login css", "u2: other"}},
		{"on a shared connection they go with the user before, at first with the one after",
			[]string{"0 1 x", "1 1 a set=" + sidA, "2 1 y", "3 1 b set=" + sidB, "4 1 z", "5 2 c cookie=" + sidA, "6 2 d cookie=" + sidB},
			[]string{"u1: x a y c", "u2: b z d"}},
		{"a long pause begins a new session, a short one does not",
			[]string{"0 1 a", "1800 1 b", "3601 1 c", "3602 1 d"}, []string{"u1: a b", "u1: c d"}},
		{"flows out of order are sorted by start", []string{"5 1 b", "0 1 a"}, []string{"u1: a b"}},
		{"unknown connections by agent", []string{"0 0 a", "1 0 b"}, []string{"u1: a b"}},
		{"the commonest host counts", []string{"0 1 a", "1 1 b", "2 1 ads host=ads.test"}, []string{"u1: a b"}},
		{"nothing is nothing", nil, nil},
	} {
		sessions, err := Split(all(table(c.flows...)), Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, describe(sessions)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestSplitReportsForeignHosts(t *testing.T) {
	var r Report
	flows := table("0 1 a", "1 1 b host=cdn.test", "2 1 c host=ads.test", "3 2 d host=api.test:8080")
	sessions, err := Split(all(flows), Options{Hosts: []string{"SHOP.test", "api.test"}, Report: &r})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"u1: a", "u2: d"}, describe(sessions)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := r.Others(); got != "ads.test 1, cdn.test 1" {
		t.Errorf("other hosts %q", got)
	}
	want := Report{
		Flows: 2, Users: 2, Foreign: map[string]int{"cdn.test": 1, "ads.test": 1}, Hosts: []string{"api.test:8080", "shop.test:80"},
		Rests: map[string]int{"connection": 2}, Thin: 2, ByConn: 2, ByAddress: 1, Apart: map[Kind]int{}, Idle: 30 * time.Minute,
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSplitUsesAShorterPause(t *testing.T) {
	sessions, err := Split(all(table("0 1 a", "9 1 b", "30 1 c")), Options{Idle: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"u1: a b", "u1: c"}, describe(sessions)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSplitEndsAtAnError(t *testing.T) {
	broken := errors.New("block 3 is damaged")
	_, err := Split(func(yield func(*flow.Flow, error) bool) { _ = yield(table("0 1 a")[0], nil) && yield(nil, broken) }, Options{})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestFlowsWithoutAnAnswerBelongToASession(t *testing.T) {
	flows := table("0 1 a", "1 1 b")
	flows[1].Response = nil
	sessions, err := Split(all(flows), Options{})
	if err != nil || len(sessions) != 1 || len(sessions[0].Flows) != 2 {
		t.Errorf("%v, %v; want one session of two flows", describe(sessions), err)
	}
}
