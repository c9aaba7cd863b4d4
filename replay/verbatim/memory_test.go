package verbatim

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// A gzip bomb is small on the wire: what it is decoded to has to be bounded for
// all users together.
func TestTwoHundredUsersOfABombStayWithinMemory(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	chunk := make([]byte, 1<<20)
	for range 200 {
		z.Write(chunk)
	}
	z.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb.Bytes())
	}))
	defer s.Close()
	f := recordedFlow(0, "GET", "/bomb", "", `{"a":1}`)
	p := replay.Plan{Target: s.URL, Users: 200, Sessions: 1}
	src := verbatimOn(t, Flows{[]*flow.Flow{f}}, p)
	end, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		for {
			select {
			case <-end:
				most <- peak
				return
			case <-time.After(5 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
	}()
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: src}))
	close(end)
	if peak := <-most; peak > 300<<20 {
		t.Errorf("the heap grew to %d MB, want at most 300", peak>>20)
	}
	if sum.Failed != 200 {
		t.Errorf("%d failed, want all 200: %+v", sum.Failed, sum.Errors)
	}
}
