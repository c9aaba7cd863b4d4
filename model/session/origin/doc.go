// Package origin reads from a request where it comes from: the address of its client, and
// the page before it. From an answer it reads where the client goes next.
//
//	request := flow.Request{Authority: "shop.test", Headers: flow.Headers{
//		{Name: "X-Forwarded-For", Value: "203.0.113.9, 10.0.0.1"}, {Name: "Referer", Value: "https://shop.test/cart"},
//	}}
//	page, own := origin.Page(&request, "")
//	fmt.Println(origin.Forwarded(request.Headers), page, own)
package origin
