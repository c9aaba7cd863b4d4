package cmd_test

import "github.com/starling-load/starling/cmd"

// The main function of a binary of one's own.
func ExampleMain() {
	cmd.Main()
}
