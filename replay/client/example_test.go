package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
)

func Example() {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "you asked for "+r.URL.Path)
	}))
	defer target.Close()

	d, err := client.New(client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	pool := d.Pool(6)
	defer pool.Close()

	route := client.Route{Origin: target.URL}
	req := client.Request{Request: flow.Request{Method: "GET", Target: "/cart"}}
	var resp client.Response
	if _, err := pool.Do(context.Background(), route, 0, &req, &resp); err != nil {
		fmt.Println(client.ErrorName(err))
		return
	}
	fmt.Printf("%s %d: %s\n", resp.Protocol, resp.Status, resp.Body.Data)
	resp.Release()
	// Output: HTTP/1.1 200: you asked for /cart
}
