package session_test

import (
	"fmt"
	"iter"
	"runtime"
	"testing"
	"time"

	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// crowded yields the flows of many users, made when they are asked for: some have
// cookies, some tokens, some nothing.
func crowded(users, each int) iter.Seq2[*flow.Flow, error] {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return func(yield func(*flow.Flow, error) bool) {
		for i := range users * each {
			batch, k := i/(each*256), i%(each*256) // 256 at a time
			u, step := batch*256+k%256, k/256
			f := &flow.Flow{
				Number: uint64(i), Conn: uint64(u) + 1, Scheme: "https", Start: start.Add(time.Duration(i) * 5 * time.Millisecond), Done: 20 * time.Millisecond,
				Request: flow.Request{Method: "GET", Target: fmt.Sprint("/page/", (u*7+step)%500), Authority: "shop.test", Headers: flow.Headers{
					{Name: "User-Agent", Value: fmt.Sprint("browser/", u%40)}, {Name: "Accept-Language", Value: "en"},
					{Name: "X-Forwarded-For", Value: fmt.Sprintf("10.%d.%d.%d", u>>16, u>>8&255, u&255)},
					{Name: "X-Request-Id", Value: fmt.Sprintf("%016x%016x", uint64(i)*0x9E3779B97F4A7C15, i)},
				}},
				Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}},
			}
			if step > 0 {
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Referer", Value: fmt.Sprint("https://shop.test/page/", (u*7+step-1)%500)})
			}
			sid := fmt.Sprintf("%016x%08x", uint64(u+1)*0xC2B2AE3D27D4EB4F, u)
			switch {
			case u%3 == 0 && step == 0:
				f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "Set-Cookie", Value: "sid=" + sid})
			case u%3 == 0:
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Cookie", Value: "consent=4c1f0d9e8b7a6c5d4e3f; sid=" + sid})
			case u%3 == 1:
				f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Authorization", Value: "Bearer " + sid})
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for _, users := range []int{5120, 51200} {
		b.Run(fmt.Sprint(users, " users"), func(b *testing.B) {
			for range b.N {
				found := 0
				var most uint64
				runtime.GC()
				n := 0
				err := session.Find(func(yield func(*flow.Flow, error) bool) {
					for f, err := range crowded(users, 20) {
						if n++; n%100000 == 0 {
							var m runtime.MemStats
							runtime.ReadMemStats(&m)
							most = max(most, m.HeapInuse)
						}
						if !yield(f, err) {
							return
						}
					}
				}, session.Options{Hosts: []string{"shop.test"}}, func(session.Visit) error { found++; return nil })
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
				if err != nil || found != users {
					b.Fatalf("%d sessions and error %v, want %d", found, err, users)
				}
				b.ReportMetric(float64(most>>20), "MiB")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*users*20), "ns/flow")
			}
		})
	}
}
