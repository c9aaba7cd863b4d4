package compose_test

import (
	"fmt"

	"github.com/starling-load/starling/record/convert/compose"
)

func ExampleSplitURL() {
	l, err := compose.SplitURL("https://anna:secret@shop.test/cart?id=7#top")
	fmt.Println(l.Scheme, l.User, l.Authority, l.Target, err)
	// Output: https anna:secret shop.test /cart?id=7 <nil>
}

func ExampleEncodePairs() {
	fmt.Println(compose.EncodePairs([]compose.Pair{{Name: "q", Value: "tea & milk"}, {Name: "n", Value: "2"}}))
	// Output: q=tea+%26+milk&n=2
}
