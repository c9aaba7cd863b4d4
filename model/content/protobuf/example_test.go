package protobuf_test

import (
	"fmt"

	"github.com/starling-load/starling/model/content/protobuf"
)

func Example() {
	fmt.Println(protobuf.Text([]byte("\x0a\x03key\x10\x07"))) // 1:"key" 2:7 true
	fmt.Println(protobuf.Bytes(`1:"key" 2:7`))
	// Output:
	// 1:"key" 2:7 true
	// [10 3 107 101 121 16 7] true
}
