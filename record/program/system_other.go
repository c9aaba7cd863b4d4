//go:build !linux

package program

// newFinder returns nil: the system does not say who opened a connection.
func newFinder() finder { return nil }
