package run

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/fixtures/cases"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// An archive keeps texts. It writes two lines of each itself: what names the text, and a count
// of its states. It takes a text back only with the first as it is, and the second one more.
type archive struct {
	kind   string // "calendar", "contact", "settings" or "note"
	number int    // of the instance

	mu      sync.Mutex
	texts   map[string]string
	refused []string
	changed int
}

func newArchive(kind string, number int) *archive {
	s := &archive{kind: kind, number: number, texts: map[string]string{}}
	for i := range 3 {
		s.texts[strconv.Itoa(i)] = s.first(i)
	}
	return s
}

// media is how answers and requests call a text.
func (s *archive) media() string {
	return map[string]string{"calendar": "text/calendar; charset=utf-8", "report": "text/calendar", "contact": "text/vcard", "settings": "text/plain", "note": "text/markdown; charset=utf-8", "list": "application/yaml"}[s.kind]
}

func (s *archive) first(i int) string {
	id, count := fmt.Sprintf("%08x-%d", 2654435761*uint32(10*s.number+i+1), s.number), 5*s.number+i
	switch s.kind {
	case "calendar", "report":
		return strings.ReplaceAll(fmt.Sprintf("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:%s\nDTSTAMP:2026030%dT120000Z\nSEQUENCE:%d\nSUMMARY:Meeting %d\nDTSTART:20260401T090000Z\nLOCATION:Room %d\nEND:VEVENT\nEND:VCALENDAR\n", id, s.number, count, i, s.number), "\n", "\r\n")
	case "contact":
		return fmt.Sprintf("BEGIN:VCARD\nVERSION:4.0\nUID:%s\nREV:%d\nFN:Guest %d\nEMAIL:guest%d@house.test\nNOTE:none\nEND:VCARD\n", id, count, i, s.number)
	case "settings":
		return fmt.Sprintf("[house]\nid = %s\nserial = %d\n\n[light]\nlevel = 3\ncolor = warm\n\n[heat]\nlevel = %d\n", id, count, s.number)
	case "list":
		return fmt.Sprintf("id: %s\ncount: %d\nopen: true\nthings:\n  - bread\n  - milk %d\n  - salt\n", id, count, s.number)
	}
	return fmt.Sprintf("---\nid: %s\nedits: %d\n---\n# Note %d\n\nThis is the house of number %d.\n\n- first\n- second\n", id, count, i, s.number)
}

// own returns the two lines of the archive: what names a text, and its count.
func (s *archive) own(text string) (id string, count int) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.NewReplacer("=", ":", " ", "").Replace(strings.TrimSpace(line)), ":")
		switch key {
		case "UID", "id":
			id = value
		case "SEQUENCE", "REV", "serial", "count", "edits":
			count, _ = strconv.Atoi(value)
		}
	}
	return id, count
}

func (s *archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/texts/")
	text, known := s.texts[name]
	switch {
	case r.Method == "REPORT": // all texts, in an order of the instance
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		w.WriteHeader(http.StatusMultiStatus)
		_, _ = io.WriteString(w, `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">`)
		for i := range 3 {
			name := strconv.Itoa((i + s.number) % 3)
			_, _ = fmt.Fprintf(w, `<d:response><d:href>/texts/%s</d:href><d:propstat><d:prop><d:getetag>"%s"</d:getetag><c:calendar-data>%s</c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`, name, name, s.texts[name])
		}
		_, _ = io.WriteString(w, `</d:multistatus>`)
	case !known:
		http.NotFound(w, r)
	case r.Method == "PUT":
		body, _ := io.ReadAll(r.Body)
		id, count := s.own(text)
		if sentID, sentCount := s.own(string(body)); sentID != id || sentCount != count+1 {
			s.refused = append(s.refused, fmt.Sprintf("%s: %q %d, not %q %d", name, sentID, sentCount, id, count+1))
			http.Error(w, "stale", http.StatusConflict)
			return
		}
		s.texts[name] = string(body)
		s.changed++
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Content-Type", s.media())
		_, _ = io.WriteString(w, text)
	}
}

// rewrite is a user who changes lines of a text, and adds one, twice.
func (s *archive) rewrite(g *guest, i int) {
	for k := range 2 {
		name := fmt.Sprint("/texts/", (i+k)%3)
		text := ""
		if s.kind == "report" {
			all := g.do("REPORT", "/texts/", "application/xml", `<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav"/>`)
			_, text, _ = strings.Cut(all, name+"<")
			_, text, _ = strings.Cut(text, "<c:calendar-data>")
			text, _, _ = strings.Cut(text, "</c:calendar-data>")
		} else {
			text = g.do("GET", name, "", "")
		}
		_, count := s.own(text)
		by := fmt.Sprintf("%c%d", 'A'+i, k)
		one := func(old, new string) { text = strings.Replace(text, old, new, 1) }
		switch s.kind {
		case "calendar", "report":
			one(fmt.Sprint("SEQUENCE:", count), fmt.Sprint("SEQUENCE:", count+1))
			one("END:VEVENT", "COMMENT:seen by "+by+"\r\nEND:VEVENT")
		case "contact":
			one(fmt.Sprint("REV:", count), fmt.Sprint("REV:", count+1))
			one("NOTE:none", "NOTE:none\nTEL:555-"+by)
		case "settings":
			one(fmt.Sprint("serial = ", count), fmt.Sprint("serial = ", count+1))
			one("color = warm\n", "color = warm\nseen = "+by+"\n")
		case "list":
			one(fmt.Sprint("count: ", count), fmt.Sprint("count: ", count+1))
			one("  - salt\n", "  - salt\n  - tea for "+by+"\n")
		default:
			one(fmt.Sprint("edits: ", count), fmt.Sprint("edits: ", count+1))
			one("- second\n", "- second\n- third by "+by+"\n")
		}
		g.do("PUT", name, s.media(), text)
	}
}

// What a user changed in a text is changed in the live one, and nothing else.
func TestATextThatWasReadAndWrittenBackIsTheLiveOne(t *testing.T) {
	for _, kind := range []string{"calendar", "report", "contact", "settings", "list", "note"} {
		t.Run(kind, func(t *testing.T) {
			recorded := newArchive(kind, 1)
			m := learned(t, recorded, 6, recorded.rewrite)
			if len(recorded.refused) > 0 || recorded.changed != 12 {
				t.Fatalf("refused while it was recorded: %q", recorded.refused)
			}
			if len(m.Unresolved) > 0 {
				t.Errorf("unresolved: %+v", m.Unresolved)
			}
			live := newArchive(kind, 7)
			s := httptest.NewServer(live)
			defer s.Close()
			sum := playModel(t, m, s.URL, replay.Plan{Users: 1, Sessions: 6}, Options{})
			if live.changed != 12 || sum.Faithful.Verdict != faithful.Faithful {
				t.Errorf("%d of 12 changes, refused %q; %s %q\n%s", live.changed, live.refused, sum.Faithful.Verdict, sum.Faithful.Reasons, bodies(m, "PUT"))
			}
			for name, text := range live.texts {
				n, _ := strconv.Atoi(name)
				first := strings.Split(live.first(n), "\n")
				left := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return slices.Contains(first, l) })
				if len(left) != 5 { // the count, and a line of each of four users
					t.Errorf("text %s has %d lines of its own, want 5:\n%s", name, len(left), text)
				}
			}
		})
	}
}

// A text in a form is changed in several places.
func TestATextOfAFormThatChangedInSeveralPlacesIsTheLiveOne(t *testing.T) {
	const shown = "Rules\n\nBe kind.\nBe quick.\nBe on time.\nBring cake.\n"
	visit := func(g *guest, i int) {
		g.do("GET", "/", "", "")
		g.do("GET", regexp.MustCompile(`/records/\w+/edit`).FindString(string(g.doc.Body())), "", "")
		k := len(g.doc.Forms()) - 1
		var text string
		for _, c := range g.doc.Forms()[k].Controls {
			if c.Name == "text" {
				text = c.Value
			}
		}
		text = strings.Replace(text, "Be kind.\n", fmt.Sprintf("Be kind.\nSmile, says %c.\n", 'A'+i), 1) + fmt.Sprintf("Bring tea, says %c.\n", 'A'+i)
		g.submit(k, form.Entry{Name: "text", Value: form.LineEnds(text)}, form.Entry{Name: "go", Value: "save"})
	}
	m := learned(t, cases.NewTracker(1, cases.Record{Version: 1, Title: "Rules", Text: shown, Kind: "bug"}).Handler(), 3, visit)
	live := cases.NewTracker(2, cases.Record{Version: 9, Title: "Rules", Text: strings.Replace(shown, "Be on time.\n", "Be on time.\nBe yourself.\n", 1), Kind: "idea"})
	s := httptest.NewServer(live.Handler())
	defer s.Close()
	playModel(t, m, s.URL, replay.Plan{Users: 1, Sessions: 3}, Options{})
	got := live.Records()[0]
	for _, line := range []string{"Be yourself.", "Smile, says A.", "Smile, says B.", "Smile, says C.", "Bring tea, says A.", "Bring tea, says B.", "Bring tea, says C."} {
		if strings.Count(got.Text, line) != 1 {
			t.Errorf("the text has %q %d times: %q\n%s", line, strings.Count(got.Text, line), got.Text, bodies(m, "POST"))
		}
	}
	if r := live.Refused(); len(r) > 0 || got.Kind != "idea" {
		t.Errorf("refused %q, kind %s", r, got.Kind)
	}
}
