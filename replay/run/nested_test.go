package run

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// An inbox takes events whose identifiers stand in JSON, in Base64. It takes none twice.
type inbox struct {
	mu    sync.Mutex
	seen  map[string]string // kind of the event, by its identifier
	again int
	bad   int
}

type event struct{ ID, Kind string }

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var e event
	raw, err := base64.StdEncoding.DecodeString(r.FormValue("state"))
	if err != nil || json.Unmarshal(raw, &e) != nil || e.ID == "" {
		b.bad++
	}
	if b.seen[e.ID] != "" {
		b.again++
	}
	b.seen[e.ID] = e.Kind
	w.WriteHeader(http.StatusNoContent)
}

func TestIdentifiersWithinOtherValuesAreMadeAnew(t *testing.T) {
	recorded := &inbox{seen: map[string]string{}}
	m := learned(t, recorded, 5, func(g *guest, i int) {
		for k := range 2 {
			id := make([]byte, 16)
			_, _ = rand.Read(id)
			id[6], id[8] = id[6]&15|0x40, id[8]&63|0x80
			text := fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
			state := base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`{"id":%q,"kind":"kind %d"}`, text, 2*i+k)))
			g.do("POST", "/events", "application/x-www-form-urlencoded", "state="+strings.ReplaceAll(strings.ReplaceAll(state, "+", "%2B"), "=", "%3D"))
		}
	})
	live := &inbox{seen: map[string]string{}}
	played(t, m, live)
	kinds := map[string]bool{}
	for id, kind := range live.seen {
		kinds[kind] = true
		if recorded.seen[id] != "" {
			t.Errorf("%s was sent as recorded", id)
		}
	}
	if len(live.seen) != 10 || len(kinds) != 10 || live.again > 0 || live.bad > 0 {
		t.Errorf("%d events of %d kinds, %d came again, %d cannot be read; want 10 of 10\n%s", len(live.seen), len(kinds), live.again, live.bad, bodies(m, "POST"))
	}
}
