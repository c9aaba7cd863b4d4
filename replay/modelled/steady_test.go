package modelled

import (
	"fmt"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
)

// A service that has about 60 users at all times: they log in, stay 40 to 80 s and leave.
func TestUsersLogInAtTheStartAsOftenAsInTheRecording(t *testing.T) {
	const users, mean, recorded = 60, time.Minute, 20 * time.Minute
	m := staffModel(model.Source{Name: "staff", Columns: []string{"name"}, Rows: [][]string{{"ann"}}})
	for at, i := time.Duration(0), uint64(0); at < recorded; i++ {
		stay := time.Duration((0.66 + 0.67*dist.Keyed(1, i, 0).Float64()) * float64(mean))
		s := model.Session{User: fmt.Sprint("u", i), Start: at, Acts: []model.Act{{Endpoint: "login"}}}
		for k := range 4 {
			s.Acts = append(s.Acts, model.Act{Endpoint: "login", After: []int{k}, Delay: stay / 4})
		}
		m.Sessions = append(m.Sessions, s)
		at += mean / users
	}
	m.Recorded.Duration = recorded + mean
	logins := func(p replay.Plan, from, to time.Duration) (n int) {
		p.Target = "http://127.0.0.1:1"
		src := modelledOn(t, m, p).(*source)
		arrivals, err := p.Arrivals(Starts(m))
		if err != nil {
			t.Fatal(err)
		}
		lengths := make([]time.Duration, len(m.Sessions))
		for i := range m.Sessions {
			lengths[i] = m.Sessions[i].Length()
		}
		for at := range src.begun(lengths, arrivals.At) {
			if at >= from && at < to {
				n++
			}
		}
		return n
	}
	in := func(from, to time.Duration) (n int) {
		for _, at := range m.Starts() {
			if at >= from && at < to {
				n++
			}
		}
		return n
	}
	p := replay.Plan{Users: users, Duration: 15 * time.Minute}
	spread := p
	spread.Spread = load.Ramp(m.SessionLength(), p.Duration)
	const part = mean / 3
	for from := time.Duration(0); from < 3*mean; from += part {
		got, want := logins(spread, from, from+part), in(from, from+part)
		if 10*got < 6*want || 10*got > 14*want {
			t.Errorf("%d logins in the %s from %s, in the recording %d", got, part, from, want)
		}
	}
	if got := logins(p, 0, part); got < users {
		t.Errorf("%d logins in the first %s if all come at once", got, part)
	}
}
