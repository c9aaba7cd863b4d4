package run

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A blackboard has sheets whose text a script reads, and sends back as one field among others.
type blackboard struct {
	kind string // of what is sent: "json", "form" or "parts"

	mu     sync.Mutex
	sheets map[string]string
	saved  int
}

func newBlackboard(kind, own string) *blackboard {
	return &blackboard{kind: kind, sheets: map[string]string{
		"menu":  "Soup of the day\n" + own + "\nBread and butter\nTea or coffee\n",
		"hours": "Open on weekdays\nClosed on feast days\n" + own + "\n",
	}}
}

func (s *blackboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, text := r.FormValue("sheet"), r.FormValue("text")
	switch {
	case r.Method == http.MethodGet && s.kind == "parts":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, s.sheets[name])
		return
	case r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"sheet": name, "text": s.sheets[name], "by": "the house"})
		return
	case s.kind == "json":
		var sent struct {
			Sheet string
			What  struct{ Text string }
		}
		_ = json.NewDecoder(r.Body).Decode(&sent)
		name, text = sent.Sheet, sent.What.Text
	}
	s.saved++
	s.sheets[name] = text
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"saved":true}`)
}

// save sends a text as the script of the board does.
func (s *blackboard) save(g *guest, name, text string) {
	switch s.kind {
	case "json":
		body, err := json.Marshal(map[string]any{"sheet": name, "what": map[string]string{"text": text}})
		if err != nil {
			g.t.Fatal(err)
		}
		g.do("POST", "/save", "application/json", string(body))
	case "form":
		g.do("POST", "/save", "application/x-www-form-urlencoded", url.Values{"sheet": {name}, "text": {form.LineEnds(text)}}.Encode())
	default:
		part := func(name, value string) string {
			return "--edge\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
		}
		g.do("POST", "/save", "multipart/form-data; boundary=edge", part("sheet", name)+part("text", form.LineEnds(text))+"--edge--\r\n")
	}
}

// A text that a script read and sent back in a field is the live one with what the user
// changed, also where its lines have come to end otherwise. A new text is sent as it is.
func TestATextThatAScriptSendsBackIsTheLiveOne(t *testing.T) {
	for _, kind := range []string{"json", "form", "parts"} {
		t.Run(kind, func(t *testing.T) {
			recorded := newBlackboard(kind, "Our best wishes")
			m := learned(t, recorded, 4, func(g *guest, i int) {
				name := []string{"menu", "hours"}[i%2]
				g.do("GET", "/text?sheet="+name, "", "")
				text := strings.ReplaceAll(recorded.sheets[name], "\r\n", "\n")
				if add := fmt.Sprintf("Guest %c was here\n", 'A'+i); i < 2 {
					text += add
				} else {
					text = strings.Replace(text, "Our best wishes\n", "Our best wishes\n"+add, 1)
				}
				if recorded.save(g, name, text); i == 3 {
					recorded.save(g, "news", "A sheet of its own\nwith two lines\n")
				}
			})
			live := newBlackboard(kind, "Words of this house")
			live.sheets["menu"] = strings.Replace(live.sheets["menu"], "Words", "Our best wishes\nWords", 1)
			live.sheets["hours"] = strings.Replace(live.sheets["hours"], "Words", "Our best wishes\nWords", 1)
			s := httptest.NewServer(live)
			defer s.Close()
			sum := playModel(t, m, s.URL, replay.Plan{Users: 1, Sessions: 4}, Options{})
			if live.saved != 5 || sum.Faithful.Verdict != faithful.Faithful {
				t.Errorf("%d of 5 saved; %s %q", live.saved, sum.Faithful.Verdict, sum.Faithful.Reasons)
			}
			for name, lines := range map[string][]string{
				"menu":  {"Soup of the day", "Our best wishes", "Guest C was here", "Words of this house", "Bread and butter", "Tea or coffee", "Guest A was here"},
				"hours": {"Open on weekdays", "Closed on feast days", "Our best wishes", "Guest D was here", "Words of this house", "Guest B was here"},
				"news":  {"A sheet of its own", "with two lines"},
			} {
				got := strings.Split(strings.TrimSuffix(strings.ReplaceAll(live.sheets[name], "\r\n", "\n"), "\n"), "\n")
				if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(lines))) {
					t.Errorf("sheet %s has the lines\n%q\nwant\n%q\n%s", name, live.sheets[name], lines, bodies(m, "POST"))
				}
			}
		})
	}
}
