package learn_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A tape writes the flows of one session: each answer takes 50 ms, each pause is
// the one given.
type tape struct {
	flows []*flow.Flow
	now   time.Time
}

func (p *tape) do(pause time.Duration, request, answer string) *flow.Flow {
	first, headers, body := parts(request)
	method, target, _ := strings.Cut(first, " ")
	p.now = p.now.Add(pause)
	f := &flow.Flow{Scheme: "http", Start: p.now, FirstByte: 40 * time.Millisecond, Done: 50 * time.Millisecond, Number: uint64(len(p.flows)),
		Request: flow.Request{Method: method, Target: target, Authority: "app.test", Headers: headers, Body: flow.NewBody([]byte(body))}}
	status, headers, body := parts(answer)
	f.Response = &flow.Response{Headers: headers, Body: flow.NewBody([]byte(body))}
	_, _ = fmt.Sscan(status, &f.Response.Status)
	p.now = p.now.Add(f.Done)
	p.flows = append(p.flows, f)
	return f
}

func parts(s string) (first string, headers flow.Headers, body string) {
	head, body, _ := strings.Cut(s, "\n\n")
	lines := strings.Split(head, "\n")
	for _, l := range lines[1:] {
		k, v, _ := strings.Cut(l, ": ")
		headers = append(headers, flow.Header{Name: k, Value: v})
	}
	return lines[0], headers, body
}

const (
	asJSON = "\nContent-Type: application/json\n\n"
	asHTML = "\nContent-Type: text/html; charset=utf-8\n\n"
	asForm = "\nContent-Type: application/x-www-form-urlencoded\n\n"
)

func secretOf(args ...any) string {
	sum := sha256.Sum256(fmt.Appendln(nil, args...))
	return hex.EncodeToString(sum[:16])
}

// members is a data file of 30 accounts.
func members() model.Source {
	f := model.Source{Name: "accounts", Columns: []string{"user", "password"}}
	for i := range 30 {
		f.Rows = append(f.Rows, []string{fmt.Sprintf("member%d", i), "pw-" + secretOf("pw", i)[:8]})
	}
	return f
}

// formApp is one session of a site with pages: tokens change with every page,
// notes have a stamp that a save must carry.
func formApp(p *tape, i int) {
	r := rand.New(rand.NewPCG(uint64(i), 9))
	who := members().Rows[i]
	pause := func() time.Duration { return time.Duration(200+r.IntN(1800)) * time.Millisecond }
	serial := 0
	page := func(in bool, title, more string) (token, html string) {
		serial++
		token = secretOf(i, serial)
		head := `<a href="/login">in</a>`
		if in {
			head = `<form method=post action=/logout><input type=hidden name=csrf value=` + token + `></form>`
		}
		return token, "200" + asHTML + "<title>" + title + "</title>" + head + strings.ReplaceAll(more, "TOKEN", token)
	}
	_, html := page(false, "Welcome", "")
	p.do(0, "GET /", html)
	p.flows[len(p.flows)-1].Response.Headers = append(p.flows[len(p.flows)-1].Response.Headers, flow.Header{Name: "Set-Cookie", Value: "sid=" + secretOf("sid", i)})
	token, html := page(false, "Log in", `<form method=post action=/login><input type=hidden name=csrf value=TOKEN><input name=user><input type=password name=pass></form>`)
	p.do(pause(), "GET /login", html)
	p.do(pause(), "POST /login"+asForm+"csrf="+token+"&user="+who[0]+"&pass="+who[1], "303\nLocation: /notes")
	_, html = page(true, "Notes of "+who[0], "")
	p.do(0, "GET /notes", html)
	for k := range 1 + r.IntN(3) {
		stamp := fmt.Sprint(1700000000 + 1000*i + k)
		token, html = page(true, "Edit", `<form method=post action=/notes/save><input type=hidden name=csrf value=TOKEN><input type=hidden name=stamp value=`+stamp+`><textarea name=text></textarea></form>`)
		p.do(pause(), "GET /notes/edit?page=notes:"+who[0], html)
		p.do(pause(), "POST /notes/save"+asForm+"csrf="+token+"&stamp="+stamp+"&page=notes:"+who[0]+"&text=Entry+"+secretOf("text", i, k)[:10]+"+of+today", "303\nLocation: /notes")
		token, html = page(true, "Notes of "+who[0], "")
		p.do(0, "GET /notes", html)
	}
	p.do(pause(), "POST /logout"+asForm+"csrf="+token, "303\nLocation: /")
	_, html = page(false, "Welcome", "")
	p.do(0, "GET /", html)
}

// api is one session of a program: tokens are renewed, records are listed,
// created, changed and sometimes deleted.
func api(p *tape, i int) {
	r := rand.New(rand.NewPCG(uint64(i), 8))
	who := members().Rows[i]
	pause := func() time.Duration { return time.Duration(20+r.IntN(80)) * time.Millisecond }
	token := secretOf("token", i)
	auth := func() string { return "\nAuthorization: Bearer " + token }
	shared := []string{secretOf("r1"), secretOf("r2"), secretOf("r3"), secretOf("r4")}
	record := func(id string) string { return `{"id":"` + id + `","title":"t","tags":[]}` }
	p.do(0, "POST /api/login"+asJSON+`{"user":"`+who[0]+`","password":"`+who[1]+`"}`, "200"+asJSON+`{"token":"`+token+`","refresh":"`+secretOf("refresh", i)+`"}`)
	list := []string{}
	for _, id := range shared {
		list = append(list, record(id))
	}
	p.do(pause(), "GET /api/records"+auth(), "200"+asJSON+`{"items":[`+strings.Join(list, ",")+`]}`)
	id := shared[r.IntN(4)]
	p.do(pause(), "GET /api/records/"+id+auth(), "200"+asJSON+record(id))
	if i%2 == 0 {
		token = secretOf("token", i, 2)
		p.do(pause(), "POST /api/refresh"+asJSON+`{"refresh":"`+secretOf("refresh", i)+`"}`, "200"+asJSON+`{"token":"`+token+`"}`)
	}
	own := secretOf("own", i)
	p.do(pause(), "POST /api/records"+auth()+asJSON+`{"title":"Note `+secretOf(i, "title")[:9]+`"}`, "201"+asJSON+record(own))
	p.do(pause(), "PATCH /api/records/"+own+auth()+asJSON+`{"title":"Again `+secretOf(i, "again")[:9]+`"}`, "200"+asJSON+record(own))
	if i%4 == 0 {
		p.do(pause(), "DELETE /api/records/"+own+auth(), "204")
	}
	p.do(pause(), "GET /api/records"+auth(), "200"+asJSON+`{"items":[]}`)
}

// visits runs n sessions, a minute apart.
func visits(n int, of func(p *tape, i int)) []session.Session {
	var out []session.Session
	for i := range n {
		p := &tape{now: begin.Add(time.Duration(i) * time.Minute)}
		of(p, i)
		out = append(out, session.Session{User: fmt.Sprint("u", i+1), Flows: p.flows})
	}
	return out
}

func mixed(p *tape, i int) {
	if i%3 == 2 {
		api(p, i)
	} else {
		formApp(p, i)
	}
}

func mustLearn(t *testing.T, sessions []session.Session) (*model.Model, *learn.Report) {
	t.Helper()
	m, r, err := learn.Learn(sessions, learn.Options{Data: []model.Source{members()}})
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

func endpointOf(t *testing.T, m *model.Model, name string) *model.Endpoint {
	t.Helper()
	for i := range m.Endpoints {
		if m.Endpoints[i].Name == name {
			return &m.Endpoints[i]
		}
	}
	t.Fatalf("no endpoint %s", name)
	return nil
}

func TestTwoKindsOfUsersAreToldApart(t *testing.T) {
	m, r := mustLearn(t, visits(30, mixed))
	var got []string
	for _, b := range m.Behaviors {
		got = append(got, fmt.Sprintf("%s %d %.4f", b.Name, b.Sessions, b.Weight))
	}
	if diff := cmp.Diff([]string{"notes-save 20 0.6667", "update-records 10 0.3333"}, got); diff != "" {
		t.Errorf("types (-want +got)\n%s", diff)
	}
	if len(r.Unresolved) > 0 || len(m.Notes) > 0 {
		t.Errorf("unresolved %+v, notes %q; want none", r.Unresolved, m.Notes)
	}
}

func TestOneKindOfUserIsOneType(t *testing.T) {
	for name, of := range map[string]func(*tape, int){"pages": formApp, "api": api} {
		if m, _ := mustLearn(t, visits(24, of)); len(m.Behaviors) != 1 {
			t.Errorf("%s: %d types, want 1", name, len(m.Behaviors))
		}
	}
}

func TestTheFormApplicationIsLearnedWhole(t *testing.T) {
	m, _ := mustLearn(t, visits(12, formApp))
	save := endpointOf(t, m, "POST /notes/save")
	if want := "csrf=${csrf_2}&stamp=${stamp}&page=notes:${user}&text=${text}"; save.Variants[0].Request.Body != want {
		t.Errorf("body\n got %s\nwant %s", save.Variants[0].Request.Body, want)
	}
	want := model.Check{Status: []int{3}, Redirect: []string{"/notes"}}
	if diff := cmp.Diff(want, save.Check); diff != "" {
		t.Errorf("check of the save (-want +got)\n%s", diff)
	}
	want = model.Check{Status: []int{2}, Content: []string{"text/html"}, Require: []string{"form:POST /logout[csrf]"}}
	if diff := cmp.Diff(want, endpointOf(t, m, "GET /notes").Check); diff != "" {
		t.Errorf("check of a page that names its user (-want +got)\n%s", diff)
	}
	want = model.Check{Status: []int{2}, Content: []string{"text/html"}, Require: []string{"title:Welcome"}}
	if diff := cmp.Diff(want, endpointOf(t, m, "GET /").Check); diff != "" {
		t.Errorf("check of the home page (-want +got)\n%s", diff)
	}
}

func TestTheAPIIsLearnedWhole(t *testing.T) {
	m, _ := mustLearn(t, visits(12, api))
	bindings := map[string]string{}
	for _, b := range m.Bindings {
		for _, s := range b.Sources {
			bindings[b.Name] += s.Endpoint + " " + s.Selector + " " + b.Pick + ";"
		}
	}
	want := map[string]string{
		"token":     "POST /api/login json:token ;POST /api/refresh json:token ;",
		"refresh":   "POST /api/login json:refresh ;",
		"item_id":   "GET /api/records json:items[].id any;",
		"record_id": "POST /api/records json:id ;",
	}
	if diff := cmp.Diff(want, bindings); diff != "" {
		t.Errorf("bindings (-want +got)\n%s", diff)
	}
	list := endpointOf(t, m, "GET /api/records").Check
	if !slices.Contains(list.Require, "$.items[].id:string") {
		t.Errorf("required %q, want the members of items although one list was empty", list.Require)
	}
	if got := endpointOf(t, m, "DELETE /api/records/{id}").Check; !cmp.Equal(got, model.Check{Status: []int{2}}) {
		t.Errorf("check of the delete %+v", got)
	}
}

func TestTransitionsAndPausesAreAsRecorded(t *testing.T) {
	m, _ := mustLearn(t, visits(3, func(p *tape, i int) {
		p.do(0, "GET /a", "200")
		p.do(time.Duration(1+i)*time.Second, "GET /b", "200")
		if i == 0 {
			f := p.do(-30*time.Millisecond, "GET /c", "200") // asked for while b was answered
			f.Done = 10 * time.Millisecond                   // and answered first
		}
		if i == 2 {
			p.do(time.Second, "GET /a", "200")
		}
	}))
	b := m.Behaviors[0]
	if diff := cmp.Diff([]model.Edge{{To: "GET /a", Odds: 1}}, b.Start); diff != "" {
		t.Errorf("start (-want +got)\n%s", diff)
	}
	steps := map[string][]model.Edge{}
	for _, s := range b.Steps {
		steps[s.ID] = s.Next
	}
	a := steps["GET /a"]
	if len(a) != 2 || a[0].To != "GET /b" || math.Abs(a[0].Odds-0.75) > 1e-3 || a[1].To != model.End {
		t.Fatalf("ways on from a: %+v, want b in three of four cases, then the end", a)
	}
	q := a[0].Think.Quantiles
	if len(q) != 17 || q[0] != time.Second || q[8] != 2*time.Second || q[16] != 3*time.Second || !slices.IsSorted(q) {
		t.Errorf("pauses from a to b %v, want 17 quantiles from 1 s over 2 s to 3 s", q)
	}
	for _, x := range b.Steps {
		if x.ID == "GET /c" {
			t.Error("a concurrent request is a step of its own")
		}
		if want := []model.Load{{Endpoint: "GET /c", Share: 0.3333}}; x.ID == "GET /b" && !cmp.Equal(x.Page.Loads, want) {
			t.Errorf("loads of b %+v, want c in one of three visits", x.Page.Loads)
		}
	}
	want := model.Recorded{Flows: 8, Sessions: 3, Users: 3, Start: begin,
		Duration: 2*time.Minute + 4150*time.Millisecond}
	if diff := cmp.Diff(want, m.Recorded); diff != "" || m.MainOrigin() != "http://app.test" {
		t.Errorf("recorded from %s (-want +got)\n%s", m.MainOrigin(), diff)
	}
}

func TestWhatCannotBeLearnedIsCounted(t *testing.T) {
	sessions := visits(2, func(p *tape, _ int) {
		p.do(0, "GET /a", "200")
		p.do(0, "GET /cut", "200").Error = "response cut"
		p.do(0, "GET /lost", "200").Response = nil
		p.do(0, "GET /chat", "101")
		p.do(0, "OPTIONS *", "200")
		p.do(0, "PUT /upload", "200").Request.Body = flow.Body{Data: []byte("begin"), Size: 1 << 30}
		long := &p.do(0, "PUT /long", "200").Request.Body
		long.Size, long.Open = 1<<30, func() (io.ReadCloser, error) { return nil, io.EOF }
		events := p.do(0, "GET /events", "200\nContent-Type: text/event-stream\n\n")
		events.Error = "client closed"
		events.Messages = []flow.Message{{Kind: flow.MessageEvent}, {Kind: flow.MessageEvent}, {Kind: flow.MessageEvent}}
	})
	m, r := mustLearn(t, sessions)
	want := map[string]int{"incomplete: response cut": 2, "no response": 2, "upgraded connection (WebSocket)": 2, "request target without a path": 2,
		"request body of which the recording has only the beginning":                  2,
		"request body too long for a model; replay the recording verbatim to send it": 2}
	if diff := cmp.Diff(want, r.Lost); diff != "" {
		t.Errorf("lost (-want +got)\n%s", diff)
	}
	if len(m.Notes) != 6 || !slices.Contains(m.Notes, "left out: 2 of 16 flows: upgraded connection (WebSocket)") {
		t.Errorf("notes %q, want one for each reason", m.Notes)
	}
	if got := endpointOf(t, m, "GET /events").Variants[0].Request.Events; got != 3 {
		t.Errorf("events %d, want 3", got)
	}
}

// A recorder passes requests on to another address than clients ask for. Where an answer
// names that address, clients go on there, and nobody records it.
func TestWhereClientsLeaveTheRecorderIsTold(t *testing.T) {
	for location, flows := range map[string]int{"http://app.test:9000/up/1": 2, "http://front.test/up/1": 0, "/up/1": 0, "http://else.test/": 0} {
		m, _ := mustLearn(t, visits(2, func(p *tape, _ int) {
			f := p.do(0, "POST /up", "201\nLocation: "+location)
			f.Request.Authority, f.Request.Headers = "app.test:9000", append(f.Request.Headers, flow.Header{Name: "Host", Value: "front.test"})
			p.do(0, "GET /a", "200")
		}))
		got := 0
		for _, l := range m.Recorded.LeftOut {
			if !l.Whole || !strings.Contains(l.What, "past the recorder") {
				t.Errorf("%s: left out %+v", location, l)
			}
			got += l.Flows
		}
		if got != flows {
			t.Errorf("%s leads %d clients past the recorder, want %d", location, got, flows)
		}
	}
}

func TestFlowsToOtherHostsAreCounted(t *testing.T) {
	m, r, err := learn.Learn(visits(2, api), learn.Options{Split: session.Report{Foreign: map[string]int{"cdn.test": 2, "ads.test": 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if note := fmt.Sprintf("left out: 3 of %d flows: another host", r.Flows); r.Lost["another host"] != 3 || !slices.Contains(m.Notes, note) {
		t.Errorf("lost %v, notes %q; want 3 flows to another host", r.Lost, m.Notes)
	}
}

func TestHostileRecordingsAreRefusedOrLearned(t *testing.T) {
	_, _, err := learn.Learn(nil, learn.Options{})
	if !errors.Is(err, learn.ErrNothing) || !strings.Contains(err.Error(), "record") {
		t.Errorf("nothing: %v, want ErrNothing and what to do", err)
	}
	lost := visits(1, func(p *tape, _ int) { p.do(0, "GET /a", "200").Response = nil })
	if _, _, err := learn.Learn(lost, learn.Options{}); !errors.Is(err, learn.ErrNothing) || !strings.Contains(err.Error(), "1 with no response") {
		t.Errorf("no responses: %v, want ErrNothing with the reason", err)
	}
	bad := model.Source{Name: "x", Columns: []string{"a", "b"}, Rows: [][]string{{"1"}}}
	if _, _, err := learn.Learn(visits(1, api), learn.Options{Data: []model.Source{bad}}); err == nil || !strings.Contains(err.Error(), "data file x: row 1") {
		t.Errorf("short row: %v, want the file and the row", err)
	}
	garbage := visits(3, func(p *tape, i int) {
		p.do(0, "GET /\x7f?%zz=\xff&"+strings.Repeat("a", i), "200"+asJSON+`{"a`)
		p.do(0, "P\x01ST /x y", "599"+asHTML+"\x00<form><input name=\xff>")
		p.do(0, "", "200")
		p.do(0, "POST /b"+asForm+"\xff=\xfe&a=$&${x}=1", "204")
	})
	if m, _, err := learn.Learn(garbage, learn.Options{}); err == nil {
		if err := m.Validate(); err != nil {
			t.Errorf("garbage gives a model that is not valid: %v", err)
		}
	} else {
		t.Errorf("garbage: %v", err)
	}
}

func TestOneSessionGivesTheBestModelPossible(t *testing.T) {
	m, r := mustLearn(t, visits(1, api))
	if len(m.Behaviors) != 1 || m.Behaviors[0].Weight != 1 {
		t.Errorf("behaviors %+v, want one", m.Behaviors)
	}
	if got := endpointOf(t, m, "PATCH /api/records/{id}").Variants[0].Values; len(got) == 0 || got[0].Kind != model.Bound {
		t.Errorf("values %+v, want the record bound: it has much information", got)
	}
	if len(r.Unresolved) > 0 {
		t.Errorf("unresolved %+v", r.Unresolved)
	}
}

func TestTheSameRecordingGivesTheSameModel(t *testing.T) {
	a, _ := mustLearn(t, visits(30, mixed))
	b, _ := mustLearn(t, visits(30, mixed))
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two models differ\n%s", diff)
	}
}

func TestTheReportReadsWell(t *testing.T) {
	_, r := mustLearn(t, visits(30, mixed))
	var b strings.Builder
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sessions of 30 users", " 66.7 %  notes-save", "from POST /api/login json:token", "match 1.00, shuffled 0.00"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, b.String())
		}
	}
}

func BenchmarkLearn(b *testing.B) {
	sessions := visits(300, func(p *tape, i int) {
		if i%3 == 2 {
			api(p, i%30)
		} else {
			formApp(p, i%30)
		}
	})
	flows := 0
	for _, s := range sessions {
		flows += len(s.Flows)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := learn.Learn(sessions, learn.Options{Data: []model.Source{members()}}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(flows), "ns/flow")
}

func TestRobotsAndPollersAreApartFromTheUsers(t *testing.T) {
	sessions := visits(12, func(p *tape, i int) {
		p.do(time.Second, "GET /", "200"+asJSON+`{"page":"home"}`)
		if i%6 < 4 {
			p.do(time.Second, "GET /items", "200"+asJSON+`{"page":"items"}`)
		}
	})
	for i := range sessions {
		switch i % 6 {
		case 4:
			sessions[i].Kind = session.Robot
		case 5:
			sessions[i].Kind = session.Poller
		}
	}
	type kind struct {
		Name     string
		Sessions int
		Weight   float64
		Apart    model.Apart
	}
	for _, tt := range []struct {
		sessions []session.Session
		want     []kind
	}{
		{sessions, []kind{{"browse-home", 8, 1, ""}, {"poller", 2, 0, model.ApartPoller}, {"robot", 2, 0, model.ApartRobot}}},
		{sessions[4:6], []kind{{"robot", 1, 0.5, ""}, {"poller", 1, 0.5, ""}}}, // nobody else came
	} {
		m, _ := mustLearn(t, tt.sessions)
		var got []kind
		for _, b := range m.Behaviors {
			got = append(got, kind{b.Name, b.Sessions, b.Weight, b.Apart})
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("types (-want +got): %s", d)
		}
	}
}

// A pause is counted from what was asked for before, also from a stream that goes on, and
// a longer one than a model can hold is shortened.
func TestPausesAreThoseThatAModelCanHold(t *testing.T) {
	p := &tape{now: begin}
	events := p.do(0, "GET /events", "200\nContent-Type: text/event-stream\n\ndata: 1\n\n")
	events.Done = -1
	p.do(3*time.Second, "GET /news", "200"+asHTML+"<p>news")
	p.do(400*24*time.Hour, "GET /later", "200"+asHTML+"<p>later")
	m, report, err := learn.Learn([]session.Session{{User: "u1", Flows: p.flows}}, learn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var thinks []time.Duration
	for _, s := range m.Behaviors[0].Steps {
		thinks = append(thinks, s.Next[0].Think.Fixed)
	}
	if want := []time.Duration{3*time.Second + 50*time.Millisecond, model.MaxThink, 0}; !slices.Equal(thinks, want) {
		t.Errorf("think times %v, want %v", thinks, want)
	}
	if got := m.Sessions[0].Acts[2].Delay; got != model.MaxThink {
		t.Errorf("the last act comes %v after the one before, want %v", got, model.MaxThink)
	}
	var text strings.Builder
	if err := report.Text(&text); err != nil || !strings.Contains(text.String(), "1 pause shortened to 168h0m0s") {
		t.Errorf("the report does not say that a pause was shortened (%v):\n%s", err, text.String())
	}
}

// What a person refuses to be a binding is sent as recorded, and stays named.
func TestARefusedBindingIsSentAsRecorded(t *testing.T) {
	var sessions []session.Session
	for i := range 4 {
		p := &tape{now: begin.Add(time.Duration(i) * time.Hour)}
		token := fmt.Sprintf("tok-%d-%d", i, 48271*(i+7)*(i+7)*(i+7))
		p.do(0, "GET /form", "200"+asHTML+`<form action=/send method=post><input type=hidden name=token value="`+token+`"></form>`)
		p.do(time.Second, "POST /api"+asJSON+`{"t":"`+token+`"}`, "200"+asJSON+`{"ok":true}`)
		sessions = append(sessions, session.Session{User: fmt.Sprint("u", i), Flows: p.flows})
	}
	for _, refuse := range [][]string{nil, {"token"}} {
		m, _, err := learn.Learn(sessions, learn.Options{Refuse: refuse})
		if err != nil {
			t.Fatal(err)
		}
		v := m.Endpoints[1].Variants[0]
		if len(m.Bindings) != 1 || m.Bindings[0].Name != "token" || m.Bindings[0].Refused != (refuse != nil) {
			t.Fatalf("refusing %v: bindings %v", refuse, m.Bindings)
		}
		if refuse == nil {
			if v.Values[0].Kind != model.Bound {
				t.Errorf("value %v, want a bound one", v.Values[0])
			}
			continue
		}
		if v.Values[0].Kind != model.Row || len(v.Rows) != 4 || v.Rows[3][0] != "tok-3-48271000" || m.Sessions[2].Acts[1].Row != 3 {
			t.Errorf("value %v, rows %v, row %d", v.Values[0], v.Rows, m.Sessions[2].Acts[1].Row)
		}
	}
}
