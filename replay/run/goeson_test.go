package run

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
)

// A depot keeps crates, whose identifiers no two depots share, and a list of labels for
// them. Every answer about a crate says which it is.
type depot struct {
	salt   string
	labels []string

	mu   sync.Mutex
	done map[string]int // by crate and what was done
}

var crates = []string{"Oranges", "Candles", "Hammers", "Ribbons"}

// id returns the identifier of what has a name.
func (d *depot) id(name string) string {
	return fmt.Sprintf("%012x", 0x100000000000|hashOf(d.salt+name)&0xfffffffffff)
}

func hashOf(text string) (n int64) {
	for _, c := range text {
		n = n*1_000_003 + int64(c) + 17
	}
	return n & 0x7fffffffffffffff
}

func (d *depot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	list := func(names []string) {
		var rows []map[string]string
		for _, name := range names {
			rows = append(rows, map[string]string{"id": d.id(name), "name": name})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"results": rows})
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) == 1 {
		list(map[string][]string{"crates": crates, "labels": d.labels}[parts[0]])
		return
	}
	for _, name := range crates {
		if parts[1] != d.id(name) {
			continue
		}
		var sent struct{ Label, Note string }
		_ = json.NewDecoder(r.Body).Decode(&sent) // of a GET there is nothing
		for _, label := range d.labels {
			if r.Method == "PUT" && sent.Label == d.id(label) {
				d.done[name+" is "+label]++
			}
		}
		if len(parts) == 3 {
			d.done[name+" has a note"]++
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"id": parts[1], "name": name}})
		return
	}
	http.NotFound(w, r)
}

// A user who cannot choose what is not there goes on with what was open before.
func TestWhoCannotSaveGoesOnWithWhatIsOpen(t *testing.T) {
	labels := []string{"fragile", "heavy", "urgent"}
	home := &depot{salt: "home", labels: labels, done: map[string]int{}}
	m := learned(t, home, 12, func(g *guest, i int) {
		crate, label := crates[i%4], labels[i%3]
		g.do("GET", "/crates", "", "")
		g.do("GET", "/crates/"+home.id(crate), "", "")
		g.do("GET", "/labels", "", "")
		g.do("PUT", "/crates/"+home.id(crate), "application/json", `{"label":"`+home.id(label)+`"}`)
		g.do("GET", "/crates/"+home.id(crate), "", "")
		g.do("POST", "/crates/"+home.id(crate)+"/notes", "application/json", `{"note":"seen"}`)
	})
	live := &depot{salt: "live", labels: []string{"urgent", "fragile"}, done: map[string]int{}}
	s := httptest.NewServer(live)
	defer s.Close()
	sum := playModel(t, m, s.URL, replay.Plan{Scale: 2}, Options{})
	for what, n := range home.done {
		if want := 2 * n; !strings.HasSuffix(what, "heavy") && live.done[what] != want {
			t.Errorf("%s: %d times, want %d", what, live.done[what], want)
		}
	}
	if sum.Skipped != 8 {
		t.Errorf("%d acts skipped, want the 8 that choose what is not there", sum.Skipped)
	}
}
