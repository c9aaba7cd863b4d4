//go:build !race

package session_test

// underRace says that the race detector makes everything slow.
const underRace = false
