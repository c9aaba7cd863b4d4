package echo

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flow"
)

func TestMarksAreFoundInEveryEncoding(t *testing.T) {
	for _, tt := range []struct {
		name, text, mark, body string
		shows                  bool
	}{
		{"a word in a page", "Compost", "Compost", "<li>Compost</li>", true},
		{"a part of a longer word is another", "Compost", "Compost", "<li>Composting</li>", false},
		{"a short text tells nothing", "one", "", "one", false},
		{"the longest part between marks of HTML", `1 < 2 & "every rose" has`, "every rose", `1 &lt; 2 &amp; &quot;every rose&quot; has`, true},
		{"behind an escape of JSON", "intro\nWinter plan", "Winter plan", `{"text":"intro\nWinter plan"}`, true},
		{"behind a character of JSON by number", "«Winter plan»", "Winter plan", `{"text":"\u00abWinter plan\u00bb"}`, true},
		{"letters of other scripts", "日本語の本", "日本語の本", "<p>日本語の本</p>", true},
		{"a long text by its first words", "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll mmmm nnnn", "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll mmmm", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mark := Mark(tt.text)
			if mark != tt.mark || mark != "" && Shows([]byte(tt.body), mark) != tt.shows {
				t.Errorf("mark %q, want %q; shown in %q, want %t", mark, tt.mark, tt.body, tt.shows)
			}
		})
	}
}

// A talk is sessions of a service that answers as the test says.
type talk struct {
	clock    time.Time
	sessions []Session
}

// ask adds an exchange to a session. A body makes it a write.
func (k *talk) ask(session int, target, body, answer string) {
	for len(k.sessions) <= session {
		k.sessions = append(k.sessions, Session{})
	}
	f := &flow.Flow{Scheme: "http", Start: k.clock, Done: time.Millisecond,
		Request:  flow.Request{Method: "GET", Target: target, Authority: "notes.test"},
		Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}, Body: flow.NewBody([]byte(answer))}}
	if body != "" {
		f.Request.Method, f.Request.Body = "POST", flow.NewBody([]byte(body))
		f.Request.Headers = flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
	}
	k.clock = k.clock.Add(time.Second)
	s := &k.sessions[session]
	s.Steps = append(s.Steps, Step{Flow: f, Endpoint: f.Request.Method + " " + target})
}

func TestEchoesNeedEvidence(t *testing.T) {
	for _, tt := range []struct {
		name string
		talk func(k *talk)
		want map[string]model.Echo // by "session step"
	}{
		{"a text that is shown afterwards", func(k *talk) {
			k.ask(0, "/note", "", "<p>empty</p>")
			k.ask(0, "/note", "text=buy+coal", "<p>saved</p>")
			k.ask(0, "/note", "", "<p>buy coal</p>")
			k.ask(0, "/note", "", "<p>buy coal</p>")
		}, map[string]model.Echo{"0 2": {Act: 1, Place: "body:text"}}},
		{"one that was there before is none", func(k *talk) {
			k.ask(0, "/note", "", "<p>buy coal</p>")
			k.ask(0, "/note", "text=buy+coal", "<p>saved</p>")
			k.ask(0, "/note", "", "<p>buy coal</p>")
		}, nil},
		{"nor is one that the page shows to others anyway", func(k *talk) {
			k.ask(1, "/note", "", "<p>buy coal</p>")
			k.ask(0, "/", "", "<p>hello</p>")
			k.ask(0, "/note", "text=buy+coal", "<p>saved</p>")
			k.ask(0, "/note", "", "<p>buy coal</p>")
		}, nil},
		{"the answer to the write itself proves nothing", func(k *talk) {
			k.ask(0, "/note", "text=buy+coal", "<p>buy coal</p>")
			k.ask(0, "/other", "", "<p>hello</p>")
		}, nil},
		{"a list that others write into has to share its room", func(k *talk) {
			k.ask(0, "/list", "text=buy+coal", "<p>saved</p>")
			k.ask(1, "/list", "text=sell+wood", "<p>saved</p>")
			k.ask(1, "/list", "", "<p>sell wood</p><p>buy coal</p>")
			k.ask(0, "/list", "", "<p>sell wood</p><p>buy coal</p>")
		}, map[string]model.Echo{"0 1": {Act: 0, Place: "body:text", Room: 2}, "1 1": {Act: 0, Place: "body:text", Room: 2}}},
		{"a list of its own for each user has not, though all ask for one address", func(k *talk) {
			for i, text := range []string{"buy coal", "sell wood"} {
				k.ask(i, "/mine", "text="+text, "<p>saved</p>")
				k.ask(i, "/mine", "text="+text+" again soon", "<p>saved</p>")
				k.ask(i, "/mine", "", "<p>"+text+" again soon</p><p>"+text+"</p>")
			}
		}, map[string]model.Echo{"0 2": {Act: 1, Place: "body:text"}, "1 2": {Act: 1, Place: "body:text"}}},
		{"so has a page that several replace", func(k *talk) {
			k.ask(0, "/motd", "text=buy+coal", "<p>saved</p>")
			k.ask(0, "/motd", "", "<p>buy coal</p>")
			k.ask(1, "/motd", "text=sell+wood", "<p>saved</p>")
			k.ask(1, "/motd", "", "<p>sell wood</p>")
		}, map[string]model.Echo{"0 1": {Act: 0, Place: "body:text", Room: 1}, "1 1": {Act: 0, Place: "body:text", Room: 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &talk{clock: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
			tt.talk(k)
			got := map[string]model.Echo{}
			l := New()
			l.Add(k.sessions)
			for i, steps := range l.Result() {
				for s, echoes := range steps {
					for _, e := range echoes {
						if e.Room != echoes[0].Room {
							t.Errorf("step %d of session %d has room and has not: %+v", s, i, echoes)
						}
						got[fmt.Sprint(i, s)] = e
					}
				}
			}
			for at, e := range tt.want {
				if got[at] != e {
					t.Errorf("%s: got %+v, want %+v", at, got[at], e)
				}
			}
			if len(got) != len(tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestTextsAreThoseOfTheBody(t *testing.T) {
	r := &flow.Request{Method: "PUT", Target: "/items/winter-coat?from=attic", Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}},
		Body: flow.NewBody([]byte(`{"title":"Winter coat","size":42,"tags":["wool","worn out"],"again":"Winter coat"}`))}
	want := []Text{{"body:$.title", "Winter coat"}, {"body:$.tags[0]", "wool"}, {"body:$.tags[1]", "worn out"}}
	if got := Texts(r); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
