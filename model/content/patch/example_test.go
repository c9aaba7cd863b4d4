package patch_test

import (
	"fmt"

	"github.com/starling-load/starling/model/content/patch"
)

func Example() {
	shown := []byte(`{"rev":1,"items":[{"id":7,"n":1},{"id":8,"n":1}]}`)
	sent := []byte(`{"rev":1,"items":[{"id":7,"n":1},{"id":8,"n":5}]}`)
	ops, ok := patch.Between(shown, sent)
	fmt.Println(len(ops), ok)
	live := []byte(`{"rev":4,"items":[{"id":9,"n":2},{"id":8,"n":3}]}`)
	body, err := patch.Apply(live, ops)
	fmt.Println(string(body), err)
	// Output:
	// 1 true
	// {"rev":4,"items":[{"id":9,"n":2},{"id":8,"n":5}]} <nil>
}
