package cookie_test

import (
	"fmt"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/cookie"
)

// A shop that was recorded under two names is replayed to two ports of a test
// machine. Its cookies go to both, as its users sent them.
func ExampleJar() {
	places := []cookie.Place{
		{Origin: "http://127.0.0.1:8001", Recorded: "www.shop.example", Live: "127.0.0.1", Secure: true},
		{Origin: "http://127.0.0.1:8002", Recorded: "api.shop.example", Live: "127.0.0.1", Secure: true},
	}
	response := &flow.Response{Headers: flow.Headers{
		{Name: "Set-Cookie", Value: "sid=live; Domain=shop.example; Path=/; Secure"},
		{Name: "Set-Cookie", Value: "page=2; Path=/"},
	}}
	request := flow.Request{Method: "GET", Target: "/items"}

	jar := cookie.NewJar(places)
	jar.Keep(&places[0], "/login", response)
	recorded := []cookie.Cookie{{Name: "sid", Value: "old"}, {Name: "theme", Value: "dark"}}
	line := jar.Line(&places[1], &request, recorded)
	fmt.Println(line)
	// Output: sid=live; theme=dark
}
