package session

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/flow"
)

// lent yields the flows as a reader that reuses the memory of their bodies.
func lent(flows []*flow.Flow) func(func(*flow.Flow, error) bool) {
	return func(yield func(*flow.Flow, error) bool) {
		for _, f := range flows {
			c := *f
			c.Request.Body.Data = slices.Clone(c.Request.Body.Data)
			r := *f.Response
			r.Body.Data = slices.Clone(r.Body.Data)
			c.Response = &r
			if !yield(&c, nil) {
				return
			}
			clear(c.Request.Body.Data)
			clear(r.Body.Data)
		}
	}
}

func TestFindGivesTheNumbersOfTheFlowsThatSplitGives(t *testing.T) {
	flows := table("0 1 login gives="+jwt1+"+"+fresh, "9 2 list auth="+jwt1, "2 3 refresh sends="+fresh+" gives="+jwt2,
		"3 4 list auth="+jwt2, "4 5 other set="+sidA, "5 5 css", "4000 6 back cookie="+sidA, "4001 6 x host=cdn.test")
	for i := range flows {
		flows[i].Number = uint64(10 * i)
	}
	for _, o := range []Options{{}, {Every: true}, {Hosts: []string{"cdn.test"}}, {Idle: time.Second}} {
		want, err := Split(all(flows), o)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		err = Find(lent(flows), o, func(v Visit) error {
			var numbers []uint64
			end := time.Time{}
			for _, f := range want[i].Flows {
				numbers = append(numbers, f.Number)
				if done := f.Start.Add(f.Done); done.After(end) {
					end = done
				}
			}
			w := Visit{User: want[i].User, Kind: want[i].Kind, Cut: want[i].Cut, Start: want[i].Flows[0].Start, End: end, Flows: numbers}
			if diff := cmp.Diff(w, v); diff != "" {
				t.Errorf("%+v, session %d (-want +got)\n%s", o, i, diff)
			}
			i++
			return nil
		})
		if err != nil || i != len(want) {
			t.Errorf("%+v: %d sessions and error %v, want %d", o, i, err, len(want))
		}
	}
}

func TestAllHostsOfASiteAreOneUsersWhenEveryHostCounts(t *testing.T) {
	sessions, err := Split(all(table("0 1 a set="+sidA, "1 2 token host=id.test cookie="+sidA, "2 3 img host=cdn.test")), Options{Every: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"u1: a token", "u2: img"}, describe(sessions)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFindEndsWhenNobodyWantsMore(t *testing.T) {
	enough := errors.New("enough")
	n := 0
	err := Find(all(table("0 1 a", "1 2 b", "2 3 c")), Options{}, func(Visit) error { n++; return enough })
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("%d sessions and error %v, want 1 and %v", n, err, enough)
	}
}
