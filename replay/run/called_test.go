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
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A drawer lists its letters by a script that calls a function for each, and names them by a
// number that no field calls an identifier.
type drawer struct {
	letters []string
	first   int
	step    int

	mu    sync.Mutex
	done  map[string]int // by what was done, and to which letter
	wrong int
}

func (d *drawer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/list" {
		script := fmt.Sprintf("this.title(\"Letters\");\nthis.count(%d,{\"of\":%d});\n", len(d.letters), len(d.letters))
		for i, s := range d.letters {
			script += fmt.Sprintf("this.add_line(%d,{\"about\":%q,\"size\":\"%d kB\"},{\"kind\":\"plain\"},false);\n", d.first+d.step*i, s, 3+i)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"exec": script})
		return
	}
	name := "_nr"
	if r.URL.Path == "/answer" {
		name = "answer_nr"
	}
	title := ""
	for text := range strings.SplitSeq(r.FormValue(name), ",") {
		n, _ := strconv.Atoi(text)
		i := (n - d.first) / d.step
		if n < d.first || i >= len(d.letters) || (n-d.first)%d.step != 0 {
			d.wrong++
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error":"none"}`)
			return
		}
		title = d.letters[i]
		d.done[r.URL.Path+" "+title]++
	}
	if r.URL.Path == "/show" {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<html><title>Letter</title><h1>%s</h1><p>Dear all</p><script>set({"nr":"%s"})</script></html>`, title, r.FormValue(name))
		return
	}
	fmt.Fprint(w, `{"ok":true}`)
}

// A user reads letters of a list, and answers and puts away some of it, which no answer shows.
func TestTheCallsOfAScriptAreTheRowsOfAList(t *testing.T) {
	for _, tt := range []struct {
		name    string
		several func(i, k int) bool // letters are put away at once
		read    bool                // a letter that is put away alone is the one that was read last
	}{
		{"several as often as one", func(i, _ int) bool { return i%2 == 0 }, false},
		{"several now and then", func(i, k int) bool { return i == 2 && k == 0 }, false},
		{"one each time", func(int, int) bool { return false }, false},
		{"what was read, or several", func(i, _ int) bool { return i%2 == 0 }, true},
		{"what was read, or several now and then", func(i, k int) bool { return i == 2 && k == 0 }, true},
	} {
		t.Run(tt.name, func(t *testing.T) { putAway(t, tt.several, tt.read) })
	}
}

func putAway(t *testing.T, several func(i, k int) bool, last bool) {
	letters := []string{"Harbour dues", "Garden plan", "The long ladder", "Winter lamps", "Paper order"}
	home := &drawer{letters: letters, first: 1, step: 1, done: map[string]int{}}
	m := learned(t, home, 6, func(g *guest, i int) {
		for k := range 2 {
			g.do("GET", "/list", "", "")
			read, put := 1+(i+k)%len(letters), 1+(2*i+3*k)%len(letters)
			g.do("GET", fmt.Sprint("/show?_nr=", read), "", "")
			away := strconv.Itoa(put)
			switch {
			case several(i, k):
				away += "," + strconv.Itoa(1+put%len(letters))
			case last:
				away = strconv.Itoa(read)
			}
			g.do("POST", "/away", "application/x-www-form-urlencoded", url.Values{"_nr": {away}, "to": {"attic"}}.Encode())
			if i == 3 {
				g.do("POST", "/answer", "application/x-www-form-urlencoded", fmt.Sprint("text=yes&answer_nr=", read))
			}
		}
	})
	want := map[string]int{}
	for what, n := range home.done {
		want[what] = 3 * n
	}
	turned := slices.Clone(letters)
	slices.Reverse(turned)
	live := &drawer{letters: append([]string{"A new one"}, turned...), first: 2, step: 3, done: map[string]int{}}
	s := httptest.NewServer(live)
	defer s.Close()
	sum := playModel(t, m, s.URL, replay.Plan{Scale: 3}, Options{})
	if !maps.Equal(live.done, want) || live.wrong > 0 || sum.Faithful.Verdict != faithful.Faithful {
		t.Errorf("done %v and %d wrong, want %v; %s %q", live.done, live.wrong, want, sum.Faithful.Verdict, sum.Faithful.Reasons)
	}
}
