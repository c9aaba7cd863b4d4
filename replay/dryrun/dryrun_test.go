package dryrun

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
)

// A script is a source whose sessions make acts ready by what is over: "" is the start.
type script struct {
	acts map[string][]replay.Act
	skip map[string]string
}

func (s script) Session(i, u uint64) replay.Session { return s }
func (script) Origins() []replay.Origin             { return nil }
func (s script) Fill(a *replay.Act)                 { a.Skip = s.skip[a.Endpoint] }

func (s script) Next(over *replay.Answer) []replay.Act {
	if over == nil {
		return s.acts[""]
	}
	return s.acts[over.Act.Endpoint]
}

// run plays a script twice, a second apart, and tells what was sent when.
func run(t *testing.T, s script, play func(uint64) bool) []string {
	t.Helper()
	arrivals, err := load.Constant(1, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var sent []string
	err = Play(s, arrivals, Options{
		Play: play,
		Answer: func(a Asked) *flow.Flow {
			if a.Act.Endpoint == "moved" {
				return &flow.Flow{FirstByte: 100 * time.Millisecond, Done: time.Second,
					Response: &flow.Response{Status: 302, Headers: flow.Headers{{Name: "Location", Value: "/"}}}}
			}
			return &flow.Flow{Done: 300 * time.Millisecond, Response: &flow.Response{Status: 200}}
		},
		Give: func(x Exchange) error {
			sent = append(sent, fmt.Sprintf("%d %s %s %t", x.Session, x.Act.Endpoint, x.Sent, x.Flow != nil))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

func TestActsAreSentWhenTheyAreDue(t *testing.T) {
	first := func(i uint64) bool { return i == 0 }
	for _, tt := range []struct {
		name   string
		script script
		play   func(uint64) bool
		want   []string
	}{
		{"an act waits for the answer before it, and thinks", script{acts: map[string][]replay.Act{"": {{Endpoint: "a"}}, "a": {{Endpoint: "b", Delay: 500 * time.Millisecond}}}}, nil,
			[]string{"0 a 0s true", "0 b 800ms true", "1 a 1s true", "1 b 1.8s true"}},
		{"acts run side by side", script{acts: map[string][]replay.Act{"": {{ID: 1, Endpoint: "a", Delay: time.Millisecond}, {ID: 2, Endpoint: "b"}}}}, first,
			[]string{"0 b 0s true", "0 a 1ms true"}},
		{"a redirect is followed at its head", script{acts: map[string][]replay.Act{"": {{Endpoint: "moved"}}, "moved": {{Endpoint: "b"}}}}, first,
			[]string{"0 moved 0s true", "0 b 100ms true"}},
		{"what lacks a value is not sent, and the session goes on", script{acts: map[string][]replay.Act{"": {{Endpoint: "a"}}, "a": {{Endpoint: "b"}}}, skip: map[string]string{"a": "token"}}, first,
			[]string{"0 a 0s false", "0 b 0s true"}},
		{"a pause closes a strand that waits", script{acts: map[string][]replay.Act{
			"":      {{Endpoint: "poll", Strand: 1}, {Endpoint: "pause", Kind: replay.Pause, Delay: time.Second, Closes: []int{1}}},
			"poll":  {{Endpoint: "poll", Strand: 1, Delay: 400 * time.Millisecond}},
			"pause": {{Endpoint: "b"}}}}, first,
			[]string{"0 poll 0s true", "0 poll 700ms true", "0 b 1s true"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := run(t, tt.script, tt.play); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestOneSessionTellsWhatIsUnderWay(t *testing.T) {
	under, most, order := 0, 0, ""
	err := One(script{acts: map[string][]replay.Act{"": {{Endpoint: "a"}, {Endpoint: "b", Delay: 100 * time.Millisecond}}, "b": {{Endpoint: "c"}}}}, Options{
		Ready:  func(*replay.Act) { under++; most = max(most, under) },
		Over:   func(*replay.Act) { under-- },
		Answer: func(Asked) *flow.Flow { return &flow.Flow{Done: 300 * time.Millisecond} },
		Give:   func(x Exchange) error { order += x.Act.Endpoint; return nil },
	})
	if err != nil || under != 0 || most != 2 || order != "abc" {
		t.Errorf("%d at once, %d left, sent %q, %v; want 2, 0, abc and no error", most, under, order, err)
	}
}

func TestAnErrorEndsTheRun(t *testing.T) {
	arrivals, err := load.Constant(1, 0) // for ever
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	given := 0
	err = Play(script{acts: map[string][]replay.Act{"": {{Endpoint: "a"}}}}, arrivals, Options{
		Answer: func(Asked) *flow.Flow { return &flow.Flow{} },
		Give: func(Exchange) error {
			if given++; given == 3 {
				return enough
			}
			return nil
		},
	})
	if !errors.Is(err, enough) || given != 3 {
		t.Errorf("%d exchanges, then %v; want 3, then that error", given, err)
	}
}
