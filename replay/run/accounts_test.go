package run

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/replay"
)

// A clinic lets everybody who can log in read the plan of the day, and its heads change
// the staff.
type clinic struct {
	heads string // their names, each between commas

	mu               sync.Mutex // guards what follows
	users            map[string]string
	logins           map[string]int // by name
	changed, refused int
}

func (c *clinic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	user := ""
	if sid, err := r.Cookie("sid"); err == nil {
		user = c.users[sid.Value]
	}
	switch r.URL.Path {
	case "/login":
		user = r.PostFormValue("user")
		if r.PostFormValue("password") != "pw-"+user {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		c.logins[user]++
		sid := fmt.Sprintf("k%dz%07x", len(c.users), 7919987*(len(c.users)+1))
		c.users[sid] = user
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: sid})
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"ok":true}`)
	case "/plan":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"user":%q}`, user)
	case "/staff":
		if !strings.Contains(c.heads, ","+user+",") {
			c.refused++
			w.WriteHeader(http.StatusForbidden)
			return
		}
		c.changed++
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"changed":true}`)
	}
}

func newClinic() *clinic {
	return &clinic{heads: ",head1,head2,head3,", users: map[string]string{}, logins: map[string]int{}}
}

// day is the flows of one session: a head changes the staff.
func day(t *testing.T, at string, conn uint64, user string, head bool, clock time.Time) session.Session {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	x := &tap{conn: conn, clock: clock}
	c := http.Client{Jar: jar, Transport: x}
	done := func(resp *http.Response, err error) {
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	done(c.PostForm(at+"/login", url.Values{"user": {user}, "password": {"pw-" + user}}))
	done(c.Get(at + "/plan"))
	if head {
		done(c.Post(at+"/staff", "application/json", strings.NewReader(`{"shift":"late"}`)))
	}
	return session.Session{User: fmt.Sprint("u", conn), Flows: x.flows}
}

// The head is neither the first to come nor the first of the file.
func TestARecordedHeadKeepsAnAccountThatMay(t *testing.T) {
	recorded := httptest.NewServer(newClinic())
	clock := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	var sessions []session.Session
	for i, user := range []string{"nurse9", "nurse3", "head2", "nurse4", "nurse5", "nurse6", "nurse7", "nurse8", "nurse1", "nurse2", "nurse3"} {
		sessions = append(sessions, day(t, recorded.URL, uint64(i+1), user, user == "head2", clock.Add(time.Duration(i)*20*time.Millisecond)))
	}
	recorded.Close()

	for _, tt := range []struct {
		name             string
		roles            bool
		heads            int // in the file
		scale            float64
		changed, refused int
		note             string
	}{
		{"as recorded", false, 3, 1, 1, 0, ""},
		{"copies have other accounts, and nothing tells which", false, 1, 3, 1, 2, ""},
		{"copies of a head are heads", true, 3, 3, 3, 0, ""},
		{"copies of a head share the only one", true, 1, 3, 3, 0, "needs 3 staff with role=head, 1 supplied"},
	} {
		src := model.Source{Name: "staff", Columns: []string{"user", "password"}}
		add := func(user, role string) {
			row := []string{user, "pw-" + user}
			if tt.roles {
				row = append(row, role)
			}
			src.Rows = append(src.Rows, row)
		}
		if tt.roles {
			src.Columns = append(src.Columns, "role")
		}
		for i := range 40 {
			add(fmt.Sprint("nurse", i), "nurse")
		}
		add("head2", "head")
		for i := range tt.heads - 1 {
			add(fmt.Sprint("head", 1+2*i), "head")
		}
		m, _, err := learn.Learn(sessions, learn.Options{Data: []model.Source{src}})
		if err != nil {
			t.Fatal(err)
		}
		c := newClinic()
		s := httptest.NewServer(c)
		var told []string
		r, err := New(t.Context(), Job{Source: Source{Model: folderOf(t, m)}, Plan: replay.Plan{Target: s.URL, Scale: tt.scale, Speed: 4}}, Options{OnNote: func(text string) { told = append(told, text) }})
		if err != nil {
			t.Fatal(err)
		}
		sum, err := r.Play(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if c.changed != tt.changed || c.refused != tt.refused || sum.Failed != uint64(tt.refused) {
			t.Errorf("%s: %d changes, %d refused, %d counted as failed; want %d, %d", tt.name, c.changed, c.refused, sum.Failed, tt.changed, tt.refused)
		}
		if want := 1 - float64(tt.refused)/(11*tt.scale); math.Abs(float64(sum.SessionMatch)-want) > 1e-9 {
			t.Errorf("%s: session match %g, want %g", tt.name, sum.SessionMatch, want)
		}
		if c.logins["nurse3"] != 2 && tt.scale == 1 {
			t.Errorf("%s: nurse3 came %d times, in the recording twice", tt.name, c.logins["nurse3"])
		}
		if notes := strings.Join(told, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && strings.Contains(notes, "supplied") {
			t.Errorf("%s: notes %q, want %q", tt.name, notes, tt.note)
		}
	}
}
