package outcome

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// say is an exchange in short: "GET /cart" or "POST /cart a=1" is answered by "200" and
// a body. A body that begins with "<" is HTML, one with "{" or "[" JSON, one with "/" a
// place that the answer leads to.
func say(request, answer string) Step {
	method, rest, _ := strings.Cut(request, " ")
	target, form, _ := strings.Cut(rest, " ")
	status, body, _ := strings.Cut(answer, " ")
	f := &flow.Flow{Scheme: "http", Done: time.Millisecond, Request: flow.Request{Method: method, Target: target, Authority: "a.test"}}
	if form != "" {
		f.Request.Headers = flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
		f.Request.Body = flow.Body{Data: []byte(form), Size: int64(len(form))}
	}
	f.Response = reply(status, body)
	path, _, _ := strings.Cut(target, "?")
	s := Step{Flow: f, Endpoint: method + " " + path}
	if f.Response.Status/100 == 3 {
		s.LeadsTo = body
	}
	return s
}

func reply(status, body string) *flow.Response {
	r := &flow.Response{}
	fmt.Sscan(status, &r.Status)
	media := ""
	switch {
	case body == "":
	case strings.HasPrefix(body, "<?xml"):
		media = "text/xml"
	case body[0] == '<':
		media = "text/html"
	case body[0] == '{', body[0] == '[':
		media = "application/json"
	case body[0] == '/':
		r.Headers = flow.Headers{{Name: "Location", Value: body}}
		return r
	}
	if media != "" {
		r.Headers = flow.Headers{{Name: "Content-Type", Value: media}}
	}
	r.Body = flow.Body{Data: []byte(body), Size: int64(len(body))}
	return r
}

// visits makes n sessions of different users.
func visits(n int, of func(i int) []Step) []Session {
	sessions := make([]Session, n)
	for i := range sessions {
		sessions[i] = Session{User: fmt.Sprint("u", i), Steps: of(i)}
	}
	return sessions
}

// judge judges an answer at a step, as a replay does.
func judge(r *Result, sessions []Session, session, step int, answer string) string {
	m := &model.Model{}
	for name, c := range r.Checks {
		m.Endpoints = append(m.Endpoints, model.Endpoint{Name: name, Check: c, Outcomes: r.Outcomes[name]})
	}
	want := r.Steps[session][step]
	name := sessions[session].Steps[step].Endpoint
	e := &model.Endpoint{Check: r.Checks[name], Outcomes: r.Outcomes[name]}
	c := &e.Check
	if want.Outcome != "" {
		c = &e.Outcome(want.Outcome).Check
	}
	status, body, _ := strings.Cut(answer, " ")
	resp := reply(status, body)
	failed, _ := c.Compile().Knowing(m.Logins()).Judge(resp, content.New(resp))
	return failed
}

// Parts of pages.
const (
	nav     = `<a href=/1></a><a href=/2></a><a href=/3></a><a href=/4></a><a href=/5></a><a href=/6></a><a href=/7></a><a href=/8></a><a href=/9></a>`
	search  = `<form action=/search><input name=q></form>`
	login   = `<form method=post action=/login><input name=user><input type=password name=pass></form>`
	logout  = `<form method=post action=/logout><input type=hidden name=csrf></form>`
	editor  = `<form method=post action=/save><input type=hidden name=csrf><textarea name=text></textarea></form>`
	create  = `<form action=/page><button name=create></button></form>`
	history = `<form action=/page><button name=history></button></form>`
	wrong   = `<div class=alert-danger>No.</div>`
)

func page(title string, parts ...string) string {
	return "<title>" + title + "</title>" + nav + strings.Join(parts, "")
}

// wiki is a session of a wiki: its user logs in, looks at its own page, which does not
// exist in the first sessions, and writes it.
func wiki(i int) []Step {
	own := page("anna [wiki]", search, logout, create)
	if i >= 4 {
		own = page("Notes of a walk [wiki]", search, logout, history)
	}
	return []Step{
		say("GET /", "200 "+page("start [wiki]", search)),
		say("GET /login", "200 "+page("Login [wiki]", search, login, create)),
		say("POST /login user=u&pass=p", "302 /"),
		say("GET /", "200 "+page("start [wiki]", search, logout)),
		say("GET /own", "200 "+own),
		say("GET /edit", "200 "+page("Edit [wiki]", search, logout, editor)),
		say("POST /save csrf=1&text=====+Notes+of+a+walk+=====", "302 /own"),
		say("GET /own", "200 "+page("Notes of a walk [wiki]", search, logout, history)),
	}
}

// shop is a session of a program that fills and empties a basket.
func shop(i int) []Step {
	item := `{"id":` + fmt.Sprint(i) + `,"note":null,"tags":[]}`
	return []Step{
		say("POST /token user=u&pass=p", `200 {"token":"x"}`),
		say("GET /basket", `200 {"items":[],"total":0}`),
		say("GET /things?page="+fmt.Sprint(i), `200 {"data":[`+item+`],"next":"n","meta":{"a":{"b":{"c":1}}}}`),
		say("POST /basket thing=1", `201 {"ok":true}`),
		say("GET /basket", `200 {"items":[{"id":1}],"total":7}`),
		say("POST /order a=1", `200 {"order":"o","error":null}`),
		say("GET /basket", `200 {"items":[],"total":0}`),
	}
}

// Live answers beside recorded ones: what must fail, and what must pass.
func TestWhatAStepExpects(t *testing.T) {
	wikis, shops := visits(7, wiki), visits(5, shop)
	few := visits(1, wiki)
	fresh := visits(7, func(int) []Step { return wiki(0) }) // nobody's page was there before
	for _, tt := range []struct {
		name     string
		sessions []Session
		step     int
		answer   string
		want     string
	}{
		{"a page as recorded", wikis, 3, "200 " + page("start [wiki]", search, logout), ""},
		{"a page that lost the login, told by what a login brings", wikis, 3, "200 " + page("start [wiki]", search), model.FailShape},
		{"a page that lost the login, told by the form", wikis, 3, "200 " + page("start [wiki]", search, login), model.FailLogin},
		{"the login page instead", wikis, 4, "200 " + page("Login [wiki]", search, login), model.FailLogin},
		{"the login page instead, with another status", wikis, 4, "403 " + page("Login [wiki]", search, login), model.FailLogin},
		{"a way to the login page", wikis, 4, "302 /login?next=/own", model.FailLogin},
		{"a way to the login page where another was", wikis, 6, "302 /login", model.FailLogin},
		{"status 401", wikis, 4, "401 ", model.FailLogin},
		{"status 403", wikis, 4, "403 " + page("No", search), model.FailStatus},
		{"a way elsewhere", wikis, 6, "302 /locked", model.FailRedirect},
		{"no login yet", wikis, 0, "200 " + page("start [wiki]", search), ""},
		{"a login page that knows the user already", wikis, 1, "200 " + page("Login [wiki]", search, logout), model.FailShape},
		{"a page of a user to which somebody wrote meanwhile", wikis, 4, "200 " + page("What Bob wrote [wiki]", search, logout, history), ""},
		{"a page of a user that is not there yet", wikis, 4, "200 " + page("carl [wiki]", search, logout, create), ""},
		{"a login page without the button that comes and goes", wikis, 1, "200 " + page("Login [wiki]", search, login), ""},
		{"an own page with another title, after writing", wikis, 7, "200 " + page("Notes of a day [wiki]", search, logout, history), ""},
		{"an error on the own page", wikis, 7, "200 " + page("Notes of a walk [wiki]", search, logout, history, wrong), model.FailError},
		{"the editor without its form", wikis, 5, "200 " + page("Edit [wiki]", search, logout), model.FailShape},
		{"a page without much on it", wikis, 4, "200 <title>Down</title>" + search + logout, model.FailShape},
		{"an empty page", wikis, 4, "200 <p>", model.FailShape},
		{"an answer of another kind", wikis, 4, `200 {"a":1}`, model.FailContent},
		{"an error of the service", wikis, 4, "500 " + page("Notes of a walk [wiki]", search, logout, history), model.FailStatus},

		{"of one session: the editor without its form", few, 5, "200 " + page("Edit [wiki]", search, logout), model.FailShape},
		{"of one session: the login lost", few, 5, "200 " + page("Login [wiki]", search, login), model.FailLogin},
		{"of one session: another title, more forms", few, 4, "200 " + page("Bob [wiki]", search, logout, history), ""},
		{"of one session: the editor of another page", few, 5, "200 " + page("Edit: alpha [wiki]", search, logout, editor), ""},
		{"of one session: hardly a page", few, 4, "200 <title>Down</title><a href=/>again</a>", model.FailShape},

		{"a page to which nobody had written", fresh, 4, "200 " + page("anna [wiki]", search, logout, create), ""},
		{"a page to which somebody has written meanwhile", fresh, 4, "200 " + page("bob [wiki]", search, logout, history), ""},
		{"a page after writing to it", fresh, 7, "200 " + page("Notes of a day [wiki]", search, logout), model.FailShape},

		{"a list as recorded", shops, 2, `200 {"data":[{"id":1,"note":null,"tags":["a"]}],"next":"m","meta":{"a":{"b":{"c":1}}}}`, ""},
		{"a list that is empty where there was one", shops, 2, `200 {"data":[],"next":"m","meta":{"a":{"b":{"c":1}}}}`, model.FailShape},
		{"a member that was always null", shops, 2, `200 {"data":[{"id":1,"note":"x","tags":[]}],"next":"m","meta":{"a":{"b":{"c":1}}}}`, ""},
		{"a member of another type", shops, 2, `200 {"data":[{"id":"1","note":null,"tags":[]}],"next":"m","meta":{"a":{"b":{"c":1}}}}`, model.FailShape},
		{"a member that is null where it never was", shops, 2, `200 {"data":[{"id":null,"note":null,"tags":[]}],"next":"m","meta":{"a":{"b":{"c":1}}}}`, model.FailShape},
		{"a member that is not there", shops, 2, `200 {"data":[{"note":null,"tags":[]}],"next":"m","meta":{"a":{"b":{"c":1}}}}`, model.FailShape},
		{"a new member", shops, 2, `200 {"data":[{"id":1,"note":null,"tags":[],"new":1}],"next":"m","meta":{"a":{"b":{"c":1}}},"more":1}`, ""},
		{"an empty basket before anything was put in", shops, 1, `200 {"items":[],"total":0}`, ""},
		{"a basket with something of an earlier visit", shops, 1, `200 {"items":[{"id":1}],"total":3}`, ""},
		{"a basket that lost what was put in", shops, 4, `200 {"items":[],"total":0}`, model.FailShape},
		{"an empty basket after the order", shops, 6, `200 {"items":[],"total":0}`, ""},
		{"an error that was null", shops, 5, `200 {"order":"o","error":null}`, ""},
		{"an error in a good status", shops, 5, `200 {"order":"o","error":{"code":7}}`, model.FailError},
		{"not ok", shops, 3, `201 {"ok":false}`, model.FailError},
		{"errors of GraphQL", shops, 1, `200 {"items":[],"total":0,"errors":[{"message":"x"}]}`, model.FailError},
		{"a fault of SOAP", shops, 1, `200 <?xml version="1.0"?><Envelope><Body><Fault/></Body></Envelope>`, model.FailContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Learn(tt.sessions, nil)
			last := len(tt.sessions) - 1
			if got := judge(r, tt.sessions, last, tt.step, tt.answer); got != tt.want {
				name := tt.sessions[0].Steps[tt.step].Endpoint
				t.Errorf("step %d is judged %q, want %q; it expects %q\ncheck %+v\noutcomes %+v", tt.step, got, tt.want, r.Steps[last][tt.step].Outcome, r.Checks[name], r.Outcomes[name])
			}
		})
	}
}

// Every recorded answer is what its step expects, unless it is an exception.
func TestTheRecordedAnswersPass(t *testing.T) {
	for name, sessions := range map[string][]Session{"wiki": visits(7, wiki), "shop": visits(5, shop), "one": visits(1, wiki)} {
		r := Learn(sessions, nil)
		for i := range sessions {
			for k, s := range sessions[i].Steps {
				status := fmt.Sprint(s.Flow.Response.Status)
				body := string(s.Flow.Response.Body.Data) + s.Flow.Response.Headers.Value("Location")
				if failed := judge(r, sessions, i, k, status+" "+body); failed != "" {
					t.Errorf("%s: step %d of session %d, %s: %s", name, k, i, s.Endpoint, failed)
				}
			}
		}
	}
}

// A few errors among good answers are no licence; errors that are the rule are.
func TestOnlyWhatIsTheRuleIsExpected(t *testing.T) {
	for _, tt := range []struct {
		name           string
		status, every  int
		exception, any string // what an answer with that status is at such a step, and at others
		exceptions     int
	}{
		{"2 of 50 are 500", 500, 25, model.FailStatus, model.FailStatus, 2},
		{"2 of 50 are 429", 429, 25, model.FailStatus, model.FailStatus, 2},
		{"2 of 50 are 401, which the address may deserve", 401, 25, "", model.FailLogin, 0},
		{"2 of 50 are 404, which the address may deserve", 404, 25, "", model.FailStatus, 0},
		{"half are 500", 500, 2, "", model.FailStatus, 0},
		{"all are 503", 503, 1, "", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			failing := [2]int{-1, -1}
			sessions := visits(10, func(i int) []Step {
				var steps []Step
				for k := range 5 {
					if n++; n%tt.every == 0 {
						failing = [2]int{i, k}
						steps = append(steps, say(fmt.Sprintf("GET /a?%d", n), fmt.Sprint(tt.status, ` {"no":1}`)))
					} else {
						steps = append(steps, say(fmt.Sprintf("GET /a?%d", n), `200 {"yes":1}`))
					}
				}
				return steps
			})
			r := Learn(sessions, nil)
			answer := fmt.Sprint(tt.status, ` {"no":1}`)
			if got := judge(r, sessions, failing[0], failing[1], answer); got != tt.exception {
				t.Errorf("%d where it was recorded: %q, want %q", tt.status, got, tt.exception)
			}
			if got := judge(r, sessions, 0, 0, answer); got != tt.any {
				t.Errorf("%d where it was not recorded: %q, want %q", tt.status, got, tt.any)
			}
			if r.Exceptions != tt.exceptions {
				t.Errorf("%d exceptions, want %d", r.Exceptions, tt.exceptions)
			}
		})
	}
}

// A refusal is an exception where nothing tells the refused request from those that were
// accepted, and the rule of its step where something does.
func TestARefusalWithoutAReasonIsAnException(t *testing.T) {
	with := func(s Step, header, value string) Step {
		s.Flow.Request.Headers = append(s.Flow.Request.Headers, flow.Header{Name: header, Value: value})
		return s
	}
	token := func(s Step) Step { return with(s, "Authorization", "Bearer t1") }
	for _, tt := range []struct {
		name      string
		steps     []Step // of one session; the step "401", "403" or "404" is judged
		exception bool
	}{
		{"the same request was accepted before", []Step{say("GET /a?1", `200 {"yes":1}`), say("GET /a?1", `401 {"no":1}`)}, true},
		{"nobody needs to be known", []Step{say("GET /a?0", `401 {"no":1}`)}, true},
		{"the token was good", []Step{token(say("GET /a?7", `401 {"no":1}`)), token(say("GET /b", `200 {"yes":1}`))}, true},
		{"the token was not good any more", []Step{token(say("GET /b", `200 {"yes":1}`)), token(say("GET /a?7", `401 {"no":1}`))}, false},
		{"nobody was logged in", []Step{say("GET /me", `401 {"no":1}`), say("POST /login user=ann", `200 {"yes":1}`), with(say("GET /me", `200 {"yes":1}`), "Cookie", "sid=1")}, false},
		{"a wrong password", []Step{say("POST /a password=x", `401 {"no":1}`), say("POST /a password=y", `200 {"yes":1}`)}, false},
		{"a challenge", []Step{say("GET /a?8", `401 {"no":1}`), with(say("GET /a?8", `200 {"yes":1}`), "Authorization", "Basic eA==")}, false},
		{"a right that was lost for a moment", []Step{say("GET /a?1", `200 {"yes":1}`), say("GET /a?1", `403 {"no":1}`)}, true},
		{"a right that others have", []Step{say("GET /a?9", `403 {"no":1}`)}, false},
		{"a missing icon", []Step{say("GET /a?icon", `404 {"no":1}`)}, false},
		{"a thing that is gone", []Step{say("GET /a?1", `200 {"yes":1}`), say("GET /a?1", `404 {"no":1}`)}, false},
		{"a thing that comes back", []Step{say("GET /a?1", `200 {"yes":1}`), say("GET /a?1", `404 {"no":1}`), say("GET /a?1", `200 {"yes":1}`)}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sessions := visits(25, func(i int) []Step {
				return []Step{say("GET /a?0", `200 {"yes":1}`), say("POST /a password=z", `200 {"yes":1}`), with(say("GET /me", `200 {"yes":1}`), "Cookie", "sid=0"), say("GET /b", `200 {"yes":1}`)}
			})
			sessions = append(sessions, Session{User: "ann", Steps: tt.steps})
			r := Learn(sessions, nil)
			for k := range tt.steps {
				status := tt.steps[k].Flow.Response.Status
				if status < 400 {
					continue
				}
				refused, accepted := judge(r, sessions, 25, k, fmt.Sprint(status, ` {"no":1}`)), judge(r, sessions, 25, k, `200 {"yes":1}`)
				if (refused != "") != tt.exception || (accepted == "") != tt.exception {
					t.Errorf("refused: %q, accepted: %q; want an exception: %v", refused, accepted, tt.exception)
				}
			}
		})
	}
}

func TestPollsAreFound(t *testing.T) {
	job := func(state string) Step { return say("GET /jobs/1", `200 {"id":"j","state":"`+state+`","at":"x"}`) }
	for _, tt := range []struct {
		name     string
		sessions []Session
		want     string // of the last session: numbers of polls, and the fact that ends one
	}{
		{"a job, by one session", visits(1, func(int) []Step { return []Step{job("queued"), job("running"), job("running"), job("done")} }), "1 1 1 1 json:state=done"},
		{"short jobs, by two sessions", visits(2, func(int) []Step { return []Step{job("running"), job("done")} }), "1 1 json:state=done"},
		{"a short job, by one session", visits(1, func(int) []Step { return []Step{job("running"), job("done")} }), "0 0"},
		{"a state in between that a write brings about", visits(3, func(int) []Step {
			return []Step{job("open"), job("open"), say("POST /close a=1", "200"), job("closed")}
		}), "0 0 0 0"},
		{"a value that is another each time", visits(3, func(int) []Step { return []Step{job("ab"), job("cd"), job("ef"), job("gh")} }), "0 0 0 0"},
		{"a poller that goes on", visits(3, func(int) []Step { return []Step{job("idle"), job("busy"), job("idle"), job("idle")} }), "0 0 0 0"},
		{"accepted, then there", visits(1, func(int) []Step {
			return []Step{say("GET /r", "202 {}"), say("GET /other", "200"), say("GET /r", "202 {}"), say("GET /r", "303 /result")}
		}), "1 0 1 1"},
		{"not there, then there", visits(1, func(int) []Step {
			return []Step{say("GET /r", "404"), say("GET /r", "404"), say("GET /r", "200 {}")}
		}), "1 1 1"},
		{"not there, then made", visits(1, func(int) []Step {
			return []Step{say("GET /r", "404"), say("PUT /r a=1", "201"), say("GET /r", "200 {}")}
		}), "0 0 0"},
		{"there, then unchanged", visits(1, func(int) []Step { return []Step{say("GET /r", "200 {}"), say("GET /r", "304")} }), "0 0"},
		{"not logged in, then logged in elsewhere", visits(1, func(int) []Step { return []Step{say("GET /r", "401"), say("GET /r", "200 {}")} }), "0 0"},
		{"put off", visits(1, func(int) []Step {
			return []Step{say("POST /r a=1", "200 {}"), say("POST /r a=1", "429"), say("POST /r a=1", "503"), say("POST /r a=1", "200 {}"), say("POST /r a=1", "200 {}")}
		}), "0 1 1 1 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Learn(tt.sessions, nil)
			steps := r.Steps[len(r.Steps)-1]
			var got []string
			for _, s := range steps {
				got = append(got, fmt.Sprint(s.Poll))
			}
			for _, list := range r.Outcomes {
				for _, o := range list {
					for _, f := range o.Facts {
						got = append(got, f.Selector+"="+f.Value)
					}
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("polls %q, want %q; steps %+v", s, tt.want, steps)
			}
		})
	}
}

func TestTheResultDoesNotDependOnChance(t *testing.T) {
	sessions := append(visits(7, wiki), visits(5, shop)...)
	want := Learn(sessions, []string{"anna"})
	for range 5 {
		if diff := cmp.Diff(want, Learn(sessions, []string{"anna"})); diff != "" {
			t.Fatal(diff)
		}
	}
}

// A form whose action has the user's name in it is another one for every user.
func TestAFormOfOneUserIsNotExpectedOfAnother(t *testing.T) {
	form := func(user string) string {
		return "<title>Diary</title><form method=post action=/diary_" + user + "><input name=text></form><form action=/search><input name=q></form>"
	}
	var sessions []Session
	for _, user := range []string{"ann01", "bob02", "cleo3", "dan04"} {
		sessions = append(sessions, Session{User: user, Steps: []Step{
			say("GET /diary", "200 "+form(user)), say("POST /diary_"+user+" text=x", "303 /diary"), say("GET /diary", "200 "+form(user)),
		}})
	}
	learned := Learn(sessions, []string{"ann01", "bob02", "cleo3", "dan04"})
	for name, list := range learned.Outcomes {
		for _, outcome := range list {
			for _, f := range outcome.Require {
				if strings.Contains(f, "/diary_") {
					t.Errorf("%s: outcome %q requires %s", name, outcome.Name, f)
				}
			}
		}
	}
	for name, c := range learned.Checks {
		for _, f := range append(c.Require, c.Known...) {
			if strings.Contains(f, "/diary_") {
				t.Errorf("%s: the check knows %s", name, f)
			}
		}
	}
}
