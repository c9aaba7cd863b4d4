//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package flowfile

import "os"

// lock does nothing where there is no flock: exclusive creation alone refuses a
// second writer there.
func lock(*os.File) error { return nil }

func locked(string) bool { return false }
