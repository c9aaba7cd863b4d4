package modelled

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
)

// staffModel has sessions of users that log in with the rows of a file, as names.
func staffModel(file model.Source, users ...string) *model.Model {
	m := &model.Model{
		Version: model.Version,
		Endpoints: []model.Endpoint{{Name: "login", Variants: []model.Variant{{
			Request: model.Request{Method: "POST", Target: "/login/${name}"},
			Values:  []model.Value{{Name: "name", Kind: model.Data, Ref: file.Name + "." + file.Columns[0]}},
		}}}},
		Behaviors: []model.Behavior{{Name: "user", Weight: 1, Start: []model.Edge{{To: "login", Odds: 1}},
			Steps: []model.Step{{ID: "login", Page: &model.Page{Endpoint: "login"}, Next: []model.Edge{{To: model.End, Odds: 1}}}}}},
		Data: []model.Source{file},
	}
	for i, u := range users {
		s := model.Session{User: fmt.Sprint("u", i), Acts: []model.Act{{Endpoint: "login"}}}
		for pair := range strings.FieldsSeq(u) {
			column, value, _ := strings.Cut(pair, "=")
			s.Account = append(s.Account, model.Field{Ref: file.Name + "." + column, Value: value})
		}
		m.Sessions = append(m.Sessions, s)
	}
	m.Recorded.Duration = 1
	return m
}

// namesOf returns the names that the first n sessions of a plan log in with, as lists by
// recorded session.
func namesOf(t *testing.T, m *model.Model, p replay.Plan, n uint64) [][]string {
	t.Helper()
	p.Target = "http://127.0.0.1:1"
	src := modelledOn(t, m, p)
	names := make([][]string, len(m.Sessions))
	for i := range n {
		s := src.Session(i, i)
		a := s.Next(nil)[0]
		s.Fill(&a)
		of, _ := src.(*source).recorded(i)
		names[of] = append(names[of], strings.TrimPrefix(a.Request.Target, "/login/"))
	}
	for i := range names {
		slices.Sort(names[i][1:]) // copies come in any order
	}
	return names
}

// Two sessions of one recorded user may be played at the same time, by two users.
func TestEachOfSomeUsersHasOneAccount(t *testing.T) {
	file := model.Source{Name: "staff", Columns: []string{"name"}, Rows: [][]string{{"ann"}, {"bob"}, {"cy"}}}
	m := staffModel(file, "name=cy", "name=ann", "name=ann")
	const users = 3
	src := modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Users: users, Sessions: 4})
	for i := range uint64(4 * users) {
		s := src.Session(i, i%users)
		a := s.Next(nil)[0]
		s.Fill(&a)
		if want := "/login/" + file.Rows[i%users][0]; a.Request.Target != want {
			t.Errorf("session %d: %s, want %s", i, a.Request.Target, want)
		}
	}
}

func TestSessionsHaveTheirOwnAccountAndCopiesHaveOthers(t *testing.T) {
	names := func(rows ...string) model.Source {
		src := model.Source{Name: "staff", Columns: []string{"name"}}
		for _, r := range rows {
			src.Rows = append(src.Rows, strings.Fields(r))
		}
		return src
	}
	roles := names("ann user", "bob user", "cy admin", "dee user", "eve admin", "fay user", "gil user", "hal admin")
	roles.Columns, roles.Kinds = []string{"name", "role"}, []string{"role"}
	for _, tt := range []struct {
		name  string
		file  model.Source
		users []string
		plan  replay.Plan
		n     uint64
		want  [][]string
	}{
		{"each as recorded, whatever their order", names("ann", "bob", "cy", "dee"), []string{"name=cy", "name=ann"},
			replay.Plan{Scale: 1}, 2, [][]string{{"cy"}, {"ann"}}},
		{"copies have rows that nobody had", names("ann", "bob", "cy", "dee", "eve", "fay"), []string{"name=cy", "name=ann"},
			replay.Plan{Scale: 3}, 6, [][]string{{"cy", "bob", "eve"}, {"ann", "dee", "fay"}}},
		{"when none is left, the recorded ones come again", names("ann", "bob", "cy"), []string{"name=cy", "name=ann"},
			replay.Plan{Scale: 3}, 6, [][]string{{"cy", "bob", "cy"}, {"ann", "ann", "ann"}}},
		{"sessions of one user are of one user", names("ann", "bob", "cy", "dee"), []string{"name=bob", "name=ann", "name=bob"},
			replay.Plan{Scale: 2}, 6, [][]string{{"bob", "cy"}, {"ann", "dee"}, {"bob", "cy"}}},
		{"who is not in the file has a row that nobody had", names("ann", "bob", "cy", "dee"), []string{"name=zoe", "name=bob"},
			replay.Plan{Scale: 2}, 4, [][]string{{"ann", "cy"}, {"bob", "dee"}}},
		{"kinds are kept, and shared where they are few", roles, []string{"name=eve role=admin", "name=bob role=user"},
			replay.Plan{Scale: 4}, 8, [][]string{{"eve", "cy", "eve", "hal"}, {"bob", "ann", "dee", "fay"}}},
		{"who is not in the file is of the recorded kind", roles, []string{"name=zoe role=admin", "name=bob role=user"},
			replay.Plan{Scale: 1}, 2, [][]string{{"cy"}, {"bob"}}},
	} {
		got := namesOf(t, staffModel(tt.file, tt.users...), tt.plan, tt.n)
		for i := range got {
			slices.Sort(tt.want[i][1:])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestKindsOfCountsAccountsAndNotSessions(t *testing.T) {
	file := model.Source{Name: "staff", Columns: []string{"name", "role"}, Rows: [][]string{{"ann", "user"}, {"eve", "admin"}, {"bob", "user"}}}
	m := staffModel(file, "name=ann role=user", "name=eve role=admin", "name=ann role=user", "", "name=zoe role=guest")
	m.Sessions[3].User = "u0"
	for _, tt := range []struct {
		kinds []string
		want  []kindUsed
	}{
		{nil, []kindUsed{{"", 3, 4}}},
		{[]string{"role"}, []kindUsed{{"role=user", 2, 1}, {"role=admin", 1, 1}, {"", 3, 1}, {"role=guest", 0, 1}}},
	} {
		file.Kinds = tt.kinds
		if diff := cmp.Diff(tt.want, kindsOf(&file, m.Sessions), cmp.AllowUnexported(kindUsed{})); diff != "" {
			t.Errorf("kinds %v (-want +got)\n%s", tt.kinds, diff)
		}
	}
}
