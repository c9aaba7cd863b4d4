package run

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A world has things with numbers of its own and secrets of its own. It notes what was done to
// them, and what it refused.
type world struct {
	salt   string
	titles []string // of its things, as its lists have them
	first  int
	step   int
	serve  func(*world, http.ResponseWriter, *http.Request)

	mu     sync.Mutex
	issued int
	tokens map[string]string // what they are good for
	done   map[string]int
	wrong  []string
}

func newWorld(salt string, first, step int, serve func(*world, http.ResponseWriter, *http.Request), titles ...string) *world {
	return &world{salt: salt, first: first, step: step, titles: titles, serve: serve, tokens: map[string]string{}, done: map[string]int{}}
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serve(w, rw, r)
}

func (w *world) id(i int) int { return w.first + w.step*i }

// title returns what the thing with a number is called, "" if there is none.
func (w *world) title(id any) string {
	for i, t := range w.titles {
		if fmt.Sprint(w.id(i)) == fmt.Sprint(id) {
			return t
		}
	}
	return ""
}

func (w *world) hash(of string) string {
	h := sha256.Sum256([]byte(w.salt + " " + of))
	return hex.EncodeToString(h[:])
}

// issue makes a token.
func (w *world) issue(goodFor string) string {
	w.issued++
	t := w.hash(fmt.Sprint(w.issued))[:32]
	w.tokens[t] = goodFor
	return t
}

// session returns the session of a request, which has it in a cookie.
func (w *world) session(rw http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie("sid"); err == nil && w.tokens[c.Value] == "session" {
		return c.Value
	}
	t := w.issue("session")
	http.SetCookie(rw, &http.Cookie{Name: "sid", Value: t, Path: "/"})
	return t
}

func (w *world) did(format string, a ...any) { w.done[fmt.Sprintf(format, a...)]++ }

func (w *world) refuse(rw http.ResponseWriter, format string, a ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf(format, a...))
	rw.WriteHeader(http.StatusUnprocessableEntity)
}

var things = []string{"Harbour dues", "Garden plan", "The long ladder", "Winter lamps", "Paper order"}

// replayed records guests in one world, plays them in others three times, and compares what was
// done there.
func replayed(t *testing.T, serve func(*world, http.ResponseWriter, *http.Request), visit func(g *guest, i int)) {
	t.Helper()
	home := newWorld("home", 11, 5, serve, things...)
	m := learned(t, home, 9, visit)
	if len(home.wrong) > 0 {
		t.Fatalf("refused while it was recorded: %q", home.wrong)
	}
	want := map[string]int{}
	for what, n := range home.done {
		want[what] = 3 * n
	}
	back := slices.Clone(things)
	slices.Reverse(back)
	for _, live := range []*world{
		newWorld("the other way round", 307, 13, serve, back...),
		newWorld("among new ones", 1021, 17, serve, "An early train", back[2], back[0], "Rain on glass", back[4], back[1], back[3]),
	} {
		s := httptest.NewServer(live)
		sum := playModel(t, m, s.URL, replay.Plan{Scale: 3, Speed: 4}, Options{})
		s.Close()
		if !maps.Equal(live.done, want) || len(live.wrong) > 0 || sum.Faithful.Verdict != faithful.Faithful {
			t.Errorf("%s: done %v, want %v; %d refused, such as %.600q; skipped %d; %s %q", live.salt, live.done, want, len(live.wrong), live.wrong[:min(3, len(live.wrong))], sum.Skipped, sum.Faithful.Verdict, sum.Faithful.Reasons)
		}
	}
}

// after returns what the group of a pattern has behind a mark.
func after(text, mark, pattern string) string {
	_, rest, _ := strings.Cut(text, mark)
	return regexp.MustCompile(pattern).FindStringSubmatch(rest)[1]
}

// ahead returns what the group of a pattern has last before a mark.
func ahead(text, mark, pattern string) string {
	text, _, _ = strings.Cut(text, mark)
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	return all[len(all)-1][1]
}
