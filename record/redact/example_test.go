package redact_test

import (
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/redact"
)

func Example() {
	rules, err := redact.ReadRules(strings.NewReader("field customer\nkeep cookie theme"))
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := redact.New(redact.Options{Key: make([]byte, redact.KeySize), Rules: rules})
	if err != nil {
		fmt.Println(err)
		return
	}
	f := &flow.Flow{Request: flow.Request{Method: "GET", Target: "/?customer=anna-17", Headers: flow.Headers{{Name: "Cookie", Value: "theme=light"}}}}
	new(redact.Scanner).Scan(f, func(s redact.Finding) { fmt.Println("before:", s.Kind, "in", s.Place) })
	r.Flow(f)
	fmt.Println(len(f.Request.Target), f.Request.Target != "/?customer=anna-17", f.Request.Headers.Value("Cookie"))
	// Output:
	// before: cookie in request theme
	// 18 true theme=light
}
