package report_test

import (
	"fmt"
	"os"

	"github.com/starling-load/starling/replay/report"
	"github.com/starling-load/starling/replay/stats"
)

func Example() {
	line := stats.NewTimeline()
	run := &stats.Run{Manifest: stats.Manifest{Source: "shop.model", Target: "http://127.0.0.1:9000"}, Summary: line.Summary()}
	err := report.Write(os.Stdout, "csv", run)
	fmt.Println(err)
	// Output:
	// endpoint,requests,failures,skipped,rps,outcome_match,p50_us,p95_us,p99_us,max_us,mean_us,validity,faithful,reasons
	// ,0,0,0,0.000,0.000000,0,0,0,0,0,valid,,
	// <nil>
}
