package http1_test

import (
	"fmt"

	"github.com/starling-load/starling/record/http1"
)

func ExampleHead() {
	buf := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"5\r\nhello\r\n7\r\n, world\r\n0\r\nSum: 12\r\n\r\n")

	var h http1.Head
	n, err := h.ParseResponse(buf, 0, http1.Rules{Refuse: http1.Strict})
	if err == http1.ErrMore {
		return // read more into buf, and call again
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	body := h.ResponseBody("GET") // what follows buf[:n], and how long it is
	kind, _ := h.Value(buf, "content-type")
	fmt.Printf("%d %s, %s\n", h.Status, h.Reason.Bytes(buf), kind)

	if body.Body != http1.Chunked {
		return
	}
	var chunks http1.Chunks
	var content, trailers []byte
	for rest := buf[n:]; !chunks.Done(); {
		var data, trailer []byte
		if data, trailer, rest, err = chunks.Next(rest); err != nil {
			fmt.Println(err)
			return
		}
		content = append(content, data...)
		trailers = append(trailers, trailer...)
	}
	if _, err := h.ParseTrailer(trailers, http1.Rules{}); err != nil {
		fmt.Println(err)
		return
	}
	sum, _ := h.Value(trailers, "sum")
	fmt.Printf("%s (%s bytes)\n", content, sum)
	// Output:
	// 200 OK, text/plain
	// hello, world (12 bytes)
}

func ExampleAppendRequestLine() {
	b := http1.AppendRequestLine(nil, "GET", "/", "HTTP/1.1")
	b = http1.AppendField(b, "Host", "shop.test")
	b = http1.AppendEnd(b)
	fmt.Printf("%q\n", b)
	// Output: "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"
}

func ExampleSplitTarget() {
	fmt.Println(http1.SplitTarget("http://shop.test?q=1"))
	// Output: /?q=1 shop.test http
}
