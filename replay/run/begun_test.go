package run

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/stats"
)

// learnedOf learns from flows.
func learnedOf(t *testing.T, flows []*flow.Flow, o learn.Options) *model.Model {
	t.Helper()
	slices.SortStableFunc(flows, func(a, b *flow.Flow) int { return a.Start.Compare(b.Start) })
	sessions, err := session.Split(func(yield func(*flow.Flow, error) bool) {
		for i, f := range flows {
			if f.Number = uint64(i + 1); !yield(f, nil) {
				return
			}
		}
	}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := learn.Learn(sessions, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// begunNotes are flows of twelve visitors of a notebook, who come at intervals, and of whom those for which cut is
// true had logged in when the recording began: every second of them is about to send a form
// that was shown before. It returns how many notes they wrote in the recording, and their
// accounts.
func begunNotes(t *testing.T, issued int, apart time.Duration, cut func(i int) bool) (flows []*flow.Flow, notes int, accounts model.Source) {
	t.Helper()
	app := newNotebook()
	app.issued = issued
	s := httptest.NewServer(app)
	defer s.Close()
	begin := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	accounts = model.Source{Name: "accounts", Columns: []string{"user", "password"}}
	for i := range 12 {
		user := fmt.Sprintf("%s%d", []string{"ann", "bob", "cleo", "dora"}[i%4], i)
		accounts.Rows = append(accounts.Rows, []string{user, "pw-" + user})
		list := visit(t, s.URL, uint64(i+1), user, 2+i%3, begin.Add(time.Duration(i)*apart))
		if cut(i) {
			list = list[2+i/2%2:] // the page for the password, and the login
		}
		for _, f := range list {
			if f.Request.Method == "POST" && f.Request.Target == "/notes" {
				notes++
			}
		}
		flows = append(flows, list...)
	}
	for i := range 40 {
		accounts.Rows = append(accounts.Rows, []string{fmt.Sprint("eve", i), fmt.Sprint("pw-eve", i)})
	}
	return flows, notes, accounts
}

// longNames is a count from which on the notebook gives cookies that look random.
const longNames = 1 << 40

func half(i int) bool { return i%2 == 0 }

// The books of the application say that those write as often who had logged in before the
// recording, and under a name of their own where the accounts are known.
func TestUsersWhoHadLoggedInBeforeAreLetInFirst(t *testing.T) {
	flows, recorded, accounts := begunNotes(t, 0, 80*time.Millisecond, half)
	for _, tt := range []struct {
		name    string
		options learn.Options
		paths   replay.Paths
		users   int // who write
	}{
		{"with accounts", learn.Options{Data: []model.Source{accounts}}, "", 36},
		{"without", learn.Options{}, "", 6},
		{"walks", learn.Options{Data: []model.Source{accounts}}, replay.WalkPaths, 36},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := learnedOf(t, flows, tt.options)
			n := newNotebook()
			n.issued = 4000
			s := httptest.NewServer(n)
			defer s.Close()
			sum := playModel(t, m, s.URL, replay.Plan{Scale: 3, Speed: 20, Paths: tt.paths}, Options{})
			logins, notes := n.state()
			users := map[string]bool{}
			for _, note := range n.notes {
				user, _, _ := strings.Cut(note, ":")
				users[user] = true
			}
			if tt.paths == replay.WalkPaths {
				lost := slices.ContainsFunc(sum.Errors, func(e stats.ErrorGroup) bool { return e.Name == model.FailLogin })
				if logins != 36 || notes == 0 || lost || sum.Skipped > 0 {
					t.Errorf("%d logins, want 36; %d notes, %d skipped; %+v", logins, notes, sum.Skipped, sum.Errors)
				}
				return
			}
			if logins != 36 || notes != 3*recorded || len(users) != tt.users {
				t.Errorf("%d logins, want 36; %d notes by %d users, want %d by %d", logins, notes, len(users), 3*recorded, tt.users)
			}
			f := sum.Faithful
			if want := float64(recorded+6) / 12; f.Verdict != faithful.Faithful || f.Writes != (faithful.Pair{Recorded: want, Replayed: want}) || sum.SessionMatch != 1 {
				t.Errorf("%s %q, %+v writes a session, want %g; session match %g", f.Verdict, f.Reasons, f.Writes, want, sum.SessionMatch)
			}
		})
	}
}

// Where nobody logs in, nothing is made up, and the run says what is missing.
func TestARecordingWithoutALoginSaysSo(t *testing.T) {
	flows, _, _ := begunNotes(t, longNames, time.Millisecond, func(int) bool { return true })
	m := learnedOf(t, flows, learn.Options{})
	n := newNotebook()
	n.issued = 4000
	s := httptest.NewServer(n)
	defer s.Close()
	f := playModel(t, m, s.URL, replay.Plan{Scale: 3, Speed: 20}, Options{}).Faithful
	if logins, notes := n.state(); logins+notes > 0 {
		t.Errorf("%d logins and %d notes without a login", logins, notes)
	}
	if !strings.Contains(strings.Join(m.Notes, "\n"), " of 12 sessions perhaps began before the recording") {
		t.Errorf("the model does not say what is missing: %q", m.Notes)
	}
	if f.Verdict != faithful.Not || f.Writes.Replayed > 0 || !strings.Contains(strings.Join(f.Reasons, "\n"), " of 12 recorded sessions perhaps began before") {
		t.Errorf("%s %q, %+v writes a session", f.Verdict, f.Reasons, f.Writes)
	}
}

// Who only had the cookie of an earlier visit is not logged in.
func TestAnOldCookieIsNoLogin(t *testing.T) {
	flows, _, _ := begunNotes(t, longNames, 80*time.Millisecond, func(int) bool { return false })
	app := newNotebook()
	app.issued = 900
	s := httptest.NewServer(app)
	defer s.Close()
	begin := flows[0].Start
	for i := range 6 {
		jar, _ := cookiejar.New(nil)
		x := &tap{conn: uint64(100 + i), clock: begin.Add(time.Duration(i) * 70 * time.Millisecond)}
		c := http.Client{Jar: jar, Transport: x}
		for range 3 {
			resp, err := c.Get(s.URL + "/login")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		flows = append(flows, x.flows[1:]...)
	}
	m := learnedOf(t, flows, learn.Options{})
	n := newNotebook()
	n.issued = 4000
	target := httptest.NewServer(n)
	defer target.Close()
	f := playModel(t, m, target.URL, replay.Plan{Scale: 2, Speed: 20}, Options{}).Faithful
	if logins, _ := n.state(); logins != 24 || f.Verdict != faithful.Faithful {
		t.Errorf("%d logins of 12 users who did log in, want 24; %s %q", logins, f.Verdict, f.Reasons)
	}
}

// Clients of an API that had their tokens before get new ones, and send those.
func TestTokensFromBeforeAreThoseOfALogin(t *testing.T) {
	const guests = 12
	recorded := httptest.NewServer(newVault(1000, 0))
	defer recorded.Close()
	var flows []*flow.Flow
	orders := map[string]int{}
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for i := range guests {
		jar, _ := cookiejar.New(nil)
		var own []*flow.Flow
		g := &guest{t: t, base: recorded.URL, flows: &own, now: &now, user: i}
		g.client = http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		useVault(g, i)
		if half(i) {
			own = own[1:]
		}
		flows = append(flows, own...)
		orders[fmt.Sprint("item ", i)] = 3
	}
	m := learnedOf(t, flows, learn.Options{})
	v := newVault(1000, 5000)
	s := httptest.NewServer(v)
	defer s.Close()
	f := playModel(t, m, s.URL, replay.Plan{Scale: 3, Speed: 20}, Options{}).Faithful
	got := map[string]int{}
	for _, o := range v.orders {
		got[o]++
	}
	if d := cmp.Diff(orders, got); d != "" || v.refused > 0 {
		t.Errorf("%d requests refused; orders (-want +got):\n%s", v.refused, d)
	}
	if f.Verdict != faithful.Faithful {
		t.Errorf("%s %q: %v", f.Verdict, f.Reasons, slices.Sorted(maps.Keys(got)))
	}
}

// A recording that ends amid sessions has the beginnings of these. Each copy of them does
// what was recorded, also those that come late.
func TestSessionsThatTheRecordingCutLoseNothing(t *testing.T) {
	flows, _, accounts := begunNotes(t, 0, 25*time.Millisecond, func(i int) bool { return i < 3 })
	slices.SortStableFunc(flows, func(a, b *flow.Flow) int { return a.Start.Compare(b.Start) })
	begin, end := flows[0].Start, flows[len(flows)-1].Start
	flows = slices.DeleteFunc(flows, func(f *flow.Flow) bool { return f.Start.Sub(begin) > end.Sub(begin)*2/3 })
	writes, notes := 0, 0
	for _, f := range flows {
		if f.Request.Method == "POST" {
			writes++
		}
		if f.Request.Method == "POST" && f.Request.Target == "/notes" {
			notes++
		}
	}
	m := learnedOf(t, flows, learn.Options{Data: []model.Source{accounts}})
	for _, scale := range []int{1, 4} {
		n := newNotebook()
		n.issued = 4000
		s := httptest.NewServer(n)
		sum := playModel(t, m, s.URL, replay.Plan{Scale: float64(scale)}, Options{})
		s.Close()
		f, sessions := sum.Faithful, float64(len(m.Sessions))
		if _, got := n.state(); got != scale*notes {
			t.Errorf("%d times: %d notes, want %d", scale, got, scale*notes)
		}
		want := faithful.Pair{Recorded: float64(writes) / sessions, Replayed: float64(writes) / sessions}
		if f.Verdict != faithful.Faithful || f.Writes != want {
			t.Errorf("%d times: %s %q, %+v writes a session, want %+v", scale, f.Verdict, f.Reasons, f.Writes, want)
		}
	}
}
