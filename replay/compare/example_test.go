package compare_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/replay/compare"
	"github.com/starling-load/starling/replay/stats"
)

// block measures one endpoint a hundred times.
func block(latency time.Duration, field string) *compare.Block {
	c := stats.NewCollector("replayer-1", 0)
	for i := range 100 {
		c.Started("GET /api/products/{id}")
		c.Record(&stats.Result{
			Endpoint: "GET /api/products/{id}", Sent: time.Second, Scheduled: time.Second,
			Done: time.Second + latency + time.Duration(i)*time.Microsecond, Status: 200, Fields: []string{field},
		})
	}
	timeline := stats.NewTimeline()
	timeline.Add(c.Tick(time.Second, stats.Machine{}))
	return compare.FromTimeline(timeline)
}

func ExampleCompare() {
	var baseline, candidate []*compare.Block
	for range 6 {
		baseline = append(baseline, block(20*time.Millisecond, "$.stock:number"))
		candidate = append(candidate, block(26*time.Millisecond, "$.stock:string"))
	}
	report := compare.Compare(baseline, candidate, compare.Options{})
	fmt.Println(report.Verdict)
	for _, change := range report.Changes {
		fmt.Println(change)
	}
	// Output:
	// regression
	// GET /api/products/{id}: $.stock was number, now string (600 of 600 answers)
	// GET /api/products/{id}: p50 20.1ms → 26.1ms, +29.9% (95% interval +29.9% … +30.0%, 6 pairs); p90 +29.9%; p95 +29.9%
}
