//go:build !linux

package cmd

import "github.com/rogpeppe/go-internal/testscript"

// canMount reports that no disk can be mounted here.
func canMount() bool { return false }

func smallDisk(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("no small disk on this system")
}
