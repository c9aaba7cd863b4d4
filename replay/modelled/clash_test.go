package modelled

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
)

// Three users come a second after each other and stay four seconds.
func TestClashesAreSessionsWhoseAccountIsInUse(t *testing.T) {
	rows := func(names ...string) model.Source {
		src := model.Source{Name: "staff", Columns: []string{"name"}}
		for _, n := range names {
			src.Rows = append(src.Rows, []string{n})
		}
		return src
	}
	for _, tt := range []struct {
		name  string
		file  model.Source
		users []string
		plan  replay.Plan
		want  clash
	}{
		{"each has its own", rows("ann", "bob", "cy"), []string{"name=ann", "name=bob", "name=cy"}, replay.Plan{Scale: 1}, clash{sessions: 3}},
		{"one user may come twice at a time, as recorded", rows("ann", "bob", "cy"), []string{"name=ann", "name=bob", "name=ann"},
			replay.Plan{Scale: 1}, clash{sessions: 3}},
		{"copies share the few there are", rows("ann", "bob", "cy"), []string{"name=ann", "name=bob", "name=cy"}, replay.Plan{Scale: 4}, clash{sessions: 12, inUse: 9}},
		{"as many as there are copies", rows("ann", "bob", "cy", "dee", "eve", "fay"), []string{"name=ann", "name=bob", "name=cy"}, replay.Plan{Scale: 2}, clash{sessions: 6}},
		{"users who come after each other may share", rows("ann", "bob", "cy"), []string{"name=ann", "name=bob", "name=cy"},
			replay.Plan{Users: 1, Sessions: 9}, clash{sessions: 9}},
		{"more users than rows", rows("ann", "bob", "cy"), []string{"name=ann", "name=bob", "name=cy"},
			replay.Plan{Users: 30, Sessions: 1}, clash{sessions: 30, inUse: 27}},
	} {
		m := staffModel(tt.file, tt.users...)
		for i := range m.Sessions {
			s := &m.Sessions[i]
			s.Start = time.Duration(i) * time.Second
			s.Acts = append(s.Acts, model.Act{Endpoint: "login", After: []int{0}, Delay: 4 * time.Second})
		}
		m.Recorded.Duration = 7 * time.Second
		tt.plan.Target = "http://127.0.0.1:1"
		src := modelledOn(t, m, tt.plan)
		arrivals, err := tt.plan.Arrivals(Starts(m))
		if err != nil {
			t.Fatal(err)
		}
		tt.want.file = "staff"
		if d := cmp.Diff([]clash{tt.want}, src.(*source).allClashes(arrivals.At), cmp.AllowUnexported(clash{})); d != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, d)
		}
	}
}
