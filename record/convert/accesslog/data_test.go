package accesslog_test

import (
	"testing"
	"time"

	"github.com/starling-load/starling/record/convert/converttest"
)

// What was counted in a real log: with `wc -l`, `cut | sort -u | wc -l`, and a
// script that cuts sessions at pauses of 30 minutes. Line 8899 lacks its end, in
// the middle of the agent.
func TestARealAccessLogHoldsWhatWasCounted(t *testing.T) {
	data := converttest.Shared(t, "logs/semicomplete-2015.apache.log")
	for _, format := range []struct{ name, log string }{
		{"", ""}, {"log", "combined"},
		{"log", `%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"`},
		{"log", `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`},
	} {
		r := converttest.Read(t, format.name, data, converttest.Options{LogFormat: format.log})
		if r.Err != nil || len(r.Skipped) != 0 || len(r.Kept) != 1 || r.Kept[0].Place != "line 8899" {
			t.Fatalf("format %q: error %v, left out %v, doubts %v", format.log, r.Err, r.Skipped, r.Kept)
		}
		type client struct{ address, agent string }
		addresses, clients := map[string]bool{}, map[client]bool{}
		for i, f := range r.Flows {
			address := r.Conns[f.Conn].Client
			addresses[address] = true
			clients[client{address, f.Request.Headers.Value("User-Agent")}] = true
			if i > 0 && f.Start.Before(r.Flows[i-1].Start) {
				t.Fatalf("flow %d is older than the one before", i)
			}
		}
		got := [4]int{len(r.Flows), len(addresses), len(clients), len(r.Conns)}
		if want := [4]int{10000, 1753, 1862, 3224}; got != want {
			t.Errorf("format %q: lines, addresses, clients, sessions are %v, want %v", format.log, got, want)
		}
		first, last := r.Flows[0].Start, r.Flows[len(r.Flows)-1].Start
		if first.Format(time.RFC3339) != "2015-05-17T10:05:00Z" || last.Format(time.RFC3339) != "2015-05-20T21:05:59Z" {
			t.Errorf("from %s to %s", first, last)
		}
	}
}
