package proxy_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/proxy"
)

// printer is a sink that prints what passes.
type printer struct{}

func (printer) Conn(c *flow.Conn) { fmt.Println("connection", c.ID) }
func (printer) Loss(l *flow.Loss) { fmt.Println("missing:", l.Reason) }
func (printer) Flow(f *flow.Flow) {
	fmt.Println(f.Request.Method, f.Request.Target, f.Response.Status, string(f.Response.Body.Data))
}

func ExampleNew() {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "welcome")
	}))
	defer shop.Close()

	origin, _ := url.Parse(shop.URL)
	p, err := proxy.New(proxy.Options{Listen: "127.0.0.1:0", Upstream: origin, Sink: printer{}})
	if err != nil {
		log.Fatal(err)
	}
	l, err := p.Listen()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()

	client := &http.Client{Transport: &http.Transport{}}
	resp, err := client.Get("http://" + l.Addr().String() + "/cart")
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	client.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		log.Fatal(err)
	}
	// Output:
	// connection 1
	// GET /cart 200 welcome
}
