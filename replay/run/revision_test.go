package run

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A ledger keeps entries that have revisions. It refuses a change of a revision that is not
// the latest. It speaks one of several ways, and calls revisions as told.
type ledger struct {
	way  string
	name string // of revisions
	look string // "number", "time", "tag", or "next": a number, and a change says the one that it makes

	first int // of what guests make

	mu      sync.Mutex
	entries map[int]*entry
	next    int
	refused []string // what was refused, and how
}

type entry struct {
	title    string
	revision int
	changes  int
}

// newLedger has the entries 1 to 3, whose revisions begin at first.
func newLedger(way, name, look string, first int) *ledger {
	l := &ledger{way: way, name: name, look: look, first: first, entries: map[int]*entry{}, next: 1}
	for range 3 {
		l.add("of the house").revision = first
		first += 2
	}
	return l
}

func (l *ledger) add(title string) *entry {
	e := &entry{title: title, revision: l.first}
	l.entries[l.next] = e
	l.next++
	return e
}

// written is a revision as answers have it.
func (l *ledger) written(revision int) any {
	switch l.look {
	case "time":
		return time.Date(2026, 5, 1, 0, 0, revision, 0, time.UTC).Format(time.RFC3339)
	case "tag":
		return fmt.Sprintf("W/%d", revision)
	}
	return revision
}

// show is an entry as answers have it.
func (l *ledger) show(id int) map[string]any {
	e := l.entries[id]
	return map[string]any{"id": id, "title": e.title, "quantity": 1, "shelf": fmt.Sprintf("Cupboard number %c", 'A'+id), l.name: l.written(e.revision)}
}

// change changes an entry if its revision is the latest.
func (l *ledger) change(id int, revision, title string) (now any, ok bool) {
	e := l.entries[id]
	wanted := l.written
	if l.look == "next" {
		wanted = func(revision int) any { return revision + 1 }
	}
	if e == nil || fmt.Sprint(wanted(e.revision)) != revision {
		l.refused = append(l.refused, fmt.Sprintf("%d %s", id, revision))
		return nil, false
	}
	e.title = title
	e.revision++
	e.changes++
	return l.written(e.revision), true
}

// changes counts the changes of the entries that guests made, and of those of the house,
// which two guests may want to change at the same time.
func (l *ledger) changes() (own, house int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, e := range l.entries {
		if id > 3 {
			own += e.changes
		} else {
			house += e.changes
		}
	}
	return own, house
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	body, _ := io.ReadAll(r.Body)
	var sent map[string]any
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	_ = d.Decode(&sent) // of a GET there is nothing
	id, _ := strconv.Atoi(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
	save := func(id int, revision, title any) {
		now, ok := l.change(id, fmt.Sprint(revision), fmt.Sprint(title))
		if !ok {
			answer(409, map[string]any{"error": "conflict"})
			return
		}
		answer(200, map[string]any{"saved": true, l.name: now})
	}
	number := func(v any) int { n, _ := strconv.Atoi(fmt.Sprint(v)); return n }
	switch what := r.Method + " " + strings.TrimRight(r.URL.Path, "0123456789"); {
	case what == "GET /":
		answer(200, map[string]any{"welcome": true})
	case what == "POST /entries":
		l.add(fmt.Sprint(sent["title"]))
		answer(201, l.show(l.next-1))
	case what == "GET /entries":
		var list []any
		for i := 1; i < l.next; i++ {
			list = append(list, l.show(i))
		}
		answer(200, map[string]any{"entries": list})
	case what == "GET /entries/" && l.entries[id] != nil:
		answer(200, l.show(id))
	case what == "PATCH /entries/", what == "PUT /entries/":
		save(id, sent[l.name], sent["title"])
	case what == "POST /save":
		if l.way == "form" {
			f, _ := url.ParseQuery(string(body))
			save(number(f.Get("entry_id")), f.Get(l.name), f.Get("title"))
			return
		}
		save(number(sent["entry_id"]), sent["expected_"+l.name], sent["title"])
	case what == "POST /batch":
		var results []any
		for _, one := range sent["changes"].([]any) {
			c := one.(map[string]any)
			now, ok := l.change(number(c["id"]), fmt.Sprint(c[l.name]), fmt.Sprint(c["title"]))
			if !ok {
				answer(409, map[string]any{"error": "conflict"})
				return
			}
			results = append(results, map[string]any{"id": c["id"], l.name: now})
		}
		answer(200, map[string]any{"results": results})
	case what == "POST /graphql":
		v := sent["variables"].(map[string]any)
		if strings.HasPrefix(fmt.Sprint(sent["query"]), "query") {
			answer(200, map[string]any{"data": map[string]any{"entry": l.show(number(v["id"]))}})
			return
		}
		in := v["input"].(map[string]any)
		now, ok := l.change(number(v["id"]), fmt.Sprint(in[l.name]), fmt.Sprint(in["title"]))
		if !ok {
			answer(200, map[string]any{"data": nil, "errors": []any{map[string]any{"message": "conflict"}}})
			return
		}
		answer(200, map[string]any{"data": map[string]any{"changeEntry": map[string]any{"id": v["id"], l.name: now}}})
	case what == "POST /soap":
		l.soap(w, body)
	default:
		http.NotFound(w, r)
	}
}

func (l *ledger) soap(w http.ResponseWriter, body []byte) {
	var call struct {
		Body struct {
			Get    *struct{ ID int } `xml:"GetEntry"`
			Change *struct {
				ID       int    `xml:"ID"`
				Title    string `xml:"Title"`
				Revision string `xml:"Revision"`
			} `xml:"ChangeEntry"`
		}
	}
	_ = xml.Unmarshal(body, &call)
	w.Header().Set("Content-Type", "text/xml")
	say := func(status int, s string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `<s:Envelope xmlns:s="urn:s"><s:Body>%s</s:Body></s:Envelope>`, s)
	}
	switch {
	case call.Body.Get != nil && l.entries[call.Body.Get.ID] != nil:
		e := l.entries[call.Body.Get.ID]
		say(200, fmt.Sprintf(`<GetEntryResponse><Entry ID="%d" Revision="%v"><Title>%s</Title></Entry></GetEntryResponse>`, call.Body.Get.ID, l.written(e.revision), e.title))
	case call.Body.Change != nil:
		now, ok := l.change(call.Body.Change.ID, call.Body.Change.Revision, call.Body.Change.Title)
		if !ok {
			say(500, `<s:Fault><faultstring>conflict</faultstring></s:Fault>`)
			return
		}
		say(200, fmt.Sprintf(`<ChangeEntryResponse><Revision>%v</Revision></ChangeEntryResponse>`, now))
	default:
		say(500, `<s:Fault><faultstring>unknown</faultstring></s:Fault>`)
	}
}

// revise is a user of a ledger: it makes an entry, and changes it twice, the second time
// with the revision that the first change gave. Then it changes an entry of the house,
// which others change, too.
func (l *ledger) revise(g *guest, i int) {
	ask := func(method, target string, v any) map[string]any {
		media, body := "", ""
		if v != nil {
			data, _ := json.Marshal(v)
			media, body = "application/json", string(data)
		}
		var out map[string]any
		d := json.NewDecoder(strings.NewReader(g.do(method, target, media, body)))
		d.UseNumber()
		_ = d.Decode(&out)
		return out
	}
	title := func(n int) string { return fmt.Sprintf("Title %d of %c", n, 'A'+i) }
	g.do("GET", "/", "", "")
	made := ask("POST", "/entries", map[string]any{"title": title(0)})
	shared := ask("GET", "/entries", nil)["entries"].([]any)[i%3].(map[string]any)
	for n, e := range []map[string]any{made, shared} {
		id, revision := e["id"], e[l.name]
		switch l.way {
		case "graphql":
			revision = ask("POST", "/graphql", map[string]any{"query": "query($id: ID!) { entry(id: $id) { id } }", "variables": map[string]any{"id": id}})["data"].(map[string]any)["entry"].(map[string]any)[l.name]
		case "soap":
			got := g.do("POST", "/soap", "text/xml", fmt.Sprintf(`<s:Envelope xmlns:s="urn:s"><s:Body><GetEntry><ID>%v</ID></GetEntry></s:Body></s:Envelope>`, id))
			revision = json.Number(regexp.MustCompile(`Revision="(\d+)"`).FindStringSubmatch(got)[1])
		case "list":
		default:
			revision = ask("GET", fmt.Sprint("/entries/", id), nil)[l.name]
		}
		for k := range 2 {
			title := title(10*n + k + 1)
			if l.look == "next" {
				had, _ := strconv.Atoi(fmt.Sprint(revision))
				revision = json.Number(strconv.Itoa(had + 1))
			}
			var answer map[string]any
			switch l.way {
			case "single":
				answer = ask("PATCH", fmt.Sprint("/entries/", id), map[string]any{"title": title, "quantity": 1, l.name: revision})
			case "document":
				e["title"], e[l.name] = title, revision
				answer = ask("PUT", fmt.Sprint("/entries/", id), e)
			case "list":
				answer = ask("POST", "/save", map[string]any{"entry_id": id, "expected_" + l.name: revision, "title": title})
			case "form":
				got := g.do("POST", "/save", "application/x-www-form-urlencoded", url.Values{"entry_id": {fmt.Sprint(id)}, l.name: {fmt.Sprint(revision)}, "title": {title}}.Encode())
				_ = json.Unmarshal([]byte(got), &answer)
			case "batch":
				answer = ask("POST", "/batch", map[string]any{"changes": []any{map[string]any{"id": id, l.name: revision, "title": title}}})["results"].([]any)[0].(map[string]any)
			case "graphql":
				answer = ask("POST", "/graphql", map[string]any{"query": "mutation($id: ID!, $input: In!) { changeEntry(id: $id, input: $input) { id } }",
					"variables": map[string]any{"id": id, "input": map[string]any{"title": title, l.name: revision}}})["data"].(map[string]any)["changeEntry"].(map[string]any)
			case "soap":
				got := g.do("POST", "/soap", "text/xml", fmt.Sprintf(`<s:Envelope xmlns:s="urn:s"><s:Body><ChangeEntry><ID>%v</ID><Revision>%v</Revision><Title>%s</Title></ChangeEntry></s:Body></s:Envelope>`, id, revision, title))
				answer = map[string]any{l.name: json.Number(regexp.MustCompile(`<Revision>(\d+)<`).FindStringSubmatch(got)[1])}
			}
			revision = answer[l.name]
		}
	}
}

// The revisions of the live target are other ones than those of the recording. What is
// changed there must be changed here.
func TestARevisionIsThatOfTheLatestLiveAnswer(t *testing.T) {
	for _, tt := range []struct{ way, name, look string }{
		{"single", "rev", "number"}, {"single", "lock_version", "number"}, {"single", "etag", "tag"}, {"single", "updated_at", "time"}, {"single", "_rev", "number"}, {"single", "n", "number"},
		{"document", "version", "number"}, {"list", "version", "number"}, {"form", "lock_version", "number"}, {"batch", "rev", "number"}, {"graphql", "version", "number"}, {"soap", "revision", "number"},
		{"single", "version", "next"}, {"document", "version", "next"}, {"form", "revision", "next"}, {"soap", "revision", "next"},
	} {
		t.Run(fmt.Sprint(tt.way, " ", tt.name), func(t *testing.T) {
			const guests = 6
			recorded := newLedger(tt.way, tt.name, tt.look, 1)
			m := learned(t, recorded, guests, recorded.revise)
			if len(recorded.refused) > 0 {
				t.Fatalf("refused while it was recorded: %q", recorded.refused)
			}
			for scale, plan := range map[float64]replay.Plan{1: {Users: 1, Sessions: guests}, 3: {Scale: 3}} {
				live := newLedger(tt.way, tt.name, tt.look, 40)
				s := httptest.NewServer(live)
				defer s.Close()
				sum := playModel(t, m, s.URL, plan, Options{})
				own, house := live.changes()
				if own != int(2*guests*scale) || scale == 1 && (house != 2*guests || sum.Faithful.Verdict != faithful.Faithful) {
					t.Errorf("at %gx %d changes of own entries and %d of those of the house, of %g each; refused %q; %s %q\n%s%s", scale, own, house, 2*guests*scale,
						live.refused, sum.Faithful.Verdict, sum.Faithful.Reasons, bodies(m, "PATCH"), bodies(m, "POST"))
				}
			}
			if quantity := slices.ContainsFunc(m.Bindings, func(b model.Binding) bool { return strings.HasPrefix(b.Name, "quantity") }); quantity {
				t.Error("what the user typed is bound")
			}
		})
	}
}
