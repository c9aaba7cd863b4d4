package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A ward shows its patients. A script of the page copies what their rows hold into the request
// that changes one of them.
type ward struct {
	way      string
	patients []*patient

	mu    sync.Mutex
	wrong []string // changes of what nobody meant to change
	notes map[string]int
	rooms map[string]string // that users typed, by the note
}

type patient struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Phone string `json:"tel"`
	Room  string `json:"place"`
	Diet  string `json:"diet"`
}

// layouts are the ways to show a patient.
var layouts = map[string]struct{ media, head, row, tail string }{
	"divs":   {"text/html", `<h1>Ward</h1><table>`, `<tr><td>%[2]s<input type=checkbox name="patients[]" value=%[1]d><div style="display:none"><div class="x1">%[3]s</div><div class="x2">%[4]s</div><div class="diet">%[5]s</div></div></tr>`, `</table>`},
	"data":   {"text/html", `<ul>`, `<li>%[2]s <a href="/patients?show=%[1]d" data-a="%[3]s" data-b="%[4]s" data-diet="%[5]s">change</a></li>`, `</ul>`},
	"fields": {"text/html", `<ul>`, `<li>%[2]s <a href="/patients?show=%[1]d">change</a><input type=hidden name=a value="%[3]s"><input type=hidden name=b value="%[4]s"><textarea name=diet>%[5]s</textarea></li>`, `</ul>`},
	"cells":  {"text/html", `<table>`, `<tr><td><a href="/patients?show=%[1]d">%[2]s</a><td> %[3]s <td><td>%[4]s<td class="diet col">%[5]s</tr>`, `</table>`},
	"json":   {"application/json", `{"patients":[{"id":0,"name":"","tel":"","place":""}`, `,{"id":%[1]d,"name":%[2]q,"tel":%[3]q,"place":%[4]q,"diet":%[5]q}`, `]}`},
}

func (c *ward) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method == "GET" {
		l := layouts[c.way]
		w.Header().Set("Content-Type", l.media)
		fmt.Fprint(w, l.head)
		for _, p := range c.patients {
			fmt.Fprintf(w, l.row, p.ID, p.Name, p.Phone, p.Room, p.Diet)
		}
		fmt.Fprint(w, l.tail)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	id, _ := strconv.Atoi(r.PostFormValue("patient_id"))
	i := slices.IndexFunc(c.patients, func(p *patient) bool { return p.ID == id })
	if i < 0 {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"error":"nobody"}`)
		return
	}
	p := c.patients[i]
	if r.PostFormValue("reach") != p.Phone || r.PostFormValue("diet") != p.Diet {
		c.wrong = append(c.wrong, fmt.Sprintf("%s: %s, %s", p.Name, r.PostFormValue("reach"), r.PostFormValue("diet")))
	}
	if room := r.PostFormValue("bed"); room != p.Room {
		c.rooms[r.PostFormValue("note")] = room
	}
	c.notes[p.Name]++
	_ = json.NewEncoder(w).Encode(map[string]bool{"kept": true})
}

// newWard has patients whose data are of this ward alone.
func newWard(way string, first int, names ...string) *ward {
	c := &ward{way: way, notes: map[string]int{}, rooms: map[string]string{}}
	for i, name := range names {
		n := first + 3*i
		c.patients = append(c.patients, &patient{n, name, fmt.Sprintf("0%d-55", 31*n), fmt.Sprintf("R%d", n%29), []string{"plain", "soft"}[n%2]})
	}
	return c
}

var patients = []string{"Ada Quill", "Ben Marsh", "Cleo Finch", "Dov Harrow", "Eva Stone"}

// nurse is a user of a ward who changes two patients, and moves every third of them.
func nurse(home *ward) func(*guest, int) {
	return func(g *guest, i int) {
		for k := range 2 {
			g.do("GET", "/patients", "", "")
			p := home.patients[(i+2*k)%len(home.patients)]
			bed := p.Room
			if (i+k)%3 == 0 {
				bed = "moved"
			}
			form := url.Values{"patient_id": {strconv.Itoa(p.ID)}, "reach": {p.Phone}, "bed": {bed}, "diet": {p.Diet}, "note": {fmt.Sprintf("seen %c%c", 'a'+i, 'a'+k)}}
			g.do("POST", "/change", "application/x-www-form-urlencoded", form.Encode())
		}
	}
}

// What a script copied is that of the live row; what a user typed is the user's.
func TestWhatAScriptCopiesFromTheChosenRowIsLive(t *testing.T) {
	for _, way := range slices.Sorted(maps.Keys(layouts)) {
		t.Run(way, func(t *testing.T) {
			home := newWard(way, 11, patients...)
			m := learned(t, home, 9, nurse(home))
			if len(home.wrong) > 0 || len(home.notes) != len(patients) {
				t.Fatalf("the recording is wrong: %v %v", home.wrong, home.notes)
			}
			for name, live := range map[string]*ward{
				"in another order": newWard(way, 400, "Eva Stone", "Ben Marsh", "New One", "Dov Harrow", "Ada Quill", "Cleo Finch"),
				"one alone":        newWard(way, 700, "Cleo Finch"),
			} {
				s := httptest.NewServer(live)
				sum := playModel(t, m, s.URL, replay.Plan{Scale: 3}, Options{})
				s.Close()
				if len(live.wrong) > 0 {
					t.Errorf("%s: changed %q", name, live.wrong)
				}
				for _, p := range live.patients {
					if want := 3 * home.notes[p.Name]; live.notes[p.Name] != want && (name != "one alone" || live.notes[p.Name] < want) {
						t.Errorf("%s: %d notes on %s, want %d", name, live.notes[p.Name], p.Name, want)
					}
				}
				if name != "one alone" && (!maps.Equal(live.rooms, home.rooms) || sum.Faithful.Verdict != faithful.Faithful) {
					t.Errorf("%s: rooms %v, want %v; %s %q", name, live.rooms, home.rooms, sum.Faithful.Verdict, sum.Faithful.Reasons)
				}
			}
		})
	}
}
