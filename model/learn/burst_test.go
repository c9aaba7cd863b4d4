package learn_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model/learn"
)

// A desk is a program in a browser over an API: each view asks for several things at
// once, and what comes first is a matter of chance.
type desk struct {
	*tape
	random *rand.Rand
	steps  []string // what the user did, as the model is to name it
}

// view is a step that asks for these at once, in any order. What begins with ? is asked for now and
// then. What stands behind > is asked for when the rest is answered, sooner or later.
func (d *desk) view(step, requests string) {
	d.steps = append(d.steps, step)
	first, then, _ := strings.Cut(requests, ">")
	d.now = d.now.Add(2 * time.Second)
	d.burst(strings.Fields(first))
	if then != "" {
		d.now = d.now.Add([]time.Duration{20, 20, 20, 400}[d.random.IntN(4)] * time.Millisecond)
		d.burst(strings.Fields(then))
	}
}

func (d *desk) burst(requests []string) {
	d.random.Shuffle(len(requests), func(i, k int) { requests[i], requests[k] = requests[k], requests[i] })
	start, end := d.now, d.now
	for i, r := range requests {
		if name, optional := strings.CutPrefix(r, "?"); optional {
			if d.random.IntN(3) > 0 {
				continue
			}
			r = name
		}
		if !strings.Contains(r, "!") {
			r = "GET!" + r
		}
		r = strings.Replace(r, "!", " /api/", 1)
		d.now = start.Add(time.Duration(i) * time.Millisecond)
		answer := "200" + asJSON + `{"ok":true}`
		if strings.Contains(r, "note") {
			answer = "200" + asJSON + `{"ok":true,"text":"what is written"}`
		}
		f := d.do(0, r+"\nSec-Fetch-Mode: cors\nSec-Fetch-Dest: empty", answer)
		f.Done = time.Duration(50+d.random.IntN(100)) * time.Millisecond
		if over := f.Start.Add(f.Done); over.After(end) {
			end = over
		}
	}
	d.now = end
}

// visitDesk is a session of a reader, a writer, or of someone who looks at people.
func visitDesk(p *tape, i int, seed uint64) (steps []string) {
	const navigate = "\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document"
	d := &desk{p, rand.New(rand.NewPCG(seed, uint64(i))), nil}
	open := func() {
		d.steps = append(d.steps, "GET /")
		p.do(20*time.Millisecond, "GET /"+navigate, "200"+asHTML+"<title>Desk</title>")
	}
	open()
	d.now = d.now.Add(20 * time.Millisecond)
	d.burst(strings.Fields("settings session rights"))
	d.view("POST /api/login", "POST!login session rights > settings roles folders")
	for range 2 + d.random.IntN(3) {
		d.view("GET /api/notes", "session rights notes count PATCH!seen ?roles ?folders")
		switch i % 3 {
		case 0:
			d.view("GET /api/note", "session rights PATCH!seen note history > authors")
		case 1:
			d.view("GET /api/note", "session rights note history > authors")
			d.view("PATCH /api/note", "PATCH!note session rights > note history")
		case 2:
			d.view("GET /api/people", "session people rights ?roles > PATCH!seen")
		}
	}
	d.view("POST /api/logout", "POST!logout")
	open()
	return d.steps
}

// A view of a program in a browser is one step, whichever of its requests came first, and
// has the name of one that no other view makes.
func TestAStepIsAllThatIsAskedForAtOnce(t *testing.T) {
	for seed := range uint64(5) {
		var want, got [][]string
		m, _, err := learn.Learn(visits(24, func(p *tape, i int) { want = append(want, visitDesk(p, i, seed)) }), learn.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range m.Sessions {
			var steps []string
			for _, a := range s.Acts {
				if a.Step != "" {
					steps = append(steps, a.Step)
				}
			}
			got = append(got, steps)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d: steps (-want +got)\n%s", seed, diff)
		}
	}
}
