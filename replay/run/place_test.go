package run

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A planner keeps a plan of tasks, which whoever did one of them writes back with a mark on it.
// It takes back only the latest state.
type planner struct {
	way string // how it shows the plan

	mu      sync.Mutex
	plan    plan
	saved   int
	refused int
}

type plan struct {
	ID    string `json:"id"`
	Rev   int    `json:"rev"`
	Place string `json:"place"`
	Tasks []task `json:"tasks"`
}

type task struct {
	Name  string   `json:"name"`
	Hours int      `json:"hours"`
	Marks []string `json:"marks"`
}

func newPlanner(way string, rev int, tasks ...string) *planner {
	p := &planner{way: way, plan: plan{ID: "spring", Rev: rev, Place: "Harbour Street"}}
	for i, name := range tasks {
		p.plan.Tasks = append(p.plan.Tasks, task{name, 2 + i%2, []string{}})
	}
	return p
}

// text is the plan as lines.
func (p *plan) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rev: %d\n\n", p.Rev)
	for _, t := range p.Tasks {
		fmt.Fprintf(&b, "%s\n", t.Name)
		for _, m := range t.Marks {
			fmt.Fprintf(&b, "  %s\n", m)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "states: %d\n", p.Rev)
	return b.String()
}

// read takes a plan from its lines.
func (p *plan) read(text string) {
	*p = plan{ID: p.ID, Place: p.Place}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch mark, marked := strings.CutPrefix(line, "  "); {
		case strings.HasPrefix(line, "rev: "):
			_, _ = fmt.Sscanf(line, "rev: %d", &p.Rev)
		case marked && len(p.Tasks) > 0:
			last := &p.Tasks[len(p.Tasks)-1]
			last.Marks = append(last.Marks, mark)
		case line != "" && !strings.HasPrefix(line, "states: "):
			p.Tasks = append(p.Tasks, task{Name: line})
		}
	}
}

func (p *planner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Method == "GET" {
		switch p.way {
		case "lines":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, p.plan.text())
		case "form":
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprintf(w, "<form method=post action=/plan><input type=hidden name=id value=%s><textarea name=text>\n%s</textarea></form>", p.plan.ID, html.EscapeString(p.plan.text()))
		default:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(p.plan)
		}
		return
	}
	sent, wrapped := p.plan, struct{ Plan *plan }{}
	switch p.way {
	case "lines":
		body, _ := io.ReadAll(r.Body)
		sent.read(string(body))
	case "form":
		sent.read(r.PostFormValue("text"))
	case "wrapped":
		wrapped.Plan = &sent
		_ = json.NewDecoder(r.Body).Decode(&wrapped)
	default:
		_ = json.NewDecoder(r.Body).Decode(&sent)
	}
	next := p.plan.Rev
	if p.way == "lines" || p.way == "form" {
		next++ // the client counts
	}
	if sent.Rev != next {
		p.refused++
		http.Error(w, "stale", http.StatusConflict)
		return
	}
	sent.Rev = p.plan.Rev + 1
	p.plan = sent
	p.saved++
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"kept":true}`)
}

// marks returns how many marks each task has.
func (p *planner) marks() map[string]int {
	out := map[string]int{}
	for _, t := range p.plan.Tasks {
		out[t.Name] = len(t.Marks)
	}
	return out
}

// mark is a user who marks two tasks as done, which a person knows by their names.
func (p *planner) mark(tasks []string) func(*guest, int) {
	return func(g *guest, i int) {
		for k := range 2 {
			name, by := tasks[(i+k)%len(tasks)], fmt.Sprintf("done by %c%d", 'A'+i, k)
			text := g.do("GET", "/plan", "", "")
			if p.way == "lines" || p.way == "form" {
				if p.way == "form" {
					text = g.doc.Forms()[0].Controls[1].Value
				}
				var now plan
				now.read(text)
				text = strings.Replace(text, name+"\n", name+"\n  "+by+"\n", 1)
				for _, line := range []string{"rev: %d\n", "states: %d\n"} {
					text = strings.Replace(text, fmt.Sprintf(line, now.Rev), fmt.Sprintf(line, now.Rev+1), 1)
				}
				if p.way == "lines" {
					g.do("PUT", "/plan", "text/plain; charset=utf-8", text)
				} else {
					g.do("POST", "/plan", "application/x-www-form-urlencoded", content.EncodeEntries([]form.Entry{{Name: "id", Value: p.plan.ID}, {Name: "text", Value: form.LineEnds(text)}}))
				}
				continue
			}
			var now plan
			if err := json.Unmarshal([]byte(text), &now); err != nil {
				g.t.Fatal(err)
			}
			at := slices.IndexFunc(now.Tasks, func(t task) bool { return t.Name == name })
			now.Tasks[at].Marks = append(now.Tasks[at].Marks, by)
			body, _ := json.Marshal(now)
			if p.way == "wrapped" {
				body = fmt.Appendf(nil, `{"notify":false,"plan":%s}`, body)
			}
			g.do("PUT", "/plan", "application/json", string(body))
		}
	}
}

// A change is made where the live document has a place for it, and not sent where it has none.
func TestAChangeThatHasNoPlaceIsNotSent(t *testing.T) {
	tasks := []string{"Sweep the yard", "Paint the door", "Water the lime", "Mend the roof"}
	for _, way := range []string{"document", "wrapped", "lines", "form"} {
		t.Run(way, func(t *testing.T) {
			home := newPlanner(way, 10, tasks...)
			m := learned(t, home, 8, home.mark(tasks))
			recorded := home.marks()
			if home.refused > 0 || home.saved != 16 {
				t.Fatalf("%d saved and %d refused while it was recorded", home.saved, home.refused)
			}
			for name, live := range map[string]*planner{
				"all":         newPlanner(way, 70, tasks...),
				"others too":  newPlanner(way, 70, "Mend the roof", "Clean the well", "Water the lime", "Sweep the yard", "Paint the door"),
				"without one": newPlanner(way, 70, "Sweep the yard", "Clean the well", "Water the lime", "Mend the roof"),
			} {
				s := httptest.NewServer(live)
				sum := playModel(t, m, s.URL, replay.Plan{Users: 1, Sessions: 24}, Options{})
				s.Close()
				want, lost := map[string]int{}, 0
				for task := range live.marks() {
					want[task] = 3 * recorded[task]
				}
				for task, n := range recorded {
					if _, there := want[task]; !there {
						lost += 3 * n
					}
				}
				if got := live.marks(); fmt.Sprint(got) != fmt.Sprint(want) || live.saved != 48-lost || live.refused > 0 {
					t.Errorf("%s: marks %v, want %v; %d saved, want %d; %d refused\n%s", name, got, want, live.saved, 48-lost, live.refused, bodies(m, "PUT")+bodies(m, "POST"))
				}
				if int(sum.Skipped) != lost || (sum.Faithful.Verdict == faithful.Faithful) != (lost == 0) {
					t.Errorf("%s: %d skipped, want %d; %s %q", name, sum.Skipped, lost, sum.Faithful.Verdict, sum.Faithful.Reasons)
				}
				if lost > 0 && !strings.Contains(fmt.Sprint(sum.Faithful.Reasons), "like the recorded one") {
					t.Errorf("%s: %q do not tell what is missing", name, sum.Faithful.Reasons)
				}
			}
		})
	}
}
