package run

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// A notebook is an application with a login and forms whose token is new in each
// page. It answers 200 with the form again when something is wrong with what was
// sent, as many do.
type notebook struct {
	mu     sync.Mutex // guards what follows
	issued int
	users  map[string]string // by session
	tokens map[string]string // last form token, by session
	notes  []string          // "USER: TEXT"
	logins int
	broken bool // nobody can log in
}

func newNotebook() *notebook {
	return &notebook{users: map[string]string{}, tokens: map[string]string{}}
}

func (n *notebook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, err := r.Cookie("sid")
	if err != nil {
		n.issued++
		c = &http.Cookie{Name: "sid", Value: fmt.Sprintf("s%dq%07x", n.issued, n.issued*7919987)}
		http.SetCookie(w, c)
	}
	sid := c.Value
	good := r.PostFormValue("token") == n.tokens[sid] && r.PostFormValue("token") != ""
	user := n.users[sid]
	switch what := r.Method + " " + r.URL.Path; {
	case what == "POST /login" && good && !n.broken && r.PostFormValue("password") == "pw-"+r.PostFormValue("user"):
		n.users[sid] = r.PostFormValue("user")
		n.logins++
		http.Redirect(w, r, "/notes", http.StatusSeeOther)
	case what == "POST /notes" && good && user != "":
		n.notes = append(n.notes, user+": "+r.PostFormValue("text"))
		http.Redirect(w, r, "/notes", http.StatusSeeOther)
	case strings.HasSuffix(what, "/notes") && user != "":
		n.form(w, sid, "Notes", "/notes", `<textarea name="text"></textarea>`)
	default:
		n.form(w, sid, "Log in", "/login", `<input name="user"><input type="password" name="password">`)
	}
}

func (n *notebook) form(w http.ResponseWriter, sid, title, action, fields string) {
	n.issued++
	n.tokens[sid] = fmt.Sprintf("t%dk%08x", n.issued, n.issued*104395301&0xffffffff)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<html><head><title>%s</title></head><body><form method="post" action="%s"><input type="hidden" name="token" value="%s">%s</form></body></html>`,
		title, action, n.tokens[sid], fields)
}

// state is how often somebody logged in, and how many notes there are.
func (n *notebook) state() (logins, notes int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.logins, len(n.notes)
}

// A tap keeps the exchanges of one visitor as flows.
type tap struct {
	conn  uint64
	flows []*flow.Flow
	clock time.Time
}

func (x *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		sent, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(got))
	x.clock = x.clock.Add(20 * time.Millisecond)
	x.flows = append(x.flows, &flow.Flow{
		Conn: x.conn, Scheme: "http", Protocol: "HTTP/1.1", Start: x.clock, FirstByte: time.Millisecond, Done: 2 * time.Millisecond,
		Request: flow.Request{Method: r.Method, Target: r.URL.RequestURI(), Authority: "notes.test",
			Headers: headersOf(r.Header), Body: flow.Body{Data: sent, Size: int64(len(sent))}},
		Response: &flow.Response{Status: resp.StatusCode, Headers: headersOf(resp.Header), Body: flow.Body{Data: got, Size: int64(len(got))}},
	})
	return resp, err
}

func headersOf(h http.Header) (out flow.Headers) {
	for name, values := range h {
		for _, v := range values {
			out = append(out, flow.Header{Name: name, Value: v})
		}
	}
	return out
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]*)"`)

// visit logs in as user, writes that many notes, and returns what was sent.
func visit(t *testing.T, at string, conn uint64, user string, notes int, clock time.Time) []*flow.Flow {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	x := &tap{conn: conn, clock: clock}
	c := http.Client{Jar: jar, Transport: x}
	page := func(resp *http.Response, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return tokenField.FindStringSubmatch(string(text))[1]
	}
	token := page(c.Get(at + "/login"))
	token = page(c.PostForm(at+"/login", url.Values{"token": {token}, "user": {user}, "password": {"pw-" + user}}))
	for i := range notes {
		token = page(c.PostForm(at+"/notes", url.Values{"token": {token}, "text": {fmt.Sprintf("note %d of %s", i, user)}}))
	}
	return x.flows
}

// recordedNotes is a model of visitors of a notebook, who wrote that many notes each.
// The last is the number of writes in the recording: logins and notes.
func recordedNotes(t *testing.T, notes ...int) (m *model.Model, writes int) {
	t.Helper()
	s := httptest.NewServer(newNotebook())
	defer s.Close()
	clock := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	var sessions []session.Session
	accounts := model.Source{Name: "accounts", Columns: []string{"user", "password"}}
	for i, n := range notes {
		user := fmt.Sprintf("%s%d", []string{"ann", "bob", "cleo", "dora"}[i%4], i)
		accounts.Rows = append(accounts.Rows, []string{user, "pw-" + user})
		sessions = append(sessions, session.Session{
			User: fmt.Sprint("u", i+1), Flows: visit(t, s.URL, uint64(i+1), user, n, clock.Add(time.Duration(i)*30*time.Millisecond)),
		})
		writes += 1 + n
	}
	m, _, err := learn.Learn(sessions, learn.Options{Data: []model.Source{accounts}})
	if err != nil {
		t.Fatal(err)
	}
	return m, writes
}

// folderOf writes a model and returns its path.
func folderOf(t *testing.T, m *model.Model) string {
	t.Helper()
	path := t.TempDir() + "/notes.model"
	if err := folder.Write(path, m); err != nil {
		t.Fatal(err)
	}
	return path
}
