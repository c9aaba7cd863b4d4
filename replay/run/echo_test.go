package run

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A cardbox keeps cards. Everybody sees all of them, and changes their own. It may
// deceive: what it answers to a write is then what it always answers, and the write is not
// done, or not as asked.
type cardbox struct {
	deceit string
	list   int // newest cards that the list has

	mu    sync.Mutex
	cards []card
	users int
}

type card struct {
	ID    int    `json:"id"`
	Owner string `json:"owner"`
	Title string `json:"title"`
	Note  string `json:"note"`
}

func (b *cardbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	user := "nobody"
	if c, err := r.Cookie("sid"); err == nil {
		user = c.Value
	}
	var sent struct {
		Title string `json:"title"`
		Note  string `json:"note"`
		Cards []card `json:"cards"`
		Query string `json:"query"`
		Vars  card   `json:"variables"`
	}
	_ = json.NewDecoder(r.Body).Decode(&sent) // of a GET there is nothing
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	id, _ := strconv.Atoi(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
	switch path := strings.TrimRight(r.URL.Path, "0123456789"); r.Method + " " + path {
	case "GET /":
		b.users++
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: fmt.Sprintf("s%015d", b.users*7919)})
		answer(200, map[string]any{"welcome": true})
	case "POST /cards":
		id = b.add(user, sent.Title, sent.Note)
		if b.deceit == "accepts and never does" {
			answer(202, map[string]any{"id": id})
			return
		}
		answer(201, map[string]any{"id": id})
	case "PUT /cards/":
		switch {
		case b.deceit == "changes the wrong one":
			id = max(1, id-1)
		case b.deceit == "changes nothing":
			id = 0
		}
		if id > 0 && id <= len(b.cards) {
			b.cards[id-1].Note = sent.Note
		}
		answer(200, map[string]any{"saved": true})
	case "POST /batch":
		done := 0
		for i, c := range sent.Cards {
			if b.deceit == "does a part of a batch" && i > 0 {
				continue
			}
			b.add(user, c.Title, c.Note)
			done++
		}
		answer(200, map[string]any{"ok": done, "failed": len(sent.Cards) - done})
	case "POST /graphql":
		if b.deceit == "tells of errors beside the data" {
			answer(200, map[string]any{"data": map[string]any{"add": nil}, "errors": []any{map[string]any{"message": "not now"}}})
			return
		}
		answer(200, map[string]any{"data": map[string]any{"add": map[string]any{"id": b.add(user, sent.Vars.Title, sent.Vars.Note)}}})
	case "GET /cards/":
		c := card{ID: id, Owner: user, Title: "-", Note: "-"}
		if id > 0 && id <= len(b.cards) {
			c = b.cards[id-1]
		}
		answer(200, c)
	case "GET /cards":
		if b.deceit == "lists the oldest" {
			answer(200, map[string]any{"cards": b.cards[:3]})
			return
		}
		answer(200, map[string]any{"cards": b.cards[max(0, len(b.cards)-b.list):]})
	case "GET /mine":
		mine := slices.DeleteFunc(slices.Clone(b.cards), func(c card) bool { return c.Owner != user })
		if b.deceit == "shows another user in place of a lost session" {
			mine = slices.DeleteFunc(slices.Clone(b.cards), func(c card) bool { return c.Owner == user })
		}
		answer(200, map[string]any{"cards": mine})
	default:
		http.NotFound(w, r)
	}
}

// add adds a card, and returns its number.
func (b *cardbox) add(user, title, note string) int {
	switch c := (card{ID: len(b.cards) + 1, Owner: user, Title: title, Note: note}); {
	case b.deceit == "drops what is there already" && slices.ContainsFunc(b.cards, func(o card) bool { return o.Title == title }):
		return 1
	case b.deceit == "stores nothing", b.deceit == "accepts and never does":
		c.Title, c.Note = "untitled", "empty"
		b.cards = append(b.cards, c)
	case b.deceit == "lists nothing new":
		return c.ID
	default:
		b.cards = append(b.cards, c)
	}
	return len(b.cards)
}

// collect is a user of the box: it writes cards in several ways, and looks at them.
func collect(way string) func(*guest, int) {
	return func(g *guest, i int) {
		title := func(k int) string { return fmt.Sprintf("Plan %c%c for spring", 'A'+i, 'A'+k) }
		body := func(v any) string {
			data, err := json.Marshal(v)
			if err != nil {
				g.t.Fatal(err)
			}
			return string(data)
		}
		g.do("GET", "/", "", "")
		for k := range 2 {
			note := fmt.Sprintf("it <begins> \"%c\" in week %d%d", 'a'+i, k, i)
			switch way {
			case "single":
				var made struct{ ID int }
				_ = json.Unmarshal([]byte(g.do("POST", "/cards", "application/json", body(map[string]any{"title": title(k), "note": note}))), &made)
				g.do("GET", fmt.Sprint("/cards/", made.ID), "", "")
				g.do("PUT", fmt.Sprint("/cards/", made.ID), "application/json", body(map[string]any{"note": note + " or later"}))
				g.do("GET", fmt.Sprint("/cards/", made.ID), "", "")
			case "batch":
				g.do("POST", "/batch", "application/json", body(map[string]any{"cards": []any{
					map[string]any{"title": title(2 * k), "note": note}, map[string]any{"title": title(2*k + 1), "note": note}}}))
				g.do("GET", "/mine", "", "")
			case "graphql":
				g.do("POST", "/graphql", "application/json", body(map[string]any{"query": "mutation($title: String!) { add(title: $title) { id } }", "variables": map[string]any{"title": title(k), "note": note}}))
				g.do("GET", "/mine", "", "")
			case "list":
				g.do("POST", "/cards", "application/json", body(map[string]any{"title": title(k), "note": note}))
				g.do("GET", "/cards", "", "")
			case "list and card":
				var made struct{ ID int }
				_ = json.Unmarshal([]byte(g.do("POST", "/cards", "application/json", body(map[string]any{"title": title(k), "note": note}))), &made)
				g.do("GET", "/cards", "", "")
				g.do("GET", fmt.Sprint("/cards/", made.ID), "", "")
			}
		}
	}
}

// newCards is where a target with a deceit begins: with cards that were there before.
func newCards(deceit string, list int) *cardbox {
	b := &cardbox{deceit: deceit, list: list}
	for i := range 3 {
		b.cards = append(b.cards, card{ID: i + 1, Owner: "house", Title: fmt.Sprint("House rule ", i+1), Note: "read it"})
	}
	return b
}

// Each of these answers as the recorded target did, but for one thing that the user will
// see later, or never. No such run may read well.
func TestWritesThatAreNotSeenAgainDidNotHappen(t *testing.T) {
	tests := []struct {
		way, deceit string
		reason      string
	}{
		{"single", "stores nothing", "POST /cards never succeeded (answers behind it do not show what it wrote)"},
		{"single", "accepts and never does", "POST /cards never succeeded"},
		{"single", "changes nothing", "PUT /cards/{id} never succeeded (answers behind it do not show what it wrote)"},
		{"single", "changes the wrong one", "(answers behind it do not show what it wrote)"},
		{"single", "drops what is there already", "POST /cards 16 of 48 (answers behind it do not show what it wrote)"},
		{"batch", "does a part of a batch", "POST /batch never succeeded"},
		{"batch", "shows another user in place of a lost session", "POST /batch never succeeded"},
		{"graphql", "tells of errors beside the data", "POST /graphql"},
		{"graphql", "stores nothing", "never succeeded (answers behind it do not show what it wrote)"},
		{"list", "lists nothing new", "POST /cards never succeeded (answers behind it do not show what it wrote)"},
		{"list", "stores nothing", "POST /cards never succeeded"},
	}
	for _, tt := range tests {
		t.Run(tt.way+" "+tt.deceit, func(t *testing.T) {
			m := learned(t, newCards("", 100), 8, collect(tt.way))
			s := httptest.NewServer(newCards(tt.deceit, 100))
			defer s.Close()
			plan := replay.Plan{Scale: 3}
			if tt.deceit == "shows another user in place of a lost session" {
				plan.Scale = 1 // copies of a session write the same
			}
			sum := playModel(t, m, s.URL, plan, Options{})
			f := sum.Faithful
			if f.Verdict == faithful.Faithful || len(f.Reasons) == 0 || !strings.Contains(strings.Join(f.Reasons, "; "), tt.reason) {
				t.Errorf("got %s %q, want another verdict, for %q: %+v", f.Verdict, f.Reasons, tt.reason, sum.Errors)
			}
			if f.Writes.Replayed >= f.Writes.Recorded {
				t.Errorf("%g writes a session of %g, although some were not done", f.Writes.Replayed, f.Writes.Recorded)
			}
		})
	}
}

// What others wrote may take the place of what the user wrote, and then nothing is wrong.
func TestAListThatHasRoomForSomeIsNotBlamed(t *testing.T) {
	for _, way := range []string{"single", "batch", "graphql", "list"} {
		for _, newest := range []int{100, 4} {
			t.Run(fmt.Sprint(way, " ", newest), func(t *testing.T) {
				m := learned(t, newCards("", newest), 8, collect(way))
				if n := echoesOf(m); n == 0 {
					t.Fatal("nothing that was written is seen again")
				}
				b := newCards("", newest)
				s := httptest.NewServer(b)
				defer s.Close()
				f := playModel(t, m, s.URL, replay.Plan{Scale: 3}, Options{}).Faithful
				if f.Verdict != faithful.Faithful || f.Writes.Replayed != f.Writes.Recorded {
					t.Errorf("got %s %q, %+v writes", f.Verdict, f.Reasons, f.Writes)
				}
			})
		}
	}
}

// A list may have no room for what another answer shows.
func TestAWriteThatOneAnswerShowsHappened(t *testing.T) {
	for deceit, done := range map[string]bool{"lists the oldest": true, "stores nothing": false} {
		m := learned(t, newCards("", 100), 8, collect("list and card"))
		s := httptest.NewServer(newCards(deceit, 100))
		defer s.Close()
		sum := playModel(t, m, s.URL, replay.Plan{Scale: 1}, Options{})
		if f := sum.Faithful; f.Verdict == faithful.Faithful || (f.Writes.Replayed == f.Writes.Recorded) != done {
			t.Errorf("a target that %s: got %s %q, %+v writes: %+v", deceit, f.Verdict, f.Reasons, f.Writes, sum.Errors)
		}
	}
}

// echoesOf counts what the answers to the acts of a model show.
func echoesOf(m *model.Model) (n int) {
	for i := range m.Sessions {
		for k := range m.Sessions[i].Acts {
			n += len(m.Sessions[i].Acts[k].Echoes)
		}
	}
	return n
}
