package folder

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
)

func TestManyAndLongSessionsAreRead(t *testing.T) {
	m := sample()
	m.Sessions = nil
	session := func(start time.Duration, acts int) model.Session {
		s := model.Session{User: fmt.Sprint("u", start), Behavior: "browser", Start: start}
		for k := range acts {
			a := model.Act{Endpoint: "GET /products/{id}", Delay: 1234567 * time.Microsecond, Conn: k%6 + 1, Row: k%2 + 1, Status: 200}
			for w := max(0, k-6); w < k; w++ {
				a.After = append(a.After, w)
			}
			s.Acts = append(s.Acts, a)
		}
		return s
	}
	for i := range 10_000 {
		m.Sessions = append(m.Sessions, session(time.Duration(i)*time.Millisecond, 10))
	}
	m.Sessions = append(m.Sessions, session(time.Hour, 10_000))
	files := filesOf(m)
	for _, f := range files {
		if len(f.data) > maxFile/16 {
			t.Errorf("%s has %d bytes", f.name, len(f.data))
		}
	}
	got, err := decode(newBundle(files))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.Sessions[9_999:], got.Sessions[9_999:]); diff != "" || len(got.Sessions) != 10_001 {
		t.Errorf("%d sessions (-want +got)\n%s", len(got.Sessions), diff)
	}
}
