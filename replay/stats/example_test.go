package stats_test

import (
	"fmt"
	"os"
	"time"

	"github.com/starling-load/starling/replay/stats"
)

func Example() {
	c := stats.NewCollector("replayer-1", 0)
	timeline := stats.NewTimeline()
	for i := range 100 {
		at := time.Duration(i) * 10 * time.Millisecond
		c.Started("GET /cart")
		result := stats.Result{
			Endpoint: "GET /cart", Scheduled: at, Sent: at + time.Millisecond,
			Done: at + 21*time.Millisecond, Status: 200,
		}
		c.Record(&result)
	}
	timeline.Add(c.Tick(time.Second, stats.Machine{}))

	limit, err := stats.ParseThreshold("p99 < 300ms")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	s := timeline.Summary(limit)
	fmt.Println(s.Requests, s.Rate, s.Validity.Verdict)
	fmt.Println(s.Response.P99, s.Service.P99, s.Lateness.P99)
	fmt.Println(s.Thresholds[0].Threshold, s.Thresholds[0].OK)
	// Output:
	// 100 100 valid
	// 21007 20015 1000
	// p99 < 300ms true
}
