package run

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/replay"
)

// A guestbook has pages of text, which one form changes. A page that does not exist yet is
// shown as an empty one.
type guestbook struct {
	mu    sync.Mutex
	pages map[string]string
}

func (b *guestbook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := r.FormValue("page")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	switch r.URL.Path {
	case "/edit":
		fmt.Fprintf(w, "<html><title>Edit</title><form method=post action=/save><input type=hidden name=page value=%s><textarea name=text>\n%s</textarea><input type=submit name=go value=save></form>", name, html.EscapeString(b.pages[name]))
	case "/save":
		b.pages[name] = strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n")
		http.Redirect(w, r, "/", http.StatusFound)
	default:
		fmt.Fprint(w, "<html><title>Pages</title><a href='/edit?page=rules'>rules</a> <a href='/edit?page=house'>house</a> <a href='/edit?page=fresh'>fresh</a>")
	}
}

// A walk that comes to the form of a page that has a text, and goes on as a session did that
// wrote a new page, leaves the text alone.
func TestAWalkDoesNotReplaceATextThatNobodyReplaced(t *testing.T) {
	old := map[string]string{"rules": "Be kind.\nBe quick.\nBring cake.\n", "house": "The house is old.\nIt has a door.\nIt has a roof.\n"}
	start := func() *guestbook {
		b := &guestbook{pages: map[string]string{}}
		for name, text := range old {
			b.pages[name] = text
		}
		return b
	}
	home := start()
	m := learned(t, home, 9, func(g *guest, i int) {
		name := []string{"rules", "fresh", "house"}[i%3]
		if name == "fresh" {
			name = fmt.Sprintf("fresh%d", i)
		}
		g.do("GET", "/", "", "")
		g.do("GET", "/edit?page="+name, "", "")
		text := home.pages[name] + fmt.Sprintf("A line of guest %c.\n", 'A'+i)
		g.submit(0, form.Entry{Name: "text", Value: form.LineEnds(text)}, form.Entry{Name: "go", Value: "save"})
	})
	live := start()
	s := httptest.NewServer(live)
	defer s.Close()
	playModel(t, m, s.URL, replay.Plan{Scale: 10, Paths: replay.WalkPaths, Seed: 5}, Options{})
	added := 0
	for name, text := range live.pages {
		added += strings.Count(text, "A line of guest")
		for line := range strings.Lines(old[name]) {
			if !strings.Contains(text, line) {
				t.Errorf("page %s has lost %q: %q", name, line, text)
			}
		}
	}
	if added < 20 {
		t.Errorf("%d lines were written by 90 walks", added)
	}
}
