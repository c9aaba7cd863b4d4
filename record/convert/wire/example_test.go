package wire_test

import (
	"fmt"

	"github.com/starling-load/starling/record/convert/wire"
)

func ExampleParse() {
	m, err := wire.Parse([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _, whole := m.Body("GET")
	fmt.Println(m.Status, string(body.Data), whole)
	// Output: 200 hello true
}
