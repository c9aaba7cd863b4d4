package gor_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert/gor"
	"github.com/starling-load/starling/record/flow"
)

// The carriage returns of the lines are left out of the output.
func ExampleFormat_Export() {
	var text strings.Builder
	w := gor.Format{}.Export(&text)
	err := w.Write(&flow.Flow{
		Start: time.Unix(1700000000, 0), Scheme: "http", Protocol: "HTTP/1.1",
		Request:  flow.Request{Method: "GET", Target: "/cart", Headers: flow.Headers{{Name: "Host", Value: "shop.test"}}},
		Response: &flow.Response{Status: 204},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	request, _, _ := strings.Cut(strings.ReplaceAll(text.String(), "\r", ""), "\n\n")
	_, message, _ := strings.Cut(request, "\n") // behind the line of type, id and time
	fmt.Fprintln(os.Stdout, message)
	// Output:
	// GET /cart HTTP/1.1
	// Host: shop.test
}
