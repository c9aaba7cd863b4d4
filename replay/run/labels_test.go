package run

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A menu has dishes with labels. A dish is written back with its labels, as they are, and its
// text, which is a document in a string. The menu refuses a change of a dish that is not
// its latest state, and changes labels that are sent with another state of theirs.
type menu struct {
	mu      sync.Mutex
	dishes  []*dish
	labels  []*label
	changed int // times that the menu was changed
	refused []string
}

type dish struct {
	ID        string  `json:"id"`
	Title     string  `json:"title"`
	Text      string  `json:"text"`
	Labels    []label `json:"labels"`
	UpdatedAt string  `json:"updated_at"`
}

type label struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Hint      string `json:"hint"`
	UpdatedAt string `json:"updated_at"`
}

// newMenu has dishes in an order, and labels of which the identifiers tell nothing.
func newMenu(salt string, start time.Time, titles, labels []string) *menu {
	m := &menu{}
	at := func(i int) string { return start.Add(time.Duration(i) * time.Minute).Format(time.RFC3339) }
	id := func(kind byte, i int) string {
		return fmt.Sprintf("%x%02x%016x", kind, i, uint64(i+7)*0x9e3779b97f4a7c15^uint64(salt[0])<<32)
	}
	for i, name := range labels {
		m.labels = append(m.labels, &label{id('l', i), name, "Hint of " + name + " at " + salt, at(i)})
	}
	for i, title := range titles {
		m.dishes = append(m.dishes, &dish{id('d', i), title, fmt.Sprintf(`{"root":{"version":1,"children":[{"version":1,"text":"%s at %s"}]}}`, title, salt), []label{*m.labels[i%len(labels)]}, at(20 + i)})
	}
	return m
}

func (m *menu) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	show := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	_, id, _ := strings.Cut(r.URL.Path[1:], "/")
	i := slices.IndexFunc(m.dishes, func(d *dish) bool { return d.ID == id })
	switch {
	case r.URL.Path == "/about":
		show(map[string]any{"about": map[string]string{"name": "Menu", "version": "5.130"}})
	case r.URL.Path == "/labels":
		show(map[string]any{"labels": m.labels})
	case r.URL.Path == "/dishes":
		show(map[string]any{"dishes": m.dishes})
	case i >= 0 && r.Method == "PUT":
		var sent struct{ Dishes []dish }
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || len(sent.Dishes) != 1 || sent.Dishes[0].ID != id || sent.Dishes[0].UpdatedAt != m.dishes[i].UpdatedAt {
			m.refused = append(m.refused, m.dishes[i].Title)
			w.WriteHeader(http.StatusConflict)
			return
		}
		m.changed++
		*m.dishes[i] = sent.Dishes[0]
		m.dishes[i].UpdatedAt = time.Date(2026, 8, 1, 0, m.changed, 0, 0, time.UTC).Format(time.RFC3339)
		for _, l := range sent.Dishes[0].Labels {
			if k := slices.IndexFunc(m.labels, func(o *label) bool { return o.ID == l.ID }); k >= 0 {
				*m.labels[k] = l
			}
		}
		fallthrough
	case i >= 0:
		show(map[string]any{"dishes": m.dishes[i : i+1]})
	default:
		http.NotFound(w, r)
	}
}

// state tells the labels of each dish, and then what labels there are.
func (m *menu) state() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var dishes, labels []string
	for _, d := range m.dishes {
		var names []string
		for _, l := range d.Labels {
			names = append(names, l.Name)
		}
		dishes = append(dishes, fmt.Sprint(d.Title, names, d.Text))
	}
	for _, l := range m.labels {
		labels = append(labels, fmt.Sprint(l.Name, " ", l.Hint, " ", l.UpdatedAt))
	}
	slices.Sort(dishes)
	slices.Sort(labels)
	return strings.Join(slices.Concat(dishes, labels), "\n")
}

var menuTitles, menuLabels = []string{"Barley soup", "Baked apples", "Green curry", "Onion tart", "Fried rice", "Plum cake"}, []string{"Cold", "Sweet", "Sharp", "Mild"}

// written is what a user makes of the text of a dish: nothing, another text, or a longer one.
func written(how, text string, i int) string {
	switch how {
	case "anew":
		return fmt.Sprintf(`{"root":{"version":1,"children":[{"version":1,"text":"Anew, %c"}]}}`, 'A'+i)
	case "longer":
		return strings.Replace(text, `"}]`, fmt.Sprintf(`, with salt %[1]c"},{"version":1,"text":"Serve %[1]c."}]`, 'A'+i), 1)
	}
	return text
}

// labelled is what a user does: it gives one dish the label after its own, and writes its text.
func labelled(how string) func(g *guest, i int) {
	return func(g *guest, i int) {
		get := func(target string) (all struct {
			Dishes []dish
			Labels []label
		}) {
			_ = json.Unmarshal([]byte(g.do("GET", target, "", "")), &all)
			return all
		}
		get("/about")
		list := get("/dishes").Dishes
		at := slices.IndexFunc(list, func(d dish) bool { return d.Title == menuTitles[i] })
		d := get("/dishes/" + list[at].ID).Dishes[0]
		d.Labels = append(d.Labels, get("/labels").Labels[(i+1)%len(menuLabels)])
		d.Text = written(how, d.Text, i)
		body, _ := json.Marshal(map[string]any{"dishes": []dish{d}})
		g.do("PUT", "/dishes/"+d.ID, "application/json", string(body))
	}
}

// A thing that is chosen in a list and put into another one is the live thing, with all that
// it has, and the revision that it has itself. What a text calls its version is the format's.
func TestWhatIsAddedToADocumentIsTheLiveThing(t *testing.T) {
	for _, how := range []string{"", "anew", "longer"} {
		m := learned(t, newMenu("a", time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), menuTitles, menuLabels), len(menuTitles), labelled(how))
		turned := func(list []string) []string { l := slices.Clone(list); slices.Reverse(l); return l }
		live, want := [2]*menu{}, ""
		for i := range live {
			live[i] = newMenu("b", time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), turned(menuTitles), turned(menuLabels))
		}
		for _, d := range live[1].dishes {
			i := slices.Index(menuTitles, d.Title)
			added := live[1].labels[slices.IndexFunc(live[1].labels, func(l *label) bool { return l.Name == menuLabels[(i+1)%len(menuLabels)] })]
			d.Labels, d.Text = append(d.Labels, *added), written(how, d.Text, i)
		}
		want = live[1].state()
		s := httptest.NewServer(live[0])
		defer s.Close()
		sum := playModel(t, m, s.URL, replay.Plan{Users: 1, Sessions: len(menuTitles)}, Options{})
		if got := live[0].state(); got != want || len(live[0].refused) > 0 || sum.Faithful.Verdict != faithful.Faithful {
			t.Errorf("text %q:\n%s\nwant\n%s\nrefused %q; %s %q\n%s", how, got, want, live[0].refused, sum.Faithful.Verdict, sum.Faithful.Reasons, bodies(m, "PUT"))
		}
	}
}
