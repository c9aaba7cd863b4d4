package flowfile_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

func Example() {
	dir, err := os.MkdirTemp("", "flow")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "shop.flow.zst")

	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, target := range []string{"/", "/cart"} {
		f := &flow.Flow{Scheme: "https", Request: flow.Request{Method: "GET", Target: target, Authority: "shop.test"}}
		err = w.Write(f)
		if err != nil {
			log.Fatal(err)
		}
	}
	err = w.Close()
	if err != nil {
		log.Fatal(err)
	}

	for f, err := range flowfile.Flows(path) {
		fmt.Println(f.Number, f.Request.Method, f.URL(), err)
	}
	// Output:
	// 0 GET https://shop.test/ <nil>
	// 1 GET https://shop.test/cart <nil>
}
