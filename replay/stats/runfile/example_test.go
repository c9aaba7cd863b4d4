package runfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/stats/runfile"
)

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "peak.run.zst")

	w, err := runfile.Create(path, &stats.Manifest{Source: "shop.model", Target: "http://127.0.0.1:9000"})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, timeline := stats.NewCollector("local", time.Second), stats.NewTimeline()
	c.Started("GET /cart")
	c.Record(&stats.Result{Endpoint: "GET /cart", Sent: 1, Done: 20 * time.Millisecond, Status: 200})
	for _, iv := range c.Last(time.Second, stats.Machine{}) {
		timeline.Add(iv)
		err = w.Interval(iv)
	}
	if err != nil {
		fmt.Println(err)
	}
	if err := w.Close(timeline.Summary()); err != nil {
		fmt.Println(err)
	}

	run, err := runfile.Read(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run.Manifest.Source, run.Summary.Requests, run.Summary.Rate)
	// Output: shop.model 1 1
}
