package run

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
)

// A till takes money from programs that say they come from its own desk. It shows no page.
type till struct {
	mu            sync.Mutex
	paid, refused int
}

func (s *till) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == http.MethodGet:
		fmt.Fprintf(w, `{"paid":true}`)
	case strings.HasPrefix(r.Referer(), "http://"+r.Host+"/desk"):
		s.paid++
		fmt.Fprintf(w, `{"receipt":"R"}`)
	default:
		s.refused++
		fmt.Fprintf(w, `{"error":"comes from another site"}`)
	}
}

// A program that shows no page names one of the target with all that it asks for. That is sent
// as it says, with the address of the live target.
func TestAProgramSaysWhichPageItComesFrom(t *testing.T) {
	m := learned(t, &till{}, 4, func(g *guest, i int) {
		g.page = "/desk"
		g.do("GET", "/prices", "", "")
		g.do("POST", "/payments", "application/json", fmt.Sprintf(`{"cents":%d}`, 100+i))
	})
	live := &till{}
	s := httptest.NewServer(live)
	defer s.Close()
	sum := playModel(t, m, s.URL, replay.Plan{Users: 1, Sessions: 4}, Options{})
	if live.paid != 4 || live.refused != 0 || sum.Faithful.Verdict != faithful.Faithful {
		t.Errorf("%d of 4 paid, %d refused; %s %q", live.paid, live.refused, sum.Faithful.Verdict, sum.Faithful.Reasons)
	}
}
