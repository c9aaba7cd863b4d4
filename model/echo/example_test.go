package echo_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/echo"
	"github.com/starling-load/starling/record/flow"
)

func Example() {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	html := flow.Headers{{Name: "Content-Type", Value: "text/html"}}
	add := &flow.Flow{Start: at, Request: flow.Request{Method: "POST", Target: "/notes", Body: flow.NewBody([]byte("text=buy+coal")),
		Headers: flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}}, Response: &flow.Response{Status: 204}}
	look := &flow.Flow{Start: at.Add(time.Second), Request: flow.Request{Method: "GET", Target: "/notes"},
		Response: &flow.Response{Status: 200, Headers: html, Body: flow.NewBody([]byte("<li>buy coal</li>"))}}
	steps := []echo.Step{{Flow: add, Endpoint: "POST /notes"}, {Flow: look, Endpoint: "GET /notes"}}
	l := echo.New()
	l.Add([]echo.Session{{Steps: steps}})
	found := l.Result()
	fmt.Printf("%+v\n", found[0][1]) // what the answer to step 1 of session 0 shows
	// Output:
	// [{Act:0 Place:body:text Room:0}]
}
