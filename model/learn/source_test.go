package learn

import (
	"bytes"
	"iter"
	"testing"

	"github.com/starling-load/starling/fixtures/throng"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// group finds the sessions of a recording, of which so many bytes may be held.
func group(t *testing.T, flows iter.Seq2[*flow.Flow, error], most int) (*grouping, []recording) {
	g := &grouping{flows: flows, most: most}
	if err := session.FindPlaces(g.read(""), session.Options{Every: true}, g.add); err != nil {
		t.Fatal(err)
	}
	var all []recording
	if err := g.sessions(func(r recording) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return g, all
}

func TestSessionsThatMemoryHasNoRoomForWaitForAnotherReading(t *testing.T) {
	long := throng.Throng{Sessions: 60}
	readings := 0
	counted := func(yield func(*flow.Flow, error) bool) {
		readings++
		long.Flows()(yield)
	}
	_, at := group(t, counted, 1<<30)
	few := readings
	readings = 0
	_, bit := group(t, counted, 300<<10)
	if few != 3 || readings < 6 {
		t.Errorf("%d readings with much memory and %d with little, want 3 and some more", few, readings)
	}
	seen := map[int]bool{}
	for _, r := range bit {
		seen[r.number] = true
		for k, f := range r.flows {
			if len(r.flows) != throng.Each || f.Number != r.flows[0].Number+uint64(60*k) {
				t.Fatalf("session %d has flow %d as its %d of %d", r.number, f.Number, k+1, len(r.flows))
			}
		}
	}
	if len(at) != 60 || len(bit) != 60 || len(seen) != 60 {
		t.Errorf("%d and %d sessions, %d different ones, want 60", len(at), len(bit), len(seen))
	}
}

func TestALongBodyThatFlowsShareIsInMemoryOnce(t *testing.T) {
	long := throng.Throng{Sessions: 10}
	flows := func(yield func(*flow.Flow, error) bool) {
		for f := range long.Flows() {
			f.Response.Body = flow.NewBody(bytes.Repeat([]byte("0123456789abcdef"), 1<<14))
			if !yield(f, nil) {
				return
			}
		}
	}
	_, all := group(t, flows, 1<<30)
	bodies, size := map[*byte]bool{}, 0
	for _, r := range all {
		size += r.size
		for _, f := range r.flows {
			bodies[&f.Response.Body.Data[0]] = true
		}
	}
	if len(all) != 10 || len(bodies) != 1 || size > 3<<19 {
		t.Errorf("%d bodies of %d sessions, %d bytes, want one body of 256 KiB and 10 sessions", len(bodies), len(all), size)
	}
}
