package learn_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/starling-load/starling/fixtures/throng"
	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
)

// said says what a model says of an act: its request with what each hole holds, where it
// comes from, and what is expected.
func said(m *model.Model, a *model.Act) string {
	for i := range m.Endpoints {
		e := &m.Endpoints[i]
		for k := range e.Variants {
			if v := &e.Variants[k]; e.Name == a.Endpoint && v.Name == a.Variant {
				return fmt.Sprintf("%s %s\n%s%s after %v step %q conn %d", v.Request.Method, e.Name, holes(m, v, a), expected(e, a), a.After, a.Step, a.Conn)
			}
		}
	}
	return "no variant " + a.Variant
}

// holes says what is in the places of a request.
func holes(m *model.Model, v *model.Variant, a *model.Act) string {
	contents := map[string]string{}
	takers, column := v.Takers(), 0
	for i := range v.Values {
		x := &v.Values[i]
		own, take := "", model.Take{Act: model.Own}
		if x.InRows() {
			own = v.Rows[a.Row-1][column]
			column++
		}
		for n, k := range takers {
			if k == i {
				take = a.Takes[n]
			}
		}
		switch {
		case take.Act >= 0:
			for _, b := range m.Bindings {
				if b.Name == x.Ref {
					contents[x.Name] = fmt.Sprint("<", take.Act, " ", b.Sources[take.Source].Selector, " ", take.Match, ">")
				}
			}
		case take.Act == model.Own && x.InRows():
			contents[x.Name] = own
		default:
			contents[x.Name] = "<" + string(x.Kind) + " " + x.Ref + ">"
		}
	}
	fill := func(text string) string {
		for name, content := range contents {
			text = strings.ReplaceAll(text, "${"+name+"}", content)
		}
		return text
	}
	out := fill(v.Request.Target) + "\n"
	for _, h := range v.Request.Headers {
		out += h.Name + ": " + fill(h.Value) + "\n"
	}
	return out + fill(v.Request.Body) + "\n"
}

func expected(e *model.Endpoint, a *model.Act) string {
	for _, o := range e.Outcomes {
		if o.Name == a.Outcome {
			return fmt.Sprintf("%+v", o.Check)
		}
	}
	return fmt.Sprintf("%+v status %d", e.Check, a.Status)
}

func TestALongRecordingIsLearnedFromASampleAsFromAllOfIt(t *testing.T) {
	accounts := model.Source{Name: "accounts", Columns: []string{"user", "password"}}
	long := throng.Throng{Sessions: 300, Areas: 15}
	for s := range long.Sessions {
		user, password := throng.User(s)
		accounts.Rows = append(accounts.Rows, []string{user, password})
	}
	read := func(sample int) *model.Model {
		m, report, err := learn.Read(long.Flows(), session.Options{Every: true}, learn.Options{Data: []model.Source{accounts}, Sample: sample})
		if err != nil {
			t.Fatal(err)
		}
		if n := long.Sessions * throng.Each; report.Flows != n || report.Used != n || report.Sessions != long.Sessions {
			t.Fatalf("%d of %d flows of %d sessions are learned from, want all %d of %d", report.Used, report.Flows, report.Sessions, n, long.Sessions)
		}
		return m
	}
	whole, part := read(1_000_000), read(900)
	if w, p := len(whole.Bindings), len(part.Bindings); w != p {
		t.Errorf("%d bindings from the sample, %d from the whole", p, w)
	}
	for _, b := range part.Behaviors {
		if want := map[int]bool{150: true, 90: true, 60: true}; len(part.Behaviors) != 3 || !want[b.Sessions] {
			t.Errorf("type %s of %d sessions, want types of 150, 90 and 60", b.Name, b.Sessions)
		}
	}
	different := 0
	for i := range whole.Sessions {
		for k := range whole.Sessions[i].Acts {
			w, p := said(whole, &whole.Sessions[i].Acts[k]), said(part, &part.Sessions[i].Acts[k])
			if w == p {
				continue
			}
			if different++; different < 4 {
				t.Errorf("session %d act %d:\nfrom the whole: %s\nfrom a sample:  %s", i, k, w, p)
			}
		}
	}
	if different > 0 {
		t.Errorf("%d of %d acts differ", different, long.Sessions*throng.Each)
	}
}

// BenchmarkRead learns long recordings without the time to read them from a file. MB is what
// the process has from the system in the end.
func BenchmarkRead(b *testing.B) {
	for _, sessions := range []int{5_000, 50_000} {
		b.Run(fmt.Sprint(sessions*throng.Each), func(b *testing.B) {
			b.ReportAllocs()
			long := throng.Throng{Sessions: sessions}
			for b.Loop() {
				if _, _, err := learn.Read(long.Flows(), session.Options{Every: true}, learn.Options{}); err != nil {
					b.Fatal(err)
				}
			}
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.Sys)/1e6, "MB")
			b.ReportMetric(float64(b.N*sessions*throng.Each)/b.Elapsed().Seconds(), "flows/s")
		})
	}
}
