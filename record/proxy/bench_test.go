package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// discard is a Sink that drops everything.
type discard struct{}

func (discard) Conn(*flow.Conn) {}
func (discard) Flow(*flow.Flow) {}
func (discard) Loss(*flow.Loss) {}

// BenchmarkRequest compares one request of 1 KiB sent straight to a server, through
// net/http's reverse proxy, and through each path of this one. Client, proxy and
// server share the process.
func BenchmarkRequest(b *testing.B) {
	answer := strings.Repeat("x", 1<<10)
	handler := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, answer) }
	origin := httptest.NewServer(http.HandlerFunc(handler))
	defer origin.Close()
	u, _ := url.Parse(origin.URL)
	plain := httptest.NewServer(httputil.NewSingleHostReverseProxy(u))
	defer plain.Close()

	run := func(name, target string, client *http.Client) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(answer)))
			for b.Loop() {
				resp, err := client.Get(target)
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	run("direct", origin.URL, client)
	run("httputil reverse", plain.URL, client)
	for _, p := range paths {
		r := p.open(b, handler, Options{Sink: discard{}})
		run(p.name, r.base+"/", r.client)
	}
}

// BenchmarkBody passes a body of 16 MiB to a client.
func BenchmarkBody(b *testing.B) {
	const size = 16 << 20
	handler := func(w http.ResponseWriter, r *http.Request) { io.Copy(w, io.LimitReader(zeros{}, size)) }
	for _, p := range []path{paths[1], paths[3], paths[4]} {
		r := p.open(b, handler, Options{Sink: discard{}})
		b.Run(p.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(size)
			for b.Loop() {
				resp, err := r.client.Get(r.base + "/")
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
}
