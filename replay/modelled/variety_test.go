package modelled

import (
	"fmt"
	"math"
	"sort"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/replay"
)

// library is a model of readers, each of whom opens one book of a catalogue. choose draws it.
func library(readers int, typed bool, choose func(reader int) int) *model.Model {
	book := model.Value{Name: "book", Kind: model.Row}
	if !typed {
		book = model.Value{Name: "book", Kind: model.Bound, Ref: "book"}
	}
	m := &model.Model{
		Version: model.Version,
		Endpoints: []model.Endpoint{
			{Name: "GET /books", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/books"}}}},
			{Name: "GET /books/{id}", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/books/${book}"}, Values: []model.Value{book}}}},
		},
		Bindings: []model.Binding{{Name: "book", Sources: []model.Select{{Endpoint: "GET /books", Selector: "json:[].id"}}}},
		Behaviors: []model.Behavior{{Name: "reader", Weight: 1, Start: []model.Edge{{To: "list", Odds: 1}},
			Steps: []model.Step{{ID: "list", Page: &model.Page{Endpoint: "GET /books"}, Next: []model.Edge{{To: model.End, Odds: 1}}}}}},
	}
	v := &m.Endpoints[1].Variants[0]
	for i := range readers {
		at := choose(i)
		a := model.Act{Endpoint: "GET /books/{id}", After: []int{0}, Delay: time.Second}
		if typed {
			v.Rows = append(v.Rows, []string{fmt.Sprint(at)})
			a.Row = len(v.Rows)
		} else {
			a.Takes = []model.Take{{Act: 0, Match: at}}
		}
		m.Sessions = append(m.Sessions, model.Session{User: fmt.Sprint("u", i), Start: time.Duration(i) * time.Second,
			Acts: []model.Act{{Endpoint: "GET /books"}, a}})
	}
	m.Recorded.Duration = time.Duration(readers) * time.Second
	return m
}

// zipf draws places of a catalogue whose popularity falls with the rank to the power of s.
func zipf(seed uint64, books int, s float64) func(reader int) int {
	sum := make([]float64, books)
	for i := range sum {
		sum[i] = math.Pow(float64(i+1), -s)
		if i > 0 {
			sum[i] += sum[i-1]
		}
	}
	return func(reader int) int {
		return sort.SearchFloat64s(sum, dist.Keyed(seed, uint64(reader), 0).Float64()*sum[books-1])
	}
}

func TestWhatMoreUsersWouldAskForIsTold(t *testing.T) {
	const readers, k = 1500, 4
	for _, tt := range []struct {
		name  string
		typed bool
		books int
		s     float64
		told  bool
	}{
		{"typed, with a long tail", true, 100_000, 1.1, true},
		{"clicked in a list, with a long tail", false, 100_000, 1.1, true},
		{"a shorter tail", true, 100_000, 1.5, true},
		{"everybody reads the same few", true, 30, 0.8, false},
	} {
		choose := zipf(9, tt.books, tt.s)
		seen := map[int]bool{}
		for i := range readers * k {
			seen[choose(i)] = true
		}
		m := library(readers, tt.typed, choose)
		got := Varieties(m, readers*k)
		if len(got) > 1 || len(got) == 1 != tt.told {
			t.Errorf("%s: told %v, want it to be told: %v", tt.name, got, tt.told)
			continue
		}
		if !tt.told {
			continue
		}
		if x := float64(got[0].Expected) / float64(len(seen)); x < 0.85 || x > 1.15 {
			t.Errorf("%s: %v, and %d times as many users asked for %d", tt.name, got[0], k, len(seen))
		}
		if one := Varieties(m, readers); len(one) > 0 {
			t.Errorf("%s: of as many users as recorded it is told that %v", tt.name, one)
		}
	}
}

// Each book has the share of the requests that it had in the recording.
func TestCopiesKeepThePopularity(t *testing.T) {
	const readers = 400
	for _, plan := range []replay.Plan{{Scale: 4}, {Users: 40, Sessions: 40}} {
		choose := zipf(3, 5000, 1.1)
		m := library(readers, true, choose)
		recorded, played := map[int]int{}, map[int]int{}
		for i := range readers {
			recorded[choose(i)]++
		}
		plan.Target = "http://127.0.0.1:1"
		src := modelledOn(t, m, plan).(*source)
		for i := range uint64(4 * readers) {
			track, _ := src.recorded(i)
			played[choose(track)]++
		}
		for book, n := range recorded {
			if played[book] != 4*n {
				t.Errorf("%+v: book %d is asked for %d times, in the recording %d times", plan, book, played[book], n)
			}
		}
	}
}
