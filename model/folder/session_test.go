package folder

import (
	"fmt"
	"os"
	"strings"
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

func TestActsMayLackTheLastColumns(t *testing.T) {
	head := "session,act,endpoint,variant,after,delay,strand,connection,row,status"
	for columns, ok := range map[string]bool{head: true, head + ",takes": true, head + ",takes,step,outcome,poll": true, head + ",outcome": false, head + ",takes,step,outcome,poll,more": false,
		strings.TrimSuffix(head, ",status"): false} {
		dir := t.TempDir() + "/x.model"
		for name, text := range map[string]string{
			"model.yaml": "version: 2\nbehaviors:\n  a:\n    start: GET /\n    steps: {GET /: end}\nendpoints: {GET /: }\nsessions: s.csv\nacts: a.csv\n",
			"data/s.csv": "user,behavior,browser,start\nu1,a,,0\n",
			"data/a.csv": columns + "\n1,1,GET /" + strings.Repeat(",", strings.Count(columns, ",")-2) + "\n",
		} {
			if err := os.MkdirAll(dir+"/data", 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if m, err := Read(dir); (err == nil) != ok || ok && len(m.Sessions[0].Acts) != 1 {
			t.Errorf("columns %s: %v, want them accepted: %v", columns, err, ok)
		}
	}
}
