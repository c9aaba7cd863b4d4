package run

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/replay"
)

// A post office has a box for each of its users, in which there is a letter that names the
// user's room. A second letter is begun by a link that names the box, as long as there is none.
// A script saves drafts of what is written, under a name of its own. Each page has a token in a script; a page that shows somebody something new has it in a form, too.
type postOffice struct {
	seed int
	news func(user string) bool

	mu      sync.Mutex
	users   map[string]string // by session
	letters map[string]string // by "user/name"
	drafts  map[string]string // by user
	tokens  map[string]bool
	ticked  map[string]int // by user
	refused []string
}

func newPostOffice(seed int, news func(user string) bool) *postOffice {
	return &postOffice{seed: seed, news: news, users: map[string]string{}, letters: map[string]string{}, drafts: map[string]string{}, tokens: map[string]bool{}, ticked: map[string]int{}}
}

// number is one that a text has at this office.
func (o *postOffice) number(text string) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, o.seed, text)
	return h.Sum64()
}

func (o *postOffice) letter(user, name string) string {
	if text, ok := o.letters[user+"/"+name]; ok || name != "first" {
		return text
	}
	return fmt.Sprintf("Dear all,\n\nthe plan of room %d is here.\nIt is short.\n", 100+o.number(user)%900)
}

func (o *postOffice) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	cookie, _ := r.Cookie("sid")
	user := ""
	if cookie != nil {
		user = o.users[cookie.Value]
	}
	if r.Method == "POST" && r.URL.Path != "/login" && !o.tokens[r.FormValue("token")] {
		o.refused = append(o.refused, user+" "+r.URL.Path)
		http.Error(w, "no token", http.StatusForbidden)
		return
	}
	token := fmt.Sprintf("%016x", o.number(fmt.Sprint(len(o.tokens), user)))
	o.tokens[token] = true
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	head := fmt.Sprintf("<html><title>Post</title><script>conf={\"token\":%q}</script>", token)
	box, name, _ := strings.Cut(r.FormValue("box"), "/")
	switch r.URL.Path {
	case "/login":
		if r.FormValue("pin") != "pin-"+r.FormValue("user") {
			http.Error(w, "wrong", http.StatusForbidden)
			return
		}
		sid := fmt.Sprintf("s%016x", o.number(fmt.Sprint("sid", len(o.users))))
		o.users[sid] = r.FormValue("user")
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: sid, Path: "/"})
		http.Redirect(w, r, "/box/"+r.FormValue("user"), http.StatusFound)
	case "/letter":
		if name == "second" && r.FormValue("begin") != "1" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, "%s<form method=post action=/send><input type=hidden name=token value=%s><input type=hidden name=box value=%s/%s><textarea name=text>\n%s</textarea><input type=submit name=go value=send></form>", head, token, box, name, o.letter(box, name))
	case "/send":
		if box != user {
			o.refused = append(o.refused, user+" writes to "+box)
			http.Error(w, "not yours", http.StatusForbidden)
			return
		}
		o.letters[user+"/"+name] = strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n")
		http.Redirect(w, r, "/box/"+user, http.StatusFound)
	case "/draft":
		o.drafts[user] = r.FormValue("copy")
		w.WriteHeader(http.StatusNoContent)
	case "/tick":
		o.ticked[user]++
		w.WriteHeader(http.StatusNoContent)
	case "/news":
		fmt.Fprint(w, head+"<form action=/find><input name=q></form>")
		if o.news(user) {
			fmt.Fprintf(w, "<p>News</p><form method=post action=/seen><input type=hidden name=token value=%s><input type=submit></form>", token)
		}
	default:
		owner := strings.TrimPrefix(r.URL.Path, "/box/")
		fmt.Fprintf(w, "%s<h1>Box</h1><a href='/letter?box=%s/first'>first</a>", head, owner)
		if o.letters[owner+"/second"] == "" {
			fmt.Fprintf(w, " <a href='/letter?box=%s/second&amp;begin=1'>second</a>", owner)
		} else {
			fmt.Fprintf(w, " <p>%s</p>", o.letters[owner+"/second"])
		}
	}
}

// write is a user who looks for news, changes a word of a letter and begins another.
func (o *postOffice) write(users []string) func(*guest, int) {
	return func(g *guest, i int) {
		user := users[i]
		g.do("GET", "/news", "", "")
		g.do("POST", "/login", "application/x-www-form-urlencoded", url.Values{"user": {user}, "pin": {"pin-" + user}}.Encode())
		page := g.do("GET", "/news", "", "")
		_, token, _ := strings.Cut(page, `"token":"`)
		g.do("POST", "/tick", "application/x-www-form-urlencoded", "what=news&token="+token[:16])
		if i > 1 {
			return
		}
		g.do("GET", "/box/"+user, "", "")
		if i == 0 {
			g.do("GET", "/letter?box="+user+"/second&begin=1", "", "")
			g.submit(0, form.Entry{Name: "text", Value: "A second one, of its own."}, form.Entry{Name: "go", Value: "send"})
			return
		}
		page = g.do("GET", "/letter?box="+user+"/first", "", "")
		text := strings.Replace(o.letter(user, "first"), "the plan", "the great plan", 1)
		_, token, _ = strings.Cut(page, `"token":"`)
		shown := g.doc
		g.do("POST", "/draft", "application/x-www-form-urlencoded", url.Values{"kind": {"letter"}, "copy": {text}, "token": {token[:16]}}.Encode())
		g.doc = shown
		g.submit(0, form.Entry{Name: "text", Value: form.LineEnds(text)}, form.Entry{Name: "go", Value: "send"})
	}
}

// Each user changes the own letter and leaves what it says else, whoever is in the data.
func TestWhatIsOfOneUserIsThatOfTheLiveOne(t *testing.T) {
	src := model.Source{Name: "people", Columns: []string{"user", "pin"}}
	var users []string
	for i := range 30 {
		name := fmt.Sprintf("clerk%c%c", 'a'+i/6, 'p'+i%6)
		users = append(users, name)
		src.Rows = append(src.Rows, []string{name, "pin-" + name})
	}
	home := newPostOffice(1, func(user string) bool { return user != "" })
	m := learnedWith(t, home, learn.Options{Data: []model.Source{src}}, 6, home.write(users))
	if len(home.refused) > 0 || len(home.letters) != 2 {
		t.Fatalf("recorded %d letters, refused %q", len(home.letters), home.refused)
	}
	live := newPostOffice(7, func(user string) bool { return strings.HasSuffix(user, "p") })
	s := httptest.NewServer(live)
	defer s.Close()
	sum := playModel(t, m, s.URL, replay.Plan{Scale: 3}, Options{})
	first, second, ticked := 0, 0, 0
	for at, text := range live.letters {
		user, name, _ := strings.Cut(at, "/")
		if name == "second" {
			second++
			continue
		}
		first++
		if want := fmt.Sprintf("Dear all,\n\nthe great plan of room %d is here.\nIt is short.\n", 100+live.number(user)%900); text != want {
			t.Errorf("the letter of %s is %q, want %q", user, text, want)
		}
	}
	for _, n := range live.ticked {
		ticked += n
	}
	for user, text := range live.drafts {
		if want := fmt.Sprintf("Dear all,\n\nthe great plan of room %d is here.\nIt is short.\n", 100+live.number(user)%900); text != want {
			t.Errorf("the draft of %s is %q, want %q", user, text, want)
		}
	}
	undone := slices.ContainsFunc(sum.Faithful.Reasons, func(r string) bool { return strings.Contains(r, "writes") }) // news have a form that is missing without
	if first != 3 || second != 3 || ticked != 18 || len(live.drafts) != 3 || len(live.refused) > 0 || undone {
		t.Errorf("%d letters changed, %d begun, %d ticked, refused %q, want 3, 3, 18 and none; %s %q\n%s", first, second, ticked, live.refused, sum.Faithful.Verdict, sum.Faithful.Reasons, bodies(m, "POST"))
	}
}
