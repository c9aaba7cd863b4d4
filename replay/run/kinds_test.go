package run

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// An office takes many writes of a kind that never fails, and few of kinds that may: every
// so-manieth is refused, as each kind says it, and puts a writer off the first time.
type office struct {
	every  map[string]int // by kind: of how many one fails; 0: none does
	busy   map[string]int // of how many one is put off, and succeeds when it is sent again
	mu     sync.Mutex
	seen   map[string]int
	put    map[string]bool // off, by what was sent
	done   map[string]int
	failed map[string]int
}

func newOffice(every, busy map[string]int) *office {
	return &office{every: every, busy: busy, seen: map[string]int{}, put: map[string]bool{}, done: map[string]int{}, failed: map[string]int{}}
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	kind := r.Method + " " + strings.TrimRight(r.URL.Path, "0123456789")
	say := func(status int, media, body string) {
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
	if r.Method == "GET" {
		say(200, "application/json", `{"open":true,"desks":["a","b"]}`)
		return
	}
	_ = r.ParseForm()
	sent := kind + r.URL.Path + r.Form.Encode()
	o.seen[kind]++
	if n := o.busy[kind]; n > 0 && o.seen[kind]%n == 0 && !o.put[sent] {
		o.put[sent] = true
		w.Header().Set("Retry-After", "0")
		say(503, "application/json", `{"error":"busy"}`)
		return
	}
	n := o.every[kind]
	fails := n > 0 && o.seen[kind]%n == 0
	if fails {
		o.failed[kind]++
	} else {
		o.done[kind]++
	}
	switch kind {
	case "POST /letters": // a page in any case
		if fails {
			say(200, "text/html", `<html><head><title>Letter</title></head><body><form action="/letters" method="post"><textarea name="text"></textarea><p class="error">Try again</p></form></body></html>`)
			return
		}
		say(200, "text/html", `<html><head><title>Sent</title></head><body><a href="/">on</a></body></html>`)
	case "PUT /files/", "DELETE /files/":
		if fails {
			say(409, "application/json", `{"error":"conflict"}`)
			return
		}
		say(200, "application/json", `{"file":{"saved":true}}`)
	case "POST /bulk": // three at a time, of which one is refused
		status := 200
		if fails {
			status = 409
		}
		say(200, "application/json", fmt.Sprintf(`{"results":[{"name":"a","status":200},{"name":"b","status":%d},{"name":"c","status":200}]}`, status))
	case "PROPPATCH /props":
		line := "200 OK"
		if fails {
			line = "423 Locked"
		}
		say(207, "application/xml", fmt.Sprintf(`<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href><d:propstat><d:prop/><d:status>HTTP/1.1 %s</d:status></d:propstat></d:response></d:multistatus>`, line))
	default:
		say(200, "application/json", `{"stamp":1}`)
	}
}

// dayAt is a day at the office.
func dayAt(g *guest, i int) {
	g.do("GET", "/", "", "")
	for k := range 20 {
		g.do("POST", "/stamps", "application/json", fmt.Sprintf(`{"k":%d}`, k))
	}
	g.do("PUT", "/files/"+strconv.Itoa(100+i), "application/json", fmt.Sprintf(`{"by":"clerk %d"}`, i))
	g.do("POST", "/letters", "application/x-www-form-urlencoded", url.Values{"text": {fmt.Sprintf("Dear %d, all is well.", i)}}.Encode())
	g.do("POST", "/bulk", "application/json", fmt.Sprintf(`{"things":["a%d","b%d","c%d"]}`, i, i, i))
	g.do("PROPPATCH", "/props", "application/xml", fmt.Sprintf(`<propertyupdate><set><prop><mark>%d</mark></prop></set></propertyupdate>`, i))
	g.do("DELETE", "/files/"+strconv.Itoa(100+i), "", "")
}

// Of 675 writes a few are lost, which is a small share of all and a great one of their kind.
func TestWritesOfOneKindThatFailAreNoneTheLessLost(t *testing.T) {
	m := learned(t, newOffice(nil, nil), 9, dayAt)
	for _, tt := range []struct {
		name        string
		every, busy map[string]int
		faithful    bool
		reason      string
	}{
		{name: "all is well", faithful: true},
		{name: "the target puts some off", busy: map[string]int{"PUT /files/": 4, "POST /letters": 5}, faithful: true},
		{name: "one fails", every: map[string]int{"PUT /files/": 20}, faithful: true},
		{name: "some conflict", every: map[string]int{"PUT /files/": 12}, reason: "PUT /files/{id} 25 of 27 (status 409)"},
		{name: "some forms come back", every: map[string]int{"POST /letters": 9}, reason: "POST /letters 24 of 27 (error block)"},
		{name: "a part of some is refused", every: map[string]int{"POST /bulk": 9}, reason: "POST /bulk 24 of 27 (error block)"},
		{name: "a part of all is refused", every: map[string]int{"PROPPATCH /props": 1}, reason: "PROPPATCH /props never succeeded (error block)"},
		{name: "some deletes conflict, and others are put off", every: map[string]int{"DELETE /files/": 9}, busy: map[string]int{"PUT /files/": 4}, reason: "DELETE /files/{id} 24 of 27 (status 409)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			live := newOffice(tt.every, tt.busy)
			s := httptest.NewServer(live)
			defer s.Close()
			f := playModel(t, m, s.URL, replay.Plan{Scale: 3, Speed: 5}, Options{}).Faithful
			if got := f.Verdict == faithful.Faithful; got != tt.faithful || !strings.Contains(strings.Join(f.Reasons, "; "), tt.reason) {
				done, _ := json.Marshal(live.done)
				t.Errorf("%s %q, want %q; the target did %s and refused %v", f.Verdict, f.Reasons, tt.reason, done, live.failed)
			}
		})
	}
}

// What a part of the recorded writes was answered is no failure where it was so.
func TestAPartThatFailedInTheRecordingMayFailAgain(t *testing.T) {
	m := learned(t, newOffice(map[string]int{"POST /bulk": 3}, nil), 9, dayAt)
	for every, want := range map[int]uint64{0: 0, 3: 0, 1: 6} {
		s := httptest.NewServer(newOffice(map[string]int{"POST /bulk": every}, nil))
		defer s.Close()
		if sum := playModel(t, m, s.URL, replay.Plan{Scale: 1, Speed: 5}, Options{}); sum.Failed != want {
			t.Errorf("when one of %d fails, %d requests failed, want %d: %+v", every, sum.Failed, want, sum.Errors)
		}
	}
}
