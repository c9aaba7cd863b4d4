package spill_test

import (
	"fmt"

	"github.com/starling-load/starling/model/session/spill"
)

func Example() {
	s := spill.New(2)
	defer s.Close()
	for _, record := range []string{"bb", "aa"} {
		if err := s.Add([]byte(record)); err != nil {
			panic(err)
		}
	}
	for record := range s.Sorted() {
		fmt.Printf("%s ", record)
	}
	// Output: aa bb
}
