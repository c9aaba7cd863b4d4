package spool_test

import (
	"fmt"
	"io"
	"strings"

	"github.com/starling-load/starling/record/spool"
)

func Example() {
	s := spool.New(1 << 30)
	f := s.File()
	for _, piece := range []string{"a long ", "body"} {
		f.Write([]byte(piece))
	}
	content, err := f.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	var b strings.Builder
	_, err = io.Copy(&b, content)
	fmt.Println(b.String(), err)
	err = content.Close()
	fmt.Println(err)
	// Output:
	// a long body <nil>
	// <nil>
}
