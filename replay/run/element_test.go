package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A shelf shows a list of books in one of several ways, and takes notes on each.
type shelf struct {
	way   string
	books []book

	mu    sync.Mutex
	notes map[string]int // by title
}

type book struct {
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Author string `json:"author"`
	Copies int    `json:"copies"`
}

// lists are the ways to show the books, each with what a user who wants to write a note on
// one of them looks for: the number behind it.
var lists = map[string]struct {
	media, head, row, tail string
	form                   bool // the note is sent to one address, with the number as a field
}{
	"table": {"text/html", `<table><tr><th>Title<th>Copies<th>Do`, `<tr><td>%[2]s<td>%[4]d<td><a href="/help">Help</a> <a href="/books/%[1]d">Note</a>`, `</table>`, false},
	"menu":  {"text/html", `<nav><a href="/books/9"></a></nav><table><tr><th>Title`, `<tr><td>%[2]s<td><a href="/books/%[1]d">Note</a>`, `</table>`, false},
	"cards": {"text/html", `<main>`, `<div class=card><h2>%[2]s</h2><p>by %[3]s<p><a href="/books/%[1]d"><img src=/cover.png alt=cover></a></div>`, `</main>`, false},
	"flat":  {"text/html", `<body>`, `<h3>%[2]s</h3><a href="/books/%[1]d">write</a>`, ``, false},
	"names": {"text/html", `<ul>`, `<li><a href="/books/%[1]d">%[2]s</a>`, `</ul>`, false},
	"forms": {"text/html", `<ol>`, `<li><b>%[2]s</b><form method=post action=/notes><input type=hidden name=book value=%[1]d><input name=note></form></li>`, `</ol>`, true},
	"data":  {"text/html", `<div>`, `<section data-book="%[1]d"><span>%[2]s</span><button>Note</button></section>`, `</div>`, false},
	"calls": {"text/html", `<div>`, `<p onclick="note(%[1]d, this)">%[2]s</p>`, `</div>`, false},
	"pairs": {"text/html", `<table>`, `<tr><td>%[2]s<td><a href="/books/%[1]d">note</a> <a href="/books/9%[1]d">drop</a>`, `</table>`, false},
	"rows":  {"text/html", `<table>`, `<tr id="row%[1]d"><td>%[2]s<td><button>Note</button>`, `</table>`, true},
	"rels":  {"text/html", `<ul>`, `<li><a href="#" rel="%[1]d">%[2]s</a>`, `</ul>`, true},
	"parts": {"text/html", `<div>`, `<book-row :of='{"id":%[1]d,"title":"%[2]s"}'></book-row>`, `</div>`, false},
	"codes": {"text/html", `<div>`, `<p><b>%[2]s</b><a href="#" onclick="note(%[1]d, this)">note</a></p>`, `</div>`, true},
	"pushs": {"text/html", `<div>`, `<p>%[2]s<script>books.push({id: %[1]d});</script></p>`, `</div>`, true},
	"json":  {"application/json", `{"books":[{"id":0,"title":"","author":""}`, `,{"id":%[1]d,"title":"%[2]s","author":"%[3]s","copies":%[4]d}`, `]}`, false},
	"deep":  {"application/json", `{"books":[{"meta":{}}`, `,{"meta":{"id":%[1]d,"seen":true},"about":{"title":"%[2]s"},"links":["/books/%[1]d/x"]}`, `]}`, false},
	"hrefs": {"application/json", `{"books":[{}`, `,{"name":"%[2]s","self":"/books/%[1]d"}`, `]}`, false},
	"xml":   {"application/xml", `<list>`, `<book><href>/books/%[1]d</href><prop><name>%[2]s</name></prop></book>`, `</list>`, false},
	"attrs": {"application/xml", `<list>`, `<book key="%[1]d" title="%[2]s"/>`, `</list>`, false},
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := lists[s.way]
	if r.Method == "GET" {
		w.Header().Set("Content-Type", list.media)
		fmt.Fprint(w, list.head)
		for _, b := range s.books {
			fmt.Fprintf(w, list.row, b.ID, b.Title, b.Author, b.Copies)
		}
		fmt.Fprint(w, list.tail)
		return
	}
	id, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/books/"))
	if list.form {
		id, _ = strconv.Atoi(r.PostFormValue("book"))
	}
	i := slices.IndexFunc(s.books, func(b book) bool { return b.ID == id })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	s.notes[s.books[i].Title]++
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]bool{"kept": true})
}

func newShelf(way string, first int, titles ...string) *shelf {
	s := &shelf{way: way, notes: map[string]int{}}
	for i, t := range titles {
		s.books = append(s.books, book{first + 7*i, t, "A. " + strings.Fields(t)[1], 3 + i%2})
	}
	return s
}

// annotate is a user who writes a note on two books, which a person knows by their titles.
func annotate(way string) func(*guest, int) {
	titles := []string{"The Quiet Harbour", "A Garden in March", "The Long Ladder", "Small Lamps"}
	return func(g *guest, i int) {
		for k := range 2 {
			text := g.do("GET", "/books", "", "")
			title := titles[(i+k)%len(titles)]
			at := strings.Index(text, title)
			number := regexp.MustCompile(`[0-9]+`)
			row := text[strings.LastIndex(text[:at], rowOf(way)):]
			id := number.FindString(row[strings.Index(row, beforeID(way))+len(beforeID(way)):])
			if lists[way].form {
				g.do("POST", "/notes", "application/x-www-form-urlencoded", "book="+id+"&note=good")
			} else {
				g.do("POST", "/books/"+id, "application/json", `{"note":"good"}`)
			}
		}
	}
}

// rowOf is how the row of a book begins, beforeID what stands before its number.
func rowOf(way string) string {
	text, _, _ := strings.Cut(lists[way].row, "%[")
	return text
}

func beforeID(way string) string {
	text, _, _ := strings.Cut(lists[way].row, "%[1]d")
	return text[strings.LastIndex(text, "]")+2:]
}

// Whoever chose a book means the book, wherever the list has it, and nothing where it is gone.
func TestAnElementOfAListIsKnownByWhatStandsBesideIt(t *testing.T) {
	recorded := []string{"The Quiet Harbour", "A Garden in March", "The Long Ladder", "Small Lamps"}
	for _, way := range slices.Sorted(maps.Keys(lists)) {
		t.Run(way, func(t *testing.T) {
			home := newShelf(way, 11, recorded...)
			m := learned(t, home, 8, annotate(way))
			for name, live := range map[string]*shelf{
				"the other way round": newShelf(way, 300, "Small Lamps", "The Long Ladder", "A Garden in March", "The Quiet Harbour"),
				"among new ones":      newShelf(way, 11, "An Early Train", "Small Lamps", "A Garden in March", "Paper Ships", "The Quiet Harbour", "The Long Ladder", "Rain on Glass"),
				"without one":         newShelf(way, 11, "Small Lamps", "A Garden in March", "The Long Ladder"),
			} {
				s := httptest.NewServer(live)
				sum := playModel(t, m, s.URL, replay.Plan{Scale: 3, Speed: 10}, Options{})
				s.Close()
				for _, title := range recorded {
					want := 3 * home.notes[title]
					if !slices.ContainsFunc(live.books, func(b book) bool { return b.Title == title }) {
						want = 0
					}
					if got := live.notes[title]; got != want {
						t.Errorf("%s: %d notes on %s, want %d: %v, skipped %d", name, got, title, want, live.notes, sum.Skipped)
					}
				}
				others := 0
				for title, n := range live.notes {
					if !slices.Contains(recorded, title) {
						others += n
					}
				}
				if name == "without one" && !strings.Contains(fmt.Sprint(sum.Faithful.Reasons), "like the recorded one") {
					t.Errorf("%s: %q do not tell what is missing", name, sum.Faithful.Reasons)
				}
				if others > 0 || (sum.Faithful.Verdict == faithful.Faithful) != (name != "without one") {
					t.Errorf("%s: %d notes on others, %s %q", name, others, sum.Faithful.Verdict, sum.Faithful.Reasons)
				}
			}
		})
	}
}

// Where a list has nothing of what was recorded, as that of a target with other data, a user
// takes what stands in the same place.
func TestOfAnotherListTheSamePlaceIsTaken(t *testing.T) {
	m := learned(t, newShelf("table", 11, "The Quiet Harbour", "A Garden in March", "The Long Ladder", "Small Lamps"), 8, annotate("table"))
	live := newShelf("table", 300, "An Early Train", "Paper Ships", "Rain on Glass", "Brass Keys")
	s := httptest.NewServer(live)
	defer s.Close()
	playModel(t, m, s.URL, replay.Plan{Scale: 1}, Options{})
	for _, b := range live.books {
		if live.notes[b.Title] != 4 {
			t.Errorf("%d notes on %s, want 4: %v", live.notes[b.Title], b.Title, live.notes)
		}
	}
}

// A pinboard has a page for each of its pins, with the form to change it.
type pinboard struct {
	shut string // the pin whose page is not there

	mu   sync.Mutex
	text map[string]string // by pin
}

func (b *pinboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pin := strings.TrimPrefix(r.URL.Path, "/pins/")
	if r.Method == "POST" {
		b.text[r.PostFormValue("pin")] += " " + r.PostFormValue("more")
		fmt.Fprint(w, "kept")
		return
	}
	if pin == b.shut {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, `<form method=post action=/save><input type=hidden name=pin value=%q><input name=more></form>`, pin)
}

// A page that the target does not show is not changed, and no other one in its place.
func TestThePageThatWasNotShownIsNotSent(t *testing.T) {
	m := learned(t, &pinboard{text: map[string]string{}}, 6, func(g *guest, i int) {
		for _, pin := range []string{"harbour", "garden"} {
			g.do("GET", "/pins/"+pin, "", "")
			g.do("POST", "/save", "application/x-www-form-urlencoded", "pin="+pin+"&more=for+the+"+pin)
		}
	})
	b := &pinboard{shut: "garden", text: map[string]string{}}
	s := httptest.NewServer(b)
	defer s.Close()
	sum := playModel(t, m, s.URL, replay.Plan{Scale: 2}, Options{})
	if got := strings.Count(b.text["harbour"], "for the harbour"); got != 12 || strings.Contains(b.text["harbour"], "garden") || b.text["garden"] != "" {
		t.Errorf("the pins are %q", b.text)
	}
	if sum.Faithful.Verdict == faithful.Faithful || sum.Skipped != 12 {
		t.Errorf("%s, %d skipped", sum.Faithful.Verdict, sum.Skipped)
	}
}
