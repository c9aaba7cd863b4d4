package run

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A songbook shows what it has in several lists: the latest songs on its front, all
// songs, all genres. Its answers about one thing are lists of one. It counts the notes on
// each, by name.
type songbook struct {
	salt string

	mu            sync.Mutex
	songs, genres []*kept
}

// A kept is a song or a genre.
type kept struct {
	ID    string  `json:"id"`
	Title string  `json:"title,omitempty"`
	Name  string  `json:"name,omitempty"`
	Genre []*kept `json:"genres,omitempty"`
	Owner *kept   `json:"owner,omitempty"`
	notes int
}

func newSongbook(salt string, titles ...string) *songbook {
	a := &songbook{salt: salt}
	for _, name := range []string{"Ballads", "Marches", "Waltzes", "Rounds"} {
		a.genres = append(a.genres, &kept{ID: a.id("genre", name), Name: name})
	}
	for _, title := range titles {
		a.add(title)
	}
	return a
}

// add adds a song of one genre or another.
func (a *songbook) add(title string) {
	at := len(title) % len(a.genres)
	a.songs = append(a.songs, &kept{ID: a.id("song", fmt.Sprint(title, len(a.songs))), Title: title, Genre: a.genres[at : at+1], Owner: &kept{ID: a.id("owner", title), Name: "Owner of " + title}})
}

// id is what the songbook calls a thing: other songbooks call it otherwise.
func (a *songbook) id(kind, name string) string {
	h := uint64(14695981039346656037)
	for _, c := range []byte(a.salt + kind + name) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return fmt.Sprintf("%016x%08x", h, uint32(h*2654435761))
}

func (a *songbook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	show := func(name string, list []*kept) { _ = json.NewEncoder(w).Encode(map[string]any{name: list}) }
	body, _ := io.ReadAll(r.Body)
	var sent struct{ Title, Name string }
	_ = json.Unmarshal(body, &sent) // of a GET there is nothing
	latest := slices.Clone(a.songs)
	slices.Reverse(latest)
	kind, id, _ := strings.Cut(r.URL.Path[1:], "/")
	list := map[string]*[]*kept{"songs": &a.songs, "genres": &a.genres}[kind]
	switch {
	case list != nil && r.Method == "POST":
		if kind == "songs" {
			a.add(sent.Title)
		} else {
			a.genres = append(a.genres, &kept{ID: a.id("genre", fmt.Sprint(len(a.genres))), Name: sent.Name})
		}
		w.WriteHeader(http.StatusCreated)
		show(kind, (*list)[len(*list)-1:])
	case list != nil && id == "" && kind == "songs":
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		show(kind, latest[:min(limit, len(latest))])
	case list != nil && id == "":
		show(kind, *list)
	default:
		i := slices.IndexFunc(*list, func(k *kept) bool { return k.ID == id })
		if i < 0 {
			http.NotFound(w, r)
			return
		}
		if r.Method == "PATCH" {
			(*list)[i].notes++
		}
		show(kind, (*list)[i:i+1])
	}
}

// notes counts the notes by what they are on, and the things of each name that have one.
func (a *songbook) notes() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	notes := map[string][2]int{}
	for _, k := range slices.Concat(a.songs, a.genres) {
		if k.notes > 0 {
			n := notes[k.Title+k.Name]
			notes[k.Title+k.Name] = [2]int{n[0] + k.notes, n[1] + 1}
		}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		out = append(out, fmt.Sprintf("%s %d on %d", name, notes[name][0], notes[name][1]))
	}
	return strings.Join(out, ", ")
}

// browse is a user of a songbook, who is shown the front first. Some make what they write a note
// on, the others choose one that was there: a genre or a song, which the front may show, too.
func browse(g *guest, i int) {
	ask := func(method, target, body string) map[string][]*kept {
		var out map[string][]*kept
		_ = json.Unmarshal([]byte(g.do(method, target, "application/json", body)), &out)
		return out
	}
	front := ask("GET", "/songs?limit=5", "")["songs"]
	kind, field := "songs", "title"
	if i%2 == 1 {
		kind, field = "genres", "name"
	}
	made := ""
	if i < 4 { // all call it alike
		made = ask("POST", "/"+kind, `{"`+field+`":"Untitled work"}`)[kind][0].ID
	}
	list := ask("GET", "/"+kind+"?limit=30", "")[kind]
	id := made
	switch {
	case made != "":
	case kind == "songs":
		id = list[slices.IndexFunc(list, func(k *kept) bool { return k.Title == []string{"Harvest evening", "Lanterns"}[i%4/2] })].ID
	default:
		id = front[len(front)-1].Genre[0].ID
	}
	ask("GET", "/"+kind+"/"+id, "")
	g.do("PATCH", "/"+kind+"/"+id, "application/json", `{"note":"good"}`)
}

// Whatever lists a target shows a thing in, and in which order, a note is on what it was on in
// the recording.
func TestWhatIsInSeveralListsIsTheRecordedOne(t *testing.T) {
	const guests = 8
	recorded := newSongbook("a", "Old mill road", "River crossing", "Harvest evening", "Lanterns", "Snowfall")
	m := learned(t, recorded, guests, browse)
	for scale, plan := range map[float64]replay.Plan{1: {Users: 1, Sessions: guests}, 3: {Scale: 3}} {
		live := newSongbook("b", "Snowfall", "Lanterns", "Harvest evening", "River crossing", "Old mill road", "Tall grass")
		s := httptest.NewServer(live)
		defer s.Close()
		sum := playModel(t, m, s.URL, plan, Options{})
		want := newSongbook("b")
		want.songs, want.genres = nil, nil
		for _, k := range slices.Concat(recorded.songs, recorded.genres) {
			copies := 1 // of the thing: users make their own
			if k.Title+k.Name == "Untitled work" {
				copies = int(scale)
			}
			for range copies {
				want.songs = append(want.songs, &kept{Title: k.Title, Name: k.Name, notes: k.notes * int(scale) / copies})
			}
		}
		if got := live.notes(); got != want.notes() || sum.Faithful.Verdict != faithful.Faithful {
			t.Errorf("at %gx: notes %s\nwant %s; %s %q", scale, got, want.notes(), sum.Faithful.Verdict, sum.Faithful.Reasons)
		}
	}
}
