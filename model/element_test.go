package model

import (
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// listOf reads elements: "17 Blue shirt, 5; 18 Red shirt, 5".
func listOf(s string) (list []content.Element) {
	for one := range strings.SplitSeq(s, "; ") {
		value, texts, _ := strings.Cut(one, " ")
		e := content.Element{Value: value}
		if texts != "" {
			e.Beside = strings.Split(texts, ", ")
		}
		list = append(list, e)
	}
	return list
}

func TestAnElementIsFoundInAnotherList(t *testing.T) {
	const recorded = "17 Blue shirt, 5, by ann, 2026-05-04T10:00; 18 Red shirt, 7, by ann, 2026-05-03T10:00; 19 Green shirt, 5, by bob, 2026-05-02T10:00"
	tests := []struct {
		name     string
		recorded string
		at       int
		live     string
		want     string // value; "": it is missing
	}{
		{"moved", recorded, 0, "30 Old hat, 5; 31 Red shirt, 5; 32 Blue shirt, 9", "32"},
		{"the same number is another thing", recorded, 0, "17 Red shirt, 5; 32 Blue shirt, 9", "32"},
		{"missing", recorded, 0, "18 Red shirt, 5; 33 Old hat, 5", ""},
		{"missing, its number is that of another", recorded, 0, "17 Red shirt, 5; 33 Old hat, 5", ""},
		{"missing, its number is that of something new", recorded, 0, "17 Old hat, 5; 21 Red shirt, 7", ""},
		{"renamed", recorded, 0, "18 Red shirt, 7; 17 Blue blouse, 5", "17"},
		{"another list", recorded, 1, "50 Old hat; 51 New hat; 52 Scarf", "51"},
		{"a shorter list", recorded, 2, "50 Old hat; 51 New hat", "50"},
		{"several are like it", recorded, 1, "50 Red shirt; 51 Old hat; 52 Red shirt; 53 Red shirt", "50"},
		{"several are like it, further on", recorded, 2, "50 Red shirt; 51 Old hat; 52 Green shirt; 53 Green shirt", "52"},
		{"an author that one alone has", recorded, 2, "50 Red shirt, by ann; 51 Old hat, by ann; 52 Lime shirt, by bob", "52"},
		{"numbers tell where nothing else does", "1 5; 2 6; 3 7", 1, "7 7; 8 6; 9 5", "8"},
		{"what a machine made tells nothing", "1 3f2a9c1b-0c0f-4c3e-9a55-5a6f0e1d2c3b; 2 9c1b3f2a-0c0f-4c3e-9a55-5a6f0e1d2c3b", 1, "7 9c1b3f2a-0c0f-4c3e-9a55-5a6f0e1d2c3b; 8", "8"},
		{"twins", "1 Old hat; 2 Old hat", 1, "7 Old hat; 8 Old hat; 9 Old hat", "8"},
		{"a word is its own name", "start; plan; help", 1, "help; news; start; plan", "plan"},
		{"a word that is gone", "start; plan; help", 1, "help; news; start", "news"},
		{"alone, then among others", "1 title=Old hat, size=5", 0, "7 title=New hat, size=6; 8 title=Old hat, size=5", "8"},
		{"texts before", "1 edit, ^Old hat; 2 edit, ^New hat", 0, "8 edit, ^New hat; 9 edit, ^Old hat", "9"},
		{"a number in a line of a text", "1 text=SUMMARY:Trash, text=SEQUENCE:2; 2 text=SUMMARY:Piano, text=SEQUENCE:0", 0, "7 text=SUMMARY:Dinner, text=SEQUENCE:2; 8 text=SUMMARY:Piano, text=SEQUENCE:1", ""},
		{"a room has other guests", "1 text=SUMMARY:Trash, text=PLACE:Room 5; 2 text=SUMMARY:Piano, text=PLACE:Room 6", 0, "7 text=SUMMARY:Dinner, text=PLACE:Room 5; 8 text=SUMMARY:Piano, text=PLACE:Room 6", ""},
		{"the head of a table is no text of its first row", "1 Old hat, ^Size; 2 New hat", 0, "2 New hat, ^Size; 1 Old hat", "1"},
	}
	for _, tt := range tests {
		got := ""
		list := listOf(tt.live)
		e, ok := NewList(listOf(tt.recorded)).Element(tt.at, nil)
		i := tt.at % len(list)
		if found := true; ok {
			if i, found = e.Find(list, tt.at); found {
				got = list[i].Value
			}
		} else {
			got = list[i].Value
		}
		if got != tt.want {
			t.Errorf("%s: found %q, want %q: %+v", tt.name, got, tt.want, e)
		}
	}
	if _, ok := (&Element{}).Find(nil, 0); ok {
		t.Error("an element was found in an empty list")
	}
}

// What stands beside an element of the user who recorded it stands beside others for others.
func TestAnElementIsKnownInTheWordsOfItsUser(t *testing.T) {
	user := []Field{{"accounts.user", "ann"}, {"accounts.team", "Harbour"}}
	e, ok := NewList(listOf("1 Plan of ann, Harbour; 2 Plan of bob, Garden")).Element(0, user)
	if !ok || e.Own[0] != "Plan of ${accounts.user}" {
		t.Fatalf("known by %+v", e)
	}
	other := e.For(func(ref string) (string, bool) {
		v, ok := map[string]string{"accounts.user": "cleo", "accounts.team": "March"}[ref]
		return v, ok
	})
	list := listOf("1 Plan of ann, Harbour; 2 Plan of bob, Garden; 3 Plan of cleo, March")
	if i, ok := other.Find(list, 0); !ok || i != 2 {
		t.Errorf("found %d %v, want the plan of cleo", i, ok)
	}
	if plain, _ := NewList(listOf("1 Old hat; 2 ${x}")).Element(0, user); plain.For(nil) != &plain {
		t.Error("an element without words of a user is another one")
	}
}

// A row with several links is known by its texts, and each link by what the others lack.
func TestALinkOfARowIsKnownByBoth(t *testing.T) {
	list := func(rows string) (out []content.Element) {
		for row := range strings.SplitSeq(rows, "; ") {
			text, links, _ := strings.Cut(row, ": ")
			for i, link := range strings.Split(links, ", ") {
				value, label, _ := strings.Cut(link, "=")
				e := content.Element{Value: value, Row: []string{text}}
				if label != "" {
					e.Beside = append(e.Beside, label)
				}
				e.Beside = append(e.Beside, content.NthOfRow+string(rune('1'+i)))
				out = append(out, e)
			}
		}
		return out
	}
	tests := []struct{ name, recorded, value, live, want string }{
		{"moved", "Ann: a1=keep, d1=drop; Bob: a2=keep, d2=drop", "d1", "Cleo: a7=keep, d7=drop; Bob: a8=keep, d8=drop; Ann: a9=keep, d9=drop", "d9"},
		{"its row is gone", "Ann: a1=keep, d1=drop; Bob: a2=keep, d2=drop", "d1", "Bob: a8=keep, d8=drop", ""},
		{"the link is gone", "Ann: a1=keep, d1=drop; Bob: a2=keep, d2=drop", "a1", "Ann: d9=drop; Bob: a8=keep, d8=drop", ""},
		{"a label that one row alone has", "Ann: a1=keep, d1=drop; Bob: a2=free, d2=drop", "a2", "Cleo: a7=free, d7=drop; Ann: a8=free, d8=drop; Bob: a9=free, d9=drop", "a9"},
		{"pictures alone", "Ann: a1, d1; Bob: a2, d2", "d2", "Bob: a8, d8; Ann: a9, d9", "d8"},
		{"another list", "Ann: a1=keep, d1=drop; Bob: a2=keep, d2=drop", "d1", "Cleo: a7=keep, d7=drop; Dora: a8=keep, d8=drop", "d7"},
	}
	for _, tt := range tests {
		recorded, live := list(tt.recorded), list(tt.live)
		at := slices.IndexFunc(recorded, func(e content.Element) bool { return e.Value == tt.value })
		e, ok := NewList(recorded).Element(at, nil)
		i, found := e.Find(live, at)
		got := ""
		if found {
			got = live[i].Value
		}
		if !ok || got != tt.want {
			t.Errorf("%s: found %q, want %q: %+v", tt.name, got, tt.want, e)
		}
	}
}

// elementsOf reads the elements that a selector finds in JSON.
func elementsOf(t *testing.T, selector, body string) []content.Element {
	t.Helper()
	s, err := content.ParseSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Elements(content.New(&flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: flow.NewBody([]byte(body))}))
}

// What stands around a thing, or within it, may stand around another one, too.
func TestAnObjectIsKnownByItsOwnName(t *testing.T) {
	const songs = `[{"id":11,"title":"Old mill","by":{"name":"Ann"},"tags":[{"id":31,"name":"Slow"}]},{"id":12,"title":"Blue hill","by":{"name":"Bob"},"tags":[{"id":32,"name":"Fast"}]},{"id":13,"title":"Far off","by":{"name":"Bob"},"tags":[{"id":32,"name":"Fast"},{"id":33,"name":"Odd"}]}]`
	tests := []struct {
		name, selector string
		at             int
		live           string
		want           string
	}{
		{"an owner has another one", "json:[].id", 0, `[{"id":71,"title":"New moon","by":{"name":"Ann"},"tags":[]},{"id":72,"title":"Blue hill","by":{"name":"Bob"},"tags":[{"id":82,"name":"Slow"}]}]`, ""},
		{"an owner has two", "json:[].id", 0, `[{"id":71,"title":"New moon","by":{"name":"Ann"}},{"id":72,"title":"Old mill","by":{"name":"Ann"}}]`, "72"},
		{"in another element", "json:[].tags[].id", 0, `[{"title":"Old mill","tags":[{"id":82,"name":"Fast"}]},{"title":"Blue hill","tags":[{"id":81,"name":"Slow"}]}]`, "81"},
		{"of several in one element", "json:[].tags[].id", 3, `[{"title":"Far off","tags":[{"id":82,"name":"Fast"}]},{"title":"Old mill","tags":[{"id":82,"name":"Fast"},{"id":83,"name":"Odd"}]}]`, "83"},
		{"gone from its element", "json:[].tags[].id", 0, `[{"title":"Old mill","tags":[{"id":82,"name":"Fast"}]},{"title":"Blue hill","tags":[{"id":82,"name":"Fast"}]}]`, ""},
	}
	for _, tt := range tests {
		list := elementsOf(t, tt.selector, tt.live)
		e, ok := NewList(elementsOf(t, tt.selector, songs)).Element(tt.at, nil)
		got := ""
		if i, found := e.Find(list, tt.at); found {
			got = list[i].Value
		}
		if !ok || got != tt.want {
			t.Errorf("%s: found %q, want %q: %+v", tt.name, got, tt.want, e)
		}
	}
}

// Another user has a record of their own, also where that of the recorded user is shown.
func TestTheRecordOfAUserIsThatOfEachUser(t *testing.T) {
	e, ok := NewList(elementsOf(t, "json:[].id", `[{"id":1,"name":"Ann Lee","slug":"ann-lee","email":"ann@example.com"},{"id":2,"name":"Bob Ray","slug":"bob-ray","email":"bob@example.com"}]`)).Element(0, []Field{{"staff.email", "ann@example.com"}})
	list := elementsOf(t, "json:[].id", `[{"id":7,"name":"Ann Lee","slug":"ann-lee","email":"ann@example.com"},{"id":8,"name":"Cleo Orr","slug":"cleo-orr","email":"cleo@example.com"}]`)
	for email, want := range map[string]string{"ann@example.com": "7", "cleo@example.com": "8"} {
		i, found := e.For(func(string) (string, bool) { return email, true }).Find(list, 0)
		if !ok || !found || list[i].Value != want {
			t.Errorf("%s is %v in %v, want %s", email, i, list, want)
		}
	}
}
