package mitm_test

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/mitm"
)

// A flow file of mitmproxy is recognised by its first bytes.
func ExampleFormat_Recognize() {
	flows, _ := bufio.NewReader(strings.NewReader("32:7:version;2:21#4:type;4:http;}")).Peek(33)
	fmt.Println(mitm.Format{}.Recognize(flows) > convert.No, mitm.Format{}.Recognize([]byte("curl /")) > convert.No)
	// Output: true false
}
