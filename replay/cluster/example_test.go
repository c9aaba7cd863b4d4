package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/starling-load/starling/replay/cluster"
	"github.com/starling-load/starling/replay/stats"
)

// A coordinator and its only replayer, in one process. The replayer counts one
// exchange.
func Example() {
	ctx, timeline := context.Background(), stats.NewTimeline()
	play := func(ctx context.Context, a cluster.Assignment, onInterval func(*stats.Interval)) error {
		if _, err := a.Ready(ctx); err != nil { // waits for the others
			return err
		}
		c := stats.NewCollector("host-1", 0)
		c.Started("GET /cart")
		c.Record(&stats.Result{Endpoint: "GET /cart", Done: 20 * time.Millisecond, Status: 200})
		for _, iv := range c.Last(time.Second, stats.Machine{}) {
			onInterval(iv)
		}
		return nil
	}
	var replayer sync.WaitGroup
	startReplayer := func(url string) error { // in another process, most often
		replayer.Go(func() {
			err := cluster.Join(ctx, cluster.JoinOptions{URL: url, Name: "host-1", Play: play})
			if err != nil {
				fmt.Println(err)
			}
		})
		return nil
	}

	err := cluster.Coordinate(ctx, cluster.Options{
		Replayers: 1, Spec: json.RawMessage(`{"users": 50}`), Payload: strings.NewReader("a model"),
		OnReady:    startReplayer,
		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
		OnLost:     func(name string) { fmt.Println(name, "is silent") },
		OnFound:    func(name string) { fmt.Println(name, "is back") },
	})
	replayer.Wait()
	fmt.Println(timeline.Summary().Requests, err)
	// Output: 1 <nil>
}
