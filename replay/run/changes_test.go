package run

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/fixtures/cases"
	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/modelled"
)

// A guest is a client with a cookie jar whose exchanges are recorded.
type guest struct {
	t      *testing.T
	base   string
	client http.Client
	page   string // target of the page that it is on
	doc    *content.Doc
	flows  *[]*flow.Flow
	now    *time.Time
	user   int
	bearer string      // token that it sends
	extra  http.Header // of the next request
}

// do sends a request and follows redirects. It returns the body of the last answer.
func (g *guest) do(method, target, contentType, body string) string {
	g.t.Helper()
	req, err := http.NewRequest(method, g.base+target, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("User-Agent", fmt.Sprintf("guest/%d", g.user)) // no other evidence tells guests without cookies apart
	if g.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+g.bearer)
	}
	if g.page != "" {
		req.Header.Set("Referer", g.base+g.page)
	}
	maps.Copy(req.Header, g.extra)
	g.extra = nil
	for _, c := range g.client.Jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	sent := req.Header.Clone()
	req.Header.Del("Cookie")
	resp, err := g.client.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	f := &flow.Flow{Number: uint64(len(*g.flows)), Conn: uint64(g.user + 1), Scheme: "http", Protocol: "HTTP/1.1", Start: *g.now, RequestDone: time.Millisecond, FirstByte: 2 * time.Millisecond, Done: 3 * time.Millisecond,
		Request:  flow.Request{Method: method, Target: target, Authority: req.URL.Host, Headers: headers(sent), Body: flow.NewBody([]byte(body))},
		Response: &flow.Response{Status: resp.StatusCode, Headers: headers(resp.Header), Body: flow.NewBody(data)}}
	*g.now = g.now.Add(10 * time.Millisecond)
	*g.flows = append(*g.flows, f)
	if resp.StatusCode/100 == 3 {
		return g.do("GET", resp.Header.Get("Location"), "", "")
	}
	if g.doc = content.New(f.Response); g.doc.Media() == "text/html" {
		g.page = target
	}
	return string(data)
}

func headers(h http.Header) flow.Headers {
	var out flow.Headers
	for name, values := range h {
		for _, v := range values {
			out = append(out, flow.Header{Name: name, Value: v})
		}
	}
	slices.SortFunc(out, func(a, b flow.Header) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// submit sends form k of the page with changes, as a browser does.
func (g *guest) submit(k int, changes ...form.Entry) string {
	g.t.Helper()
	f := g.doc.Forms()[k]
	entries, err := form.Apply(f.Entries(), changes)
	if err != nil {
		g.t.Fatal(err)
	}
	return g.do(f.Method, f.Action, "application/x-www-form-urlencoded", content.EncodeEntries(entries))
}

// learned records guests at a server, one after another, and learns from them.
func learned(t *testing.T, h http.Handler, guests int, visit func(g *guest, i int)) *model.Model {
	t.Helper()
	return learnedWith(t, h, learn.Options{}, guests, visit)
}

// learnedWith is learned with options of learning.
func learnedWith(t *testing.T, h http.Handler, o learn.Options, guests int, visit func(g *guest, i int)) *model.Model {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	var flows []*flow.Flow
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for i := range guests {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		g := &guest{t: t, base: server.URL, flows: &flows, now: &now, user: i}
		g.client = http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		visit(g, i)
	}
	sessions, err := session.Split(func(yield func(*flow.Flow, error) bool) {
		for _, f := range flows {
			if !yield(f, nil) {
				return
			}
		}
	}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := learn.Learn(sessions, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Sessions) != guests {
		t.Fatalf("%d sessions were found, %d guests were recorded", len(m.Sessions), guests)
	}
	return m
}

// played plays each session of a model once against a server.
func played(t *testing.T, m *model.Model, h http.Handler) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	p := replay.Plan{Target: server.URL, Scale: 1, Seed: 3, Speed: 1}
	src, err := modelled.New(m, p)
	if err != nil {
		t.Fatal(err)
	}
	arrivals, err := p.Arrivals(modelled.Starts(m))
	if err != nil {
		t.Fatal(err)
	}
	if err := replay.Run(context.Background(), replay.Options{Plan: p, Source: src, Arrivals: arrivals}); err != nil {
		t.Fatal(err)
	}
}

// bodies returns the requests of an endpoint for messages of failures.
func bodies(m *model.Model, method string) string {
	var b bytes.Buffer
	for _, e := range m.Endpoints {
		for _, v := range e.Variants {
			if v.Request.Method == method {
				fmt.Fprintf(&b, "%s: %s %s changes %s\n", e.Name, v.Request.Target, v.Request.Body, v.Request.Changes)
			}
		}
	}
	return b.String()
}

func TestAFormIsSentAsTheLivePageGivesItWithWhatTheUserChanged(t *testing.T) {
	visit := func(g *guest, i int) {
		g.do("GET", "/", "", "")
		g.submit(0, form.Entry{Name: "title", Value: fmt.Sprintf("Record %d", i)})
		g.submit(1, form.Entry{Name: "done", Value: "1"}) // the second step
		last := len(g.doc.Forms()) - 1
		g.submit(last, form.Entry{Name: form.After + "text", Value: fmt.Sprintf("Remark %d.\n", i)}, form.Entry{Name: form.With + "watch", Value: "eve"}, form.Entry{Name: "go", Value: "save"})
		g.do("GET", "/", "", "")
		g.do("GET", regexp.MustCompile(`/records/\w+/edit`).FindString(string(g.doc.Body())), "", "")
		last = len(g.doc.Forms()) - 1
		if i%2 == 0 {
			g.submit(last, form.Entry{Name: form.After + "text", Value: fmt.Sprintf("Seen by %d.\n", i)}, form.Entry{Name: "go", Value: "save"})
		} else {
			g.submit(last, form.Entry{Name: form.Without + "private", Value: "1"}, form.Entry{Name: "go", Value: "save"})
		}
	}
	recorded := cases.NewTracker(1, cases.Record{Version: 1, Title: "For all", Text: "Be kind.\n", Kind: "bug", Private: true, Watch: []string{"ann"}})
	m := learned(t, recorded.Handler(), 4, visit)
	if r := recorded.Refused(); len(r) > 0 {
		t.Fatalf("refused while it was recorded: %q", r)
	}

	live := cases.NewTracker(2, cases.Record{Version: 70, Title: "For everybody", Text: "Be kind.\nAnd quick.\n", Kind: "idea", Private: true, Watch: []string{"bob", "eve"}})
	played(t, m, live.Handler())
	if r := live.Refused(); len(r) > 0 {
		t.Errorf("refused: %q\n%s", r, bodies(m, "POST"))
	}
	got := live.Records()
	shared := got[0]
	if want := "Be kind.\nAnd quick.\nSeen by 0.\nSeen by 2.\n"; shared.Title != "For everybody" || shared.Text != want || shared.Kind != "idea" || shared.Private || !slices.Equal(shared.Watch, []string{"bob", "eve"}) || shared.Version != 74 {
		t.Errorf("the shared record is %+v, want its title, kind and watchers as they were and the text %q\n%s", shared, want, bodies(m, "POST"))
	}
	if len(got) != 5 {
		t.Fatalf("%d records, want 5", len(got))
	}
	for i, r := range got[1:] {
		if r.Title != fmt.Sprintf("Record %d", i) || r.Text != fmt.Sprintf("Remark %d.\n", i) || !slices.Equal(r.Watch, []string{"eve"}) || r.Steps[0].Done || !r.Steps[1].Done || r.Steps[2].Done {
			t.Errorf("record %d is %+v", i, r)
		}
	}
}

func TestADocumentThatWasReadAndWrittenBackIsTheLiveOne(t *testing.T) {
	visit := func(g *guest, i int) {
		g.do("GET", "/", "", "")
		g.submit(0, form.Entry{Name: "title", Value: fmt.Sprintf("Record %d", i)})
		path, _ := url.JoinPath("/api", strings.TrimSuffix(g.page, "/edit"))
		change := func(change func(r *cases.Record)) {
			var r cases.Record
			if err := json.Unmarshal([]byte(g.do("GET", path, "", "")), &r); err != nil {
				g.t.Fatal(err)
			}
			change(&r)
			body, _ := json.Marshal(r)
			g.do("PUT", path, "application/json", string(body))
		}
		change(func(r *cases.Record) { r.Steps[i%3].Done = true })
		change(func(r *cases.Record) { r.Watch = append(r.Watch, "ann") })
		change(func(r *cases.Record) { r.Steps = slices.Delete(r.Steps, 2, 3); r.Kind = "bug" })
	}
	m := learned(t, cases.NewTracker(1, cases.Record{Version: 1, Title: "For all"}).Handler(), 6, visit)

	live := cases.NewTracker(1, cases.Record{Version: 40, Title: "For everybody"})
	played(t, m, live.Handler())
	if r := live.Refused(); len(r) > 0 {
		t.Errorf("refused: %q\n%s", r, bodies(m, "PUT"))
	}
	records := live.Records()[1:]
	if len(records) != 6 {
		t.Fatalf("%d records, want 6", len(records))
	}
	for i, r := range records {
		done := i % 3
		if r.Title != fmt.Sprintf("Record %d", i) || r.Kind != "bug" || !slices.Equal(r.Watch, []string{"ann"}) || r.Version != 43 || len(r.Steps) != 2 ||
			r.Steps[0].Name != "plan" || r.Steps[1].Name != "do" || r.Steps[0].Done != (done == 0) || r.Steps[1].Done != (done == 1) {
			t.Errorf("record %d is %+v\n%s", i, r, bodies(m, "PUT"))
		}
	}
}

func TestAClickFollowsTheLivePageAndAPageLoadsTheResourcesOfItsRelease(t *testing.T) {
	recorded := &cases.Release{Number: 1}
	m := learned(t, recorded, 6, func(g *guest, i int) {
		g.do("GET", "/", "", "")
		for _, resource := range recorded.Resources() {
			g.do("GET", resource, "", "")
		}
		g.do("GET", "/read/"+recorded.Article(i%4), "", "")
		g.page = "/"
		g.do("GET", "/read/"+recorded.Article((i+2)%4), "", "")
		g.do("GET", "/api/articles", "", "")
		g.do("GET", "/api/articles/"+recorded.Article((i+1)%cases.Articles), "", "")
	})
	if lost := recorded.Lost(); len(lost) > 0 {
		t.Fatalf("not found while it was recorded: %q", lost)
	}
	live := &cases.Release{Number: 2}
	played(t, m, live)
	if lost := live.Lost(); len(lost) > 0 {
		t.Errorf("not found: %q\n%s", lost, bodies(m, "GET"))
	}
	if got, want := live.Seen(), recorded.Seen(); !slices.Equal(got, want) {
		t.Errorf("articles %q were read, %q in the recording\n%s", got, want, bodies(m, "GET"))
	}
}

// pages is a list of which each answer but the last gives a cursor, good for one use.
type pages struct {
	n       int
	mu      sync.Mutex
	cursors map[string]int
	asked   []int
	refused int
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	page, cursor := 1, r.FormValue("cursor")
	if cursor != "" {
		if page = p.cursors[cursor]; page == 0 {
			p.refused++
			http.Error(w, "cursor", http.StatusBadRequest)
			return
		}
		delete(p.cursors, cursor)
	}
	p.asked = append(p.asked, page)
	next := "null"
	if page < p.n {
		id := rand.Text()
		p.cursors[id] = page + 1
		next = `"` + id + `"`
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"items":[{"n":%d}],"next":%s}`, page, next)
}

func TestPagesEndWhereTheLiveListEnds(t *testing.T) {
	m := learned(t, &pages{n: 4, cursors: map[string]int{}}, 4, func(g *guest, i int) {
		var answer struct{ Next *string }
		for target := "/list"; ; target = "/list?cursor=" + *answer.Next {
			answer.Next = nil
			if err := json.Unmarshal([]byte(g.do("GET", target, "", "")), &answer); err != nil {
				g.t.Fatal(err)
			}
			if answer.Next == nil {
				return
			}
		}
	})
	for _, n := range []int{1, 2, 3, 6} {
		live := &pages{n: n, cursors: map[string]int{}}
		s := httptest.NewServer(live)
		r, err := New(t.Context(), Job{Source: Source{Model: folderOf(t, m)}, Plan: replay.Plan{Target: s.URL, Scale: 1}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sum, err := r.Play(t.Context())
		if s.Close(); err != nil {
			t.Fatal(err)
		}
		if sum.SessionMatch != 1 || sum.Skipped != 0 || sum.Failed != 0 {
			t.Errorf("a list of %d pages: session match %v, %d skipped, %d failed: %+v", n, sum.SessionMatch, sum.Skipped, sum.Failed, sum.Errors)
		}
		slices.Sort(live.asked)
		var want []int
		for page := range min(n, 4) {
			want = append(want, slices.Repeat([]int{page + 1}, 4)...)
		}
		if live.refused > 0 || !slices.Equal(live.asked, want) {
			t.Errorf("a list of %d pages: %v were asked for, and %d cursors refused; want %v and none\n%s", n, live.asked, live.refused, want, bodies(m, "GET"))
		}
	}
}
