package record_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/starling-load/starling/record"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

func Example() {
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "shop.flow.zst")

	rec, err := record.New(record.Options{Path: path})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- rec.Run(ctx) }()
	f := &flow.Flow{
		Scheme: "http", Start: time.Unix(1700000000, 0),
		Request:  flow.Request{Method: "GET", Target: "/", Authority: "shop.test"},
		Response: &flow.Response{Status: 200},
	}
	rec.Flow(f) // what a proxy or a capture does
	stop()
	if err := <-done; err != nil {
		fmt.Println(err)
		return
	}
	for f, err := range flowfile.Flows(path) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(f.Request.Method, f.URL(), f.Response.Status)
	}
	// Output: GET http://shop.test/ 200
}
