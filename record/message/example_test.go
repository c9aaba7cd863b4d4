package message_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

// Two text messages of a server, which pass in pieces that are cut anywhere.
func Example() {
	s := message.NewSocket(false, 1<<20, func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
		fmt.Println(at, kind, string(data), size)
	})
	s.Feed([]byte("\x81\x05hel"), 10*time.Millisecond)
	s.Feed([]byte("lo\x81\x02hi"), 20*time.Millisecond)
	fmt.Println(s.Lost())
	// Output:
	// 20ms text hello 5
	// 20ms text hi 2
	// false
}
