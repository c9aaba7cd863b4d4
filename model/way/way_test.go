package way_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/way"
	"github.com/starling-load/starling/record/flow"
)

// cookie is one that a service made.
func cookie(n int) string { return fmt.Sprintf("%016x", uint64(n+1)*0x9E3779B97F4A7C15) }

// A desk is sessions at a service, with the acts that were learned from them.
type desk struct {
	flows [][]*flow.Flow
	m     model.Model
}

func newDesk() *desk {
	d := &desk{}
	for _, name := range []string{"GET /", "POST /login", "GET /inbox", "POST /inbox"} {
		var method, target string
		_, _ = fmt.Sscan(name, &method, &target)
		d.m.Endpoints = append(d.m.Endpoints, model.Endpoint{Name: name, Variants: []model.Variant{{Request: model.Request{Method: method, Target: target}}}})
	}
	return d
}

// session adds a session of a user with a cookie from before, if any. "POST /login" gives
// another one.
func (d *desk) session(user string, had int, asks ...string) {
	s, has, flows := model.Session{User: user}, "", []*flow.Flow(nil)
	if had > 0 {
		has = cookie(had)
	}
	for k, name := range asks {
		var method, target, body, sets string
		_, _ = fmt.Sscan(name, &method, &target)
		if name == "POST /login" {
			body, sets = "user="+user+"&password=secret", cookie(1000+len(d.flows))
		}
		flows = append(flows, ask(method, target, has, body, sets))
		if sets != "" {
			has = sets
		}
		a := model.Act{Endpoint: name, Status: 200}
		if k > 0 {
			a.After = []int{k - 1}
		}
		s.Acts = append(s.Acts, a)
	}
	d.flows, d.m.Sessions = append(d.flows, flows), append(d.m.Sessions, s)
}

// lend returns the users of the sessions that get an entry, with its endpoints.
func (d *desk) lend() (entries []string, found way.Found) {
	w := way.New()
	for _, flows := range d.flows {
		w.Look(flows)
	}
	var traces []way.Trace
	for _, flows := range d.flows {
		traces = append(traces, w.Trace(flows))
	}
	found = way.Lend(&d.m, traces)
	for _, s := range d.m.Sessions {
		line := s.User
		for _, a := range s.Entry {
			line += ", " + a.Endpoint
		}
		if len(s.Entry) > 0 {
			entries = append(entries, line)
		}
	}
	return entries, found
}

func TestAWayInIsLentOnEvidence(t *testing.T) {
	for _, tt := range []struct {
		name    string
		more    func(d *desk)
		entries []string
	}{
		{"to who was in", func(d *desk) { d.session("cid", 7, "GET /inbox", "POST /inbox") }, []string{"cid, POST /login"}},
		{"to who comes back", func(d *desk) { d.session("ann", 7, "GET /inbox") }, []string{"ann, POST /login"}},
		{"not to who has no cookie", func(d *desk) { d.session("cid", 0, "GET /inbox") }, nil},
		{"not to who only has an old cookie", func(d *desk) { d.session("cid", 7, "GET /", "GET /") }, nil},
		{"not to who logs in", func(d *desk) { d.session("cid", 7, "GET /", "POST /login", "GET /inbox") }, nil},
		{"to who was in and logs in again", func(d *desk) { d.session("cid", 7, "GET /inbox", "POST /login", "GET /inbox") }, []string{"cid, POST /login"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk()
			d.session("ann", 0, "GET /", "POST /login", "GET /inbox", "POST /inbox")
			d.session("bob", 0, "GET /", "POST /login", "GET /inbox")
			tt.more(d)
			entries, found := d.lend()
			if diff := cmp.Diff(tt.entries, entries); diff != "" || found.Entered != len(entries) || found.Unknown > 0 {
				t.Errorf("%+v (-want +got)\n%s", found, diff)
			}
		})
	}
}

func TestWaysInAreSharedOut(t *testing.T) {
	d := newDesk()
	for _, user := range []string{"ann", "bob"} {
		d.session(user, 0, "GET /", "POST /login", "GET /inbox")
	}
	for i := range 6 {
		d.session(fmt.Sprint("guest ", i), 20+i, "GET /inbox")
	}
	for i := range d.m.Sessions[:2] {
		d.m.Sessions[i].Acts[1].Row = i + 1
	}
	d.m.Endpoints[1].Variants[0].Values = []model.Value{{Name: "user", Kind: model.Row}}
	d.m.Endpoints[1].Variants[0].Rows = [][]string{{"ann"}, {"bob"}}
	_, found := d.lend()
	rows := map[int]int{}
	for _, s := range d.m.Sessions[2:] {
		rows[s.Entry[0].Row]++
	}
	if diff := cmp.Diff(map[int]int{1: 3, 2: 3}, rows); diff != "" || found != (way.Found{Entered: 6, Borrowed: 6, Ways: 2}) {
		t.Errorf("%+v; logins by row of values (-want +got)\n%s", found, diff)
	}
}

func TestOldCookiesOfLoginsAreLeftToTheJar(t *testing.T) {
	d := newDesk()
	d.session("ann", 0, "POST /login", "GET /inbox")
	d.session("bob", 7, "GET /inbox")
	d.flows[1][0].Request.Headers[0].Value += "; lang=de"
	w := way.New()
	for _, flows := range d.flows {
		w.Look(flows)
	}
	for i, want := range []string{d.flows[0][1].Request.Headers.Value("Cookie"), "lang=de"} {
		flows := w.Jarred(d.flows[i])
		if got := flows[len(flows)-1].Request.Headers.Value("Cookie"); got != want {
			t.Errorf("session %d sends %q, want %q", i, got, want)
		}
	}
}

// A form that was shown before the recording is sent with the token of a live page, and
// otherwise as it was recorded.
func TestAFormFromBeforeGetsALiveToken(t *testing.T) {
	const old = "J7rk81ZOQp3dUB9EFcsG2uq"
	d := newDesk()
	form := model.Request{Method: "POST", Target: "/send", Body: "csrf=${token}&item=${item}"}
	before := model.Request{Method: "POST", Target: "/send", Body: "csrf=${csrf}&item=${item}"}
	d.m.Endpoints = append(d.m.Endpoints,
		model.Endpoint{Name: "GET /items/{id}", Variants: []model.Variant{{
			Request: model.Request{Method: "GET", Target: "/items/${id}"}, Values: []model.Value{{Name: "id", Kind: model.Row}}, Rows: [][]string{{"16"}, {"17"}},
		}}},
		model.Endpoint{Name: "POST /send", Variants: []model.Variant{
			{Name: "1", Request: form, Values: []model.Value{{Name: "token", Kind: model.Bound, Ref: "token"}, {Name: "item", Kind: model.Bound, Ref: "item"}}},
			{Name: "2", Request: before, Values: []model.Value{{Name: "csrf", Kind: model.Row}, {Name: "item", Kind: model.Row}}, Rows: [][]string{{old, "17"}}},
		}})
	for _, name := range []string{"token", "item"} {
		d.m.Bindings = append(d.m.Bindings, model.Binding{Name: name, Sources: []model.Select{{Endpoint: "GET /items/{id}", Selector: "form:" + name}}})
	}
	d.session("ann", 0, "POST /login", "GET /inbox", "GET /items/{id}", "GET /items/{id}", "POST /send")
	d.session("bob", 7, "POST /send", "GET /inbox")
	ann, bob := &d.m.Sessions[0], &d.m.Sessions[1]
	ann.Acts[2].Row, ann.Acts[3].Row = 1, 2
	latest := model.Take{Act: model.Latest}
	ann.Acts[4].Variant, ann.Acts[4].Takes = "1", []model.Take{latest, latest}
	bob.Acts[0].Variant, bob.Acts[0].Row = "2", 1
	d.lend()
	var entry []string
	for _, a := range bob.Entry {
		entry = append(entry, fmt.Sprint(a.Endpoint, " ", a.Row, " ", a.After))
	}
	if diff := cmp.Diff([]string{"POST /login 0 []", "GET /items/{id} 2 [0]"}, entry); diff != "" {
		t.Errorf("the entry (-want +got)\n%s", diff)
	}
	variants := d.m.Endpoints[5].Variants
	want := model.Variant{Name: bob.Acts[0].Variant, Request: before, Values: []model.Value{{Name: "csrf", Kind: model.Bound, Ref: "token"}, {Name: "item", Kind: model.Row}}, Rows: [][]string{{"17"}}}
	if diff := cmp.Diff(want, variants[len(variants)-1]); diff != "" || bob.Acts[0].Row != 1 || len(variants) != 3 {
		t.Errorf("the act is %+v; its variant (-want +got)\n%s", bob.Acts[0], diff)
	}
}

// Who sends a token gets the way in that gives tokens, without the renewal behind it.
func TestAWayInGivesWhatIsSent(t *testing.T) {
	d := newDesk()
	bearer := model.Request{Method: "GET", Target: "/api/inbox", Headers: []model.Header{{Name: "Authorization", Value: "Bearer ${access}"}}}
	renew := bearer
	renew.Method, renew.Target = "POST", "/api/renew"
	access := []model.Value{{Name: "access", Kind: model.Bound, Ref: "access", Own: true}}
	d.m.Endpoints = append(d.m.Endpoints,
		model.Endpoint{Name: "POST /api/login", Variants: []model.Variant{{Request: model.Request{Method: "POST", Target: "/api/login"}}}},
		model.Endpoint{Name: "GET /api/inbox", Variants: []model.Variant{{Request: bearer, Values: access, Rows: [][]string{{"old"}}}}},
		model.Endpoint{Name: "POST /api/renew", Variants: []model.Variant{{Request: renew, Values: access}}})
	d.m.Bindings = []model.Binding{{Name: "access", Sources: []model.Select{{Endpoint: "POST /api/login", Selector: "json:token"}, {Endpoint: "POST /api/renew", Selector: "json:token"}}}}
	d.session("ann", 0, "GET /", "POST /login", "GET /inbox")
	d.session("bob", 0, "GET /", "POST /login", "GET /inbox")
	d.session("cid", 0, "POST /api/login", "GET /api/inbox", "POST /api/renew", "GET /api/inbox")
	d.session("dan", 0, "GET /api/inbox", "GET /api/inbox")
	send := func(session, act int, token string, take model.Take) {
		r := &d.flows[session][act].Request
		r.Headers = append(r.Headers, flow.Header{Name: "Authorization", Value: "Bearer " + token})
		a := &d.m.Sessions[session].Acts[act]
		a.Row, a.Takes = 1, []model.Take{take}
	}
	give := func(act int, token string) {
		d.flows[2][act].Response.Headers = append(d.flows[2][act].Response.Headers, flow.Header{Name: "X-Token", Value: token})
	}
	give(0, cookie(1))
	send(2, 1, cookie(1), model.Take{Act: 0})
	send(2, 2, cookie(1), model.Take{Act: 0})
	give(2, cookie(2))
	send(2, 3, cookie(2), model.Take{Act: 2, Source: 1})
	for act := range 2 {
		send(3, act, cookie(50), model.Take{Act: model.Own})
	}
	if entries, found := d.lend(); !cmp.Equal(entries, []string{"dan, POST /api/login"}) || found.Ways != 3 {
		t.Errorf("entries %q, %+v", entries, found)
	}
}
